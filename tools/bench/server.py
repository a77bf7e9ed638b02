"""How soon a server is ready on a hub and how much memory it needs, beside the base image's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hub_image.check.containers import Containers, memory_of
from hub_image.check.hub import Hub
from hub_image.engine import connect
from hub_image.settings import Settings
from tools.bench.images import CASES, SETS, about, builder, repository
from tools.bench.measure import Row, in_turn, medians

__all__ = ["GROUP", "about", "rows"]

GROUP = "server"
IDLE = 10  # seconds after which a server that nobody uses is at rest
AGAINST = "the base image's own"


def rows(folder: Path, runs: int) -> Iterator[Row]:
    """Measure.

    Args:
        folder: an empty one, for all that is made.
        runs: how many pairs.
    """
    base = {"strategy": "community-image", "base": CASES["inherit"]["base"]}
    pointer = repository(folder / "pointer", base)
    own = repository(folder / "own", CASES["inherit"], SETS["few packages"])
    ours: list[float] = []
    theirs: list[float] = []
    with builder() as build:
        image = build.build(own.root)
        ready = in_turn(
            _starts(own, image.name, ours),
            _starts(pointer, pointer.base_image, theirs),
            runs,
            "a server on a hub",
        )
    memory = medians(list(zip(ours, theirs, strict=True)))
    yield Row.of(GROUP, ("inherit: server ready on the hub", AGAINST), 1.1, "s", ready)
    yield Row.of(GROUP, ("inherit: memory of the idle server", AGAINST), 1.05, "MB", memory)


def _starts(settings: Settings, image: str, memory: list[float]) -> Callable[[], float]:
    """Return a function that starts a server on a hub of its own, and returns after how many seconds it is ready.

    Args:
        settings: of the repository.
        image: the image's name.
        memory: gets what the server uses when idle, in MB: without the files that it read.
    """

    def once() -> float:
        containers = Containers(connect(), settings)
        containers.image = containers.client.images.get(image)
        hub = Hub(containers)
        try:
            containers.prepare_home()
            hub.start()
            hub.spawn()
            time.sleep(IDLE)
            memory.append(memory_of(hub.container))
            return hub.ready_after
        finally:
            hub.stop()
            containers.clean_up()

    return once
