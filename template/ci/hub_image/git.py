"""Git, run in the repository."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path

REVISION = "org.opencontainers.image.revision"  # an image's label for the commit


def git(
    *arguments: str, cwd: Path, env: dict[str, str] | None = None, text: str | None = None
) -> str:
    """Run git.

    Args:
        arguments: its command line.
        cwd: the folder to run it in.
        env: variables besides those of this process.
        text: its standard input.

    Returns:
        What it printed, without white space around it; names of files may be in any encoding.

    Raises:
        subprocess.CalledProcessError: it fails; `stderr` has its words.
        OSError: there is no git.
    """
    done = subprocess.run(
        ["git", *arguments],
        cwd=cwd,
        env=os.environ | (env or {}),
        input=text,
        check=True,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
    )
    return done.stdout.strip()


def names(*arguments: str, cwd: Path) -> list[str]:
    """Run git with `-z` and return the names of files that it prints."""
    return [name for name in git(*arguments, "-z", cwd=cwd).split("\0") if name]


def revision(root: Path) -> str:
    """Return the commit that a folder holds; nothing without git, or with uncommitted changes."""
    try:
        # what is below this folder only: it may lie in a larger repository
        changes = git("status", "--porcelain", ".", cwd=root)
        return "" if changes else git("rev-parse", "HEAD", cwd=root)
    except (OSError, subprocess.CalledProcessError):
        return ""


def authorization(server: str, user: str, token: str) -> dict[str, str]:
    """Return variables by which git shows a token to one server only, and writes it to no file.

    Args:
        server: the address that the token is for, as https://github.com.
        user: whose token it is.
        token: the token.
    """
    header = base64.b64encode(f"{user}:{token}".encode()).decode()
    settings = {
        f"http.{server}/.extraheader": f"Authorization: Basic {header}",
        "core.hooksPath": os.devnull,  # a hook that something has left here would get it too
    }
    first = int(os.environ.get("GIT_CONFIG_COUNT") or 0)  # after what a runner may have set
    variables = {"GIT_CONFIG_COUNT": str(first + len(settings)), "GIT_TERMINAL_PROMPT": "0"}
    for number, (key, value) in enumerate(settings.items(), start=first):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def identity(name: str) -> dict[str, str]:
    """Return variables by which a program commits under a name of its own."""
    return {
        f"GIT_{who}_{what}": name for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
