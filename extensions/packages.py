"""Lists of packages that people answer with, for Jinja: filters that check and change them.

It needs what extensions/environment.py, extensions/folder.py and extensions/switch.py add.
Copier loads this file by its path and, in one update, in two versions: it imports no sibling.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from reprlib import Repr
from typing import Any

import yaml
from jinja2 import Environment, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context

SHORT = Repr()  # a bad value: its control characters escaped, and at most a line of it
SHORT.maxstring = SHORT.maxother = 80
LONGEST_PACKAGE = 100

# What a list may hold, one word each. Nothing in these patterns can end a YAML or a requirements.txt
# line, open a comment or reach a shell.
PACKAGES = {
    "apt": re.compile(r"[a-z0-9][a-z0-9.+-]+"),
    "conda": re.compile(
        r"(?:[a-z0-9_.-]+::)?[A-Za-z0-9_][A-Za-z0-9_.-]*(?:(?:[=<>!~]=?|==)[A-Za-z0-9_.*+!<>=~,|]+)?"
    ),
    "julia": re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:=[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})?"),
    "pip": re.compile(
        r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?:\[[A-Za-z0-9._,-]+\])?"
        r"(?:(?:===?|[<>!~]=|[<>])[A-Za-z0-9_.*+!-]+(?:,(?:===?|[<>!~]=|[<>])[A-Za-z0-9_.*+!-]+)*)?"
    ),
    "r": re.compile(r"[A-Za-z][A-Za-z0-9.]*[A-Za-z0-9]"),
}
EXAMPLES = {
    "apt": "graphviz",
    "conda": "xarray or xarray>=2025.1",
    "julia": "DataFrames or Name=its-uuid",
    "pip": "xarray or xarray>=2025.1",
    "r": "ggplot2",
}


@cache
def julia_uuids() -> dict[str, str]:
    """Return the UUIDs of well-known Julia packages by name: the data file beside this one."""
    text = Path(__file__).with_name("julia_packages.yml").read_text(encoding="utf-8")
    uuids: dict[str, str] = yaml.safe_load(text)
    return uuids


def packages(value: str) -> list[str]:
    """Return the packages of an answer, in which spaces stand between them, sorted and each once."""
    return sorted({word for w in value.split() if (word := w.strip(","))}, key=str.lower)


def julia_packages(value: str) -> dict[str, str]:
    """Return the UUIDs of an answer's Julia packages by name, sorted, as Project.toml has them."""
    known = julia_uuids()
    pairs = (word.partition("=") for word in packages(value))
    return {name: uuid or known[name] for name, _, uuid in pairs}


def yaml_word(value: str) -> str:
    """Return a word without spaces for YAML, in quotes where YAML would read a number or the like."""
    read: Any = yaml.safe_load(value)
    return value if read == value else f'"{value}"'


@pass_context
def packages_error(context: Context, value: str, tool: str) -> str:
    """Refuse packages that a tool could not install, or that have no place in the environment.

    By `community-image` nothing is installed: such answers wait there for another strategy.

    Args:
        context: the answers so far.
        value: an answer with packages.
        tool: `apt`, `conda`, `julia`, `pip` or `r`.

    Returns:
        A sentence, or nothing.
    """
    if value and context["strategy"] != "community-image" and not context["package_files"][tool]:
        return (
            f"Leave {tool}_packages out: nothing here would install {SHORT.repr(value)}; languages or a base with "
            f"{tool} would."
        )
    for word in packages(value):
        if len(word) > LONGEST_PACKAGE or not PACKAGES[tool].fullmatch(word):
            return (
                f"Write names, spaces between: {SHORT.repr(word)} is no package that {tool} could install, as "
                f"{EXAMPLES[tool]} is."
            )
        if tool == "julia" and "=" not in word and word not in julia_uuids():
            return (
                f"Write NAME=UUID: this template does not know the UUID of {SHORT.repr(word)}, so give it as in "
                f"{word}=UUID, from the package's Project.toml."
            )
    return ""


@pass_context
def passed_by_error(context: Context, value: str, tool: str) -> str:
    """Refuse packages for a file that the template does not write: they would be dropped silently.

    That is a file of the person's own, or one that the person has removed.

    Args:
        context: the answers so far.
        value: an answer with packages.
        tool: `apt`, `conda`, `julia`, `pip` or `r`.

    Returns:
        A sentence, or nothing.
    """
    stored, question = context["stored_answers"], f"{tool}_packages"
    name = "" if context["strategy"] == "community-image" else context["package_files"][tool]
    is_new = bool(stored or context["existing_files"]) and value != stored.get(question, "")
    if not (name and value and is_new):
        return ""
    same = stored.get("strategy") == context["strategy"]
    listed = stored.get("packages_with") == context.get("packages_with")
    by_answers = same and listed and name in ("environment.yml", "requirements.txt")
    removed = (by_answers or bool(stored.get(question))) and not context["is_there"](name)
    if name in context["kept_files"] or removed:
        why = "you removed it" if removed else "it is yours"
        return (
            f"Add them to {name} yourself: {why}, so the template writes no {SHORT.repr(value)} into it; "
            f"leave {question} out."
        )
    return ""


class Packages(Extension):
    """Makes these functions known to Jinja, under their own names."""

    def __init__(self, environment: Environment) -> None:
        """Add the filters.

        Args:
            environment: Copier's.
        """
        super().__init__(environment)
        for function in (julia_packages, packages, packages_error, passed_by_error, yaml_word):
            environment.filters[function.__name__] = function
