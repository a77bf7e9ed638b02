"""Lists of packages that people answer with, for Jinja: filters that check and change them.

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
    places = {
        "conda": context["with_conda_file"],
        "julia": context["with_julia"],
        "pip": context["with_python"],
        "r": context["with_r"],
    }
    if value and context["strategy"] != "community-image" and not places.get(tool, True):
        return (
            f"Leave {tool}_packages out, or choose languages or a base with {tool}: "
            f"nothing here would install {SHORT.repr(value)}."
        )
    for word in packages(value):
        if len(word) > LONGEST_PACKAGE or not PACKAGES[tool].fullmatch(word):
            return (
                f"Write names separated by spaces, as in {EXAMPLES[tool]}: "
                f"{SHORT.repr(word)} is no package that {tool} could install."
            )
        if tool == "julia" and "=" not in word and word not in julia_uuids():
            return (
                f"Write {word}=UUID, with the UUID from the package's Project.toml: "
                f"this template does not know that of {SHORT.repr(word)}."
            )
    return ""


@pass_context
def packages_with_error(context: Context, tool: str) -> str:
    """Refuse a tool that the environment does not have, or that could not install what is asked for.

    Args:
        context: the answers so far.
        tool: `conda` or `pip`.

    Returns:
        A sentence, or nothing.
    """
    family = context["base_facts"]["family"]
    if tool == "conda" and context["strategy"] == "inherit" and "conda" not in family:
        return (
            f"Use pip, or another base: images of {family['title']} do not have {SHORT.repr(tool)}."
        )
    if tool == "pip" and context["r_by_conda"]:
        return (
            "Use conda, or R alone: repo2docker gives R beside another language by conda only, and "
            f"not with {SHORT.repr(tool)}."
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
        for function in (julia_packages, packages, packages_error, packages_with_error, yaml_word):
            environment.filters[function.__name__] = function
