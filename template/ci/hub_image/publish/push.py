"""Push the image that was tested, with a list of its packages. No package is needed."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from hub_image import git
from hub_image.publish.target import handed_on, log_in, registry_of
from hub_image.referrers import SBOM, attach
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
    """Return the tag of one platform's image: the commit and, of several platforms, the processor."""
    several = len(settings.platforms) > 1
    return commit(settings)[:12] + (f"-{platform.partition('/')[2]}" if several else "")


def tested(settings: Settings) -> tuple[str, str]:
    """Return id and platform of the image of this very commit; UserError if it may not be pushed."""
    name, now = settings.tested_image, commit(settings)
    command = ["docker", "image", "inspect", name]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        said = done.stderr.strip()
        raise UserError(f"Run ci/check.py first: there is no tested image {name} ({said}).")
    image: dict[str, Any] = json.loads(done.stdout)[0]
    if (image["Config"].get("Labels") or {}).get(git.REVISION) != now:
        raise UserError(f"Run ci/check.py again: {name} is not of commit {now[:12]}.")
    if (platform := f"{image['Os']}/{image['Architecture']}") not in settings.platforms:
        wanted = " and ".join(settings.platforms)
        raise UserError(
            f"Test on a machine for {wanted}, or let CI do it: {name} is for {platform}."
        )
    return str(image["Id"]), platform


def push(settings: Settings, run: Run) -> None:
    """Push the tested image and attach the list of its packages, which the report has left.

    Raises:
        UserError: there is no such image.
        RuntimeError: the registry has another one now.
    """
    image, platform = tested(settings)
    packages = handed_on(settings.root, image)
    if not packages.is_file():
        raise UserError("Run `ci/publish.py report` first: it lists the packages of the image.")
    registry, tag = registry_of(settings, run), part_tag(settings, platform)
    name = f"{registry.image}:{tag}"
    log_in(registry.image, run)
    subprocess.run(["docker", "tag", image, name], check=True)
    subprocess.run(["docker", "push", "--quiet", name], check=True)
    manifest = registry.manifest(tag)
    # an image's id is the digest of its configuration or, where Docker keeps images by containerd, of
    # the manifest
    if manifest is None or image not in (manifest.digest, manifest.config):
        raise RuntimeError(f"{name} is not the image that was tested, {image}.")
    print(f"Pushed {name}, {manifest.digest}, the image that was tested.")
    if not attach(registry, manifest, packages.read_bytes(), SBOM):
        text = f"{registry.host} takes no list of packages (SBOM): the next run cannot say what differs."
        summarize(text, settings.root)
