"""How long it takes to build again after a change, beside a build for which nothing is cached.

The least that a package more can take is shown by the shortest Dockerfile with the same packages: it has one
instruction for all of them, as Docker caches whole instructions.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from hub_image.settings import Settings
from support.repositories import never_built
from tools.bench.image import by_hand
from tools.bench.images import CASES, LINES, SETS, about, builder, repository
from tools.bench.measure import QUICK, Row, medians, progress

__all__ = ["GROUP", "about", "rows"]

GROUP = "rebuild"
PACKAGE = "one package more"
GOALS = {PACKAGE: 0.3, "one apt package more": 0.6, "README.md changed": 0.03}


def rows(folder: Path, runs: int) -> Iterator[Row]:
    """Measure; each run builds what was never built, then again after each change.

    Args:
        folder: an empty one, for all that is made.
        runs: how many cold builds; a quick run has one.
    """
    with builder() as build:
        for case, answers in CASES.items():
            cold: list[float] = []
            again: dict[str, list[float]] = {change: [] for change in GOALS}
            least: list[tuple[float, float]] = []
            for number in range(1 if runs == QUICK else 3):
                progress(f"builds of {case}, {number + 1}")
                where = folder / f"{case}-{number}".replace(", ", "-")
                settings = repository(where, answers, SETS["scientific packages"])
                cold.append(build.build(where, "--no-cache").seconds)
                for change in GOALS:
                    with changed(settings, change, answers["packages_with"]):
                        again[change].append(build.build(where).seconds)
                text = never_built(by_hand(settings, case))
                first = build.build(where, "--no-cache", dockerfile=text).seconds
                with changed(settings, PACKAGE, answers["packages_with"]):
                    least.append((build.build(where, dockerfile=text).seconds, first))
            for change, goal in GOALS.items():
                words = (f"{case}: built again, {change}", "nothing cached")
                measured = medians(list(zip(again[change], cold, strict=True)))
                yield Row.of(GROUP, words, goal, "s", measured)
            words = (f"{case}, the shortest by hand: built again, {PACKAGE}", "nothing cached")
            yield Row.of(GROUP, words, None, "s", medians(least))


@contextlib.contextmanager
def changed(settings: Settings, change: str, tool: str) -> Iterator[None]:
    """Make a change in a repository, and take it back.

    Args:
        settings: of the repository.
        change: a key of `GOALS`.
        tool: what installs Python packages.
    """
    name, line = {
        PACKAGE: LINES[tool],
        "one apt package more": ("apt.txt", "file\n"),
        "README.md changed": ("README.md", "More words.\n"),
    }[change]
    path = settings.root / name
    before = path.read_text(encoding="utf-8")
    path.write_text(before + line, encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(before, encoding="utf-8")
