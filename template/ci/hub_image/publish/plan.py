"""What a run has to do: build? publish? for which platforms?"""

from __future__ import annotations

import contextlib
import re
import subprocess

from hub_image.git import REVISION, names
from hub_image.publish.target import find_last
from hub_image.registry import RegistryError
from hub_image.runs import Run, set_outputs, summarize
from hub_image.settings import Settings

# A change to nothing but these builds nothing. Other Markdown may be a lesson, and a notebook is tested.
DOCS = re.compile(
    r"docs/.*\.(gif|jpe?g|md|png|rst|svg)|[A-Z_]+\.md|LICENSE[^/]*|\.git(attributes|ignore)|\.pre-commit-config\.yaml",
    re.DOTALL,
)


def only_docs(settings: Settings, before: str) -> bool:
    """Return whether all that changed since a commit is documentation; False if that cannot be seen."""
    if not before.strip("0"):  # a new branch
        return False
    try:
        changed = names("diff", "--name-only", "--no-renames", before, "HEAD", cwd=settings.root)
    except subprocess.CalledProcessError:  # a forced push: the commit is gone
        return False
    return all(DOCS.fullmatch(name) for name in changed)


def changed_since(settings: Settings, run: Run) -> str:
    """Return the commit since which changes count: that of the last published image.

    A run since may have failed or been ended. Nothing if no image was published; what the event says for
    requests, for pointers, which publish nothing, and where the registry cannot be read.
    """
    if run.request or settings.is_pointer:
        return run.before
    with contextlib.suppress(RegistryError):
        if found := find_last(settings, run):
            registry, day = found
            image = registry.of_platform(day, settings.platforms[0]) if day else None
            return registry.labels(image).get(REVISION, "") if image else ""
    return run.before


def foreign(settings: Settings, run: Run) -> bool:
    """Return whether this is a fork that still has the answers, and so the image's name, of another.

    GitLab does not say that a project is a fork, but image.env names the project that it is of.
    """
    named = settings.source.lower()
    own = "/owner/" in named or named.endswith(f"/{run.project.lower()}")
    return not own and (run.fork or run.on == "gitlab")


def plan(settings: Settings, run: Run) -> None:
    """Print what this run has to do, as outputs for the jobs that follow."""
    own = not settings.is_pointer
    build = run.fresh or run.tag or not only_docs(settings, changed_since(settings, run))
    publish = build and own and run.publishes and not foreign(settings, run)
    binder = publish and run.default_branch and settings.binder == "image"
    platforms = settings.platforms or ("linux/amd64",)
    set_outputs(build=build, publish=publish, binder=binder, platforms=platforms)
    text = ""
    if not build:
        text = "Only documentation changed, so there is no image to build."
    elif own and run.publishes and not publish:
        text = (
            f"This is a fork of {settings.source}: its image is tested, but not published. To publish "
            f"your own: `copier update --trust --defaults --vcs-ref=:current: -d repository={run.project}`"
        )
    if text:
        summarize(text, settings.root)
