"""Make a repository of a copy of the template, and push that in one commit, or nothing at all.

setup.yml runs it in two halves: `--save` makes it, which runs the template's code, so it gets no token;
`--push` has one and runs none of it. In the template itself, in a fork and in a repository that is set up it
does nothing, and says so. The form's answers come in the variable FORM, as JSON; all else GitHub Actions
says of a run (docs.github.com/actions/reference: "Variables", "Events that trigger workflows").
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from pathlib import Path

from hub_image.markdown import code
from hub_image.runs import summarize
from hub_image.settings import UserError
from tools import ROOT


def main(argv: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the program.

    Args:
        argv: its arguments; those of this process if None.
        root: the copy's folder.

    Returns:
        0 if it is done or there is nothing to do, 1 if something outside fails, 2 if it cannot be done.
    """
    parser = argparse.ArgumentParser(prog="tools/set_up.py", description="Set up a copy.")
    halves = parser.add_mutually_exclusive_group(required=True)
    halves.add_argument("--save", metavar="DIR", type=Path, help="make it, and save it there")
    halves.add_argument("--push", metavar="DIR", type=Path, help="push what was saved there")
    parser.add_argument("--about", metavar="FILE", type=Path, help="what GitHub says of the copy")
    options = parser.parse_args(argv)
    unchanged = "Nothing was changed here: you can run this workflow again."
    try:
        if said := run(root, options.save, options.push, options.about):
            summarize(said, root)
        return 0
    except UserError as error:
        summarize(f"{error}\n\n{unchanged}", root)
        return 2
    except (OSError, ValueError) as error:
        said = code(" ".join(str(error).split()))
        summarize(f"Run this workflow again: it broke off, {said}.\n\n{unchanged}", root)
    except subprocess.CalledProcessError as error:
        words = (error.stderr or "").strip().splitlines() or [str(error.returncode)]
        said = code(words[-1])
        summarize(f"Run this workflow again: git broke off, {said}.\n\n{unchanged}", root)
    return 1


def run(root: Path, save: Path | None, push: Path | None, about: Path | None) -> str:
    """Do one half; return what is to be said of it, in Markdown."""
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    if push:
        from tools.button import push as second

        return second.push(push, event["repository"], root)
    # not above: the half that pushes has none of the packages that this needs
    from tools.button import make

    assert save is not None  # one of both is required
    save.mkdir(parents=True, exist_ok=True)
    said = json.loads(about.read_text(encoding="utf-8")) if about else {}
    form = json.loads(os.environ["FORM"])
    return make.save(make.Copy(root, event["repository"], said), form, save)
