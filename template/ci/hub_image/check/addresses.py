"""Where a hub on this machine and Docker's containers see each other."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from typing import NamedTuple
from urllib.parse import urlparse

import docker

from hub_image.settings import UserError

HERE = "127.0.0.1"
NOWHERE = "192.0.2.1"  # RFC 5737: for documentation; the way there is the way out


class Addresses(NamedTuple):
    """Where the hub listens and containers see it; where Docker publishes ports and we see them."""

    bind: str
    hub: str
    publish: str = HERE
    server: str = HERE


def addresses_of(client: docker.DockerClient) -> Addresses:
    """Return the addresses for a Docker; raises UserError if there are none."""
    info = client.info()
    host = urlparse(os.environ.get("DOCKER_HOST", "")).hostname
    if host not in (None, "localhost", HERE, "::1"):  # as GitLab's docker:dind
        here = _address_towards(str(host))
        return Addresses(here, here, "0.0.0.0", str(host))
    if sys.platform != "linux" or "Docker Desktop" in info["OperatingSystem"]:
        # it is in a virtual machine, which forwards this name to the real one's loopback
        return Addresses(HERE, "host.docker.internal")
    if "name=rootless" in (info.get("SecurityOptions") or []):
        here = _address_towards(NOWHERE)  # it has no bridge on this machine, only a way out
        return Addresses(here, here)
    for config in client.networks.get("bridge").attrs["IPAM"]["Config"] or []:
        if "." in config.get("Subnet", ""):
            gateway = config.get("Gateway") or str(ipaddress.ip_network(config["Subnet"])[1])
            try:
                with socket.socket() as probe:
                    probe.bind((gateway, 0))
            except OSError as error:
                text = f"Run this on the machine of Docker's engine, or restart the engine: its {gateway} is not here, {error}."
                raise UserError(text) from None
            return Addresses(gateway, gateway)
    raise UserError("Switch on the bridge of Docker's network 'bridge': it has no IPv4 subnet.")


def _address_towards(host: str) -> str:
    """Return this machine's address on the way to another; with UDP, connecting sends nothing."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((host, 9))
            return str(probe.getsockname()[0])
    except OSError as error:
        raise UserError(f"Let this machine reach the Docker at '{host}': {error}.") from None
