"""What the check waits for, and what it says of a wait that a hub would not have."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

from hub_image.check import server_rows
from hub_image.check.talk import Kernel, Silent, run_in_terminal


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


class Ended(RequestHandler):
    """A terminal that is gone before anything connects."""

    def get(self) -> None:
        self.send_error(404)


class Ending(WebSocketHandler):
    """A terminal whose shell ends as soon as something has connected."""

    def open(self) -> None:
        self.close()


class Disconnecting(WebSocketHandler):
    """A terminal that says that its shell has ended, as terminado does."""

    def open(self) -> None:
        self.write_message('["disconnect", 1]')


@contextmanager
def served(handler: type[RequestHandler]) -> Iterator[int]:
    """Serve a handler at every address; give the port."""
    loop, sockets = asyncio.new_event_loop(), bind_sockets(0, "127.0.0.1")

    async def serve() -> None:
        HTTPServer(Application([(".*", handler)])).add_sockets(sockets)

    loop.run_until_complete(serve())
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@pytest.mark.parametrize("terminal", [Ended, Ending, Disconnecting])
def test_a_shell_that_ends_at_once_is_named_whenever_it_ends(
    terminal: type[RequestHandler],
) -> None:
    """On a machine with other work it ended before the check had connected."""
    hub: Any = AHub()
    hub.session.headers, hub.session.json, hub.logs = (
        {"Authorization": ""},
        lambda: {"name": "1"},
        lambda: "",
    )
    with served(terminal) as port, pytest.raises(Silent, match="a terminal ends at once"):
        hub.url = f"http://127.0.0.1:{port}/"
        run_in_terminal(hub, "echo", "CHECK")
