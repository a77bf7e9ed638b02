"""Push the image that was tested, give it its tags, and say how a hub uses it. No package is needed."""

from __future__ import annotations

import datetime
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hub_image import git
from hub_image.publish.target import handed_on, hub_lines, log_in, registry_of
from hub_image.registry import SBOM, AccessDenied, Manifest, Registry, attach, attached
from hub_image.runs import Run, set_outputs, summarize
from hub_image.settings import Settings, UserError

DIGEST = re.compile(r"digest: (sha256:[0-9a-f]{64})")  # in the last line of `docker push`


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
    command = ["docker", "push", name]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8")
    # by its digest: another run of this commit, as for a git tag, may have pushed the same tag since
    pushed = DIGEST.findall(done.stdout)
    manifest = registry.manifest(pushed[-1] if pushed else tag)
    # an image's id is the digest of its configuration or, where Docker keeps images by containerd, of
    # the manifest
    if manifest is None or image not in (manifest.digest, manifest.config):
        raise RuntimeError(f"{name} is not the image that was tested, {image}.")
    print(f"Pushed {name}, {manifest.digest}, the image that was tested.")
    if not attach(registry, manifest, packages.read_bytes(), SBOM):
        text = f"{registry.host} takes no list of packages (SBOM): the next run cannot say what differs."
        summarize(text, settings.root)


def tag(settings: Settings, run: Run) -> None:
    """Tag what was pushed by its commit and the day, and say how a hub uses it.

    A git tag may be on an old commit, so its run leaves the tag of the day as it is.
    """
    registry = registry_of(settings, run)
    name = registry.image
    if run.on == "github" or len(settings.platforms) > 1:  # to sign, to merge platforms
        log_in(name, run)
    short, day = commit(settings)[:12], f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"
    tags = [short] if run.tag else [short, day]
    images = _pushed(settings, registry)
    held = registry.manifest(tags[-1])
    digest = _tagged(registry, images, *tags)
    public = is_public(name, digest)
    set_outputs(image=name, digest=digest, public=public)
    # nodes keep a tag that they have pulled: a second image of one day is used by its commit
    lasting = short if held and held.digest != digest else tags[-1]
    lines = [f"## Published: {name}:{lasting}", "", f"- digest: `{digest}`"]
    lines += [
        f"- on a hub, `{name}:{lasting}@{digest}` is this very image for good; a tag may move"
    ]
    said = ", ".join(f"`{one}`" for one in tags)
    lines += [f"- tags: {said}", "- its labels name the commit and the code's address"]
    if all(attached(registry, image, SBOM) for image in images):
        whose = "the digest" if len(images) == 1 else "the digest of each platform"
        lines += [f"- the list of its packages (SBOM) is attached to {whose}"]
    if lasting != tags[-1]:
        lines += [f"- `{day}` was another image before, which nodes may keep: use the commit's tag"]
    if public:
        lines += ["- anyone can pull it: an anonymous pull was tried"]
    else:
        lines += ["", "**It is private: an anonymous pull was refused, so no hub without a secret"]
        lines += [f"and no Binder can start it. Make it public here: {visibility_page(name)}**"]
        if settings.binder == "image":
            lines += ["Then run this again, for the branch `binder`."]
    if settings.image != name:
        answer = f"copier update --trust --defaults --vcs-ref=:current: -d repository={run.project}"
        lines += ["", f"README.md still says OWNER. Once: `{answer}`"]
    summarize("\n".join([*lines, "", *hub_lines(settings, name, lasting)]), settings.root)


def is_public(name: str, digest: str) -> bool:
    """Return whether anyone can pull an image: its manifests and one blob of each, as a hub does.

    Only a refusal says no; what fails otherwise says nothing, and is raised.
    """
    anonymous = Registry(name)
    try:
        image = anonymous.manifest(digest)
        parts = [anonymous.manifest(part) for _, part in image.images] if image else []
        for one in parts or [image]:
            if one is None:  # what some registries say of what is private
                return False
            anonymous.blob(one.config)
    except AccessDenied:
        return False
    return True


def visibility_page(image: str) -> str:
    """Return where one makes an image public."""
    host, _, path = image.partition("/")
    owner, _, name = path.partition("/")
    event = os.environ.get("GITHUB_EVENT_PATH") if host == "ghcr.io" else None
    account = json.loads(Path(event).read_text("utf-8")).get("repository") if event else None
    whose = "users" if ((account or {}).get("owner") or {}).get("type") == "User" else "orgs"
    pages = {
        "docker.io": f"https://hub.docker.com/repository/docker/{path}/settings",
        "ghcr.io": f"https://github.com/{whose}/{owner}/packages/container/{quote(name, '')}/settings",
        "quay.io": f"https://quay.io/repository/{path}?tab=settings",
        os.environ.get("CI_REGISTRY", "-"): f"{os.environ.get('CI_PROJECT_URL')}/edit",
    }
    return pages.get(host, f"https://{host}")


def _pushed(settings: Settings, registry: Registry) -> list[Manifest]:
    """Return the image of each platform; UserError if one was not pushed."""
    parts = [part_tag(settings, platform) for platform in settings.platforms]
    found = {part: registry.manifest(part) for part in parts}
    if absent := [part for part, manifest in found.items() if manifest is None]:
        raise UserError(f"Push each platform's image first: {', '.join(absent)} was not pushed.")
    return [manifest for manifest in found.values() if manifest]


def _tagged(registry: Registry, images: list[Manifest], *tags: str) -> str:
    """Give an image its tags, or several platforms' images as one; return what has them now."""
    if len(images) == 1:  # buildx before 0.17 would make an index of it, with another digest
        for new in tags:
            registry.put(images[0], new)
        return images[0].digest
    command = ["docker", "buildx", "imagetools", "create"]
    command += [f"--tag={registry.image}:{new}" for new in tags]
    subprocess.run([*command, *(f"{registry.image}@{one.digest}" for one in images)], check=True)
    merged = registry.manifest(tags[0])
    if merged is None or [digest for _, digest in merged.images] != [one.digest for one in images]:
        raise RuntimeError(f"{registry.image}:{tags[0]} is not what was pushed for each platform.")
    return merged.digest
