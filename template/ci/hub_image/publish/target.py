"""Where the image goes: its name, who may push it, and what was published there before."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
from pathlib import Path

from hub_image.git import git
from hub_image.links import HOME, dockerspawner, profile, z2jh
from hub_image.markdown import fence
from hub_image.registry import SBOM, AccessDenied, Registry, RegistryError, attached
from hub_image.runs import Run, set_outputs
from hub_image.settings import Settings, UserError

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")  # a tag that `tag` gives
LAST = "last"  # the day of the last published image, and its lists of packages by platform
SECRETS = ("REGISTRY_USERNAME", "REGISTRY_PASSWORD")


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
    own = {"ghcr.io": ("GITHUB_ACTOR", "GITHUB_TOKEN")}
    own[env.get("CI_REGISTRY", "-")] = ("CI_REGISTRY_USER", "CI_REGISTRY_PASSWORD")
    for names in (SECRETS, own.get(host, SECRETS)):
        user, password = (env.get(name) for name in names)
        if user and password:
            return user, password
    if "GITHUB_ACTIONS" in env or "GITLAB_CI" in env:
        return None
    import docker.auth  # not above: in CI the steps that hold tokens have no package

    # docker's library writes the keys of what it knows in two ways
    known = docker.auth.load_config().resolve_authconfig(host) or {}
    found = {key.lower(): value for key, value in known.items()}
    return (found["username"], found["password"]) if found.get("password") else None


def registry_of(settings: Settings, run: Run) -> Registry:
    """Return the image's registry, asked as whoever may push."""
    name = image_name(settings, run)
    return Registry(name, credentials(name.partition("/")[0]))


def access(settings: Settings, run: Run) -> None:
    """Make sure that the registry lets us push, before anything is built; UserError if it does not."""
    image = image_name(settings, run)
    host, _, name = image.partition("/")
    kind, where = "variables" if run.on == "gitlab" else "secrets", f" at {run.secrets_page}"
    missing = [key for key in SECRETS if not os.environ.get(key)]
    by_token = SECRETS[1] in missing and host in ("ghcr.io", os.environ.get("CI_REGISTRY"))
    if run.on and missing and not by_token:
        raise UserError(
            f"Set {' and '.join(missing)} as {kind}{where}, of an account at {host} that may push to "
            f"{image}, and run this again: nothing may push there yet."
        )
    which = f"the {kind} {' and '.join(SECRETS)}{where}"
    remedy = f"Set {which} to those of an account that may push"
    if not run.on:
        remedy = f"Run `docker login {host}` as an account that may push"
    elif by_token and run.on == "github":
        remedy = (
            f"Answer with an image name of your own (-d image={host}/{run.project.lower()}), or let "
            f"{run.project} write to that package, or set {which}"
        )
    account = credentials(host)
    who = f"'{account[0]}'" if account else "anyone without an account"
    try:
        Registry(image, account).may_push()
    except AccessDenied:
        text = f"{remedy}, and run this again: {host} does not let {who} push to {name}."
        raise UserError(text) from None
    if run.on:
        print(f"{host} lets {who} push to {name}.")


def log_in(image: str, run: Run) -> None:
    """Log Docker in to an image's registry; by hand it is already. RuntimeError if that fails."""
    host = image.partition("/")[0]
    if not run.on or not (account := credentials(host)):
        return
    command = ["docker", "login", host, "--username", account[0], "--password-stdin"]
    done = subprocess.run(command, input=account[1], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"`docker login {host}` as '{account[0]}' says: {done.stderr.strip()}")


def handed_on(root: Path, name: str) -> Path:
    """Return the file in which a step leaves what a later one needs: in git's folder, so in no image."""
    try:
        folder = Path(git("rev-parse", "--absolute-git-dir", cwd=root)) / "hub-image"
    except (OSError, subprocess.CalledProcessError):
        raise UserError(f"Commit what is in {root}: it is no git repository.") from None
    folder.mkdir(exist_ok=True)
    return folder / f"{name.replace(':', '-')}.json"


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
    handed_on(settings.root, LAST).write_text(json.dumps({"day": day, "lists": lists}), "utf-8")
    set_outputs(image=cache)


def hub_lines(settings: Settings, image: str, tag: str) -> list[str]:
    """Return the lines to paste into a hub's configuration, as Markdown."""
    url, place = settings.default_url, settings.working_dir
    chart = fence(z2jh(image, tag, url, settings.home_dir, place), "yaml")
    spawner = fence(dockerspawner(image, tag, url, place), "python")
    offered = profile(image.rpartition("/")[2], "", f"{image}:{tag}", url, place)
    lines = [
        "Zero to JupyterHub, for everyone:",
        "",
        *chart,
        "",
        "Or as one of several profiles:",
        "",
    ]
    lines += fence(offered, "yaml")
    if settings.home_dir != HOME:
        lines += [
            "",
            f"Mount the volume at {settings.home_dir} as well, or what people save is lost.",
        ]
    return [*lines, "", "DockerSpawner:", "", *spawner]
