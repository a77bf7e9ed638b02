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

    Args:
        plan: what is newer so far.
        answers: the stored answers.
        settings: what image.env says.

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
    if not (tags := registry.tags()):
        raise RegistryError(f"Look for {image} yourself: its registry lists no tags.")
    candidates = newer(tags, tag, pattern_of(settings.base_tags))
    if named := bool(re.match(r"hub-\d+", tag)):
        candidates = [one for one in candidates if re.match(rf"hub-{major}\D", one)]
    if not candidates:
        return
    client = None
    with contextlib.suppress(*([UserError] if named else [])):  # only Docker tells what is inside
        client = connect()
    needed = {one.partition("/")[2] for one in settings.platforms or ("linux/amd64",)}

    def can_be_pulled(tag: str) -> bool:
        with contextlib.suppress(NotFound):  # it may be listed and gone
            return needed <= set(registry.architectures(tag))
        return False

    inside = cache(lambda tag: look_inside(client or connect(), f"{image}:{tag}"))
    # where there is no JupyterHub, `inherit` adds it
    fits = lambda tag: named or inside(tag).hub_major in ("", major)
    if not (new := newest(candidates, can_be_pulled, fits)):
        plan.notes.append(f"No newer {image} that can be pulled has JupyterHub {major} inside.")
        return
    if client:
        plan.packages = inside(new).changes(look_inside(client, settings.base_image))
    old = tag
    if digest:
        old, new = f"{tag}@{digest}", f"{new}@{registry.digest(new)}"
    if answers["base"] == "other":
        plan.answer("the base image", "base_reference", settings.base_image, f"{image}:{new}")
    else:
        plan.answer("the base image", "base_tag", old, new)


def look_inside(client: docker.DockerClient, reference: str) -> Contents:
    """Return what is in an image; what was not on this machine before does not stay.

    Raises:
        UserError: the image does not run, or lists no packages.
    """
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
