"""noxfile.py installs what the programs of a repository say that they need, and no other versions."""

from __future__ import annotations

import re

import pytest
import yaml

import noxfile
from support.renders import Renders
from support.repositories import ROOT


@pytest.mark.parametrize("program", ["check", "publish", "update"])
def test_pins_agree(renders: Renders, program: str) -> None:
    """The tests run a program with what it brings along by itself (PEP 723)."""
    text = renders.files(strategy="inherit")[f"ci/{program}.py"]
    header = text.partition("# ///\n")[0]
    brought = re.findall(r'^#   "(.+)",$', header, re.MULTILINE)
    assert sorted(brought) == sorted(noxfile.needs(program))


def test_a_default_of_copier_yml() -> None:
    questions = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    for name in ("jupyterhub_major", "repo2docker_version"):
        assert noxfile.default(name) == questions[name]["default"]


def test_a_question_without_a_default_is_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"^Give absent in copier\.yml a default: none was found"):
        noxfile.default("absent")


def test_nothing_is_pinned_twice() -> None:
    """A library of extensions/dependencies.toml has its version there alone."""
    pinned = {re.split(r"[<>=!;\[ ]", one)[0] for one in noxfile.needs("check", "update", "tools")}
    own = {re.split(r"[<>=!;\[ ]", one)[0] for one in [*noxfile.TESTS, *noxfile.TYPES]}
    assert pinned & own <= {"cyclonedx-python-lib"}, "which the tests need with an extra"
