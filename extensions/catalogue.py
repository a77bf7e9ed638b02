"""What is known of the community images, for Jinja: extensions/catalogue.yml and what follows of it.

Copier loads this file by its path and, in one update, in two versions: it imports no sibling.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from copier_template_extensions import ContextHook

# What CI has runners for.
ARCHITECTURES = ["amd64", "arm64"]

# The answer that stands for an image the catalogue does not hold.
OTHER = "other"

# What is taken for granted of such an image, and of any other where the catalogue says nothing.
UNKNOWN = {
    "architectures": ARCHITECTURES,
    "gpu": False,
    "homepage": "",
    "interfaces": ["lab", "notebook", "rstudio"],
    "jupyterhub": "",
    "languages": ["python"],
    "package_list": "",
    "warning": "",
}

# A tag that has an order: perhaps words, a day or a version, perhaps its build, perhaps more words.
ORDERED = re.compile(
    r"((?:[a-z]\w*(?:\.\w+)*-)*v?)(?:\d{4}-\d\d-\d\d|(\d+)((?:\.\d+)+))(?:-([rv])\d+)?((?:-[a-z][\w.]*)*)",
    re.ASCII | re.IGNORECASE,
)
FIRST_YEAR = 20  # a smaller first number is a major, and not a year as 2026 or 26


def read(text: str) -> dict[str, Any]:
    """Return what YAML says."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the fast one, where PyYAML has it
    data: dict[str, Any] = yaml.load(text, Loader=loader)
    return data


class Images(Mapping[str, dict[str, Any]]):
    """The images by their key, each read when it is asked for: of hundreds, a render needs one."""

    def __init__(self, text: str) -> None:
        """Find the entries.

        Args:
            text: YAML, in which each key is a line with two spaces before it, and each field's first line has four.
        """
        entries = re.split(r"^  ([\w-]+):\n", text, flags=re.MULTILINE)[1:]
        self._entries = dict(zip(entries[::2], entries[1::2], strict=True))
        self._read: dict[str, dict[str, Any]] = {}

    def __getitem__(self, key: str) -> dict[str, Any]:
        """Return an image's entry."""
        if key not in self._read:
            self._read[key] = read(self._entries[key])
        return self._read[key]

    def __iter__(self) -> Iterator[str]:
        """Go through the keys."""
        return iter(self._entries)

    def __len__(self) -> int:
        """Count them."""
        return len(self._entries)

    def few(self, *fields: str) -> dict[str, dict[str, Any]]:
        """Return these fields of all images, each of which is one line."""
        wanted = rf"^    (?:{'|'.join(fields)}): .*\n"
        return read(
            "".join(
                f"{key}:\n{''.join(re.findall(wanted, entry, re.MULTILINE))}"
                for key, entry in self._entries.items()
            )
        )


@cache
def load() -> dict[str, Any]:
    """Return the data file beside this one; its comments say what each field is."""
    text = Path(__file__).with_name("catalogue.yml").read_text(encoding="utf-8")
    rest, _, images = text.partition("\nimages:\n")
    return {**read(rest), "images": Images(images)}


@cache
def base_choices(strategy: str) -> dict[str, str]:
    """Return the answers that `base` may have, by label, for Copier's `choices`.

    An image without JupyterHub starts on no hub by itself: only `inherit`, which adds it, offers it.

    Args:
        strategy: the answer, or nothing.
    """
    pointer = strategy == "community-image"
    fields = (
        ("tags", "title") if pointer else ("title",)
    )  # of hundreds of images, each takes its time
    choices = {
        f"{key}: {image['title']}": key
        for key, image in load()["images"].few(*fields).items()
        if not (pointer and 0 in image["tags"])
    }
    return choices | {"another image: you give its reference": OTHER}


def default_tag(image: dict[str, Any], jupyterhub_major: str, strategy: str) -> str:
    """Return the tag to pin, or nothing if no tag with the hub's major is known.

    Args:
        image: an entry of the catalogue.
        jupyterhub_major: of the hub.
        strategy: the answer; `inherit` takes the newest tag, as it adds the hub's own JupyterHub.
    """
    tags = {str(major): str(tag) for major, tag in image["tags"].items()}
    jupyterhub_major = jupyterhub_major or min(tags, default="")
    if jupyterhub_major in tags or strategy != "inherit" or not tags:
        return tags.get(jupyterhub_major, "")
    return tags[max(tags)]


def hub_major_inside(image: dict[str, Any], tag: str) -> str:
    """Return the major of the JupyterHub in an image, or nothing where that is not known.

    Args:
        image: an entry of the catalogue.
        tag: its tag.
    """
    if match := re.match(r"hub-([0-9]+)\.", tag):
        return match[1]
    known = (str(major) for major, known in image["tags"].items() if known == tag and major)
    return next(known, "")


def newer_tags(tag: str, pattern: str = "") -> str:
    """Return what newer tags of one's kind look like, or nothing where they have no order, as commits.

    Of a tag that the pattern does not know, words stay as they are, and so does a first number that is
    no year: a major.

    Args:
        tag: perhaps with a digest behind it.
        pattern: its image's `tag_pattern`, if there is one.

    Returns:
        Signs that no shell knows: "%" is a digit, "%+" one or more.
    """
    tag = tag.partition("@")[0]
    if pattern and re.fullmatch(pattern, tag):
        text = re.sub(r"\\d\{(\d)\}", lambda digits: "%" * int(digits[1]), pattern.strip("^$"))
        text = text.replace(r"\d", "%").replace(r"\.", ".")
        return text if re.fullmatch(r"[\w.%+-]+", text) else ""
    if not (found := ORDERED.fullmatch(tag)):
        return ""
    before, first, rest, build, after = found.groups(default="")
    version = "%%%%-%%-%%"
    if first:
        major = first if int(first) < FIRST_YEAR else "%" * len(first)
        version = major + ".%+" * rest.count(".")
    return str(before + version + (f"-{build}%+" if build else "") + after)


@cache
def base_facts(base: str, tag: str, reference: str, family: str) -> dict[str, Any]:
    """Return what is known of an image; for nobody to write into, as it is the same for each question.

    Args:
        base: the answer.
        tag: `base_tag`, of an image of the catalogue.
        reference: `base_reference`, of another image.
        family: `base_family`, of another image.

    Returns:
        The image's entry in the catalogue, and `reference`, `family` (its entry, not its key),
        `jupyterhub` (the major inside, "" if not known), `newer_tags` (what they look like).
    """
    families, images = load()["families"], load()["images"]
    if base == OTHER:
        return UNKNOWN | {
            "family": families.get(family, families["docker-stacks"]),
            "newer_tags": newer_tags(reference.rpartition("/")[2].partition(":")[2]),
            "reference": reference,
        }
    image: dict[str, Any] = images.get(base, images["jupyter-scipy"])
    return (UNKNOWN | image) | {
        "family": families[image["family"]],
        "jupyterhub": hub_major_inside(image, tag),
        "newer_tags": newer_tags(tag, image["tag_pattern"]),
        "package_list": image["package_list"].replace("{tag}", tag.partition("@")[0]),
        "reference": f"{image['image']}:{tag}",
    }


class Catalogue(ContextHook):
    """Gives every template and question these names, computed from the answers so far.

    - `base_choices`: what `base` may be
    - `base_default_tag`: what `base_tag` is unless one says otherwise
    - `base_facts`: what is known of the chosen base image
    - `catalogue`: the whole data file
    - `ci_architectures`: what CI has runners for
    """

    def hook(self, context: dict[str, Any]) -> None:
        """Add the names above.

        Args:
            context: the answers so far.
        """
        images = load()["images"]
        strategy = context.get("strategy", "")
        image = images.get(context.get("base"))
        major = str(context.get("jupyterhub_major", ""))
        context["base_choices"] = base_choices(strategy)
        context["catalogue"] = load()
        context["base_default_tag"] = default_tag(image, major, strategy) if image else ""
        names = ("base", "base_tag", "base_reference", "base_family")
        context["base_facts"] = base_facts(*(str(context.get(name, "")) for name in names))
        context["ci_architectures"] = ARCHITECTURES
