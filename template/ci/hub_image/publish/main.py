"""Publish the very image that ci/check.py has tested, and say what is in it.

By hand, after `pipx run ci/check.py` and `docker login`, it pushes and tags in one go. CI takes the same steps
one by one:

    plan     what this run has to do: build? publish? for which platforms?
    access   does the registry let us push? before anything is built
    last     which image was published last: its layers are the cache of the next build
    report   what is in the image, and what differs from the last published one
    push     push the tested image under its commit, with a list of its packages (SBOM)
    tag      give it the tag of the day (not for a git tag), try to pull it as a hub does, print hubs' lines
    binder   renew the branch `binder`, from which Binder starts the published image

Each but `report` needs nothing but Python, git and Docker: where CI gives a token, no package runs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from hub_image.publish import binder, plan, push, target
from hub_image.registry import RegistryError
from hub_image.runs import Run
from hub_image.settings import Settings, UserError

ROOT = Path(__file__).resolve().parents[3]
STEPS = {
    "plan": plan.plan,
    "access": target.access,
    "last": target.last,
    "push": push.push,
    "tag": push.tag,
}


def run_steps(step: str, settings: Settings, run: Run) -> None:
    """Run a step of CI's or, where none is named, those that publish by hand.

    Raises:
        UserError: a person must change something.
        RegistryError, RuntimeError: the registry or Docker fails.
    """
    if step in ("", "access", "push", "tag") and settings.is_pointer:
        raise UserError(f"Publish nothing here: {settings.base_image} is its community's.")
    several = len(settings.platforms) > 1  # each is pushed from a machine of its own
    by_hand = ["access", "last", "report", "push", *([] if several else ["tag"])]
    for name in [step] if step else by_hand:
        if name == "report":
            from hub_image.publish.report import report  # not above: it alone needs packages

            report(settings, run)
        else:
            STEPS[name](settings, run)
    if several and not step:
        print("Push on a machine of each platform, then run `ci/publish.py tag`.")


def main(argv: list[str] | None = None, root: Path = ROOT) -> int:
    """Return 0 if it is done, 1 if the registry or Docker fails, 2 if a person must change something.

    Args:
        argv: the command line; None for the program's own.
        root: the repository's folder.
    """
    parser = argparse.ArgumentParser(
        prog="ci/publish.py", description="Publish the image that ci/check.py has tested."
    )
    parser.add_argument(
        "step", nargs="?", choices=[*STEPS, "report", "binder"], help="default: all by hand"
    )
    parser.add_argument("image", nargs="?", default="", help="for binder: name@sha256:...")
    options = parser.parse_args(argv)
    step = options.step or ""
    try:
        run = Run.current(dict(os.environ))
        if step == "binder":
            binder.renew(root, run, options.image)
        else:
            run_steps(step, Settings.read(root), run)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except (OSError, RegistryError, RuntimeError, subprocess.CalledProcessError) as error:
        print(f"{step or 'publishing'} broke off: {error}", file=sys.stderr)
        return 1
    return 0
