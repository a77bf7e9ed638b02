"""A JupyterHub, which starts a user's server as Zero to JupyterHub (z2jh) does."""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from docker.models.containers import Container

from hub_image import inside
from hub_image.check.containers import AS_HUB, LABEL, PORT, USER, Containers, log_of
from hub_image.check.report import Failed, tail

NAME = "check"  # of the user, and of the service that acts for them


def session(token: str) -> requests.Session:
    """Return a session that shows a token and uses no proxy: none stands before a container."""
    made = requests.Session()
    made.trust_env = False
    made.headers["Authorization"] = f"token {token}"
    return made


class Hub:
    """A hub's process, its folder and the user's server.

    Attributes:
        containers: those of this run.
        port: where the hub listens, at `containers.addresses.bind`.
        session: of requests, which may do what the user may.
        container: of the server, once it is ready.
        url: of the server, which ends with a slash.
        ready_after: how long its start took, in seconds.
        ready_at: when that was, by time.monotonic().
    """

    container: Container
    url, ready_after, ready_at = "", 0.0, 0.0

    def __init__(
        self, containers: Containers, changes: Mapping[str, dict[str, Any]] | None = None
    ) -> None:
        """Prepare a hub, with changes to its configuration by class."""
        self.containers, self._changes = containers, changes or {}
        self._token = secrets.token_hex(16)
        self.session = session(self._token)
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix=f"{LABEL}-", ignore_cleanup_errors=True)
        self._log = Path(self._folder.name, "hub.log")
        with socket.socket() as probe:
            probe.bind((containers.addresses.bind, 0))
            self.port = probe.getsockname()[1]
        self._api = f"http://{containers.addresses.bind}:{self.port}/hub/api"
        self._user = f"{self._api}/users/{NAME}"

    def configuration(self) -> dict[str, dict[str, Any]]:
        """Return the hub's configuration, by class: it starts servers as `Containers.create` would."""
        containers = self.containers
        scopes = ["admin:users", "admin:servers", "access:servers"]
        create: dict[str, Any] = {"user": USER, "labels": containers.labels}
        if containers.settings.working_dir:
            create["working_dir"] = containers.settings.working_dir
        return {
            "JupyterHub": {
                "authenticator_class": "null",  # nobody logs in: the token does everything
                "bind_url": f"http://127.0.0.1:{self.port}",  # of the proxy
                "cleanup_servers": False,  # Containers.clean_up() does
                "hub_bind_url": f"http://{containers.addresses.bind}:{self.port}",
                "hub_connect_url": f"http://{containers.addresses.hub}:{self.port}",
                "load_roles": [{"name": NAME, "services": [NAME], "scopes": scopes}],
                "services": [{"name": NAME, "api_token": self._token}],
                "spawner_class": "dockerspawner.DockerSpawner",
                "tornado_settings": {"slow_spawn_timeout": 0},  # answer at once: spawn() waits
            },
            "DockerSpawner": {
                "cmd": ["jupyterhub-singleuser"],  # K1: it replaces CMD
                "default_url": containers.settings.default_url,
                "extra_create_kwargs": create,
                "extra_host_config": {**AS_HUB, "mounts": containers.home()},
                "host_ip": containers.addresses.publish,  # Docker Desktop's containers have no other way
                "http_timeout": int(containers.timeout) + 60,  # the check's own limit comes first
                "image": containers.image.id,  # not its name, which another check may move meanwhile
                "name_template": containers.name("server"),
                "port": PORT,
                "pull_policy": "never",
                "start_timeout": int(containers.timeout) + 60,
            },
        }

    def start(self) -> None:
        """Start the hub; raises Failed if it does not answer."""
        folder, settings = Path(self._folder.name), self.configuration()
        for name, values in self._changes.items():
            settings[name] = settings.get(name, {}) | values
        (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        (folder / "hub.py").write_text(inside.source("hub_config"), encoding="utf-8")
        # -P: nobody's module is imported; a session of its own: Ctrl-C is for the check, which stops it
        command = [sys.executable, "-P", "-m", "jupyterhub", "-f", "hub.py"]
        with self._log.open("wb") as log:
            options: dict[str, Any] = {"cwd": folder, "stdout": log, "stderr": log}
            self._process = subprocess.Popen(command, **options, start_new_session=True)
        self.containers.wait_for("The check's own JupyterHub", self._answers, lambda: None)

        self.session.post(self._user, timeout=30).raise_for_status()

    def spawn(self) -> None:
        """Start the user's server; raises Failed if it is not ready in time, or never."""
        started = time.monotonic()

        def ready() -> str:
            if not (server := self._model()):
                raise Failed("The hub cannot start the image.", log_of(self._server()))
            return str(server["url"]) if server["ready"] else ""

        self.session.post(f"{self._user}/server", timeout=30).raise_for_status()
        try:
            path = self.containers.wait_for("jupyterhub-singleuser", ready, self._server)
        except Failed as failed:
            if "Failed to connect to my Hub" in failed.log:
                place = f"{self.containers.addresses.hub}:{self.port}"
                failed.text = f"Let this machine's firewall accept what containers send to {place}."
                failed.row = "hub"
            failed.log = self.logs(failed.log)
            raise
        self.ready_at = time.monotonic()
        self.ready_after = self.ready_at - started
        self.container = self.containers.client.containers.get(self.containers.name("server"))
        self.url = f"{self.containers.url(self.container)}{path}"

    def restart(self) -> None:
        """Stop the user's server and start it in a new container, as Kubernetes does."""
        self.session.delete(f"{self._user}/server", timeout=30).raise_for_status()
        self.containers.wait_for("The end of the server", lambda: not self._model(), lambda: None)
        self.container.remove(force=True)
        self.spawn()

    def is_ready(self) -> bool:
        """Return whether the hub says that the server is there."""
        return bool(self._model().get("ready"))

    @property
    def own_variables(self) -> set[str]:
        """Names of the variables that neither the image nor its programs set, but the hub or Docker."""
        env = {each.partition("=")[0] for each in self.container.attrs["Config"]["Env"]}
        return env - self.containers.variables.keys()

    def run(self, command: list[str], user: str = "") -> tuple[int, str]:
        """Run a command beside the server; return its exit code and output."""
        code, out = self.container.exec_run(command, user=user)
        assert code is not None and isinstance(out, bytes)  # it is no stream
        return code, out.decode(errors="replace").strip()

    def logs(self, log: str = "") -> str:
        """Return the ends of a log, the server's unless another is given, and of the hub's."""
        hub = tail(self._log.read_text(encoding="utf-8", errors="replace"), 20)
        text = f"--- the container's log ends with:\n{tail(log or log_of(self._server()), 40)}\n"
        return f"{text}--- the hub's log ends with:\n{hub}"

    def stop(self) -> None:
        """End the hub, which has nothing to save; Containers.clean_up() removes the server."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=30)
        self._folder.cleanup()

    def logs_of_server(self) -> str:
        """Return all that the server has printed."""
        return log_of(self._server())

    def _model(self) -> dict[str, Any]:
        """Return what the hub knows of the server; nothing if there is none."""
        servers = self.session.get(self._user, timeout=30).json().get("servers") or {}
        return dict(servers.get("", {}))

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise Failed("The check's own JupyterHub did not start.", self.logs(), "hub")
        return self.session.get(f"{self._api}/", timeout=10).ok

    def _server(self) -> Container | None:
        wanted = {
            "label": f"{LABEL}={self.containers.run_id}",
            "name": self.containers.name("server"),
        }
        return next(
            iter(self.containers.client.containers.list(all=True, filters={**wanted})), None
        )
