"""Where a copy comes from: the template's repository, and the state of it that was copied."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

from packaging.version import InvalidVersion, Version

from hub_image.git import git, names
from hub_image.markdown import code
from hub_image.settings import UserError

WORKFLOWS = ".github/workflows"
# By these the state of the template is known that a copy was made of: the form asks its questions.
KNOWN_BY = [f"{WORKFLOWS}/{name}.yml" for name in ("image", "setup", "update")]


def last_words(command: list[str]) -> str:
    """Run a program; return its last line if it failed, else nothing."""
    done = subprocess.run(
        command,
        env=os.environ | {"GIT_TERMINAL_PROMPT": "0"},
        check=False,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    return (done.stderr.strip() or "no word").splitlines()[-1] if done.returncode else ""


def clone(home: str, folder: Path) -> None:
    """Clone the template, anonymously.

    Args:
        home: its address.
        folder: where to.

    Raises:
        UserError: it cannot be had.
    """
    said = last_words(["git", "clone", "--quiet", "--no-checkout", home, str(folder)])
    if said:
        raise UserError(
            f"Run this workflow again later if {code(home)} opens in a browser without logging in, else"
            f" have its owner make it public: the template cannot be had from there, git says {code(said)}."
        )


def states(template: Path) -> list[str]:
    """Return the states of a clone of the template that a copy may have been made of.

    Returns:
        The releases, newest first, then the commits of the default branch, newest first.
    """
    releases = {}
    for tag in git("tag", "--list", cwd=template).splitlines():
        with contextlib.suppress(InvalidVersion):
            if not Version(tag).is_prerelease:
                releases[Version(tag)] = tag
    commits = git("log", "--first-parent", "--format=%H", cwd=template).splitlines()
    return [*(tag for _, tag in sorted(releases.items(), reverse=True)), *commits]


def files(repository: Path, state: str, *paths: str) -> dict[str, str]:
    """Return what git says of the files in a commit, by their path.

    Args:
        repository: a folder of git's.
        state: a tag or commit.
        paths: which; all if none is given.
    """
    listed = git("ls-tree", "-r", "-z", state, "--", *paths, cwd=repository)
    lines = filter(None, listed.split("\0"))
    return {line.partition("\t")[2]: line.partition("\t")[0] for line in lines}


def content(entry: str) -> str:
    """Return the name of a file's content in what git's ls-tree says of the file."""
    return entry.rpartition(" ")[2]


def known(template: Path) -> set[tuple[str, str]]:
    """Return each file that the template ever had, as path and content's name."""
    raw = ["--raw", "--no-abbrev", "--no-renames", "-m", "--root"]
    said = names("log", "--all", "--format=", *raw, cwd=template)
    # ":100644 100644 OLD NEW M", then the path
    return {(path, line.split()[3]) for line, path in zip(said[::2], said[1::2], strict=True)}


def state_of(template: Path, copy: Path, tip: str) -> str:
    """Return the newest state of the template whose workflows are a copy's, byte for byte.

    GitHub lets no run's own token create or change a workflow.

    Args:
        template: a clone of it.
        copy: the copy's repository.
        tip: its commit.

    Raises:
        UserError: there is none.
    """
    ours = files(copy, tip, *KNOWN_BY)
    for state in states(template):
        if files(template, state, *KNOWN_BY) == ours:
            return state
    ever = known(template)
    changed = [path for path in KNOWN_BY if (path, content(ours.get(path, ""))) not in ever]
    which = ", ".join(code(path) for path in changed or KNOWN_BY)
    raise UserError(
        f'Undo the change to {which}, or make a new repository by "Use this template", or set this one'
        " up on a computer by `copier copy --trust`: the template never had these workflows together,"
        " and GitHub lets no run change workflows."
    )
