"""How long Copier takes to make a repository and to update it, and what a longer catalogue adds."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from support import releases
from support.repositories import STRATEGIES, commit
from tools.bench import templates
from tools.bench.measure import Measured, Row, in_turn, run

GROUP = "render"
SECONDS = "s of processor time"
STATIC = "the same files, without a question or Jinja"
# A release before today's is one of the tests' made-up ones, which changed defaults and a base image's tag.
BEHIND, NEWEST = releases.RELEASES[-1], releases.TODAY
# On a disk, it counts how fast that makes files: an update clones the template five times (Copier 9.19).
MEMORY = Path("/dev/shm")


class Bench:
    """Templates in a folder, and Copier as a program.

    Attributes:
        this: this template, with a history of releases.
        empty: the other.
    """

    def __init__(self, folder: Path) -> None:
        """Make both.

        Args:
            folder: an empty one.
        """
        self.folder = folder
        self.env = templates.variables(folder / "settings")
        plain = templates.this(folder / "plain")
        self.this = folder / "this"
        releases.history(plain, self.this)
        templates.packed(self.this)
        self.empty = templates.empty(folder / "empty")
        self._count = 0

    def new(self) -> Path:
        """Return a path where nothing is yet."""
        self._count += 1
        return self.folder / f"new-{self._count}"

    def copier(self, *arguments: str, cwd: Path | None = None) -> float:
        """Run Copier; return its processor time in seconds."""
        command = [sys.executable, "-m", "copier", *arguments]
        return run(command, cwd or self.folder, self.env).cpu

    def copy(self, template: Path, to: Path, release: str, **answers: str) -> float:
        """Make a repository; return the processor time in seconds."""
        data = [word for key, value in answers.items() for word in ("-d", f"{key}={value}")]
        command = ["copy", "--trust", "--defaults", "--quiet", "--vcs-ref", release, *data]
        return self.copier(*command, str(template), str(to))

    def copied(self, template: Path, release: str, **answers: str) -> Callable[[], float]:
        """Return a function that makes a new repository, and removes it once the time is taken."""

        def once() -> float:
            to = self.new()
            taken = self.copy(template, to, release, **answers)
            shutil.rmtree(to)
            return taken

        return once

    def updated(self, template: Path, release: str, **answers: str) -> Callable[[], float]:
        """Return a function that updates a repository of a release to the newest, anew each time."""
        made = self.new()
        self.copy(template, made, release, **answers)
        commit(made, "made")

        def once() -> float:
            to = self.new()
            shutil.copytree(made, to)
            taken = self.copier("update", "--trust", "--defaults", "--quiet", cwd=to)
            shutil.rmtree(to)
            return taken

        return once


@contextlib.contextmanager
def in_memory(folder: Path) -> Iterator[Bench]:
    """Give templates, repositories and Copier's own files a place in memory, where there is one.

    Args:
        folder: an empty one, for them where there is none.
    """
    memory = MEMORY if MEMORY.is_dir() else folder
    with tempfile.TemporaryDirectory(dir=memory, ignore_cleanup_errors=True) as files:
        bench = Bench(Path(files))
        bench.env["TMPDIR"] = files
        yield bench


def rows(folder: Path, runs: int) -> Iterator[Row]:
    """Measure.

    Args:
        folder: an empty one, for all that is made.
        runs: how many pairs for each row.
    """
    with in_memory(folder) as bench:
        yield from _rows(bench, runs)


def _rows(bench: Bench, runs: int) -> Iterator[Row]:
    """Measure the four strategies, updates and the catalogue."""
    for strategy in STRATEGIES:
        measured = in_turn(
            bench.copied(bench.this, NEWEST, strategy=strategy),
            bench.copied(bench.empty, "2.0.0"),
            runs,
            f"copier copy, {strategy}",
        )
        yield _row(f"`copier copy --defaults`, {strategy}", 1.4, measured)
    static = _static(bench)
    measured = in_turn(
        bench.copied(static, "2.0.0"),
        bench.copied(bench.empty, "2.0.0"),
        runs,
        "copier copy, static",
    )
    yield _row(f"`copier copy`, {STATIC}", None, measured)
    cases = {
        "nothing to do": (NEWEST, "2.0.0", 1.6),
        "one release behind": (BEHIND, "1.0.0", 2.0),
    }
    for case, (ours, theirs, goal) in cases.items():
        words = f"copier update, {case}"
        other = bench.updated(bench.empty, theirs)
        measured = in_turn(bench.updated(bench.this, ours, strategy="inherit"), other, runs, words)
        yield _row(f"`copier update`, {case}", goal, measured)
        measured = in_turn(bench.updated(static, theirs), other, runs, f"{words}, static")
        yield _row(f"`copier update`, {case}, {STATIC}", None, measured)
    yield from _growth(bench, runs)


def _row(measure: str, goal: float | None, measured: Measured) -> Row:
    return Row.of(GROUP, (measure, "on an empty template"), goal, SECONDS, measured)


def _static(bench: Bench) -> Path:
    """Make a template of the same files, all static: what it takes is what Copier itself takes for as many files."""
    made = {}
    for name, release in {"1.0.0": BEHIND, "2.0.0": NEWEST}.items():
        made[name] = bench.new()
        bench.copy(bench.this, made[name], release, strategy="inherit")
    return templates.of_files(made, bench.folder / "files")


def _growth(bench: Bench, runs: int) -> Iterator[Row]:
    """Measure with catalogues of other lengths."""
    made = {
        count: templates.with_images(bench.folder / "plain", bench.folder / f"{count}", count)
        for count in (5, 50, 500)
    }
    copies = {
        count: bench.copied(template, NEWEST, strategy="inherit")
        for count, template in made.items()
    }
    for count in (50, 500):
        words = f"`copier copy`, {count} images in the catalogue"
        measured = in_turn(copies[count], copies[5], runs, words)
        yield Row.of(GROUP, (words, "with 5"), 1.1, SECONDS, measured)
