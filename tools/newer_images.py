"""What the registries have that is newer than an image of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import docker

from hub_image.registry import Registry
from hub_image.registry_client import NotFound
from hub_image.update.base import look_inside
from hub_image.update.tags import newer, newest, numbers
from tools.catalogue_file import Found

OFFERED = {"amd64", "arm64"}  # what CI has runners for: image.env's PLATFORMS knows no other


class Unsure(Exception):
    """An image is left as it is, and this is why: a sentence."""


class Look:
    """A look at one image of the catalogue."""

    def __init__(self, image: dict[str, Any], client: docker.DockerClient | None) -> None:
        """Ask nothing yet.

        Args:
            image: its entry.
            client: Docker's; None where no Docker answers.
        """
        self.image, self.client = image, client
        self.registry = Registry(image["image"])
        self.seen: dict[str, int] = {}  # JupyterHub's major by tag
        self.processors: Callable[[str], set[str]] = cache(self._processors)

    def _processors(self, tag: str) -> set[str]:
        """For which of OFFERED a tag can be pulled: none if it was yanked.

        A registry that does not say, as one that wants a pause, raises RegistryError: it must not seem to
        hold nothing newer.
        """
        try:
            return OFFERED & set(self.registry.architectures(tag))
        except NotFound:  # the tag, or one of the images that it names
            return set()

    def inside(self, tag: str) -> int:
        """Return the major of the JupyterHub under a tag, 0 if there is none.

        Raises:
            Unsure: it cannot be seen.
        """
        if self.client is None:
            raise Unsure("start Docker to see which JupyterHub is in newer tags")
        if tag not in self.seen:
            major = look_inside(self.client, f"{self.image['image']}:{tag}").hub_major or "0"
            if not re.fullmatch(r"[0-9]{1,3}", major):
                raise Unsure(f"{tag} has a JupyterHub whose version begins with {major}")
            self.seen[tag] = int(major)
        return self.seen[tag]

    def found(self) -> Found:
        """Return what the image's entry should say.

        Raises:
            Unsure, RegistryError, UserError, DockerException: that cannot be known.
        """
        pins = dict(sorted(self.image["tags"].items()))
        found = Found({}, self.image["architectures"])
        if not pins:
            found.said.append("look at it yourself: no tag is pinned")
            return found
        listed = self.registry.tags()
        for major in pins:
            self._look_for(major, pins, listed, found)
        for major, tag in {self.seen[tag]: tag for tag in sorted(self.seen, key=numbers)}.items():
            if major not in pins:
                found.said.append(f"list {hub(major)} yourself: {tag} has it")
        settle(
            self.image, found, [at for tag in found.tags.values() if (at := self.processors(tag))]
        )
        return found

    def _look_for(self, major: int, pins: dict[int, str], listed: list[str], found: Found) -> None:
        """Find the newest tag of one major."""
        pin, pattern = pins[major], self.image["tag_pattern"]
        candidates = newer(listed, pin, pattern)
        for other in (tag for higher, tag in pins.items() if higher > major):
            if newer([other], pin, pattern):  # from there on it is known to be another's
                beyond = {other, *newer(listed, other, pattern)}
                candidates = [tag for tag in candidates if tag not in beyond]
        new = newest(candidates, self.processors, lambda tag: self.inside(tag) == major)
        found.tags[major] = new or pin
        if found.tags[major] != pin:
            found.said.append(f"{hub(major)}: {pin} -> {found.tags[major]}")
        elif not self.processors(pin):
            found.said.append(f"{pin} CANNOT BE PULLED any more, and nothing newer does instead")
            found.sure = False
        if not newer([f"{pin}-0"], pin, ".*"):
            found.said.append(f"look at it yourself: tags like {pin} have no order")


def settle(image: dict[str, Any], found: Found, processors: list[set[str]]) -> None:
    """Set the processors of an image to those that all its tags have, and say what differs.

    Args:
        image: its entry.
        found: what is set.
        processors: those of each tag.

    Raises:
        Unsure: none is left.
    """
    if not processors:
        return
    there, was = set.intersection(*processors), image["architectures"]
    if lost := [one for one in was if one not in there]:
        found.said.append(f"LOST {' and '.join(lost)}")
    if gained := sorted(there - set(was)):
        # whoever wrote the warning may have left them out on purpose
        what = "add it yourself, with its warning" if "warning" in image else "added"
        found.said.append(f"has {' and '.join(gained)} as well: {what}")
        if "warning" in image:
            there -= set(gained)
    if not there:
        raise Unsure(f"look at it yourself: no processor is left of {', '.join(was)}")
    found.architectures = sorted(there)


def hub(major: int) -> str:
    """Return the words for JupyterHub's major."""
    return f"JupyterHub {major}" if major else "no JupyterHub"
