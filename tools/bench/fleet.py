"""How many repositories can be updated: many, two at a time, beside one alone."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from support.repositories import commit
from tools.bench.measure import FULL, Row, in_turn
from tools.bench.render import BEHIND, Bench

GROUP = "fleet"
AT_A_TIME = 2
MANY = 100


def rows(folder: Path, runs: int) -> Iterator[Row]:
    """Measure; in a full run there are `MANY` updates in all.

    Args:
        folder: an empty one, for all that is made.
        runs: of how many pairs the median is taken.
    """
    bench = Bench(folder)
    made = bench.new()
    bench.copy(bench.this, made, BEHIND, strategy="inherit")
    commit(made, "made")
    each = MANY // FULL  # updates of a pair
    measured = in_turn(
        partial(_seconds, bench, made, each, AT_A_TIME),
        partial(_seconds, bench, made, 1, 1),
        runs,
        f"{each} updates, {AT_A_TIME} at a time",
    )
    words = f"{runs * each} repositories updated one release, {AT_A_TIME} at a time"
    yield Row.of(GROUP, (words, "one alone"), 0.6, "s each", measured)


def _seconds(bench: Bench, made: Path, count: int, at_a_time: int) -> float:
    """Update copies of a repository; return the seconds that passed, for each."""
    copies = [bench.new() for _ in range(count)]
    for copy in copies:
        shutil.copytree(made, copy)
    started = time.monotonic()
    with ThreadPoolExecutor(at_a_time) as pool:
        update = partial(bench.copier, "update", "--trust", "--defaults", "--quiet")
        list(pool.map(lambda copy: update(cwd=copy), copies))
    taken = time.monotonic() - started
    for copy in copies:
        shutil.rmtree(copy)
    return taken / count
