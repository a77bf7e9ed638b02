"""What a generated repository adds to the person's own files, beside the leanest repository of that strategy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from support.repositories import STRATEGIES
from tools.bench.measure import Measured, Row
from tools.bench.render import NEWEST, Bench

GROUP = "peers"
# What is a person's own, wherever it lies: words, packages and tests.
OWN = ("LICENSE", "README.md", "environment.yml", "requirements.txt", "tests/", "image-tests/")


class Peer(NamedTuple):
    """A repository that people copy to begin with.

    Attributes:
        name: of it, and the commit that was looked at.
        files: how many it adds to OWN; pictures in its README are not counted.
        size: their bytes.
    """

    name: str
    files: int
    size: int


PEERS = {
    # Binder's documentation has no less: one file with one line
    "community-image": Peer("a Dockerfile with nothing but FROM", 1, 50),
    "inherit": Peer("2i2c-org/example-inherit-from-community-image@68cbce3", 4, 4708),
    "repo2docker": Peer("2i2c-org/hub-user-image-template@e0a2578", 3, 4946),
    "dockerfile": Peer("jupyterhealth/singleuser-image@641519c", 5, 7812),
}


def rows(folder: Path, runs: int) -> Iterator[Row]:
    """Count, which is the same each time.

    Args:
        folder: an empty one, for all that is made.
        runs: not used.
    """
    bench = Bench(folder)
    for strategy in STRATEGIES:
        made = bench.new()
        bench.copy(bench.this, made, NEWEST, strategy=strategy)
        sizes = [size for path, size in added(made)]
        peer = PEERS[strategy]
        for unit, ours, theirs in (
            ("files", len(sizes), peer.files),
            ("bytes", sum(sizes), peer.size),
        ):
            words = (f"{strategy}: {unit} that are not a person's own", peer.name)
            measured = Measured(ours / theirs, ours, theirs)
            yield Row.of(GROUP, words, None, unit, measured)


def added(folder: Path) -> list[tuple[str, int]]:
    """Return the files of a repository that are not a person's own, and their bytes."""
    files = {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file()
    }
    return sorted((name, size) for name, size in files.items() if not name.startswith(OWN))
