"""Where the check's hub and the containers see each other, by the kind of Docker."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from hub_image.check.addresses import Addresses, addresses_of
from hub_image.settings import UserError


def engine(*bridge: dict[str, str], name: str = "Debian", rootless: bool = False) -> Any:
    """Stands in for Docker's SDK: what an engine says of itself and of its bridge."""
    options = ["name=seccomp"] + ["name=rootless"] * rootless
    attrs = {"IPAM": {"Config": list(bridge)}}
    return SimpleNamespace(
        info=lambda: {"OperatingSystem": name, "SecurityOptions": options},
        networks=SimpleNamespace(get=lambda _name: SimpleNamespace(attrs=attrs)),
    )


@pytest.fixture(autouse=True)
def on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    """As GitHub's runners are, with no engine named."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DOCKER_HOST", raising=False)


@pytest.mark.parametrize("bridge", [{"Gateway": "127.0.0.1"}, {}], ids=["named", "the first"])
def test_on_linux_it_is_the_gateway_of_the_bridge(bridge: dict[str, str]) -> None:
    found = addresses_of(engine({"Subnet": "fd00::/64"}, {"Subnet": "127.0.0.0/8"} | bridge))
    assert found == Addresses("127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1")


def test_a_virtual_machine_has_a_name_for_this_one() -> None:
    assert addresses_of(engine(name="Docker Desktop")).hub == "host.docker.internal"


def test_an_engine_elsewhere_publishes_to_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """GitLab's docker:dind."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.2:2376")
    found = addresses_of(engine())
    assert (found.publish, found.server) == ("0.0.0.0", "127.0.0.2")


@pytest.mark.parametrize(
    ("bridge", "words"),
    [
        # RFC 5737: nobody has it
        ([{"Subnet": "198.51.100.0/30"}], "its 198.51.100.1 is not here"),
        ([{"Subnet": "fd00::/64"}], "no IPv4 subnet"),
        ([], "no IPv4 subnet"),
    ],
    ids=["of another machine", "IPv6", "off"],
)
def test_a_bridge_that_is_no_way_is_refused(bridge: list[dict[str, str]], words: str) -> None:
    with pytest.raises(UserError, match=words):
        addresses_of(engine(*bridge))
