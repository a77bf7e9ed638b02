"""The Docker engine of this machine, as the tests use it."""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import os
from typing import Any, NoReturn

import docker
import docker.errors
import pytest
from docker.models.images import Image


@functools.cache
def client() -> docker.DockerClient:
    """Connect to the engine; docker.errors.DockerException when there is none."""
    # A container in which a whole test run was done takes over a minute to remove on a slow disk.
    return docker.from_env(timeout=600)


def left_out(reason: str) -> NoReturn:
    """Skip, with the reason; fail where these tests may not be skipped.

    HUB_IMAGE_REQUIRE_DOCKER=1 says so.
    """
    if os.environ.get("HUB_IMAGE_REQUIRE_DOCKER") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def keep_images() -> bool:
    """Say whether images that tests made shall stay, to look at: HUB_IMAGE_KEEP=1."""
    return os.environ.get("HUB_IMAGE_KEEP") == "1"


def forget_images(prefixes: list[str]) -> None:
    """Remove the tags that start with one of these, unless HUB_IMAGE_KEEP=1."""
    if keep_images():
        return
    # Just their names: DockerClient.images.list() inspects each, and fails over one that another
    # worker removes meanwhile.
    tags = [tag for image in client().api.images() for tag in image["RepoTags"] or []]
    for tag in tags:
        if tag.startswith(tuple(prefixes)):
            with contextlib.suppress(docker.errors.ImageNotFound):
                client().api.remove_image(tag, force=True)


def find(reference: str) -> Image | None:
    """Find the image of this name on this machine."""
    try:
        return client().images.get(reference)
    except docker.errors.ImageNotFound:
        return None


def gateway() -> str:
    """Look up the address at which containers reach this machine."""
    bridge = client().networks.get("bridge").attrs["IPAM"]["Config"][0]
    return bridge.get("Gateway") or str(ipaddress.ip_network(bridge["Subnet"])[1])


def run(image: str, *command: str, seconds: float = 300, **options: Any) -> tuple[int, str]:
    """Run one command in a new container, to its end; the container is removed.

    Args:
        image: its name.
        command: the program and its arguments; the image's own by default.
        seconds: after which it is given up.
        options: of the Docker SDK's containers.run(), such as user, volumes, environment.

    Returns:
        The exit code, and what was printed; of a command that succeeds only what it printed to stdout, as
        pip warns on stderr of each look-up that it repeats.
    """
    container = client().containers.run(image, list(command) or None, detach=True, **options)
    try:
        code = container.wait(timeout=seconds)["StatusCode"]
        return code, container.logs(stderr=code != 0).decode()
    finally:
        container.remove(force=True, v=True)
