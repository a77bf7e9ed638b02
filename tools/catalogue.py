"""Renew this template's own pins, the tags in extensions/catalogue.yml: `nox -s catalogue`.

Of each image its registry is asked for the newest tag that fits the image's `tag_pattern`, can be
pulled, and has the JupyterHub inside under whose major it is listed; and for which processors. Then
the data file's lines `tags` and `architectures` are rewritten, and docs/catalogue.md with them. One
line an image says what was found, and a last one is for CHANGELOG.md. What only a person can decide is
proposed there and not written: another major of JupyterHub, a processor more for an image with a
warning, tags without order.
"""

from __future__ import annotations

import sys
from typing import Any

import docker
import requests
import yaml
from docker.errors import DockerException

from hub_image.engine import connect
from hub_image.registry import RegistryError
from hub_image.settings import UserError
from tools import readme
from tools.catalogue_file import CATALOGUE, Found, rewrite
from tools.newer_images import Look, Unsure

FAILURES = (
    DockerException,
    OSError,
    RegistryError,
    Unsure,
    UserError,
    requests.RequestException,
)


def plainly(text: str) -> str:
    """Return a sentence on one line, which closes no code block in a request's text."""
    words = " ".join(text.split()).replace("`", "'")
    return "".join(one if one.isprintable() else "?" for one in words)


def docker_client() -> docker.DockerClient | None:
    """Return Docker's client; None, and the reason is printed, where no Docker answers."""
    try:
        return connect()
    except UserError as error:
        print(plainly(str(error)), file=sys.stderr)
        return None


def look(images: dict[str, dict[str, Any]]) -> dict[str, Found | None]:
    """Look for each image, and print a line about it.

    Args:
        images: their entries, by key.

    Returns:
        What was found, by key; None for what had to be left.
    """
    client = docker_client()
    found: dict[str, Found | None] = {}
    for key, image in images.items():
        print(f"{key}: ", end="", flush=True)  # it may take minutes
        try:
            found[key] = one = Look(image, client).found()
            print("; ".join(one.said) or "is current", flush=True)
        except FAILURES as error:
            found[key] = None
            print(f"LEFT: {plainly(str(error))[:500]}", flush=True)
    return found


def main() -> int:
    """Run the program.

    Returns:
        0 if all is known, 1 if an image had to be left, 2 if nothing can be done.
    """
    text = CATALOGUE.read_text(encoding="utf-8")
    images = yaml.safe_load(text)["images"]
    looked = look(images)
    entries, news = {}, []
    for key, found in looked.items():
        was = images[key]
        if found and (found.tags, found.architectures) != (was["tags"], was["architectures"]):
            entries[key] = found
            tags = [tag for major, tag in found.tags.items() if tag != was["tags"][major]]
            news += [f"{key} {tag}" for tag in tags]
    try:
        text = rewrite(text, entries)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if entries:
        CATALOGUE.write_text(text, encoding="utf-8", newline="\n")
        readme.write()
    if news:
        print(f"For CHANGELOG.md: new repositories start from newer images: {', '.join(news)}.")
    return 0 if all(found and found.sure for found in looked.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
