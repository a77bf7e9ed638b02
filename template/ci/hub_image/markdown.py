"""Texts of others, made safe for Markdown."""

from __future__ import annotations

import re

LONGEST = 60_000  # characters: GitHub takes texts of 65,536


def plain(text: str) -> str:
    """Return a package's name or version without signs that neither has."""
    return re.sub(r"[^\w.+~:!@-]", "?", text)


def code(text: str) -> str:
    """Return a text as code in one line, at most 300 characters, whatever it holds."""
    text = "".join(c if c.isprintable() and c not in "`|" else "?" for c in text)
    return f"`{text[:300] or '-'}`"


def fence(text: str, language: str = "", size: int = LONGEST) -> list[str]:
    """Return a text as the lines of a code block, whatever it holds.

    Args:
        text: the text.
        language: of the block, such as `diff`.
        size: how many characters of the text are kept at most.
    """
    text = "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)
    text = text if len(text) <= size else f"{text[:size]}\n[...]"
    marks = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return [f"{marks}{language}", *text.splitlines(), marks]
