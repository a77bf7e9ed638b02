"""docs/contract.md explains each row that the check's report names."""

from __future__ import annotations

import re

import pytest

from support.repositories import ROOT

CODE = "".join(
    path.read_text(encoding="utf-8")
    for path in sorted(ROOT.glob("template/ci/hub_image/check/*.py"))
)
# as of "K4-7", each of them
RANGES = {
    f"K{n}"
    for first, last in re.findall(r"K(\d+)-(\d+)", CODE)
    for n in range(int(first), int(last) + 1)
}
# those without a number, but for what stands in a sentence below the tables
WORDS = {word for names in re.findall(r'@row\("(.+?)"\)', CODE) for word in names.split()}
WORDS = {word for word in WORDS if word.islower()} - {"image", "tests"}
NAMED = sorted({*re.findall(r"\b[KBCD]\d+\b", CODE), *RANGES, *WORDS})


@pytest.mark.parametrize("row", NAMED)
def test_each_row_is_explained(row: str) -> None:
    """With what it means, its source, and what is rejected for it."""
    lines = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8").splitlines()
    cells = [line.split("|") for line in lines if line.startswith(f"| {row} |")]
    assert len(cells) == 1, row
    assert all(cell.strip() for cell in cells[0][1:-1])


def test_there_are_rows() -> None:
    """Or the test above looked at nothing."""
    assert len(NAMED) > 15
