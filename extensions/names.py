"""Names, lines of text and addresses that people answer with, for Jinja: filters that check and change them.

One whose name ends in `_error` returns a sentence, or nothing where the answer will do.

Copier loads this file by its path and, in one update, in two versions: it imports no sibling.
"""

from __future__ import annotations

import re
from reprlib import Repr
from urllib.parse import urlsplit

from jinja2 import Environment, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context

SHORT = Repr()  # a bad value: its control characters escaped, and at most a line of it
SHORT.maxstring = SHORT.maxother = 80

# One component of an image's name, and a tag: github.com/distribution/reference, regexp.go.
NAME_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
REGISTRY = r"(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::[0-9]{1,5})?"
IMAGE = re.compile(rf"{REGISTRY}(?:/{NAME_COMPONENT})+")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
# A tag that names whatever is newest: on a hub it changes without notice (contract K17).
MOVING = re.compile(r"(?:.*-)?(?:latest|main|master|devel|nightly|edge|stable)")
# Zero to JupyterHub documents 63 characters for a whole reference (contract K16); ours ends in
# ":YYYY-MM-DD" or ":" and 12 characters of a commit.
LONGEST_IMAGE = 63 - len(":0123456789ab")
LONGEST_NAME = 40
LONGEST_LINE = 200

SHORT_NAME = re.compile(r"[a-z0-9]+(?:[-._][a-z0-9]+)*")
OWNER_AND_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
GROUPS_AND_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)+")
CLONE_ADDRESS = re.compile(r"https://[A-Za-z0-9.:-]+/[A-Za-z0-9._~/-]+")


def line_error(value: str) -> str:
    """Refuse a text for people that is empty, too long or more than one line.

    Args:
        value: the text.

    Returns:
        A sentence, or nothing.
    """
    if not value.strip():
        return f"Write a few words: {SHORT.repr(value)} is empty."
    if len(value) > LONGEST_LINE:
        return f"Use at most {LONGEST_LINE} characters: {SHORT.repr(value)} has {len(value)}."
    if not value.isprintable() or value != value.strip():
        return f"Write one line: {SHORT.repr(value)} has control characters or outer spaces."
    return ""


def name_error(value: str) -> str:
    """Refuse a short name that could not name an image.

    Args:
        value: the name.

    Returns:
        A sentence, or nothing.
    """
    if SHORT_NAME.fullmatch(value) and len(value) <= LONGEST_NAME:
        return ""
    return (
        f"Use a-z, digits and single dashes: {SHORT.repr(value)} cannot name an image, as my-environment can "
        f"(at most {LONGEST_NAME} characters; '.' and '_' may stand for a dash)."
    )


def image_error(value: str) -> str:
    """Refuse a name under which no registry or hub would take an image.

    Args:
        value: registry/owner/name.

    Returns:
        A sentence, or nothing.
    """
    if not IMAGE.fullmatch(value) or "/" not in value:
        return (
            f"Write registry/owner/name in lower case: {SHORT.repr(value)} is no image name that a registry accepts, "
            "as ghcr.io/my-org/my-environment is (without a tag)."
        )
    if len(value) > LONGEST_IMAGE:
        return (
            f"Use at most {LONGEST_IMAGE} characters: "
            f"{SHORT.repr(value)} has {len(value)} characters, and hubs take 63 with the tag."
        )
    return ""


def tag_error(tag: str) -> str:
    """Refuse a tag that can move, or that no registry accepts.

    Args:
        tag: perhaps with a digest behind it.

    Returns:
        A sentence, or nothing.
    """
    name, at, digest = tag.partition("@")
    if at and not DIGEST.fullmatch(digest):
        return f"Write TAG@sha256:DIGEST: {SHORT.repr(tag)} has no digest of 64 hex digits."
    if not TAG.fullmatch(name):
        return (
            f"Use a tag such as 2026-07-28: {SHORT.repr(tag)} is none that a registry accepts (up to 128 letters, "
            "digits, '_', '.' and '-')."
        )
    if not at and MOVING.fullmatch(name):
        return (
            f"Use a tag that stays: {SHORT.repr(tag)} names whatever is newest, unlike 2026-07-28, or one with "
            "its digest, as latest@sha256:..."
        )
    return ""


def reference_error(value: str) -> str:
    """Refuse a reference of a base image on which a hub could not rely.

    Args:
        value: an image with its registry and tag.

    Returns:
        A sentence, or nothing.
    """
    image, at, digest = value.partition("@")
    name, colon, tag = image.rpartition(":")
    if not colon or "/" in tag:
        return (
            f"Add the tag that you tested: {SHORT.repr(value)} has no tag, unlike "
            "quay.io/jupyter/scipy-notebook:2026-07-28."
        )
    if not IMAGE.fullmatch(name) or len(value) > 255:
        return (
            f"Write registry/owner/name:tag: {SHORT.repr(value)} is no image that a registry accepts; all but the tag is "
            "in lower case."
        )
    return tag_error(tag + at + digest)


@pass_context
def base_tag_error(context: Context, tag: str) -> str:
    """Refuse a base image's tag that can move, is not its own, or has another major than the hub (K11).

    Args:
        context: the answers so far.
        tag: the tag.

    Returns:
        A sentence, or nothing.
    """
    base, facts = context["base"], context["base_facts"]
    major, pointer = context["jupyterhub_major"], context["strategy"] == "community-image"
    known = ", ".join(facts["tags"].values())
    if not tag and not known:
        return (
            f"Give its tag and digest: {SHORT.repr(base)} has no tag that stays, so pin what you tested, "
            "as in -d base_tag=latest@sha256:..."
        )
    if not tag:
        return (
            f"Give one with JupyterHub {major}: no such tag of {SHORT.repr(base)} is known. Use -d base_tag=..., or "
            "the strategy inherit, which adds the hub's."
        )
    if error := tag_error(tag):
        return error
    name, at, _ = tag.partition("@")
    patterns = (facts["tag_pattern"], facts["family"].get("tags_also", "^$"))
    if not at and not any(re.search(pattern, name) for pattern in patterns):
        return f"Use one like {known}: {SHORT.repr(tag)} is no tag of {base}."
    if pointer and facts["jupyterhub"] not in ("", major):
        return (
            f"Use another tag: your hub runs JupyterHub {major}, and {SHORT.repr(tag)} of {base} has "
            f"{facts['jupyterhub']}; the strategy inherit adds the hub's."
        )
    return ""


def repository_error(value: str, code_host: str) -> str:
    """Refuse a place that code cannot have on its host.

    Args:
        value: owner/name, group/name or an address.
        code_host: `github`, `gitlab` or `other`.

    Returns:
        A sentence, or nothing.
    """
    if len(value) > LONGEST_LINE:
        return f"Use at most {LONGEST_LINE} characters: {SHORT.repr(value)} has {len(value)}."
    if code_host == "github" and not OWNER_AND_NAME.fullmatch(value):
        return f"Write owner/name: {SHORT.repr(value)} is no repository on GitHub."
    if code_host == "gitlab" and not GROUPS_AND_NAME.fullmatch(value):
        return f"Write group/name: {SHORT.repr(value)} is no project on GitLab."
    if code_host == "other":
        try:
            url = urlsplit(value)
            good = url.hostname and url.path.strip("/") and CLONE_ADDRESS.fullmatch(value)
        except ValueError:
            good = None  # such as an open bracket
        if not good:
            return f"Write https://host/path.git: {SHORT.repr(value)} is no address to clone from."
    return ""


def slug(value: str) -> str:
    """Return any text, such as a folder's name, as the nearest name that `name_error` accepts."""
    words = re.findall(r"[a-z0-9]+", value.lower())
    return "-".join(words)[:LONGEST_NAME].strip("-") or "my-environment"


def markdown_text(value: str) -> str:
    """Return a line of text for Markdown (CommonMark), which then shows just that text."""
    text = re.sub(r"([\\`*_\[\]<>#|~&$!])", r"\\\1", value)
    text = re.sub(r"^([-+=])", r"\\\1", text)
    return re.sub(r"^([0-9]+)([.)])", r"\1\\\2", text)


class Names(Extension):
    """Makes these functions known to Jinja, under their own names."""

    def __init__(self, environment: Environment) -> None:
        """Add the filters.

        Args:
            environment: Copier's.
        """
        super().__init__(environment)
        errors = (
            base_tag_error,
            image_error,
            line_error,
            name_error,
            reference_error,
            repository_error,
        )
        for function in (*errors, markdown_text, slug):
            environment.filters[function.__name__] = function
