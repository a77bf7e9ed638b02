"""How many repositories can be updated: many, two at a time, beside one alone."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from support.repositories import commit
from tools.bench.measure import FULL, Row, in_turn, run
from tools.bench.render import BEHIND, Bench, in_memory

GROUP = "fleet"
AT_A_TIME = 2
MANY = 100


def rows(folder: Path, runs: int) -> Iterator[Row]:
    """Measure; in a full run there are `MANY` updates in all.

    Args:
        folder: an empty one, for all that is made.
        runs: of how many pairs the median is taken.
    """
    with in_memory(folder) as bench:
        yield from _rows(bench, runs)


def _rows(bench: Bench, runs: int) -> Iterator[Row]:
    """Measure the updates, and what two at a time can be at best."""
    made = bench.new()
    bench.copy(bench.this, made, BEHIND, strategy="inherit")
    commit(made, "made")
    each = MANY // FULL  # updates of a pair
    words = f"{runs * each} repositories updated one release, {AT_A_TIME} at a time"
    yield _row(words, 0.6, partial(_updates, bench, made), each, runs)
    # what two at a time can be at best on this machine, where other work is there too
    words = f"programs that only compute, {AT_A_TIME} at a time"
    yield _row(words, None, partial(_sums, bench), each, runs)


def _row(
    words: str, goal: float | None, seconds: Callable[[int, int], float], each: int, runs: int
) -> Row:
    """Measure something done many times, some at a time, beside once alone.

    Args:
        words: what.
        goal: of the ratio.
        seconds: does it so many times, so many at a time; returns the seconds for each.
        each: how many times in a pair.
        runs: how many pairs.
    """
    measured = in_turn(partial(seconds, each, AT_A_TIME), partial(seconds, 1, 1), runs, words)
    return Row.of(GROUP, (words, "one alone"), goal, "s each", measured)


def _updates(bench: Bench, made: Path, count: int, at_a_time: int) -> float:
    """Update copies of a repository; return the seconds that passed, for each."""
    copies = [bench.new() for _ in range(count)]
    for copy in copies:
        shutil.copytree(made, copy)
    update = partial(bench.copier, "update", "--trust", "--defaults", "--quiet")
    taken = _together([partial(update, cwd=copy) for copy in copies], at_a_time)
    for copy in copies:
        shutil.rmtree(copy)
    return taken


def _sums(bench: Bench, count: int, at_a_time: int) -> float:
    """Add numbers in processes that need neither files nor each other; return the seconds, for each."""
    command = [sys.executable, "-c", "sum(n * n for n in range(20_000_000))"]
    return _together([partial(run, command, bench.folder)] * count, at_a_time)


def _together(tasks: list[Callable[[], object]], at_a_time: int) -> float:
    """Do tasks, some at a time; return the seconds that passed, for each."""
    started = time.monotonic()
    with ThreadPoolExecutor(at_a_time) as pool:
        list(pool.map(lambda task: task(), tasks))
    return (time.monotonic() - started) / len(tasks)
