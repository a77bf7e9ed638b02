"""What the check waits for, and what it says of a wait that a hub would not have."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any, ClassVar

import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

from hub_image.check import server_rows, talk
from hub_image.check.report import tail
from hub_image.check.talk import Kernel, Silent, run_in_terminal


class Answers:
    """Stands in for the server's session: each request is answered by one model."""

    ok = True

    def get(self, _url: str, **_options: Any) -> Answers:
        return self

    def post(self, _url: str, **_options: Any) -> Answers:
        return self

    def json(self) -> dict[str, str]:
        return {"id": "1", "execution_state": "starting"}


class AHub:
    """Has what a kernel and the row on the start ask of a hub."""

    url = "http://127.0.0.1/user/check/"

    class containers:
        timeout = 5

    def __init__(self, ready_after: float = 0.0) -> None:
        self.ready_after, self.session = ready_after, Answers()

    def start(self) -> None:
        pass

    def spawn(self) -> None:
        pass


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


class AKernel(WebSocketHandler):
    """A kernel whose first answer is lost, in part or as a whole."""

    asked: ClassVar[list[str]] = []
    lost = 0  # of its three parts
    takes = 0.0  # seconds

    async def on_message(self, message: str | bytes) -> None:
        asked = json.loads(message)
        self.asked.append(asked["content"]["code"])
        await asyncio.sleep(self.takes)
        parts: list[tuple[str, dict[str, str]]] = [
            ("stream", {"text": "check 42"}),
            ("execute_reply", {}),
            ("status", {"execution_state": "idle"}),
        ]
        for kind, content in parts[: 3 - self.lost if len(self.asked) == 1 else 3]:
            answer = {"msg_type": kind, "parent_header": asked["header"], "content": content}
            self.write_message(json.dumps(answer))


def run_in(state: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, int]:
    """Run a cell in that kernel, whose state a server gives; return what it shows, and how often it ran."""
    monkeypatch.setattr(talk, "LOST", 1)
    monkeypatch.setattr(AKernel, "asked", [])
    hub: Any = AHub()
    hub.session.headers = {"Authorization": ""}
    hub.session.json = lambda: {"id": "1", "execution_state": state}
    kernel = Kernel(hub, "python3")
    with served(AKernel) as port:
        kernel._url = f"http://127.0.0.1:{port}/"
        return kernel.run("print(42)"), len(AKernel.asked)


@pytest.mark.parametrize("lost", [1, 3])
def test_what_is_lost_is_asked_again(monkeypatch: pytest.MonkeyPatch, lost: int) -> None:
    """A check waited five minutes for it (`nudge`, ipykernel#1554)."""
    monkeypatch.setattr(AKernel, "lost", lost)
    assert run_in("idle", monkeypatch) == ("check 42", 2)


def test_a_long_cell_is_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import may take two minutes; the kernel is busy meanwhile."""
    monkeypatch.setattr(AKernel, "takes", 2.5)
    assert run_in("busy", monkeypatch) == ("check 42", 1)


def test_a_log_ends_with_what_the_check_did_not_ask_itself() -> None:
    """Five minutes of questions about a kernel hid the server's last word on it."""
    asked = "[I 2026-11-24 18:53 ServerApp] 200 GET /user/check/api/kernels/1 (check@172.17.0.1) 1.14ms\n"
    kept = "[E ServerApp] no space left\ntests/test_mine.py 200 GET /mine"
    assert tail(f"{kept}\n{asked * 300}", 40) == kept
