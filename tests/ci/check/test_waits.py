"""What the check waits for, and what it says of a wait that a hub would not have."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hub_image.check import server_rows
from hub_image.check.talk import Kernel


class Answers:
    """Stands in for the server's session: each request is answered by the next state."""

    ok = True

    def __init__(self, *states: str) -> None:
        self.states = list(states)

    def get(self, _url: str, **_options: Any) -> Answers:
        return self

    def post(self, _url: str, **_options: Any) -> Answers:
        return self

    def json(self) -> dict[str, str]:
        return {"id": "1", "execution_state": self.states.pop(0) if self.states else ""}


class AHub:
    """Has what a kernel and the row on the start ask of a hub."""

    url = "http://127.0.0.1/user/check/"

    class containers:
        timeout = 5

    def __init__(self, ready_after: float = 0.0, states: tuple[str, ...] = ()) -> None:
        self.ready_after, self.session = ready_after, Answers("starting", *states)

    def start(self) -> None:
        pass

    def spawn(self) -> None:
        pass


def test_a_kernel_is_talked_to_when_it_rests() -> None:
    """The server connects to a busy one before it listens, and an answer may be lost (`nudge`)."""
    hub: Any = AHub(states=("busy", "busy", "idle", "not asked for"))
    asyncio.run(Kernel(hub, "python3")._at_rest())
    assert hub.session.states == ["not asked for"]


@pytest.mark.parametrize(("seconds", "late"), [(29.0, False), (31.0, True)])
def test_a_start_that_hubs_give_up_on_is_named(seconds: float, late: bool) -> None:
    """KubeSpawner's http_timeout is 30 s (K12)."""
    hub: Any = AHub(ready_after=seconds)
    assert ("http_timeout" in server_rows.hub_starts.test(hub)) is late
