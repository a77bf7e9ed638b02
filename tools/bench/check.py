"""How long the whole check of an image takes, beside building that image with nothing cached."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from hub_image.settings import Settings
from support import standins
from tools.bench.images import CASES, SETS, Builder, about, builder, repository
from tools.bench.measure import QUICK, Row, in_turn, run

__all__ = ["GROUP", "about", "rows"]

GROUP = "check"


def rows(folder: Path, runs: int) -> Iterator[Row]:
    """Measure.

    Args:
        folder: an empty one, for all that is made.
        runs: how many pairs; a quick run has one.
    """
    with builder() as build, standins.offline_environment() as env:
        for case, answers in CASES.items():
            where = folder / case.replace(", ", "-")
            settings = repository(where, answers, SETS["scientific packages"])
            image = build.build(where).name
            measured = in_turn(
                partial(_check, where, image, env),
                partial(_cold, build, settings),
                1 if runs == QUICK else 3,
                f"check and build of {case}",
            )
            words = (f"{case}: the whole check", "building the image, nothing cached")
            yield Row.of(GROUP, words, 1.0, "s", measured)


def _check(where: Path, image: str, env: dict[str, str]) -> float:
    """Check an image as its repository does; return the seconds that passed."""
    return run([sys.executable, "ci/check.py", image], where, env).wall


def _cold(build: Builder, settings: Settings) -> float:
    """Build with nothing cached; return the seconds."""
    return build.build(settings.root, "--no-cache").seconds
