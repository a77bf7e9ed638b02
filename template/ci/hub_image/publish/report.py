"""What is in the image, and what differs from the one that was published last."""

from __future__ import annotations

import json

from docker.errors import DockerException, ImageNotFound
from docker.models.images import Image

from hub_image import engine
from hub_image.contents import Contents
from hub_image.links import binder_link
from hub_image.markdown import fence
from hub_image.publish.target import LAST, handed_on, hub_lines, image_name
from hub_image.runs import Run, summarize
from hub_image.settings import Settings, UserError


def report(settings: Settings, run: Run) -> None:
    """Add to the run's summary what is in the tested image; UserError if there is none."""
    try:
        client = engine.connect()
        image = client.images.get(settings.tested_image)
        now = Contents.of(image, client)
    except ImageNotFound:
        name = settings.tested_image
        raise UserError(f"Run ci/check.py first: there is no tested image {name}.") from None
    except DockerException as error:
        raise RuntimeError(error) from None
    if not settings.is_pointer:
        packages = now.sbom(image_name(settings, run))
        handed_on(settings.root, str(image.id)).write_bytes(packages)
    summarize("\n".join(_lines(settings, run, image, now)), settings.root)


def _before(settings: Settings, platform: str) -> tuple[Contents | None, str]:
    """Return what is in the image that was published last, and its day, by what `last` has left."""
    if settings.is_pointer or not (file := handed_on(settings.root, LAST)).is_file():
        return None, ""
    known = json.loads(file.read_text(encoding="utf-8"))
    return Contents.from_sbom(known["lists"].get(platform, "").encode()), known["day"]


def _lines(settings: Settings, run: Run, image: Image, now: Contents) -> list[str]:
    """Return the report as Markdown."""
    platform = engine.platform_of(image)
    old, day = _before(settings, platform)
    since = f" ({(now.size - old.size) / 1e9:+.2f} GB since {day})" if old else ""
    counts = [f"{len(packages)} {tool}" for tool, packages in now.packages.items() if packages]
    name = settings.base_image if settings.is_pointer else image_name(settings, run)
    lines = [f"## {name} starts on a hub and on Binder", "", *_origin(settings, image)]
    lines += [f"- platform: {platform}", f"- size: {now.size / 1e9:.2f} GB{since}"]
    lines += [f"- packages: {', '.join(counts)}"]
    if run.request and run.head_project and run.head_commit:
        path = settings.default_url.lstrip("/")
        link = binder_link(run.head_project, run.on, path, run.head_commit)
        lines += [f"- try this request: {link}"]
    if old:
        changes = now.changes(old)
        lines += ["", f"### Packages that differ from {day}", ""]
        lines += fence("\n".join(changes), "diff") if changes else ["None."]
    elif not settings.is_pointer:
        lines += ["- difference: no published image has a list of packages that can be read"]
    lines += ["", f"<details><summary>All packages, {platform}</summary>", "", "```text"]
    for tool, packages in now.packages.items():
        lines += [f"{tool}: {package} {version}" for package, version in packages.items()]
    lines += ["```", "", "</details>"]
    if settings.is_pointer:
        # a registry may have a port, and a tag a digest: the last part's first colon
        folder, _, last_part = settings.base_image.rpartition("/")
        name, _, tag = last_part.partition(":")
        lines += ["", *hub_lines(settings, f"{folder}/{name}", tag)]
    return lines


def _origin(settings: Settings, image: Image) -> list[str]:
    """Return a line that says which image it is."""
    if settings.is_pointer:
        digest = next(iter(image.attrs["RepoDigests"]), "").partition("@")[2]
        return [f"- digest: `{digest or 'none: it was not pulled from a registry'}`"]
    commit = (image.labels or {}).get(engine.REVISION, "")
    return [f"- commit: `{commit[:12]}`"] if commit else []
