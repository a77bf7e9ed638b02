"""docs/faults.md is true: every fault has a guard, every named guard exists, and those that no other
test holds are held here."""

from __future__ import annotations

import re

import pytest
from repositories import ROOT

ROWS = re.findall(
    r"^\| (\d+) \| (.+) \| (.+) \|$",
    (ROOT / "docs" / "faults.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)
TESTS = {
    path: path.read_text(encoding="utf-8")
    for folder in ("tests", "tests/images")
    for path in ROOT.glob(f"{folder}/test_*.py")
}
TEMPLATE = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for folder in ("template", "extensions")
    for path in ROOT.glob(f"{folder}/**/*")
    if path.is_file() and path.suffix != ".pyc"
}
# What no file of the template may hold: a fault's number, and a pattern with what it must find.
NOWHERE = {
    "15": (r"https://(?!mybinder\.org)[\w.-]*binder[\w.-]*\.org", "https://gke.mybinder.org/build"),
    "20": (r"(?i)^ARG .*(token|secret|password|_pat)\b", "ARG GITHUB_PAT"),
}


def test_each_fault_has_a_row() -> None:
    assert [int(number) for number, _, _ in ROWS] == list(range(1, 29))


@pytest.mark.parametrize(("number", "fault", "guard"), ROWS)
def test_the_guard_exists(number: str, fault: str, guard: str) -> None:
    names = re.findall(r"`(test_\w+)`", guard)
    for name in names:
        assert any(f"def {name}(" in text for text in TESTS.values()), f"{number}, {fault}: {name}"
    for path in re.findall(r"`([\w./-]+/[\w./-]+)`", guard):
        assert (ROOT / path).exists() or path == "binder/", f"{number}, {fault}: {path}"
    if "other-uid" in guard:
        assert '"other-uid"' in TESTS[ROOT / "tests" / "images" / "test_check_image.py"]


@pytest.mark.parametrize("number", NOWHERE)
def test_nowhere_in_the_template(number: str) -> None:
    pattern, fault = NOWHERE[number]
    assert re.search(pattern, fault)
    found = [path for path, text in TEMPLATE.items() if re.search(pattern, text, re.MULTILINE)]
    assert found == []
