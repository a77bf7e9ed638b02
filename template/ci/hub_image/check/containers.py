"""Containers of the image, started as Zero to JupyterHub (z2jh) starts them."""

from __future__ import annotations

import io
import secrets
import sys
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import docker
import requests
from docker.errors import APIError, DockerException
from docker.models.containers import Container
from docker.models.images import Image
from docker.types import Mount
from tenacity import (
    RetryError,
    Retrying,
    TryAgain,
    retry_if_exception_type,
    stop_after_delay,
    wait_fixed,
)

from hub_image import inside
from hub_image.check.addresses import Addresses, addresses_of
from hub_image.check.report import Failed
from hub_image.settings import Settings

LABEL = "hub-image-check"
PORT = 8888  # K14
USER = "1000"  # K4
AS_HUB = {
    "group_add": ["100"],
    "security_opt": ["no-new-privileges"],
    "mem_limit": "1g",
    "memswap_limit": "1g",  # Kubernetes' nodes have no swap
}  # K5 K6 K13
MEMORY = "more memory than the 1 GB that a hub guarantees."  # K13
T = TypeVar("T")


@dataclass
class Containers:
    """The containers and volumes of one run of the check.

    Attributes:
        client: of the Docker engine.
        settings: of the repository.
        timeout: how long a start may take, in seconds.
        reference: the image's name, or whatever `docker pull` takes.
        tests: the folder of the tests.
        image: what the reference means, as soon as that is known.
        listing: what `inside/listing.py` finds in it, likewise.
        run_id: lets names differ from those of another run at the same time.
    """

    client: docker.DockerClient
    settings: Settings
    timeout: float = 300  # K12
    reference: str = ""
    tests: Path = Path("tests")
    image: Image = field(init=False)
    listing: dict[str, Any] = field(default_factory=dict)
    run_id: str = field(default_factory=lambda: secrets.token_hex(6))

    @cached_property
    def addresses(self) -> Addresses:
        """Where a hub and containers see each other."""
        return addresses_of(self.client)

    @property
    def config(self) -> dict[str, Any]:
        """The image's ENTRYPOINT, USER and so on."""
        return dict(self.image.attrs["Config"])

    @property
    def variables(self) -> dict[str, str]:
        """The image's ENV."""
        return dict(each.partition("=")[::2] for each in self.config.get("Env") or [])

    def place(self, file: str) -> str:
        """Return how a sentence starts that says where to mend: in a file, by the strategy.

        Args:
            file: the one of repo2docker's, where that builds without a Dockerfile.
        """
        if self.settings.is_pointer:
            return f"Choose another image, or in the Dockerfile of '{self.reference}'"
        return f"In {file if self.settings.strategy == 'repo2docker' else 'the Dockerfile'}"

    @property
    def start_folder(self) -> str:
        """Where the server starts (K9)."""
        return str(self.settings.working_dir or self.config.get("WorkingDir") or "/")

    @property
    def labels(self) -> dict[str, str]:
        """What marks all that this run makes."""
        return {LABEL: self.run_id}

    def name(self, use: str) -> str:
        """Return this run's name for a container or volume."""
        return f"{LABEL}-{self.run_id}-{use}"

    def volume(self, use: str, at: str, *, read_only: bool = False) -> Mount:
        """Return a mount of a volume, which is made unless it is there."""
        self.client.volumes.create(self.name(use), labels=self.labels)
        # Docker fills an empty volume from the image, Kubernetes does not
        return Mount(at, self.name(use), type="volume", read_only=read_only, no_copy=True)

    def home(self) -> list[Mount]:
        """Return the mounts of the user's volume (K7, K8)."""
        return [self.volume("home", at) for at in self.settings.homes]

    def prepare_home(self) -> None:
        """Make the user's volume root:100 with rwx and setgid, as Kubernetes' fsGroup does (K5)."""
        command, mounts = (
            "chgrp 100 /volume && chmod 2775 /volume",
            [self.volume("home", "/volume")],
        )
        code, out = self.run(["-c", command], entrypoint=["sh"], user="0", mounts=mounts)
        if code:
            raise Failed("The image's own `sh` cannot prepare the home volume.", out, "K5")

    def create(self, command: list[str], *, home: bool = False, **options: Any) -> Container:
        """Create a container as a hub does, with the user's volume if asked; options are Docker's."""
        if home:
            options["mounts"] = [*options.get("mounts", []), *self.home()]
            options["working_dir"] = self.settings.working_dir or None
        usual = {"image": self.image.id, "user": USER, "labels": self.labels, **AS_HUB}
        return self.client.containers.create(command=command, **(usual | options))

    def run(self, command: list[str], *, limit: float = 0, **options: Any) -> tuple[int, str]:
        """Run a command in a new container with options of `create`; return its exit code and output.

        127 is where there is no such program. Failed is raised if it does not end within the limit, in
        seconds, which is that of a start unless given.
        """
        container, limit = self.create(command, **options), limit or self.timeout
        try:
            container.start()
            return container.wait(timeout=limit)["StatusCode"], log_of(container)
        except APIError as error:
            return 127, str(error.explanation)
        except (requests.Timeout, requests.ConnectionError):
            text = f"`{' '.join(command)[:40]}` did not end within {limit:.0f} s"
            raise Failed(f"{text}: it hangs, or ENTRYPOINT does.", log_of(container)) from None
        finally:
            container.remove(force=True, v=True)

    def listed(self, **options: Any) -> tuple[dict[str, Any], str]:
        """Return what `inside/listing.py` finds, and the whole output; options as of `create`."""
        _, out = self.run(
            ["python3", "-c", inside.source("listing"), *self.settings.homes], **options
        )
        return inside.answer(out), out

    def wait_for(self, what: str, ready: Callable[[], T], of: Callable[[], Container | None]) -> T:
        """Return the first true answer; raises Failed if the container ends first, or it takes too long."""
        stop, wait = stop_after_delay(self.timeout), wait_fixed(0.3)
        again = retry_if_exception_type((TryAgain, requests.RequestException))
        try:
            for attempt in Retrying(stop=stop, wait=wait, retry=again):
                with attempt:
                    _raise_if_ended(what, of())
                    if answer := ready():
                        return answer
                    raise TryAgain
        except RetryError:
            pass
        text = f"{what} was not ready within {self.timeout:.0f} s: let it do less at start."
        raise Failed(text, log_of(of()), "K12")

    def url(self, container: Container) -> str:
        """Return the address of a container's server, without a path."""
        container.reload()
        ports = container.ports[f"{PORT}/tcp"] or []
        return f"http://{self.addresses.server}:{ports[0]['HostPort']}"

    def clean_up(self) -> None:
        """Remove the containers and volumes of this run."""
        label = f"{LABEL}={self.run_id}"
        try:
            for container in self.client.containers.list(all=True, filters={"label": label}):
                container.remove(force=True, v=True)
            for volume in self.client.volumes.list(filters={"label": label}):
                volume.remove(force=True)
            for network in self.client.networks.list(filters={"label": label}):
                network.remove()
        except (DockerException, requests.RequestException) as error:
            print(f"Left behind, labelled {label}: {error}", file=sys.stderr)


def archive(files: Mapping[str, bytes | Path], folder: str = "") -> bytes:
    """Return a tar of files, which any user may read, by their names in it.

    Args:
        files: contents, or where they are on this machine.
        folder: before each name.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.read_bytes()
            entry = tarfile.TarInfo(str(PurePosixPath(folder, name)))
            entry.size, entry.mode = len(data), 0o755
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def memory_of(container: Container) -> float:
    """Return what a container uses, in MB, without the files that it read: as `docker stats` counts."""
    stats: Any = container.stats(stream=False)
    used = stats["memory_stats"]
    return float(used["usage"] - used["stats"]["inactive_file"]) / 1e6


def log_of(container: Container | None) -> str:
    """Return what a container has printed."""
    return container.logs().decode(errors="replace") if container else ""


def _raise_if_ended(what: str, container: Container | None) -> None:
    if container is None:
        return
    container.reload()
    state = container.attrs["State"]
    if state.get("OOMKilled"):
        raise Failed(f"{what} needs {MEMORY}", log_of(container), "K13")
    if state["Status"] in ("exited", "dead"):
        text = f"{what} ended with exit code {state['ExitCode']} before it was ready."
        raise Failed(text, log_of(container))
