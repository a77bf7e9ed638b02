"""The dialogue in a real terminal of 80 x 24, by the program that people start."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from support.dialogue import Person, walk
from support.repositories import STRATEGIES, text_of

if sys.platform == "win32":
    pytest.skip("there is no terminal to answer in", allow_module_level=True)
import pexpect

# The year and the day of R's packages are today's in both.
WALKS = [(strategy, seed) for seed in (1, 2) for strategy in STRATEGIES]


def type_at(session: pexpect.spawn[str], person: Person) -> None:
    """Answer each prompt as a person did before, once it is shown."""
    for line, keys in person.pressed:
        session.expect_exact(line[:70])
        for key in re.findall(r"\x1b\[B|.", keys, re.DOTALL):
            session.send(key)


@pytest.mark.parametrize(("strategy", "seed"), WALKS, ids=[f"{one}-{n}" for one, n in WALKS])
def test_a_walk(template: Path, tmp_path: Path, strategy: str, seed: int) -> None:
    """The same keys give the same files as in the tests' own process, byte for byte."""
    person = Person(seed, strategy)
    walk(template, tmp_path / "here" / "my-environment", person)
    (tmp_path / "there").mkdir()
    command = [sys.executable, "-m", "copier", "copy", "--trust", str(template), "my-environment"]
    session = pexpect.spawn(
        command[0],
        command[1:],
        cwd=str(tmp_path / "there"),
        env=os.environ | {"TERM": "xterm"},
        timeout=120,
        encoding="utf-8",
        dimensions=(24, 80),
    )
    session.delaybeforesend = None
    type_at(session, person)
    session.expect(pexpect.EOF)
    session.close()
    assert session.exitstatus == 0, session.before
    assert text_of(tmp_path / "there" / "my-environment") == text_of(
        tmp_path / "here" / "my-environment"
    )
