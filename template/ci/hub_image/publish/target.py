"""Where the image goes: its name, who may push it, and what was published there before."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass

import docker.auth

from hub_image.links import dockerspawner, z2jh
from hub_image.markdown import fence
from hub_image.registry import Manifest, Registry, RegistryError
from hub_image.runs import Run, set_outputs
from hub_image.settings import Settings

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")  # a tag that `tag` gives


def image_name(settings: Settings, run: Run) -> str:
    """Return the name under which the image is published.

    A repository made before its owner was known says OWNER. Its own registry is known all the same.
    """
    if run.on == "github" and settings.image.startswith("ghcr.io/owner/"):
        return f"ghcr.io/{run.project.lower()}"
    if run.on == "gitlab" and settings.image.startswith("registry.gitlab.com/owner/"):
        return os.environ.get("CI_REGISTRY_IMAGE") or settings.image
    return settings.image


def credentials(host: str) -> tuple[str, str] | None:
    """Return user and password for a registry, if any are known.

    The secrets' come first, then the run's own in its own registry, then those of `docker login`.
    """
    env = os.environ
    own = {
        "ghcr.io": (env.get("GITHUB_ACTOR"), env.get("GITHUB_TOKEN")),
        env.get("CI_REGISTRY", "-"): (env.get("CI_REGISTRY_USER"), env.get("CI_REGISTRY_PASSWORD")),
    }
    # docker's library writes the keys of what it knows in two ways
    known = docker.auth.load_config().resolve_authconfig(host) or {}
    found = {key.lower(): value for key, value in known.items()}
    for user, password in (
        (env.get("REGISTRY_USERNAME"), env.get("REGISTRY_PASSWORD")),
        own.get(host, (None, None)),
        (found.get("username"), found.get("password")),
    ):
        if user and password:
            return user, password
    return None


@dataclass(frozen=True)
class Last:
    """The image that was published last; `day` is its tag, empty if none was published."""

    registry: Registry
    day: str

    def of_platform(self, platform: str) -> Manifest | None:
        """Return its manifest for a platform."""
        manifest = self.registry.manifest(self.day) if self.day else None
        return self.registry.of_platform(manifest, platform) if manifest else None


def find_last(settings: Settings, run: Run) -> Last | None:
    """Return the image that was published last; None if the registry cannot be read."""
    image = image_name(settings, run)
    for account in (credentials(image.partition("/")[0]), None):
        with contextlib.suppress(RegistryError):
            registry = Registry(image, account)
            return Last(registry, max(filter(DAY.fullmatch, registry.tags()), default=""))
    return None


def last(settings: Settings, run: Run) -> None:
    """Print the image that was published last: its layers are the cache of the next build.

    Weekly there is none: all is built anew, as a cache would hide what has changed outside the repository.
    """
    found = None if run.fresh or settings.is_pointer else find_last(settings, run)
    set_outputs(image=f"{found.registry.image}:{found.day}" if found and found.day else "")


def hub_lines(settings: Settings, image: str, tag: str) -> list[str]:
    """Return the lines to paste into a hub's configuration, as Markdown."""
    url, place = settings.default_url, settings.working_dir
    chart = z2jh(image, tag, url, settings.home_dir, place)
    spawner = dockerspawner(image, tag, url, place)
    lines = ["Zero to JupyterHub:", "", *fence(chart, "yaml"), ""]
    return [*lines, "DockerSpawner:", "", *fence(spawner, "python")]
