"""Which licence a repository has, for Jinja: a second one beside it would say something else.

It only reads. Copier loads this file by its path and, in one update, in two versions: it imports no sibling.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from copier_template_extensions import ContextHook

# The first words of the licences that one may choose.
LICENSES = {
    "Apache-2.0": r"Apache License\s+Version 2\.0",
    "BSD-3-Clause": r"Redistribution and use in source and binary forms(?s:.*)Neither the name",
    "MIT": r"Permission is hereby granted, free of charge",
}
OTHER = re.compile(r"Creative Commons|\bCC[- ](?:BY|0)|GNU (?:\w+ )?General Public", re.IGNORECASE)
MINE = "mine"  # the answer for any other
FILE = re.compile(r"(?:un)?licen[cs]es?(?:[.-].*)?|copying(?:[.-].*)?", re.IGNORECASE)


def text(path: Path) -> str:
    """Return a file's text, or nothing where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def is_named(folder: Path) -> bool:
    """Return whether the description of an R or Python package names a licence."""
    if re.search(r"^License:", text(folder / "DESCRIPTION"), re.MULTILINE | re.IGNORECASE):
        return True
    try:
        project = tomllib.loads(text(folder / "pyproject.toml")).get("project", {})
    except tomllib.TOMLDecodeError:
        return False
    return bool(project.get("license"))


@cache
def license_of(folder: Path) -> dict[str, str]:
    """Return `license`, and from its notice `author` and `year`; none where a repository has no licence."""
    files = sorted(path for path in folder.iterdir() if FILE.fullmatch(path.name))
    if not files:
        return {"license": MINE} if is_named(folder) else {}
    words = text(files[0]) if len(files) == 1 else ""  # two of them are the person's own matter
    found = [key for key, pattern in LICENSES.items() if re.search(pattern, words)]
    if len(found) != 1 or OTHER.search(words):  # such as one for the texts and one for the programs
        return {"license": MINE}
    known = {"license": found[0]}
    notice = r"^\s*Copyright (?:\(c\) )?(20\d\d)(?:[-\d, ]*) (\S.{,150})$"
    holder = re.search(notice, words, re.MULTILINE)
    if holder and holder[2].strip().isprintable():
        author = re.sub(r",? *All rights reserved\.?$", "", holder[2].strip())
        known |= {"year": holder[1], "author": author}
    return known


class License(ContextHook):
    """Gives every template and question `license_found`: a function; the answers that a licence gives."""

    def hook(self, context: dict[str, Any]) -> None:
        """Add `license_found`.

        Args:
            context: Copier's, with the answers so far.
        """
        context["license_found"] = license_of
