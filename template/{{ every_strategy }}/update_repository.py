# /// script
# requires-python = ">=3.10"
# dependencies = [
#   "copier>=9.19,<10",
#   "copier-template-extensions",
#   "docker>=7.1,<8",
#   "jinja2-time",
#   "packaging",
#   "python-dxf>=12,<13",
#   "pyyaml",
#   "requests>=2.32,<3",
# ]
# ///
"""Keep this repository current."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

MISSING = ""
try:
    import dxf
    import requests
    from dxf.exceptions import DXFError
except ModuleNotFoundError as error:  # told in main(), after mistakes that need no dependency
    MISSING = str(error.name)

# A commit names no order; eight digits that start with 20 are a day.
COMMIT = re.compile(r"(?!20\d{6}$)[0-9a-f]{7,40}")


# --- the registry: which tags there are ---------------------------------------------------------------


class RegistryError(Exception):
    """A registry does not say what it is asked: one sentence."""


def ask(image: str, question: Callable[[dxf.DXF], Any]) -> Any:
    """Put a question about an image, as registry/owner/name, to its registry, as nobody in particular.

    RegistryError for whatever fails. The client is dxf, which follows pages (`Link`) and gets the
    tokens that registries want of strangers as well (OCI distribution specification, "Content
    discovery"; distribution.github.io, "Token authentication specification").
    """
    host, _, name = image.partition("/")
    # as Docker does: plain HTTP on this machine only
    local = host.partition(":")[0] in ("localhost", "127.0.0.1")
    address = "registry-1.docker.io" if host == "docker.io" else host
    try:
        stranger = dxf.DXF(address, name, authenticate, insecure=local, timeout=60)
        with stranger as registry:
            return question(registry)
    except (DXFError, requests.RequestException, KeyError, TypeError, ValueError) as error:
        about = " ".join(f"{type(error).__name__} {error}".split())[:300]
        raise RegistryError(f"{host} does not tell about {image}: {about}.") from None


def authenticate(registry: dxf.DXFBase, response: requests.Response) -> None:
    registry.authenticate(response=response)


def tags(image: str) -> list[str]:
    """Return all tags of an image, given as registry/owner/name; RegistryError if they are not told."""
    return list(ask(image, lambda registry: registry.list_aliases(batch_size=1000)))


def architectures(image: str, tag: str) -> list[str]:
    """Return the processors, as amd64, for which an image can be pulled under a tag or digest: of each
    manifest, the configuration says. RegistryError if it cannot be pulled, as one that was yanked."""

    def question(registry: dxf.DXF) -> set[str]:
        first = json.loads(registry.get_manifest_and_response(tag)[0])
        manifests = [
            json.loads(registry.get_manifest_and_response(entry["digest"])[0])
            for entry in first.get("manifests", [])
            if entry.get("platform", {}).get("os", "linux") == "linux"  # "unknown": of attestations
        ]
        digests = [one["config"]["digest"] for one in (manifests or [first])]
        configs = [b"".join(registry.pull_blob(digest)) for digest in digests]
        return {json.loads(config)["architecture"] for config in configs}

    return sorted(ask(image, question))


def newer(tags: Iterable[str], current: str, pattern: str) -> list[str]:
    """Return those tags that match a pattern and are newer than the current one, oldest first: as
    numbers, so that 2026.10.1 is newer than 2026.9.30. None if the current tag does not match it, or if
    such tags have no order, as commits and `latest`. A digest behind the current tag does not count."""
    current = current.partition("@")[0]

    def ordered(tag: str) -> bool:
        has_order = re.search(r"\d", tag) and not COMMIT.fullmatch(tag)
        return bool(has_order and re.fullmatch(pattern, tag))

    found = {tag for tag in tags if ordered(tag) and numbers(tag) > numbers(current)}
    return sorted(found, key=numbers) if ordered(current) else []


def numbers(tag: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", tag)]
