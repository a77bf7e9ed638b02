"""Versions that answers may name, for Jinja: choices, those that files name, and filters that return a sentence.

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
DATE = r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"


@cache
def known() -> dict[str, Any]:
    """Return what repo2docker knows: the data file beside this one."""
    text = Path(__file__).with_name("versions.yml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(text)
    return data


@pass_context
def python_choices(context: Context) -> dict[str, str]:
    """Return the answers that `python_version` may have by their labels, the newest first.

    repo2docker and conda-forge bring those that repo2docker has; `dockerfile` with pip starts from
    Docker's own images, which are there earlier. Where the answer waits for another strategy, all may.

    Args:
        context: the answers so far.
    """
    strategy, by_conda = context["strategy"], context.get("packages_with") == "conda"
    asked = "python" in (context.get("languages") or ["python"])
    as_in_repo2docker = {"dockerfile": by_conda, "repo2docker": asked}.get(strategy, False)
    also = [] if as_in_repo2docker else known()["python_images"]
    ended = known()["python_ended"]
    labels = {version: version for version in [*known()["python"], *also][::-1]}
    for version, month in ended.items():
        labels[version] = f"{version} (gets no more fixes since {month})"
    return {label: version for version, label in labels.items()}


@pass_context
def r_error(context: Context, value: str) -> str:
    """Refuse an R that repo2docker does not install, or one that lacks the date of its packages.

    Args:
        context: the answers so far; beside other languages R comes from conda-forge, which knows no date.
        value: such as 4.5-2026-11-01.

    Returns:
        A sentence, or nothing.
    """
    version, dash, date = value.partition("-")
    dated = context["strategy"] == "repo2docker" and context.get("languages") == ["r"]
    if version in known()["r"] and not dash and not dated:
        return ""
    if version in known()["r"] and not date:
        return (
            f"Write {version}-2026-11-01: {SHORT.repr(value)} lacks the date of its packages, without which "
            "repo2docker installs no R."
        )
    if version not in known()["r"] or not re.fullmatch(DATE, date):
        return (
            f"Write 4.5-2026-11-01: {SHORT.repr(value)} is none of {', '.join(known()['r'])} with a dash and the "
            "date of the packages behind it."
        )
    if date < known()["r_snapshots_since"]:
        since = known()["r_snapshots_since"]
        return f"Use {since} or later: there is no snapshot of R packages for {SHORT.repr(value)}."
    return ""


def julia_error(value: str) -> str:
    """Refuse what is no Julia version such as 1.12; return a sentence, or nothing."""
    if re.fullmatch(r"1\.[0-9]{1,2}", value):
        return ""
    return f"Write it as in 1.11: {SHORT.repr(value)} is no Julia version."


def version_error(value: str) -> str:
    """Refuse what is no released version of a tool, such as 2026.4.0; return a sentence, or nothing."""
    if re.fullmatch(r"[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}", value):
        return ""
    return f"Write three numbers, as in 2026.4.0: {SHORT.repr(value)} is no released version."


def year_error(value: str) -> str:
    """Refuse what is no year for a copyright; return a sentence, or nothing."""
    return (
        "" if re.fullmatch(r"20[0-9]{2}", value) else f"Write 2026: {SHORT.repr(value)} is no year."
    )


def language_versions(conda: str, runtime: str, project: str) -> dict[str, str]:
    """Return `python_version`, `r_version` and `julia_version`, as far as files name them.

    Args:
        conda: the text of environment.yml.
        runtime: that of runtime.txt.
        project: that of Project.toml.
    """
    answers = {}
    python, r = ("|".join(map(re.escape, known()[name])) for name in ("python", "r"))
    if version := (
        re.search(rf"^\s*- *python *=+ *({python})\b", conda, re.MULTILINE)
        or re.fullmatch(rf"python-({python})(?:\.\d+)?", runtime)
    ):
        answers["python_version"] = version[1]
    if match := re.fullmatch(rf"r-({r})(?:\.\d+)?-(\d{{4}}-\d\d-\d\d)", runtime):
        answers["r_version"] = f"{match[1]}-{match[2]}"
    if match := re.search(r'^julia *= *"[~^]?(1\.\d+)', project, re.MULTILINE):
        answers["julia_version"] = match[1]
    return answers


class Versions(Extension):
    """Makes the functions above known to Jinja, under their own names."""

    def __init__(self, environment: Environment) -> None:
        """Add the filters.

        Args:
            environment: Copier's.
        """
        super().__init__(environment)
        filters = (language_versions, r_error, julia_error, version_error, year_error)
        environment.filters.update({function.__name__: function for function in filters})
        environment.globals["python_choices"] = python_choices
