"""What all tests know, and what they do with git and with folders of files."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).parent.parent
STRATEGIES = ["community-image", "inherit", "repo2docker", "dockerfile"]
CATALOGUE = yaml.safe_load((ROOT / "extensions" / "catalogue.yml").read_text(encoding="utf-8"))


def pinned(base: str, major: int = 5) -> str:
    """In: an image of the catalogue, and the hub's major. Out: its tag there."""
    return CATALOGUE["images"][base]["tags"][major]


# Answers that are dates of today unless given: with them the same answers give the same bytes.
FIXED = {"name": "my-environment", "r_version": "4.5-2026-11-01", "year": "2026"}


def git(*arguments: str, cwd: Path) -> str:
    """Run git with an identity. In: its arguments and folder. Out: what it printed, without white
    space around it. Raises CalledProcessError."""
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    command = ["git", *identity, "-c", "commit.gpgsign=false", *arguments]
    return subprocess.run(
        command, cwd=cwd, check=True, capture_output=True, encoding="utf-8"
    ).stdout.strip()


def commit(project: Path, message: str = "a change") -> str:
    """Commit everything in a folder, which becomes a git repository if it is none. Out: the commit."""
    if not (project / ".git").exists():
        git("init", "--quiet", "--initial-branch=main", cwd=project)
    git("add", "--all", cwd=project)
    git("commit", "--quiet", "--allow-empty", "--message", message, cwd=project)
    return git("rev-parse", "HEAD", cwd=project)


def git_settings(*pairs: tuple[str, str]) -> dict[str, str]:
    """In: settings of git. Out: the variables by which each git has them, Copier's too, besides what
    such variables already say."""
    first = int(os.environ.get("GIT_CONFIG_COUNT", "0"))
    variables = {"GIT_CONFIG_COUNT": str(first + len(pairs))}
    for number, (key, value) in enumerate(pairs, start=first):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def text_of(folder: Path) -> dict[str, str]:
    """In: a folder. Out: the text of each file in it, by its path below the folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode(errors="surrogateescape")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def load(folder: Path, name: str) -> ModuleType:
    """Import a program of a repository, and those beside it that it imports. They stay under no name,
    as each test has its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        names = [path.stem for path in folder.glob("*.py")]
        for one in names:
            patch.delitem(sys.modules, one, raising=False)
        module = importlib.import_module(name)
        for one in names:
            sys.modules.pop(one, None)
    assert Path(module.__file__).parent == folder
    return module
