"""noxfile.py installs what the programs of a repository say that they need, and no other versions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import noxfile
from support.renders import Renders


@pytest.mark.parametrize("program", ["check", "publish", "update"])
def test_pins_agree(renders: Renders, program: str) -> None:
    """The tests run a program with what it brings along by itself (PEP 723)."""
    text = renders.files(strategy="inherit")[f"ci/{program}.py"]
    header = text.partition("# ///\n")[0]
    brought = re.findall(r'^#   "(.+)",$', header, re.MULTILINE)
    assert sorted(brought) == sorted(noxfile.needs(program))


@pytest.mark.parametrize("name", ["jupyterhub_major", "repo2docker_version"])
def test_a_default_of_copier_yml(renders: Renders, name: str) -> None:
    """It is what Copier answers when nothing is given."""
    answers = yaml.safe_load(renders.files(strategy="inherit")[".copier-answers.yml"])
    assert noxfile.default(name) == answers[name]


def test_a_question_without_a_default_is_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"^Give absent in copier\.yml a default: none was found"):
        noxfile.default("absent")


def test_nothing_is_pinned_twice() -> None:
    """A library of extensions/dependencies.toml has its version there alone."""
    pinned = {re.split(r"[<>=!;\[ ]", one)[0] for one in noxfile.needs("check", "update", "tools")}
    own = {re.split(r"[<>=!;\[ ]", one)[0] for one in [*noxfile.TESTS, *noxfile.TYPES]}
    assert pinned & own <= {"cyclonedx-python-lib"}, "which the tests need with an extra"


@pytest.mark.parametrize(
    ("variables", "small"), [({"TMPDIR": "mine"}, False), ({}, True)], ids=["mine", "small"]
)
def test_memory_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], small: bool
) -> None:
    """By a TMPDIR of one's own, and where it holds little, as in a container."""
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(noxfile, "_is_small", lambda memory: small)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with noxfile.temporary_folder() as found:
        assert found == {}


def test_nothing_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)
    with noxfile.temporary_folder() as found:
        if "TMPDIR" not in found:
            pytest.skip("there is no memory to write to, or little")
        assert Path(found["TMPDIR"]).is_dir()
    assert not Path(found["TMPDIR"]).exists()
