"""A row of the table, and how times are taken: in turn, as medians of pairs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

STARTED = time.monotonic()
FULL, QUICK = 10, 3  # pairs for each row


class BenchError(RuntimeError):
    """What is to be measured does not work: a sentence, and what was printed."""


class Measured(NamedTuple):
    """Two things that were measured in turn; what each field is, `Row` says."""

    ratio: float
    ours: float
    theirs: float
    runs: int = 1


@dataclass(frozen=True)
class Row:
    """A measure.

    Attributes:
        group: whose module measured it.
        measure: what is measured.
        against: what it is measured against.
        ratio: of both.
        goal: what the ratio should be at most; none where it is just shown.
        ours: of this template, in `unit`.
        theirs: of the other.
        unit: of both.
        runs: of how many pairs the ratio is the median.
    """

    group: str
    measure: str
    against: str
    ratio: float
    goal: float | None
    ours: float
    theirs: float
    unit: str
    runs: int = 1

    @classmethod
    def of(
        cls,
        group: str,
        words: tuple[str, str],
        goal: float | None,
        unit: str,
        measured: Measured,
    ) -> Row:
        """Make a row of what was measured; `words` are `measure` and `against`."""
        numbers = measured._asdict()
        return cls(group, words[0], words[1], goal=goal, unit=unit, **numbers)

    @property
    def holds(self) -> bool:
        """Whether the goal is reached, as far as three digits say."""
        return self.goal is None or round(self.ratio, 2) <= self.goal


class Timed(NamedTuple):
    """How long a program took, in seconds.

    Attributes:
        cpu: processor time of it and of the programs that it ran; other work on the machine changes it less than `wall`.
        wall: time that passed.
    """

    cpu: float
    wall: float


def progress(text: str) -> None:
    """Say on the terminal what is being measured, after how many seconds."""
    print(f"[{time.monotonic() - STARTED:5.0f} s] {text}", file=sys.stderr, flush=True)


def run(command: list[str], cwd: Path, env: Mapping[str, str] | None = None) -> Timed:
    """Run a program to its end.

    Args:
        command: the program and its arguments.
        cwd: the folder to run it in.
        env: its variables; this process's unless given.

    Raises:
        BenchError: it fails; with what it printed.
    """
    started = time.monotonic()
    with subprocess.Popen(
        command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - started
    if process.returncode:
        raise BenchError(f"{' '.join(command)} failed:\n{printed.decode(errors='replace')}")
    return Timed(usage.ru_utime + usage.ru_stime, wall)


def medians(pairs: Sequence[tuple[float, float]]) -> Measured:
    """Return the medians of pairs, of this template first, and that of their ratios."""
    return Measured(
        ratio=median(our / their for our, their in pairs),
        ours=median(our for our, _ in pairs),
        theirs=median(their for _, their in pairs),
        runs=len(pairs),
    )


def in_turn(
    ours: Callable[[], float], theirs: Callable[[], float], runs: int, what: str
) -> Measured:
    """Measure two things in turn, each first in every other pair.

    Args:
        ours: measures this template once.
        theirs: measures the other once.
        runs: how many pairs.
        what: for the terminal.
    """
    pairs = []
    for number in range(runs):
        progress(f"{what}: {number + 1} of {runs}")
        if number % 2:
            their, our = theirs(), ours()
        else:
            our, their = ours(), theirs()
        pairs.append((our, their))
    return medians(pairs)
