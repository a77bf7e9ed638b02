"""CHANGELOG.md: one section a release, the newest first."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt

CHANGELOG = "CHANGELOG.md"
PART = "What an update does to a repository"
UNRELEASED = "unreleased"
HEADING = re.compile(rf"(\S+) \(({UNRELEASED}|\d{{4}}-\d{{2}}-\d{{2}})\)")


@dataclass(frozen=True)
class Section:
    """What CHANGELOG.md says of one release.

    Attributes:
        heading: its text.
        line: of the heading, from 0.
        body: all below the heading.
        update: its part about updates, without comments.
    """

    heading: str = ""
    line: int = 0
    body: str = ""
    update: str = ""

    @property
    def version(self) -> str:
        """The version that the heading names."""
        return self.heading.partition(" ")[0]


@dataclass(frozen=True)
class _Heading:
    start: int
    end: int
    tag: str
    text: str


def sections(text: str) -> list[Section]:
    """Return the sections of a CHANGELOG.md, the newest first."""
    headings = _headings(text)
    lines = text.split("\n")

    def until(first: int, tags: tuple[str, ...]) -> str:
        ends = (one.start for one in headings if one.start >= first and one.tag in tags)
        return "\n".join(lines[first : next(ends, None)]).strip()

    found: list[Section] = []
    for one in headings:
        if one.tag == "h2":
            found.append(Section(one.text, one.start, until(one.end, ("h1", "h2"))))
        elif one.tag == "h3" and one.text == PART and found:
            part = until(one.end, ("h1", "h2", "h3"))
            part = re.sub(r"<!--.*?-->", "", part, flags=re.DOTALL).strip()
            found[-1] = replace(found[-1], update=found[-1].update + part)
    return found


def _headings(text: str) -> list[_Heading]:
    """Return the headings as Markdown has them: none inside code, lists and quotes."""
    tokens = MarkdownIt().parse(text)
    return [
        _Heading(token.map[0], token.map[1], token.tag, tokens[number + 1].content)
        for number, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]


def notes_since(text: str, tag: str) -> str:
    """Return what a CHANGELOG.md says of all releases after one.

    Args:
        text: the file's.
        tag: the release; nothing for all sections.
    """
    newer = []
    for section in sections(text):
        if section.version == tag:
            break
        newer.append(section.body)
    return "\n".join(newer)
