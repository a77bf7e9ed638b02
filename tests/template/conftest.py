"""Fixtures of the tests that look at many renders."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml

from support import releases
from support.renders import Renders
from support.repositories import commit, once
from support.rows import ROWS, row_id


@pytest.fixture(params=ROWS, ids=row_id)
def row(request: pytest.FixtureRequest) -> dict[str, str]:
    """Answers: a row of those that hold each strategy with each image, and all else pairwise."""
    answers: dict[str, str] = request.param
    return answers


@pytest.fixture
def folder(row: dict[str, str], renders: Renders) -> Path:
    """The repository of these answers, to read only."""
    return renders.folder(**row)


@pytest.fixture
def files(row: dict[str, str], renders: Renders) -> dict[str, str]:
    """The text of each file of that repository, by its path."""
    return renders.files(**row)


@pytest.fixture(scope="session")
def released(template: Path, shared: Path) -> Callable[[str | None], Renders]:
    """A function that gives the renders of a release, of the newest if none is named."""
    history = once(shared / "history", lambda path: releases.history(template, path))
    known: dict[str | None, Renders] = {}
    return lambda tag: known.setdefault(tag, Renders(history, shared, tag))


@pytest.fixture(scope="session")
def made(released: Callable[[str | None], Renders]) -> Callable[..., Path]:
    """A function that makes a repository from a release and commits it."""

    def made(path: Path, release: str | None = None, **answers: Any) -> Path:
        released(release).copy(path, **answers)
        commit(path)
        return path

    return made


@pytest.fixture(scope="session")
def update() -> Callable[..., str]:
    """A function that runs `copier update --defaults` or, with answers, `--vcs-ref=:current: -d ...`.

    It returns what a person reads.
    """

    def update(repository: Path, **answers: Any) -> str:
        with contextlib.redirect_stderr(io.StringIO()) as said:
            copier.run_update(
                repository,
                data=answers,
                defaults=True,
                overwrite=True,
                unsafe=True,
                vcs_ref=copier.VcsRef.CURRENT if answers else None,
            )
        return said.getvalue()

    return update


@pytest.fixture(scope="session")
def fresh(released: Callable[[str | None], Renders]) -> Callable[[Path], dict[str, str]]:
    """A function that reads what a fresh copy by the answers of a repository would be."""

    def fresh(repository: Path) -> dict[str, str]:
        text = (repository / ".copier-answers.yml").read_text(encoding="utf-8")
        stored = yaml.safe_load(text)
        answers = {name: value for name, value in stored.items() if not name.startswith("_")}
        return released(None).files(**answers)

    return fresh
