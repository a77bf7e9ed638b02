"""Copier without what it does anew for each render though nothing has changed.

A render takes 0.44 s, an update 1.4 s, and most of it is spent on cloning the template, parsing its YAML,
compiling its Jinja and asking git about executable bits. Tests that start `copier` as a program have
none of this; tests/template/test_lifecycle.py holds that both give the same bytes.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import copier
import copier._main
import copier._template
import copier._user_data
import copier._vcs
import jinja2
import pytest
import yaml
from copier._vcs import get_git


def shared_checkouts(folder: Path, clone: Callable[..., str]) -> Callable[..., str]:
    """Check each commit of a template out once, as nothing writes into a checkout.

    Args:
        folder: where the checkouts shall be.
        clone: Copier's own function, which clones whatever has no tag or commit.

    Returns:
        The function to use instead.
    """

    def shared(url: str, ref: str = "HEAD", location: str | None = None) -> str:
        found = "" if ref == "HEAD" else _commit(url, ref)
        if not found:
            return clone(url, ref, location)
        where = folder / found
        if not where.exists():
            shutil.move(clone(url, ref, location), where)
        return str(where)

    return shared


def _commit(url: str, ref: str) -> str:
    """Return the commit of a local repository or, elsewhere, of a tag; nothing where git does not know it."""
    here = (Path(url) / ".git").exists()
    command = ["git", "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}"]
    if not here:
        command = ["git", "ls-remote", "--quiet", url, f"refs/tags/{ref}"]
    cwd = url if here else None
    found = subprocess.run(command, cwd=cwd, check=False, capture_output=True, encoding="utf-8")
    return "".join(found.stdout.split()[:1])


def compiled_once(folder: Path, compile_: Callable[..., Any]) -> Callable[..., Any]:
    """Compile each piece of Jinja of a shared checkout once.

    Args:
        folder: where the checkouts are.
        compile_: Jinja's own function.

    Returns:
        The function to use instead.
    """
    codes: dict[tuple[str, str, str | None], Any] = {}

    def compile_once(
        self: jinja2.Environment, source: Any, name: str | None = None, *more: Any, **options: Any
    ) -> Any:
        (template,) = getattr(self.loader, "searchpath", None) or [""]
        if more[1:] or options or Path(template).parent != folder or not isinstance(source, str):
            return compile_(self, source, name, *more, **options)
        key = (str(template), source, name)
        if key not in codes:
            codes[key] = compile_(self, source, name, *more)
        return codes[key]

    return compile_once


def plain_unrendered(render: Callable[..., Any]) -> Callable[..., Any]:
    """Render no string without Jinja in it, as most names of files and settings of questions are.

    Args:
        render: Copier's own function, which computes all names that a template may use for each string.

    Returns:
        The function to use instead.
    """

    def rendered(self: Any, value: Any, *more: Any, **options: Any) -> Any:
        if isinstance(value, str) and "{" not in value and not value.endswith("\n"):
            return value
        return render(self, value, *more, **options)

    return rendered


def committed_once(self: copier.Worker, message: str = "a commit") -> None:
    """Commit a render that an update compares with, as Copier does twice in case that a hook refuses once.

    Args:
        self: of Copier.
        message: of the commit.
    """
    options = ("--all", "--allow-empty", "--no-gpg-sign", "--no-verify", "--quiet")
    get_git()("commit", *options, "--message", message)


def install(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let Copier do so in this process.

    Args:
        patch: what undoes it.
        folder: an empty one of this process.
    """
    clone = shared_checkouts(folder, copier._vcs.clone)
    patch.setattr(copier._template, "clone", clone)
    patch.setattr(jinja2.Environment, "compile", compiled_once(folder, jinja2.Environment.compile))
    worker, question = copier._main.Worker, copier._user_data.Question
    patch.setattr(worker, "_render_string", plain_unrendered(worker._render_string))
    patch.setattr(question, "render_value", plain_unrendered(question.render_value))
    patch.setattr(worker, "_git_commit", committed_once)
    # With what this template has, it is always that.
    patch.setattr(worker, "answers_relpath", Path(".copier-answers.yml"))
    # The same parser in C, which PyYAML's wheels have.
    patch.setattr(yaml, "SafeLoader", getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if sys.platform != "win32":
        # Where file systems know executable bits it does nothing, by one process for each file.
        patch.setattr(
            copier._main.Worker, "_sync_git_index_executable_bit", lambda *arguments: None
        )
