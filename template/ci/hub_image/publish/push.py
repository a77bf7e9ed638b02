"""Push the image that was tested, with a list of its packages."""

from __future__ import annotations

import subprocess

import docker
from docker.errors import ImageNotFound
from docker.models.images import Image

from hub_image import engine, git
from hub_image.contents import Contents
from hub_image.publish.target import credentials, image_name
from hub_image.referrers import SBOM, attach
from hub_image.registry import Registry
from hub_image.runs import Run, summarize
from hub_image.settings import Settings, UserError


def commit(settings: Settings) -> str:
    """Return the commit that is published; UserError with uncommitted changes."""
    if found := git.revision(settings.root):
        return found
    raise UserError(
        f"Commit the changes in {settings.root}, then test and publish: no commit has them."
    )


def part_tag(settings: Settings, platform: str) -> str:
    """Return the tag under which the image of a platform is pushed.

    It is the commit and, if there are several platforms, the processor.
    """
    several = len(settings.platforms) > 1
    return commit(settings)[:12] + (f"-{platform.partition('/')[2]}" if several else "")


def find(settings: Settings, client: docker.DockerClient) -> Image:
    """Return the image that ci/check.py has tested last; UserError if there is none."""
    try:
        return client.images.get(settings.tested_image)
    except ImageNotFound:
        name = settings.tested_image
        raise UserError(f"Run ci/check.py first: there is no tested image {name}.") from None


def tested(settings: Settings, client: docker.DockerClient) -> Image:
    """Return the image of this very commit that may be pushed; UserError if there is none."""
    name, image = settings.tested_image, find(settings, client)
    if (image.labels or {}).get(engine.REVISION) != (now := commit(settings)):
        raise UserError(f"Run ci/check.py again: {name} is not of commit {now[:12]}.")
    if (platform := engine.platform_of(image)) not in settings.platforms:
        wanted = " and ".join(settings.platforms)
        raise UserError(
            f"Test on a machine for {wanted}, or let CI do it: {name} is for {platform}."
        )
    return image


def push(settings: Settings, run: Run) -> None:
    """Push the tested image and attach the list of its packages.

    Raises:
        UserError: there is no such image.
        RuntimeError: the registry has another one now.
    """
    client = engine.connect()
    image, name = tested(settings, client), image_name(settings, run)
    tag = part_tag(settings, engine.platform_of(image))
    image.tag(name, tag)
    subprocess.run(["docker", "push", "--quiet", f"{name}:{tag}"], check=True)
    registry = Registry(name, credentials(name.partition("/")[0]))
    manifest = registry.manifest(tag)
    # an image's id is the digest of its configuration or, where Docker keeps images by containerd, of
    # the manifest
    if manifest is None or image.id not in (manifest.digest, manifest.config):
        raise RuntimeError(f"{name}:{tag} is not the image that was tested, {image.id}.")
    print(f"Pushed {name}:{tag}, {manifest.digest}, the image that was tested.")
    if not attach(registry, manifest, Contents.of(image, client).sbom(name), SBOM):
        text = f"{registry.host} takes no list of packages (SBOM): the next run cannot say what differs."
        summarize(text, settings.root)
