"""What an update and a switch promise: the result is what a fresh copy would be.

Over every release, every strategy and all pairs of strategies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from support.edits import unmerged
from support.releases import REAL, RELEASES
from support.repositories import STRATEGIES, commit, text_of

# What may follow a strategy and the answers besides, to which a switch must be true as well.
OWN = ["inherit", "repo2docker", "dockerfile"]
SETS: dict[str, dict[str, Any]] = {
    "as proposed": {},
    "packages": {
        "conda_packages": "xarray zarr>=2",
        "pip_packages": "cowsay",
        "apt_packages": "tree",
    },
    "with pip": {"packages_with": "pip", "pip_packages": "nbgitpuller", "python_version": "3.12"},
}
SWITCHES = [(*pair, "as proposed") for pair in permutations(STRATEGIES, 2)] + [
    (*pair, name) for pair in permutations(OWN, 2) for name in ("packages", "with pip")
]
Files = dict[str, str]


@dataclass(frozen=True)
class Updated:
    """An unedited repository after an update."""

    before: Files
    after: Files
    fresh: Files
    conflicts: list[str]


@dataclass(frozen=True)
class Switched(Updated):
    """An unedited repository after a switch, and after one back."""

    back: Files


@pytest.fixture(scope="module", params=STRATEGIES)
def strategy(request: pytest.FixtureRequest) -> str:
    """Each strategy."""
    return str(request.param)


@pytest.fixture(scope="module", params=RELEASES + REAL)
def updated(
    request: pytest.FixtureRequest,
    strategy: str,
    made: Callable[..., Path],
    update: Callable[..., None],
    fresh: Callable[[Path], Files],
    tmp_path_factory: pytest.TempPathFactory,
) -> Updated:
    """A repository made from each release, updated to what is here."""
    path = made(
        tmp_path_factory.mktemp("updated") / "my-environment", request.param, strategy=strategy
    )
    before = text_of(path)
    update(path)
    return Updated(before, text_of(path), fresh(path), unmerged(path))


def test_an_update_gives_what_a_fresh_copy_gives(updated: Updated) -> None:
    """Byte for byte."""
    assert updated.after == updated.fresh


def test_the_release_was_another(updated: Updated) -> None:
    """Or the test above would show nothing."""
    assert updated.after != updated.before


def test_an_update_of_unedited_files_has_no_conflict(updated: Updated) -> None:
    """In git's index neither."""
    assert updated.conflicts == []


@pytest.fixture(scope="module", params=SWITCHES, ids="-".join)
def switched(
    request: pytest.FixtureRequest,
    made: Callable[..., Path],
    update: Callable[..., None],
    fresh: Callable[[Path], Files],
    tmp_path_factory: pytest.TempPathFactory,
) -> Switched:
    """A repository of each strategy, switched to each other and back."""
    old, new, name = request.param
    answers = {"strategy": old} | SETS[name]
    if old == "inherit":
        answers.pop("python_version", None)  # it has the base's
    path = made(tmp_path_factory.mktemp("switched") / "my-environment", **answers)
    before = text_of(path)
    update(path, strategy=new)
    after, wanted, conflicts = text_of(path), fresh(path), unmerged(path)
    commit(path)
    update(path, strategy=old)
    return Switched(before, after, wanted, conflicts + unmerged(path), text_of(path))


def test_a_switch_gives_what_a_fresh_copy_gives(switched: Switched) -> None:
    """Byte for byte, with all answers that were stored."""
    assert switched.after == switched.fresh


def test_a_switch_back_gives_what_was_before(switched: Switched) -> None:
    """Byte for byte."""
    assert switched.back == switched.before


def test_a_switch_of_unedited_files_has_no_conflict(switched: Switched) -> None:
    """Neither there nor back."""
    assert switched.conflicts == []
