"""All rows in their order, and how the packages of the base image moved."""

from __future__ import annotations

from typing import Any

import requests
from docker.errors import DockerException, ImageNotFound

from hub_image.check import image_rows as image
from hub_image.check import server_rows as server
from hub_image.check import tests_rows as tests
from hub_image.check.containers import Containers
from hub_image.check.hub import Hub
from hub_image.check.kernels import kernels_run
from hub_image.check.report import Failed

BEFORE = [
    tests.tests_there,
    image.image_there,
    image.entrypoint_execs,
    image.not_root,
    image.programs_on_path,
    image.same_major,
    image.nothing_in_home,
    image.start_outside_home,
]
ON_HUB = [
    server.hub_starts,
    server.start_folder_writable,
    kernels_run,
    server.interface_opens,
    server.nbgitpuller_works,
]
AFTER = [image.binder_starts, tests.tests_pass]


def test_all(containers: Containers, hub: Hub) -> None:
    """Test row after row, cheap ones first.

    Raises:
        Failed: a row does not hold.
        UserError: the image cannot be had.
    """
    for number, row in enumerate(BEFORE, 1):
        row.run(number, containers)
    for number, on_hub in enumerate(ON_HUB, len(BEFORE) + 1):
        on_hub.run(number, hub)
    for number, row in enumerate(AFTER, len(BEFORE + ON_HUB) + 1):
        row.run(number, containers)
    if containers.settings.strategy == "inherit":
        for line in _moved(containers, containers.settings.base_image):
            print(f"    note           {line}", flush=True)
    print(
        f"PASSED: {len(BEFORE + ON_HUB + AFTER)} rows. {containers.reference} was ready on a hub after "
        f"{hub.ready_after:.1f} s; its size is {containers.image.attrs['Size'] / 1e9:.2f} GB."
    )


def _moved(containers: Containers, base: str) -> list[str]:
    """Return a line for each of the base image's packages that is not what it was."""
    old = dict[str, Any]()
    try:
        try:
            containers.client.images.get(base)
        except ImageNotFound:
            print(f"    note           pulling {base} to compare its packages", flush=True)
            image.pull(containers, base)
        old, _ = containers.listed(image=base)
    except (DockerException, requests.RequestException, Failed):
        pass  # it is no part of the image
    if not old:
        return [f"{base} cannot be had or has no python3; what moved against it is unknown"]
    moved = {}  # by package: what conda moved is in pip's list too
    for tool in ("pip", "conda"):
        for name, was in old[tool].items():
            now = containers.listing[tool].get(name, "removed")
            if now != was:
                moved[name] = f"moved by {tool}: {name} {was} -> {now}"
    return sorted(moved.values()) or ["none of the base image's packages moved"]
