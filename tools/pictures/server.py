"""A repository of each strategy, tested, and a JupyterHub that people log in to."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shlex
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hub_image.check.containers import Containers
from hub_image.check.hub import Hub
from hub_image.check.report import Failed
from hub_image.engine import connect
from hub_image.settings import Settings
from support import standins
from tools.pictures import DOCS, TIMEOUT, Problem

# The hub's own, from npm. Not by `npx`, which would leave it running when the hub ends it.
PROXY = standins.CACHE / "proxy"
# Where KubeSpawner would find a cluster: it asks for one before it shows what can be chosen.
CLUSTER = """\
clusters: [{name: none, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: none, context: {cluster: none, user: none}}]
current-context: none
users: [{name: none, user: {}}]
"""


def answers(strategy: str) -> dict[str, str]:
    """Return the answers in the command of a strategy's page."""
    page = (DOCS / f"{strategy}.md").read_text(encoding="utf-8")
    found = re.search(r"^    (copier copy .+)$", page, re.MULTILINE)
    if found is None:
        raise Problem(f"Give docs/{strategy}.md a command: it has none that makes a repository.")
    command = shlex.split(found[1])
    given = [command[place + 1] for place, word in enumerate(command) if word == "-d"]
    return dict(answer.split("=", 1) for answer in given)


def test(folder: Path, environment: dict[str, str]) -> tuple[Settings, list[str]]:
    """Build a repository's image and test it, as its README says.

    Args:
        folder: the repository's.
        environment: variables for the build.

    Returns:
        Its settings, which name the image, and the lines of the check's report.

    Raises:
        Problem: it does not pass.
    """
    standins.ensure_bases(folder)
    check, lines = [sys.executable, "-u", "ci/check.py"], list[str]()
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(check, cwd=folder, env=environment, **pipes) as run:
        for line in run.stdout or ():
            print(line, end="", flush=True)
            lines.append(line.rstrip())
    if run.returncode:
        raise Problem(f"Mend {folder.name}: its check fails, for the reason above.")
    first = next(number for number, line in enumerate(lines) if line.startswith(" 1. "))
    return Settings.read(folder), lines[first:]


@contextlib.contextmanager
def hub(settings: Settings, profiles: list[dict[str, Any]] | None = None) -> Iterator[str]:
    """Run a JupyterHub that spawns as the check's does, but that people log in to, behind its own proxy.

    Args:
        settings: those of a repository whose image is tested.
        profiles: if given, the spawner is that of Zero to JupyterHub and offers these; as there is no
            cluster, none can be started.

    Yields:
        The hub's address.

    Raises:
        Problem: it does not start.
    """
    client = connect()
    containers = Containers(client, settings, TIMEOUT)
    containers.image = client.images.get(settings.tested_image)
    with proxy() as (address, reached), tempfile.TemporaryDirectory() as folder:
        changes: dict[str, dict[str, Any]] = {
            "JupyterHub": {"authenticator_class": "dummy", "bind_url": address},
            "Authenticator": {"allow_all": True},
            "ConfigurableHTTPProxy": {**reached, "should_start": False},
        }
        if profiles is not None:
            changes["JupyterHub"]["spawner_class"] = "kubespawner.KubeSpawner"
            changes["KubeSpawner"] = {"profile_list": profiles}
            os.environ["KUBECONFIG"] = str(Path(folder, "cluster.yaml"))
            Path(folder, "cluster.yaml").write_text(CLUSTER, encoding="utf-8")
        running = Hub(containers, changes)
        try:
            containers.prepare_home()
            running.start()
            yield address
        except Failed as failed:
            raise Problem(f"{failed.text}\n{failed.log}") from None
        finally:
            running.stop()
            containers.clean_up()


@contextlib.contextmanager
def proxy() -> Iterator[tuple[str, dict[str, str]]]:
    """Run the hub's proxy; yield its address, and how the hub reaches it."""
    install = ["npm", "install", "--silent", "--prefix", str(PROXY), "configurable-http-proxy@5"]
    subprocess.run(install, check=True)
    port, api_port = map(str, free_ports(2))
    here, token = "127.0.0.1", secrets.token_hex(16)
    command = [str(PROXY / "node_modules" / ".bin" / "configurable-http-proxy")]
    command += ["--ip", here, "--port", port, "--api-ip", here, "--api-port", api_port]
    env = os.environ | {"CONFIGPROXY_AUTH_TOKEN": token}
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as process:
        try:
            reached = {"api_url": f"http://{here}:{api_port}", "auth_token": token}
            yield f"http://{here}:{port}", reached
        finally:
            process.terminate()


def free_ports(count: int) -> list[int]:
    """Return ports that nothing listens at; asked for all at once, so that they differ."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
