"""Kernels and terminals of a server, over its API and websockets, as JupyterLab uses them.

jupyter-kernel-client would save the kernels' protocol, but it waits for ever for a kernel that died, as
it skips messages without a parent, and it installs pyarrow, 170 MB.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
from collections.abc import Coroutine
from typing import Any, TypeVar

import requests
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, websocket_connect

from hub_image.check.hub import Hub
from hub_image.check.report import Failed

DYING = ("dead", "restarting", "autorestarting")  # a kernel's states
LOST = 5  # seconds for which a kernel that owes an answer is idle until it is asked again
T = TypeVar("T")


class Silent(Failed):
    """A kernel or a terminal gives no answer."""


class Kernel:
    """A running kernel."""

    def __init__(self, hub: Hub, name: str) -> None:
        """Start one by its specification's name; raises Silent."""
        self._hub, self._what = hub, f"The kernel '{name}'"
        answer = _post(hub, self._what, "kernels", {"name": name})
        self._url = f"{hub.url}api/kernels/{answer['id']}"

    def run(self, cell: str) -> str:
        """Run a cell, or ask for an introduction if it is empty; return what it shows; raises Silent."""
        printed = _wait(self._hub, self._what, self._run(cell), gone=None)
        if printed is None:
            text = (
                f"{self._what} died: start it with `jupyter console` in the image to see why, "
                "and let no setting end it so soon, as cull_idle_timeout does."
            )
            raise Silent(text, self._hub.logs(), "kernels")
        return printed

    def stop(self) -> None:
        """End it."""
        self._hub.session.delete(self._url, timeout=60)

    async def _run(self, cell: str) -> str | None:
        """Return what a cell prints, None as soon as the kernel has died."""
        talk, idle = asyncio.create_task(self._talk(cell)), 0
        while not (await asyncio.wait([talk], timeout=1))[0]:
            # of a kernel that never started the websocket says nothing, it waits for it
            model = await asyncio.to_thread(self._hub.session.get, self._url, timeout=60)
            state = model.json()["execution_state"] if model.ok else "dead"
            if state in DYING:
                talk.cancel()
                return None
            # What is said in the first moments of a connection may be lost (`nudge` in
            # jupyter_server/services/kernels/connection/channels.py), and a kernel may not see a request
            # until something else connects (ipython/ipykernel#1554): connect anew, and ask again.
            idle = idle + 1 if state == "idle" else 0
            if idle == LOST:
                talk.cancel()
                talk, idle = asyncio.create_task(self._talk(cell)), 0
        return talk.result()

    async def _talk(self, cell: str) -> str:
        """Do so over its websocket; raises WebSocketClosedError if it dies."""
        with contextlib.closing(await _connect(self._hub, f"{self._url}/channels")) as channels:
            if not cell:
                return await _ask(channels, "kernel_info_request", {})
            return await _ask(channels, "execute_request", {"code": cell, "silent": False})


async def _ask(channels: WebSocketClientConnection, kind: str, content: dict[str, Any]) -> str:
    """Send one message, return what is shown for it (jupyter-client.readthedocs.io, "Messaging in Jupyter")."""
    ask = {"msg_id": secrets.token_hex(8), "msg_type": kind, "username": "check"}
    header = ask | {"session": secrets.token_hex(8), "version": "5.3"}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
    await channels.write_message(json.dumps(message | {"channel": "shell"}))
    shown, replied, idle = "", False, False
    while not (replied and idle):
        text = await channels.read_message()
        answer = json.loads(text) if text else {}
        content = answer.get("content", {})
        state = content.get("execution_state")
        if not answer or state in DYING:
            raise WebSocketClosedError
        if answer["parent_header"].get("msg_id") == ask["msg_id"]:
            replied = replied or answer["msg_type"].endswith("_reply")
            idle = idle or state == "idle"
            types = [*content.get("traceback", []), *content.get("data", {})]
            shown += content.get("text", "") + "\n".join(types)
    return shown


def run_in_terminal(hub: Hub, line: str, answer: str) -> str:
    """Type a line in a new terminal, wait for an answer (jupyter_server_terminals, terminado's protocol).

    Args:
        hub: whose server it is.
        line: what is typed.
        answer: a pattern; what is printed is complete as soon as it is found.

    Returns:
        What the terminal shows.

    Raises:
        Silent: it does not open, or nothing of the kind is printed in time.
    """
    shown, what = "", "a terminal"
    name = _post(hub, what, "terminals", {})["name"]
    url = f"{hub.url}terminals/websocket/{name}"

    async def talk() -> bool:
        nonlocal shown
        with contextlib.closing(await _connect(hub, url)) as terminal:
            # The empty line ends the menu that zsh shows where there is no ~/.zshrc; `false` is a
            # command that fails, as people's do: it must not end the shell (`set -e`).
            await terminal.write_message(json.dumps(["stdin", f"\rfalse\r{line}\r"]))
            while not re.search(answer, shown, re.MULTILINE):
                text = await terminal.read_message()
                kind, *content = json.loads(text) if text else ["disconnect"]
                if kind == "disconnect":
                    return False
                shown += str(content[0]) if kind == "stdout" else ""
        return True

    if not _wait(hub, what, talk(), gone=False):
        raise Silent(f"{what} ends at once, it shows {shown.strip()[-300:]!r}.", hub.logs())
    hub.session.delete(f"{hub.url}api/terminals/{name}", timeout=60)
    return shown


def _post(hub: Hub, what: str, kind: str, model: dict[str, str]) -> dict[str, Any]:
    """Start one of a kind; return the server's model of it."""
    url, limit = f"{hub.url}api/{kind}", hub.containers.timeout
    try:
        answer = hub.session.post(url, json=model, timeout=limit)
    except requests.RequestException as error:
        raise Silent(f"{what} is out of reach: {error}.", hub.logs(), kind) from None
    if not answer.ok:
        why = f"the server answers {answer.status_code}: {answer.text[-300:]}"
        raise Silent(f"{what} does not start, {why}.", hub.logs(), kind)
    return dict(answer.json())


async def _connect(hub: Hub, url: str) -> WebSocketClientConnection:
    headers = {"Authorization": str(hub.session.headers["Authorization"])}
    return await websocket_connect(HTTPRequest(url.replace("http", "ws", 1), headers=headers))


def _wait(hub: Hub, what: str, talk: Coroutine[Any, Any, T], gone: T) -> T:
    """Return what comes of a talk that ends in time, `gone` if the other side has ended; raises Silent."""
    limit = hub.containers.timeout
    try:
        return asyncio.run(asyncio.wait_for(talk, limit))
    except WebSocketClosedError:
        return gone
    except (requests.Timeout, TimeoutError):
        why = f"does not answer within {limit:.0f} s"
    except (requests.RequestException, HTTPClientError, OSError) as error:
        if isinstance(error, HTTPClientError) and error.code == 404:  # it ended before we connected
            return gone
        why = f"is out of reach: {error}"
    raise Silent(f"{what} {why}.", hub.logs(), "kernels")
