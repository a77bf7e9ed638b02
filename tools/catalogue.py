"""Renews our own pins, the tags in extensions/catalogue.yml: `nox -s catalogue`.

Of each image its registry is asked for the newest tag that fits the image's `tag_pattern`, can be
pulled, and has the JupyterHub inside under whose major it is listed; and for which processors. Then
the data file's lines `tags` and `architectures` are rewritten, and README.md's table with them. One
line an image says what was found, and a last one is for CHANGELOG.md. What only a person can decide is
proposed there and not written: another major of JupyterHub, a processor more for an image with a
warning, tags without order.

How registries are asked, and how Docker looks into an image, is update_repository.py's, which every
generated repository has.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "extensions" / "catalogue.yml"
OFFERED = {"amd64", "arm64"}  # what CI has runners for: image.env's PLATFORMS knows no other
# OCI distribution specification, "Pulling manifests": so no tag is Markdown, YAML or an option.
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


class Unsure(Exception):
    """An image is left as it is, and this is why: a sentence."""


@dataclass
class Found:
    """What an image's entry should say, the sentences about it, and whether all of it is known."""

    tags: dict[int, str]
    architectures: list[str]
    said: list[str] = field(default_factory=list)
    sure: bool = True


# --- what update_repository.py knows ------------------------------------------------------------------


def load(name: str, path: Path) -> ModuleType:
    """Return the module that a file holds, whatever its name; nothing is written beside it, as that
    folder is rendered."""
    loader = SourceFileLoader(name, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    sys.modules[name] = module
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def update_repository() -> ModuleType:
    """Return update_repository.py with the two files that it imports. check_image.py is a template, but
    Jinja varies nothing of it except two comments, so Python reads it as it stands."""
    folder = ROOT / "template" / "{{ every_strategy }}"
    load("check_image", folder / "check_image.py.jinja")
    load("publish_image", folder / "publish_image.py")
    return load("update_repository", folder / "update_repository.py")


# --- look -----------------------------------------------------------------------------------------------


def newest(candidates: list[str], pulled: Callable[[str], Any], fits: Callable[[str], bool]) -> str:
    """Return the newest of these tags, oldest first, that can be pulled and fits; nothing if none does.

    What fits is expensive to know, and once a tag does not, no newer one does (JupyterHub's major
    only grows): so the newest is asked first, then it goes by halves.
    """
    left, new, first = list(candidates), "", 0
    end, middle = len(left), len(left) - 1
    while first < end:
        if not pulled(left[middle]):
            del left[middle]
            end -= 1
        elif fits(left[middle]):
            new, first = left[middle], middle + 1
        else:
            end = middle
        middle = (first + end) // 2
    return new


def held(program: ModuleType, image: str, tag: str) -> set[str]:
    """Return for which of the processors in OFFERED a tag can be pulled: none if it was yanked.
    RegistryError if the registry does not say: update_repository.can_be_pulled() takes that for yanked,
    and a registry that wants a pause, for one, would seem to hold nothing newer."""
    try:
        return set(program.architectures(image, tag)) & OFFERED
    except program.RegistryError as error:
        # a context although it is raised `from None`: that hides it from tracebacks only
        response = getattr(error.__context__, "response", None)
        if response is not None and response.status_code == 404:
            return set()
        raise


def look(image: dict[str, Any], program: ModuleType, client: Any) -> Found:
    """Return what an image's entry should say; Unsure, or what the program raises, where that cannot be
    known. In: the entry, update_repository.py, and Docker's client, None where no Docker answers."""
    name, pattern, was = image["image"], image["tag_pattern"], image["architectures"]
    pins = dict(sorted(image["tags"].items()))
    if not pins:
        return Found({}, was, ["no tag is pinned, so a person must look"])
    listed = [tag for tag in program.tags(name) if TAG.fullmatch(tag)]
    processors: dict[str, set[str]] = {}
    seen: dict[str, int] = {}

    def pulled(tag: str) -> set[str]:
        if tag not in processors:
            processors[tag] = held(program, name, tag)
        return processors[tag]

    def inside(tag: str) -> int:
        if client is None:
            raise Unsure(
                "no Docker here, so which JupyterHub is in newer tags cannot be seen: left"
            )
        if tag not in seen:
            major = program.hub_major(program.look_inside(client, f"{name}:{tag}")) or "0"
            if not re.fullmatch(r"[0-9]{1,3}", major):
                raise Unsure(f"{tag} has a JupyterHub whose version begins with {major}: left")
            seen[tag] = int(major)
        return seen[tag]

    found = Found({}, was)
    for major, pin in pins.items():
        candidates = program.newer(listed, pin, pattern)
        for other in (tag for higher, tag in pins.items() if higher > major):
            if program.newer([other], pin, pattern):  # from there on it is known to be another's
                beyond = {other, *program.newer(listed, other, pattern)}
                candidates = [tag for tag in candidates if tag not in beyond]
        new = newest(candidates, pulled, lambda tag, major=major: inside(tag) == major)
        found.tags[major] = new or pin
        if found.tags[major] != pin:
            found.said.append(f"{hub(major)}: {pin} -> {found.tags[major]}")
        elif not pulled(pin):
            found.said.append(f"{pin} CANNOT BE PULLED any more, and nothing newer does instead")
            found.sure = False
        if not program.newer([f"{pin}-0"], pin, ".*"):
            found.said.append(f"tags like {pin} have no order, so a person must look")
    strangers = {seen[tag]: tag for tag in sorted(seen, key=program.numbers)}
    for major, tag in strangers.items():
        if major not in pins:
            found.said.append(
                f"{tag} has {hub(major)}, which is not listed: to be listed by a person"
            )
    settle(image, found, [processors[tag] for tag in found.tags.values() if pulled(tag)])
    return found


def settle(image: dict[str, Any], found: Found, processors: list[set[str]]) -> None:
    """Set the processors of an image to those that all its tags have, and say what differs; Unsure if
    none is left."""
    if not processors:
        return
    there, was = set.intersection(*processors), image["architectures"]
    if lost := [one for one in was if one not in there]:
        found.said.append(f"LOST {' and '.join(lost)}")
    if gained := sorted(there - set(was)):
        # whoever wrote the warning may have left them out on purpose
        what = "to be added by a person, with its warning" if "warning" in image else "added"
        found.said.append(f"has {' and '.join(gained)} as well: {what}")
        if "warning" in image:
            there -= set(gained)
    if not there:
        raise Unsure(f"no processor is left of {', '.join(was)}: a person must look")
    found.architectures = sorted(there)


def hub(major: int) -> str:
    return f"JupyterHub {major}" if major else "no JupyterHub"


# --- write ----------------------------------------------------------------------------------------------


def rewrite(text: str, entries: dict[str, Found]) -> str:
    """Return the data file with other tags and architectures, by key; ValueError if it cannot be done.

    By lines, as each is one line there: nothing else changes, neither comments nor quotes nor where
    long lines break, which a YAML library has to be talked into one by one. What comes out is read
    again, and must say what was meant.
    """
    head, images, rest = text.partition("\nimages:\n")
    meant = yaml.safe_load(text)
    for key, found in entries.items():
        tags = ", ".join(f"{major}: {json.dumps(tag)}" for major, tag in found.tags.items())
        values = {"tags": f"{{{tags}}}", "architectures": f"[{', '.join(found.architectures)}]"}
        meant["images"][key] |= {"tags": found.tags, "architectures": found.architectures}
        block = re.search(rf"^  {re.escape(key)}:\n(?:    .*\n|\n)*", rest, re.MULTILINE)
        if not block:
            raise ValueError(f"{CATALOGUE.name}: {key} is not written as its neighbours are")
        lines = block[0]
        for name, value in values.items():
            pattern = rf"^(    {name}: )[\[{{].*?[\]}}]"
            lines = re.sub(pattern, rf"\g<1>{value}", lines, flags=re.MULTILINE)
        rest = rest[: block.start()] + lines + rest[block.end() :]
    text = head + images + rest
    if yaml.safe_load(text) != meant:
        raise ValueError(
            f"{CATALOGUE.name}: `tags` and `architectures` must be one line each, as "
            'tags: {5: "1.0"}, to be rewritten'
        )
    return text


def plainly(text: str) -> str:
    """Return a sentence on one line, which closes no code block in a request's text."""
    words = " ".join(text.split()).replace("`", "'")
    return "".join(one if one.isprintable() else "?" for one in words)


def main() -> int:
    """Return 0 if all is known, 1 if an image had to be left, 2 if nothing can be done."""
    try:
        program = update_repository()
    except ModuleNotFoundError as error:
        print(
            f"This Python has no package '{error.name}': use `nox -s catalogue`.", file=sys.stderr
        )
        return 2
    if program.MISSING:
        use = f"This Python has no package '{program.MISSING}': use `nox -s catalogue`."
        print(use, file=sys.stderr)
        return 2
    text = CATALOGUE.read_text(encoding="utf-8")
    try:
        client = program.check_image.connect()
    except program.Refusal as refusal:
        print(plainly(str(refusal)), file=sys.stderr)
        client = None
    failures = (Unsure, program.Refusal, program.RegistryError, OSError)
    failures += (program.requests.RequestException, program.docker.errors.DockerException)
    entries, news, sure = {}, [], True
    for key, image in yaml.safe_load(text)["images"].items():
        print(f"{key}: ", end="", flush=True)  # it may take minutes
        try:
            found = look(image, program, client)
        except failures as error:
            print(f"LEFT: {plainly(str(error))[:500]}", flush=True)
            sure = False
            continue
        print("; ".join(found.said) or "is current", flush=True)
        sure &= found.sure
        if (found.tags, found.architectures) != (image["tags"], image["architectures"]):
            entries[key] = found
        tags = [tag for major, tag in found.tags.items() if tag != image["tags"][major]]
        news += [f"{key} {tag}" for tag in tags]
    try:
        text = rewrite(text, entries)
    except ValueError as error:
        print(f"{error}.", file=sys.stderr)
        return 2
    if entries:
        CATALOGUE.write_text(text, encoding="utf-8", newline="\n")
        pages = load("make", ROOT / "docs" / "make.py")
        for path in pages.PAGES:
            page = pages.page(path.read_text(encoding="utf-8"))
            path.write_text(page, encoding="utf-8", newline="\n")
    if news:
        print(f"For CHANGELOG.md: new repositories start from newer images: {', '.join(news)}.")
    return 0 if sure else 1


if __name__ == "__main__":
    sys.exit(main())
