"""Keep this repository current: with the template, with its base image, with its tools.

By hand, what is newer is brought into the work tree. CI does it in two halves: `--save` looks and updates a
copy, which runs the template's code, so it gets no token; `--propose` has them and runs none of it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from hub_image.markdown import code
from hub_image.runs import summarize
from hub_image.settings import Settings, UserError
from hub_image.update.hosts import HostError
from hub_image.update.propose import LeftAlone, propose

ROOT = Path(__file__).resolve().parents[3]
WHAT = ["all", "template", "image", "pins"]
STRATEGIES = ["keep", "community-image", "inherit", "repo2docker", "dockerfile"]


def main(argv: list[str] | None = None, root: Path = ROOT) -> int:
    """Return 0 if it is done, 1 if something outside fails, 2 if a person must change something.

    Args:
        argv: the command line; None for the program's own.
        root: the repository's folder.
    """
    parser = argparse.ArgumentParser(
        prog="ci/update.py", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--what", choices=WHAT, default="all", help="what to update")
    parser.add_argument("--strategy", choices=STRATEGIES, default="keep", help="another strategy")
    halves = parser.add_mutually_exclusive_group()
    for name, text in (
        ("--save", "leave this as it is: save a proposal"),
        ("--propose", "propose what was saved, in CI"),
    ):
        halves.add_argument(name, metavar="DIR", type=lambda at: Path(at).resolve(), help=text)
    options = parser.parse_args(argv)
    try:
        if options.propose:
            propose(options.propose, root)
        else:
            update(options.what, options.strategy, options.save, root)
    except (LeftAlone, UserError) as error:
        summarize(str(error), root)
        return 2 if isinstance(error, UserError) else 0
    except (HostError, OSError, ValueError) as error:
        summarize(f"The update broke off: {code(' '.join(str(error).split())[:300])}", root)
        return 1
    except subprocess.CalledProcessError as error:
        words = (error.stderr or "").strip().splitlines() or [str(error.returncode)]
        why = next((line for line in words if "refus" in line), words[-1])
        summarize(f"git broke off: {code(why)}", root)
        return 1
    return 0


def update(what: str, strategy: str, place: Path | None, root: Path) -> None:
    """Look, and update this folder, or a copy that is kept in a place."""
    # not above: the half that proposes has none of the packages that these need
    import yaml

    from hub_image.update.apply import by_hand, save
    from hub_image.update.look import look

    if place and os.environ.get("UPDATE_TOKEN"):
        raise UserError(
            "Give UPDATE_TOKEN to the job that proposes alone, in GitLab by the environment scope "
            "`update`: this one runs the template's code."
        )
    settings, path = Settings.read(root), root / ".copier-answers.yml"
    if not path.is_file():
        raise UserError(f"Keep the template's {path}: it can only update what it has made.")
    plan = look(yaml.safe_load(path.read_text(encoding="utf-8")), settings, what, strategy)
    for kind, old, new in plan.rows:
        print(f"{kind}: {old} -> {new}", file=sys.stderr)
    for note in plan.notes:
        summarize(code(note), root)
    if not plan.rows:
        summarize("Nothing is newer.", root)
    if place:
        save(plan, root, place)
    elif plan.rows:
        by_hand(plan, root)
