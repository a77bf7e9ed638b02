"""The newest tag of the base image that has the hub's JupyterHub inside."""

from __future__ import annotations

import contextlib
import re
from functools import cache
from typing import Any

import docker
import docker.errors

from hub_image.contents import Contents
from hub_image.engine import connect
from hub_image.registry import Registry, RegistryError
from hub_image.registry_client import NotFound
from hub_image.settings import Settings, UserError
from hub_image.update.plan import Plan
from hub_image.update.tags import newer, newest, pattern_of


def look_for_base(plan: Plan, answers: dict[str, Any], settings: Settings) -> None:
    """Add a newer tag of the base image to a plan, of the same kind and never of another JupyterHub major.

    Raises:
        RegistryError: the registry does not answer.
        UserError: no Docker answers, and nothing else can tell which JupyterHub is inside.
    """
    reference, _, digest = settings.base_image.partition("@")
    image, _, tag = reference.rpartition(":")
    if not settings.base_tags:
        plan.notes.append(f"Look for newer tags yourself: those like {image}:{tag} have no order.")
        return
    registry, major = Registry(image), settings.jupyterhub_major
    named = bool(re.match(r"hub-\d+", tag))  # what is inside
    if not (candidates := _candidates(registry, tag, settings, named)):
        return
    client = None
    with contextlib.suppress(*([UserError] if named else [])):  # only Docker tells what is inside
        client = connect()
    inside = cache(lambda tag: look_inside(client or connect(), f"{image}:{tag}"))
    new = newest(
        candidates,
        lambda tag: _can_be_pulled(registry, tag, settings.platforms),
        # where there is no JupyterHub, `inherit` adds it
        lambda tag: named or inside(tag).hub_major in ("", major),
    )
    if not new:
        plan.notes.append(f"No newer {image} that can be pulled has JupyterHub {major} inside.")
        return
    if client:
        plan.packages = inside(new).changes(look_inside(client, settings.base_image))
    old, new = (f"{tag}@{digest}", f"{new}@{registry.digest(new)}") if digest else (tag, new)
    if answers["base"] == "other":
        plan.answer("the base image", "base_reference", settings.base_image, f"{image}:{new}")
    else:
        plan.answer("the base image", "base_tag", old, new)


def _candidates(registry: Registry, tag: str, settings: Settings, named: bool) -> list[str]:
    """Return the newer tags of a tag's kind and, where their names say it, of the hub's major."""
    if not (tags := registry.tags()):
        raise RegistryError(f"Look for {registry.image} yourself: its registry lists no tags.")
    major = rf"hub-{settings.jupyterhub_major}\D" if named else ""
    found = newer(tags, tag, pattern_of(settings.base_tags))
    return [one for one in found if re.match(major, one)]


def _can_be_pulled(registry: Registry, tag: str, platforms: tuple[str, ...]) -> bool:
    """Return whether a tag is there for all platforms: it may be listed and gone."""
    needed = {one.partition("/")[2] for one in platforms or ("linux/amd64",)}
    with contextlib.suppress(NotFound):
        return needed <= set(registry.architectures(tag))
    return False


def look_inside(client: docker.DockerClient, reference: str) -> Contents:
    """Return what is in an image, and leave none here that was not; UserError if it lists no packages."""
    try:
        image, stays = client.images.get(reference), True
    except docker.errors.ImageNotFound:
        image, stays = client.images.pull(reference), False
    try:
        return Contents.of(image, client)
    except (IndexError, KeyError, ValueError) as error:
        what = type(error).__name__
        raise UserError(f"Look into {reference} yourself: it lists no packages ({what}).") from None
    finally:
        if not stays:
            client.images.remove(reference, force=True)
