"""The dialogue of `copier copy`, as a person sees it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from rich.text import Text

from support.repositories import git_settings
from tools import ROOT
from tools.pictures import Problem
from tools.pictures.terminal import record
from tools.readme import questions

DOWN = "\x1b[B"
CHOICES = {"Which of these": DOWN}  # `inherit`; all else is what is offered


def dialogue() -> list[Text]:
    """Return what stands on the terminal after `copier copy`.

    Raises:
        Problem: it does not end well, or the template has changes that are not committed.
    """
    url = questions()["template_url"]["default"]
    copier = [sys.executable, "-m", "copier", "copy", "--trust", "--vcs-ref=HEAD", url]
    # this very template, as if it were there already
    env = git_settings((f"url.{ROOT}.insteadOf", f"{url}.git"), (f"url.{ROOT}.insteadOf", url))
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        env["XDG_CACHE_HOME"] = cache  # where Copier keeps what the address had before
        first, shown = record([*copier, "my-environment"], CHOICES, Path(folder), env)
    if any("DirtyLocalWarning" in line.plain for line in shown):
        raise Problem("Commit all changes first: the dialogue would warn of them.")
    made = [line.plain.startswith(("    create", " identical")) for line in shown]
    files = [number for number, one in enumerate(made) if one][2:]  # the first two will do
    rest = [line for number, line in enumerate(shown) if number not in files]
    return [
        Text(f"$ copier copy --trust {url} \\", "bold"),
        Text("    my-environment", "bold"),
        *first,
        Text(),
        *rest,
    ]
