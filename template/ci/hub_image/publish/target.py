"""Where the image goes: its name, who may push it, and what was published there before."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
from pathlib import Path

from hub_image.git import git
from hub_image.links import dockerspawner, z2jh
from hub_image.markdown import fence
from hub_image.referrers import SBOM, attached
from hub_image.registry import Registry, RegistryError
from hub_image.runs import Run, set_outputs
from hub_image.settings import Settings, UserError

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")  # a tag that `tag` gives
LAST = "last.json"  # the day of the last published image, and its lists of packages by platform


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

    The secrets' come first, then the run's own in its own registry, then, by hand, those of `docker login`.
    """
    env = os.environ
    own = {
        "ghcr.io": (env.get("GITHUB_ACTOR"), env.get("GITHUB_TOKEN")),
        env.get("CI_REGISTRY", "-"): (env.get("CI_REGISTRY_USER"), env.get("CI_REGISTRY_PASSWORD")),
    }
    found: dict[str, str] = {}
    if "GITHUB_ACTIONS" not in env and "GITLAB_CI" not in env:
        import docker.auth  # not above: in CI the steps that hold tokens have no package

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


def registry_of(settings: Settings, run: Run) -> Registry:
    """Return the image's registry, asked as whoever may push."""
    name = image_name(settings, run)
    return Registry(name, credentials(name.partition("/")[0]))


def handed_on(root: Path) -> Path:
    """Return the folder where a step leaves what a later one needs: in git's own, so in no image."""
    try:
        folder = Path(git("rev-parse", "--absolute-git-dir", cwd=root)) / "hub-image"
    except (OSError, subprocess.CalledProcessError):
        raise UserError(f"Commit what is in {root}: it is no git repository.") from None
    folder.mkdir(exist_ok=True)
    return folder


def find_last(settings: Settings, run: Run) -> tuple[Registry, str] | None:
    """Return where the image was published last, with the tag, if any; None if no registry tells."""
    known = registry_of(settings, run)
    for registry in (known, Registry(known.image)):
        with contextlib.suppress(RegistryError):
            return registry, max(filter(DAY.fullmatch, registry.tags()), default="")
    return None


def last(settings: Settings, run: Run) -> None:
    """Print the image that was published last: its layers are the cache of the next build.

    Weekly there is none: all is built anew, as a cache would hide what has changed outside the repository.
    The lists of its packages are kept for the report.
    """
    lists: dict[str, str] = {}
    day = cache = ""
    if not settings.is_pointer and (found := find_last(settings, run)) and found[1]:
        registry, day = found
        cache = "" if run.fresh else f"{registry.image}:{day}"
        for platform in settings.platforms:
            with contextlib.suppress(RegistryError):  # it hides what differs, and no more
                image = registry.of_platform(day, platform)
                if image and (document := attached(registry, image, SBOM)):
                    lists[platform] = document.decode("utf-8", "replace")
    text = json.dumps({"day": day, "lists": lists})
    (handed_on(settings.root) / LAST).write_text(text, encoding="utf-8")
    set_outputs(image=cache)


def hub_lines(settings: Settings, image: str, tag: str) -> list[str]:
    """Return the lines to paste into a hub's configuration, as Markdown."""
    url, place = settings.default_url, settings.working_dir
    chart = z2jh(image, tag, url, settings.home_dir, place)
    spawner = dockerspawner(image, tag, url, place)
    lines = ["Zero to JupyterHub:", "", *fence(chart, "yaml"), ""]
    return [*lines, "DockerSpawner:", "", *fence(spawner, "python")]
