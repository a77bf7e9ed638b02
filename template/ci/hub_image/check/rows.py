"""All rows in their order, and how the packages of the base image moved."""

from __future__ import annotations

from typing import Any

import requests
from docker.errors import DockerException, ImageNotFound

from hub_image.check import image_rows as image
from hub_image.check import kernels
from hub_image.check import network_rows as network
from hub_image.check import person_rows as person
from hub_image.check import server_rows as server
from hub_image.check import tests_rows as tests
from hub_image.check.containers import Containers
from hub_image.check.hub import Hub
from hub_image.check.person import Person
from hub_image.check.report import Failed, Row

ROWS: list[tuple[type, list[Row[Any]]]] = [
    (
        Containers,
        [
            tests.tests_there,
            image.image_there,
            image.entrypoint_execs,
            image.not_root,
            image.programs_on_path,
            image.same_major,
            image.nothing_in_home,
            image.start_outside_home,
        ],
    ),
    (Hub, [server.hub_starts]),
    (
        Person,
        [
            person.terminal_works,
            person.saved_in_home,
            person.user_is_whole,
            kernels.kernels_run,
            kernels.packages_import,
            server.interface_opens,
            network.network_works,
            network.nbgitpuller_pulls,
        ],
    ),
    (Containers, [image.binder_starts, tests.tests_pass]),
    (Person, [person.server_lives, person.work_is_kept]),
]


def test_all(containers: Containers, hub: Hub) -> None:
    """Test row after row, cheap ones first, and the slow ones while the server has to live on.

    Raises:
        Failed: a row does not hold.
        UserError: the image cannot be had.
    """
    user, number = Person(hub), 0
    subjects = {Containers: containers, Hub: hub, Person: user}
    try:
        for kind, rows in ROWS:
            for row in rows:
                number += 1
                row.run(number, subjects[kind])
    finally:
        user.stop()
    if containers.settings.strategy == "inherit":
        for line in _moved(containers, containers.settings.base_image):
            print(f"    note           {line}", flush=True)
    print(
        f"PASSED: {number} rows. {containers.reference} was ready on a hub after "
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
