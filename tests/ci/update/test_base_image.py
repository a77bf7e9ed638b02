"""A newer tag of the base image: of the same kind, to be pulled, with the hub's JupyterHub inside."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hub_image.contents import Contents
from hub_image.settings import Settings
from hub_image.update import base
from hub_image.update.plan import Plan
from support.plain_registry import Registry
from support.updates import Repository

Make = Callable[..., Repository]


def of_base(registry: Registry, *tags: str, kind: str = "%%%%-%%-%%") -> dict[str, str]:
    """Return answers for a base image in a registry that has these tags."""
    registry.listed["me/base"] = [*tags]
    for tag in tags:
        registry.image("amd64", tag)
    reference = f"{registry.host}/me/base:{tags[0]}"
    return {"strategy": "inherit", "base_reference": reference, "base_tags": kind}


HUB = "hub-%+.%+.%+"


def test_a_newer_tag_that_names_the_hub(make: Make, registry: Registry) -> None:
    """Its major is in its name, so no Docker is needed."""
    tags = ["hub-5.4.2", "hub-5.4.10", "hub-5.4.9", "hub-6.0.0", "latest", "2026-10-05"]
    answers = of_base(registry, *tags, kind=HUB)
    made = make(**answers)
    assert made.run("--what", "image").code == 0
    old, new = answers["base_reference"], f"{registry.host}/me/base:hub-5.4.10"
    assert f"| the base image | `{old}` | `{new}` |" in made.request["body"]
    assert made.request["title"] == "Update the base image to base:hub-5.4.10"
    assert f"FROM {new}\n" in made.proposed("Dockerfile")
    assert f"BASE_IMAGE={new}\n" in made.proposed("ci/image.env")


def look(made: Repository) -> Plan:
    """Look for a newer base image, and for nothing else."""
    plan, settings = Plan(), Settings.read(made.folder)
    base.look_for_base(plan, {"base": "other"}, settings)
    return plan


def test_a_digest_gets_the_new_tag_s(make: Make, registry: Registry) -> None:
    """The tag alone would leave the old one."""
    answers = of_base(registry, "hub-5.4.2", "hub-5.4.9", kind=HUB)
    digest = registry.image("amd64")["digest"]
    answers["base_reference"] += f"@sha256:{64 * '0'}"
    wanted = f"{registry.host}/me/base:hub-5.4.9@{digest}"
    assert look(make(**answers)).answers == {"base_reference": wanted}


def test_a_yanked_tag_is_passed_over(make: Make, registry: Registry) -> None:
    """It is listed, and gone."""
    answers = of_base(registry, "hub-5.4.2", "hub-5.4.9", "hub-5.4.10", kind=HUB)
    del registry.stored["hub-5.4.10"]
    assert look(make(**answers)).rows[0][2].endswith("me/base:hub-5.4.9")


def test_a_tag_of_which_nobody_knows_is_not_passed_over(make: Make, registry: Registry) -> None:
    """A registry that wants a pause must not seem to have nothing newer: it is said instead."""
    answers = of_base(registry, "hub-5.4.2", "hub-5.4.9", kind=HUB)
    registry.failing.add("hub-5.4.9")
    made = make(**answers)
    done = made.run("--what", "image")
    assert done.code == 0 and made.host.threads == {}
    assert registry.host in done.said


def test_no_docker_no_tag(make: Make, registry: Registry) -> None:
    """Nobody knows which JupyterHub is in it. An open request stays, as this may be of today only."""
    made = make(**of_base(registry, "2026-07-28", "2026-10-05"))
    done = made.run()
    assert done.code == 0 and not [one for one in made.host.asked if "pulls" in one]
    assert "start Docker" in done.said and "Nothing is newer." in done.said


def test_tags_without_order(make: Make, registry: Registry) -> None:
    """A person must look."""
    made = make(**of_base(registry, "b39d8d901d7b", "f39d8d901d7b", kind=""))
    done = made.run()
    assert done.code == 0 and made.host.threads == {}
    assert "me/base:b39d8d901d7b have no order" in done.said


def test_a_registry_that_fails_is_said(make: Make, registry: Registry) -> None:
    """And an open request stays."""
    answers = of_base(registry, "hub-5.4.2", kind=HUB)
    registry.listed.clear()
    made = make(**answers)
    done = made.run()
    assert done.code == 0 and f"Look for {registry.host}/me/base yourself" in done.said
    assert not [one for one in made.host.asked if "pulls" in one]


@pytest.mark.parametrize(
    ("hubs", "wanted", "pulled"),
    [
        ({1: 5, 2: 5, 3: 5}, 3, 2),
        ({1: 5, 2: 5, 3: 6}, 2, 3),
        ({1: 5, 2: 6, 3: 6, 4: 6, 5: 6, 6: 6, 7: 6, 8: 6}, 1, 5),
        ({1: 6, 2: 6}, 0, 2),
        ({1: 0, 2: 0}, 2, 2),
        ({}, 0, 0),
    ],
)
def test_never_another_major_of_the_hub(
    make: Make, registry: Registry, monkeypatch: pytest.MonkeyPatch,
    hubs: dict[int, int], wanted: int, pulled: int,
) -> None:  # fmt: skip
    """The newest tag with the hub's major, found by few pulls (K11); tests/images/ has the same with Docker.

    The old image is pulled too, for the difference.
    """
    of_tag = {f"2026-11-{day:02}": hub for day, hub in hubs.items()}
    made = make(**of_base(registry, "2026-07-28", *of_tag))
    asked = []

    def inside(client: object, reference: str) -> Contents:
        asked.append(reference.rpartition(":")[2])
        hub = of_tag.get(asked[-1], 5)
        jupyterhub = {"jupyterhub": f"{hub}.1.0"} if hub else {}
        return Contents(1, "", {"conda": {}, "pip": jupyterhub, "apt": {}, "R": {}})

    monkeypatch.setattr(base, "look_inside", inside)
    monkeypatch.setattr(base, "connect", lambda: "stands in for Docker")
    plan = look(made)
    new = f"{registry.host}/me/base:2026-11-{wanted:02}"
    assert plan.answers == ({"base_reference": new} if wanted else {})
    assert len(asked) == len(set(asked)) <= pulled
    if wanted:
        assert plan.packages == (["- pip: jupyterhub 5.1.0"] if not hubs[wanted] else [])
