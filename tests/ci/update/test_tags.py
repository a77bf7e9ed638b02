"""Which tags are newer, what they look like, and the newest that will do."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from functools import cache
from types import ModuleType

import pytest

from hub_image.update.tags import newer, newest, pattern_of
from support.repositories import CATALOGUE, ROOT

DAYS = r"^\d{4}-\d{2}-\d{2}$"
CALVER = r"^\d{4}\.\d+\.\d+$"
NEWER = [
    (["2026-10-05", "2026-07-28", "2026-08-03"], "2026-07-28", DAYS, ["2026-08-03", "2026-10-05"]),
    (["2026.10.1", "2026.9.30", "2026.9.4"], "2026.9.4", CALVER, ["2026.9.30", "2026.10.1"]),
    (["latest", "main", "b39d8d901d7b", "2026-7-29"], "2026-07-28", DAYS, []),
    (["cuda12-2026-10-05", "cuda13-2026-10-05", "2026-10-05"], "2026-07-28", DAYS, ["2026-10-05"]),
    (["2026.06.04-v1", "2026.06.04-v10", "2026.06.04-v2"], "2026.06.04-v1", r"^[\d.]+-v\d+$",
     ["2026.06.04-v2", "2026.06.04-v10"]),
    (["3.13.9", "3.13.15", "3.14.1"], "3.13.14", r"^3\.13\.\d+$", ["3.13.15"]),
    (["hub-5.4.10", "hub-5.4.9", "hub-6.0.0"], "hub-5.4.2", r"^hub-5\.[\d.]+$",
     ["hub-5.4.9", "hub-5.4.10"]),
    (["2026-10-05"], f"2026-07-28@sha256:{64 * 'a'}", DAYS, ["2026-10-05"]),
    # commits have no order, even those that have no letter
    (["123456789012", "b39d8d901d7b"], "a39d8d901d7b", "^[0-9a-f]{12}$", []),
    (["b39d8d901d7b"], "123456789012", "^[0-9a-f]{12}$", []),
    (["20261005", "2026100512345"], "20260728", r"^\d+$", ["20261005"]),
    # the current one is of another kind, or nothing is newer by definition
    (["2026-10-05"], "hub-5.4.2", DAYS, []),
    (["2026-10-05"], "", DAYS, []),
    (["2026-10-05", "latest"], "latest", "^$", []),
    (["latest2", "latest"], "latest", "^latest", []),
    (["2026-10-05\n"], "2026-07-28", DAYS, []),
]  # fmt: skip


@pytest.mark.parametrize(("tags", "current", "pattern", "wanted"), NEWER)
def test_newer(tags: list[str], current: str, pattern: str, wanted: list[str]) -> None:
    """Of the same kind, as numbers, oldest first."""
    assert newer(tags, current, pattern) == wanted


@pytest.mark.parametrize("name", CATALOGUE["images"])
def test_newer_with_the_patterns_of_the_catalogue(name: str) -> None:
    """The pinned tag with its last number moved on, except where tags have no order."""
    image = CATALOGUE["images"][name]
    pinned = next((tag for major, tag in image["tags"].items()), "latest")
    moved = re.sub(r"\d+(?=\D*$)", lambda last: f"{int(last[0]) + 1:0{len(last[0])}}", pinned)
    if name == "rapids":
        moved = "26.08-cuda13-py3.14"
    hostile = ["latest", "cuda12-latest", "main", 12 * "f", "2026-13-99-x", "sha256-" + 64 * "1"]
    found = newer([*hostile, moved, pinned], pinned, image["tag_pattern"])
    assert found == ([] if name in ("cryocloud", "rocker-binder") else [moved])


@pytest.mark.parametrize(
    ("gone", "last", "wanted", "asked"),
    [
        ([], 9, 9, 1),
        ([], 0, -1, 5),
        ([], 3, 3, 4),
        ([9, 8], 9, 7, 2),
        ([5, 3], 4, 4, 4),
        (list(range(10)), 9, -1, 0),
    ],
)
def test_the_newest_is_found_with_few_looks(
    gone: list[int], last: int, wanted: int, asked: int
) -> None:
    """Of ten, when those up to `last` fit; -1 and 0 look as if none did."""
    looks: list[str] = []

    def fits(tag: str) -> bool:
        looks.append(tag)
        return 0 < int(tag) <= last

    tags = [str(number) for number in range(10)]
    found = newest(tags, lambda tag: int(tag) not in gone, fits)
    if last == 0:
        assert found == ""
    else:
        assert found == (str(wanted) if wanted >= 0 else "")
    assert len(looks) == len(set(looks)) <= asked


def test_the_functions_need_little() -> None:
    """Whoever imports them needs neither Copier nor Docker's client."""
    program = "from hub_image.update.tags import newer; print(newer(['2'], '1', '.'))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        cwd=ROOT / "template" / "ci",
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout == "['2']\n"


# --- what newer tags look like, as image.env says it --------------------------------------------------------

KINDS = [
    ("2026-07-28", "%%%%-%%-%%"),
    ("cuda12-2026-07-28", "cuda12-%%%%-%%-%%"),
    ("2026.06.04", "%%%%.%+.%+"),
    ("2026.6.4-v1", "%%%%.%+.%+-v%+"),
    ("26.06-cuda13-py3.14", "%%.%+-cuda13-py3.14"),
    ("hub-5.4.2", "hub-5.%+.%+"),
    ("v1.2.3", "v1.%+.%+"),
    (f"4.4.2@sha256:{64 * 'a'}", "4.%+.%+"),
    ("x86_64-2024-10-14", "x86_64-%%%%-%%-%%"),
    ("latest", ""),
    ("b39d8d901d7b", ""),
    ("2026-07-28\n", ""),
    ("$(id)", ""),
    ("", ""),
]


@pytest.mark.parametrize(("tag", "kind"), KINDS)
def test_what_newer_tags_look_like(tag: str, kind: str) -> None:
    """Without a pattern of the catalogue: the same words, another day or version."""
    assert extension().newer_tags(tag) == kind
    assert not kind or re.fullmatch(pattern_of(kind), tag.partition("@")[0])


@pytest.mark.parametrize("name", CATALOGUE["images"])
def test_image_env_says_the_pattern_of_the_catalogue(name: str) -> None:
    """Digit by digit the same, and nothing that a shell would take apart."""
    image = CATALOGUE["images"][name]
    for tag in image["tags"].values():
        kind = extension().newer_tags(tag, image["tag_pattern"])
        assert shlex.quote(kind) == (kind or "''")
        if name == "cryocloud":
            assert kind == ""
        else:
            assert f"^{pattern_of(kind)}$" == expanded(image["tag_pattern"])


def expanded(pattern: str) -> str:
    r"""Write `\d{2}` as `\d\d`, and `-` as re.escape() does."""
    pattern = re.sub(r"\\d\{(\d)\}", lambda digits: r"\d" * int(digits[1]), pattern)
    return pattern.replace("-", r"\-")


@cache
def extension() -> ModuleType:
    """Load the template's extension by its path, as Copier does."""
    path = ROOT / "extensions" / "catalogue.py"
    spec = importlib.util.spec_from_file_location("extension_catalogue", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
