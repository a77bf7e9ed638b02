"""The row of the kernels: each runs a cell, through the server.

jupyter-kernel-client would save the protocol below, but it waits for ever for a kernel that died, as it
skips messages without a parent, and it installs pyarrow, 170 MB.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets

import requests
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from hub_image.check.hub import Hub
from hub_image.check.report import Failed, row

DYING = ("dead", "restarting", "autorestarting")  # a kernel's states
# What prints "check 42", by language. A kernel of another one only has to introduce itself.
CELLS = {
    "bash": "echo check $((6 * 7))",
    "julia": 'println("check ", 6 * 7)',
    "python": 'print("check", 6 * 7)',
    "r": 'cat("check", 6 * 7)',
}


@row("kernels")
def kernels_run(hub: Hub) -> str:
    """Every kernel runs a cell."""
    specs = hub.session.get(f"{hub.url}api/kernelspecs", timeout=60).json()["kernelspecs"]
    if not specs:
        raise Failed("The server has no kernel: install one, as ipykernel.", hub.logs())
    for name, spec in sorted(specs.items()):
        print(f"{name} ", end="", flush=True)
        if problem := _problem(hub, name, CELLS.get(spec["spec"]["language"].lower(), "")):
            raise Failed(f"The kernel '{name}' {problem}.", hub.logs())
    return ""


def _problem(hub: Hub, name: str, cell: str) -> str:
    """Start a kernel, run a cell, stop it; return what went wrong, or nothing."""
    url, limit = f"{hub.url}api/kernels", hub.containers.timeout
    try:
        answer = hub.session.post(url, json={"name": name}, timeout=limit)
        if not answer.ok:
            return f"does not start, the server answers {answer.status_code}: {answer.text}"
        url += f"/{answer.json()['id']}"
        printed = asyncio.run(asyncio.wait_for(_run(hub.session, url, cell), limit))
        hub.session.delete(url, timeout=60)
    except (requests.Timeout, TimeoutError):
        return f"does not answer within {limit:.0f} s"
    except (requests.RequestException, HTTPClientError, OSError) as error:
        return f"is out of reach: {error}"
    if printed is None:
        return "died: start it with `jupyter console` in the image to see why"
    return f"answers {printed!r} to {cell!r}" if cell and "check 42" not in printed else ""


async def _run(session: requests.Session, url: str, cell: str) -> str | None:
    """Run a cell in the kernel at an address; return what it prints, None as soon as it has died."""
    talk = asyncio.create_task(_talk(session, url, cell))
    while not (await asyncio.wait([talk], timeout=1))[0]:
        # of a kernel that never started the websocket says nothing, it waits for it
        model = await asyncio.to_thread(session.get, url, timeout=60)
        if not model.ok or model.json()["execution_state"] in DYING:
            talk.cancel()
            return None
    return talk.result()


async def _talk(session: requests.Session, url: str, cell: str) -> str | None:
    """Do so over its websocket (jupyter-client.readthedocs.io, "Messaging in Jupyter")."""
    headers = {"Authorization": str(session.headers["Authorization"])}
    address = HTTPRequest(f"{url.replace('http', 'ws', 1)}/channels", headers=headers)
    channels = await websocket_connect(address)
    kind = "execute_request" if cell else "kernel_info_request"
    ask = {"msg_id": secrets.token_hex(8), "msg_type": kind, "username": "check"}
    message = {
        "header": ask | {"session": secrets.token_hex(8), "version": "5.3"},
        "parent_header": {},
        "metadata": {},
        "content": {"code": cell, "silent": False} if cell else {},
        "channel": "shell",
    }
    printed, replied, idle = "", False, False
    with contextlib.closing(channels):
        await channels.write_message(json.dumps(message))
        while not (replied and idle):
            text = await channels.read_message()
            answer = json.loads(text) if text else {}
            content = answer.get("content", {})
            state = content.get("execution_state")
            if not answer or state in DYING:
                return None
            if answer["parent_header"].get("msg_id") == ask["msg_id"]:
                replied = replied or answer["msg_type"].endswith("_reply")
                idle = idle or state == "idle"
                printed += content.get("text", "") + "\n".join(content.get("traceback", []))
    return printed
