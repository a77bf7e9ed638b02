"""Push what was made, and start the first build of the image. It runs no code of the template's repository."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from hub_image.git import git
from hub_image.markdown import code
from hub_image.runs import Run
from hub_image.settings import UserError
from hub_image.update.hosts import GitHub, HostError
from tools.button.saved import BUNDLE, FIRST_BUILD, SUMMARY, TIP


def push(saved: Path, repository: dict[str, Any], root: Path) -> str:
    """Push what was made.

    Args:
        saved: the folder in which `make.save` left it.
        repository: what the run's event says of it.
        root: the copy's folder.

    Returns:
        The run's summary, in Markdown.

    Raises:
        UserError: GitHub does not take it.
        CalledProcessError: what was saved is no such commit.
    """
    run, branch = Run.current(dict(os.environ)), repository["default_branch"]
    host = GitHub(root, run, branch, "")
    if (saved / TIP).read_text(encoding="utf-8") != git("rev-parse", "HEAD", cwd=root):
        raise UserError("Run this workflow again: the repository has changed meanwhile.")
    git("-c", "fetch.fsckObjects=true", "fetch", "--quiet", str(saved / BUNDLE), "HEAD", cwd=root)
    commit = git("rev-parse", "FETCH_HEAD", cwd=root)
    try:
        host.remote("push", f"{commit}:refs/heads/{branch}")
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or ["no word"]
        why = next((line for line in lines if "refus" in line or "reject" in line), lines[-1])
        raise UserError(
            "Run this workflow again if a person has just changed the repository; if a rule protects"
            f" {code(branch)}, lift it for that long: GitHub did not take the commit, {code(why)}."
        ) from None
    text = (saved / SUMMARY).read_text(encoding="utf-8")
    return text.replace(FIRST_BUILD, start_build(host, branch))


def start_build(host: GitHub, branch: str) -> str:
    """Start the first build of the image; return the sentence about it."""
    where = f"{host.server}/{host.project}/actions/workflows/image.yml"
    try:
        host.ask("POST", "actions/workflows/image.yml/dispatches", ref=branch)
    except (HostError, OSError) as error:
        said = code(" ".join(str(error).split()))
        return f'Press "Run workflow" [here]({where}): the first build was not started, {said}.'
    return f"[Watch the first build]({where}). Its summary has the lines by which a hub gets the image."
