"""What the fast tests share: renders of the template as it stands here, in this very process.

Copier renders committed states; `template` is this checkout with its uncommitted changes, committed
and tagged in a folder of its own, so that what is tested is what one sees.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support import fast_copier
from support.renders import Renders
from support.repositories import checkout, git_settings, once

# People have no such variable: what Python leaves in their folders is left in the tests' as well.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all processes of this run of the tests share."""
    base = tmp_path_factory.getbasetemp()
    path = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    path.mkdir(exist_ok=True)
    return path


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_mine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a person or a system prefers would change renders.

    That is defaults in Copier's settings.yml, and on Windows git's line ends and the encoding of what
    programs print. And git does nothing here that is of use only after years.
    """
    folder = tmp_path_factory.mktemp("settings")
    (folder / "settings.yml").write_text("{}\n", encoding="utf-8", newline="\n")
    for name in ("hooks", "info"):  # without examples of hooks, which each repository would hold
        (folder / "git" / name).mkdir(parents=True)
    variables = {
        "COPIER_CACHE_DIR": str(folder / "cache"),  # two processes may not renew one at a time
        "COPIER_SETTINGS_PATH": str(folder / "settings.yml"),
        "GIT_TEMPLATE_DIR": str(folder / "git"),
        "PYTHONIOENCODING": "utf-8",
    }
    variables |= git_settings(
        ("core.autocrlf", "false"),
        ("core.fsync", "none"),
        ("gc.auto", "0"),
        ("maintenance.auto", "false"),
    )
    with pytest.MonkeyPatch.context() as patch:
        for key, value in variables.items():
            patch.setenv(key, value)
        yield


@pytest.fixture(scope="session", autouse=True)
def copier_in_little_time(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Copier in this process does nothing twice; where it is started as a program it is as it is."""
    with pytest.MonkeyPatch.context() as patch:
        fast_copier.install(patch, tmp_path_factory.mktemp("checkouts"))
        yield


@pytest.fixture(scope="session")
def template(shared: Path, no_settings_of_mine: None) -> Path:
    """This checkout, committed and tagged: a git repository as Copier would clone it."""
    return once(shared / "template", checkout)


@pytest.fixture(scope="session")
def renders(template: Path, shared: Path) -> Renders:
    """Renders to read, each made once."""
    return Renders(template, shared)


@pytest.fixture
def render(renders: Renders, tmp_path: Path) -> Callable[..., Path]:
    """A function that renders the template into a folder of this test.

    It takes the folder's name below the test's own and answers, as `copier copy -d` would take them, and
    returns the folder. It raises SystemExit with the sentence when an answer is refused.
    """

    def render(destination: str | Path = "my-environment", **answers: Any) -> Path:
        return renders.copy(tmp_path / destination, **answers)

    return render
