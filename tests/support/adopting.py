"""`copier copy` over a repository, and what it stores."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import copier
import yaml

from support.existing import make


def stored(folder: Path) -> dict[str, Any]:
    """The answers in a repository."""
    text = (folder / ".copier-answers.yml").read_text(encoding="utf-8")
    answers: dict[str, Any] = yaml.safe_load(text)
    return answers


def adopt(template: Path, folder: Path, **answers: Any) -> dict[str, Any]:
    """`copier copy --defaults` over a repository.

    Args:
        template: a git repository.
        folder: the repository.
        answers: as `copier copy -d` would take them.

    Returns:
        The stored answers.
    """
    copier.run_copy(str(template), folder, data=answers, defaults=True, unsafe=True)
    return stored(folder)


def adopted(
    template: Path, folder: Path, files: dict[str, str], url: str = "", **answers: Any
) -> tuple[dict[str, Any], str]:
    """Make a repository and bring it to the template; return the stored answers and what was said."""
    make(folder, files, url=url)
    with contextlib.redirect_stderr(io.StringIO()) as said:
        stored = adopt(template, folder, **answers)
    return stored, said.getvalue()
