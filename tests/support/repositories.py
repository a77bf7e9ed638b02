"""What all tests know, and what they do with git and with folders of files."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
STRATEGIES = ["community-image", "inherit", "repo2docker", "dockerfile"]
CATALOGUE: dict[str, Any] = yaml.safe_load(
    (ROOT / "extensions" / "catalogue.yml").read_text(encoding="utf-8")
)
# Answers that are dates of today unless given: with them the same answers give the same bytes.
FIXED = {"name": "my-environment", "r_version": "4.5-2026-11-01", "year": "2026"}


def pinned(base: str, major: int = 5) -> str:
    """Look up an image's tag in the catalogue.

    Args:
        base: the image's name there.
        major: of the hub's JupyterHub.

    Returns:
        The tag.
    """
    tag: str = CATALOGUE["images"][base]["tags"][major]
    return tag


def git(*arguments: str, cwd: Path) -> str:
    """Run git with an identity.

    Args:
        arguments: what stands behind `git`.
        cwd: the folder to run it in.

    Returns:
        What it printed, without white space around it.

    Raises:
        subprocess.CalledProcessError: git fails.
    """
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    command = ["git", *identity, "-c", "commit.gpgsign=false", *arguments]
    return subprocess.run(
        command, cwd=cwd, check=True, capture_output=True, encoding="utf-8"
    ).stdout.strip()


def commit(project: Path, message: str = "a change") -> str:
    """Commit everything in a folder, which becomes a git repository if it is none.

    Args:
        project: the folder.
        message: of the commit.

    Returns:
        The commit's hash.
    """
    if not (project / ".git").exists():
        git("init", "--quiet", "--initial-branch=main", cwd=project)
    git("add", "--all", cwd=project)
    git("commit", "--quiet", "--allow-empty", "--message", message, cwd=project)
    return git("rev-parse", "HEAD", cwd=project)


def git_settings(*pairs: tuple[str, str]) -> dict[str, str]:
    """Say settings of git in environment variables, besides what such variables already say.

    Args:
        pairs: each setting's name and value.

    Returns:
        The variables by which every git has them, Copier's too.
    """
    first = int(os.environ.get("GIT_CONFIG_COUNT", "0"))
    variables = {"GIT_CONFIG_COUNT": str(first + len(pairs))}
    for number, (key, value) in enumerate(pairs, start=first):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def text_of(folder: Path) -> dict[str, str]:
    """Read all files of a folder.

    Args:
        folder: perhaps a git repository, whose `.git` is left out.

    Returns:
        The text of each file, by its path below the folder.
    """
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode(errors="surrogateescape")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def checkout(folder: Path) -> None:
    """Commit this checkout with its uncommitted changes in a folder of its own, with the tag 99999.0.0.

    Args:
        folder: where; it becomes a git repository as Copier would clone it.
    """
    files = git("ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT)
    for name in files.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    commit(folder, "as it stands")
    git("tag", "99999.0.0", cwd=folder)


def once(folder: Path, make: Callable[[Path], object]) -> Path:
    """Make a folder that all processes of a test run share, unless one of them has made it.

    Args:
        folder: where it shall be.
        make: fills an empty folder, which is renamed once it is whole: nobody sees half of it.

    Returns:
        The folder.
    """
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="making-") as name:
            new = Path(name) / "new"
            new.mkdir()
            make(new)
            with contextlib.suppress(OSError):  # another process was faster
                new.rename(folder)
    return folder


def never_built(text: str) -> str:
    """Let each stage of a Dockerfile start unlike any other's.

    A cache then has nothing of it, and a build beside it shares no step: BuildKit was seen to run all that follows a
    step again where another build still had that step. `--no-cache` hides nothing from a later build.
    """
    return re.sub(r"(?m)^FROM .*", rf"\g<0>\nENV MADE={secrets.token_hex(8)}", text)
