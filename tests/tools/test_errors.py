"""docs/errors.md explains errors that there are: in the programs, in extensions/, or in Copier."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import copier
import pytest

from support.repositories import ROOT

PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^\| `([^`]+)` \| ", PAGE, re.MULTILINE)
COPIER = [*Path(copier.__path__[0]).glob("*.py")]
OURS = [*(ROOT / "template" / "ci").rglob("*.py"), *(ROOT / "extensions").glob("*.py")]


def texts(files: list[Path]) -> str:
    """Return all strings of Python files; what is computed in them is `...`."""
    found = []
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [
                    str(p.value) if isinstance(p, ast.Constant) else "..." for p in node.values
                ]
                found.append("".join(parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return re.sub(r"\s+", " ", "\n".join(found))


SAID = texts(OURS) + (ROOT / "copier.yml").read_text(encoding="utf-8")
SAID_BY_COPIER = texts(COPIER)


def test_there_are_some() -> None:
    assert len(SHOWN) >= 15


@pytest.mark.parametrize("error", SHOWN)
def test_the_error_is_one_that_can_be_met(error: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{error}`"))
    assert error in (SAID_BY_COPIER if "Copier's own" in row else SAID)


def test_an_error_that_there_is_not_is_seen() -> None:
    assert "Turn it off and on again" not in SAID + SAID_BY_COPIER
