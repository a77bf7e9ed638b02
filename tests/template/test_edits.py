"""What an update and a switch promise to who edited files: no line is lost silently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from support.edits import PICTURE, Edits, unmerged
from support.releases import REAL, RELEASES
from support.repositories import STRATEGIES, text_of

OWN = {"inherit", "repo2docker", "dockerfile"}
ALL = RELEASES + REAL
WITH_CONDA = {"packages_with": "conda", "apt_packages": "tree"}


@dataclass(frozen=True)
class Case:
    """What is done: made by a strategy from a release, edited, then updated or switched."""

    old: str
    release: str | None = None
    new: str = ""

    def __str__(self) -> str:
        """Name it in pytest's output."""
        return f"{self.old}-{self.release or self.new}"


UPDATES = [Case(strategy, tag) for tag in (ALL[0], ALL[-1]) for strategy in STRATEGIES]
SWITCHES = [Case(old, new=new) for old, new in permutations(STRATEGIES, 2)]


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    case: Case
    edits: Edits
    before: dict[str, str]
    after: dict[str, str]
    message: str


@pytest.fixture(scope="module")
def outcome_of(
    made: Callable[..., Path],
    update: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Case], Outcome]:
    """A function that does what a case says, once."""
    known: dict[Case, Outcome] = {}

    def outcome_of(case: Case) -> Outcome:
        if case not in known:
            answers: dict[str, Any] = {"strategy": case.old}
            new: dict[str, Any] = {"strategy": case.new} if case.new else {}
            if case.new:  # as soon as they play a part
                (new if case.old == "community-image" else answers).update(WITH_CONDA)
            path = tmp_path_factory.mktemp("edited") / "my-environment"
            edits = Edits(made(path, case.release, **answers))
            edits.everywhere()
            before = text_of(path)
            message = update(path, **new)
            known[case] = Outcome(case, edits, before, text_of(path), message)
        return known[case]

    return outcome_of


@pytest.fixture(params=UPDATES + SWITCHES, ids=str)
def outcome(request: pytest.FixtureRequest, outcome_of: Callable[[Case], Outcome]) -> Outcome:
    """Each update and each switch."""
    return outcome_of(request.param)


@pytest.fixture(params=SWITCHES, ids=str)
def switched(request: pytest.FixtureRequest, outcome_of: Callable[[Case], Outcome]) -> Outcome:
    """Each switch."""
    return outcome_of(request.param)


def test_no_line_is_lost_silently(outcome: Outcome) -> None:
    """Each is where it was, in a conflict, or the message says how to have it back."""
    fates = set(outcome.edits.fates(outcome.message))
    assert fates <= {"kept", "conflict", "named"}, outcome.message


def test_each_conflict_is_named(outcome: Outcome) -> None:
    """In what a person reads."""
    for name in unmerged(outcome.edits.repository):
        assert f"conflict    {name}:" in outcome.message


def test_a_picture_stays(outcome: Outcome) -> None:
    """Byte for byte, though it is no text."""
    assert (outcome.edits.repository / "figure.png").read_bytes() == PICTURE


def test_a_file_that_was_removed_stays_away(outcome: Outcome) -> None:
    """One of the template, which a fresh copy would have."""
    assert "tests/example.ipynb" not in outcome.after


def test_no_rejected_lines_lie_around(outcome: Outcome) -> None:
    """Conflicts stand in the files."""
    assert not [name for name in outcome.after if name.endswith(".rej")]


@pytest.mark.parametrize("name", ["apt.txt", "postBuild", "start"])
def test_files_of_a_person_pass_a_switch(switched: Outcome, name: str) -> None:
    """Where the new strategy installs from them they are untouched, else the message says that they wait."""
    if {switched.case.old, switched.case.new} <= OWN:
        assert switched.after[name] == switched.before[name]
    elif switched.case.new == "community-image":
        assert name in switched.message


def test_environment_yml_passes_a_switch(switched: Outcome) -> None:
    """As the others, but for the line of Python, which `inherit` does not have."""
    strategies = {switched.case.old, switched.case.new}
    before = switched.before.get("environment.yml", "")
    if strategies <= OWN and "inherit" not in strategies:
        assert switched.after["environment.yml"] == before
    elif switched.case.new == "community-image":
        assert "environment.yml" in switched.message
    elif strategies <= OWN:
        lines = set(switched.after["environment.yml"].splitlines())
        assert not {line for line in before.splitlines() if line not in lines}


def test_without_the_message_a_loss_is_seen(outcome_of: Callable[[Case], Outcome]) -> None:
    """The first test tells one: an edited Dockerfile that a switch takes away."""
    outcome = outcome_of(Case("dockerfile", new="repo2docker"))
    assert "named" in outcome.edits.fates(outcome.message)
    assert "lost: LABEL mine=at-the-end of Dockerfile" in outcome.edits.fates("")
