"""Which tags of an image are newer, and the newest that will do. It needs nothing but Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

# A commit names no order; eight digits that start with 20 are a day.
COMMIT = re.compile(r"(?!20\d{6}$)[0-9a-f]{7,40}")


def pattern_of(kind: str) -> str:
    """Return the regular expression for what image.env says with "%" for a digit, "%+" for several."""
    return re.escape(kind).replace(r"%\+", r"\d+").replace("%", r"\d")


def numbers(tag: str) -> list[int]:
    """Return the numbers in a tag, by which tags are ordered: 2026.10.1 is newer than 2026.9.30."""
    return [int(digits) for digits in re.findall(r"\d+", tag)]


def newer(tags: Iterable[str], current: str, pattern: str) -> list[str]:
    """Return the tags that are newer than the current one, oldest first.

    Args:
        tags: all tags of the image.
        current: the current one; a digest behind it does not count.
        pattern: the regular expression of tags of its kind.

    Returns:
        Those that match the pattern; none if the current one does not, or if tags like it have no
        order, as commits and `latest`.
    """
    current = current.partition("@")[0]

    def ordered(tag: str) -> bool:
        has_order = re.search(r"\d", tag) and not COMMIT.fullmatch(tag)
        return bool(has_order and re.fullmatch(pattern, tag))

    found = {tag for tag in tags if ordered(tag) and numbers(tag) > numbers(current)}
    return sorted(found, key=numbers) if ordered(current) else []


def newest(
    candidates: list[str], pulled: Callable[[str], object], fits: Callable[[str], bool]
) -> str:
    """Return the newest tag that can be pulled and fits, found with few questions.

    What fits is expensive to know, and once a tag does not, no newer one does, as JupyterHub's major only
    grows: the newest is asked first, then it goes by halves.

    Args:
        candidates: the tags, oldest first.
        pulled: whether a tag can be pulled: one may be listed and gone.
        fits: whether what is inside will do.

    Returns:
        The tag, or nothing if none does.
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
