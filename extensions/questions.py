"""What copier.yml's questions accept, and how they refuse: filters and functions for Jinja.

Copier loads this file by its path and, in one update, in two versions: it imports no sibling.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from jinja2 import Environment, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context
from prompt_toolkit.application import get_app_or_none

# One component of an image's name, and a tag: github.com/distribution/reference, regexp.go.
NAME_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
REGISTRY = r"(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::[0-9]{1,5})?"
IMAGE = re.compile(rf"{REGISTRY}(?:/{NAME_COMPONENT})+")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
# A tag that names whatever is newest; on a hub it changes under people's feet (contract K17).
MOVING = re.compile(r"(?:.*-)?(?:latest|main|master|devel|nightly|edge|stable)")
# Zero to JupyterHub documents 63 characters for a whole reference (contract K16); ours ends in
# ":YYYY-MM-DD" or ":" and 12 characters of a commit.
LONGEST_IMAGE = 63 - len(":0123456789ab")

# Python versions for which repo2docker 2026.04.0 has a frozen base environment that is still
# supported by python.org (repo2docker/buildpacks/conda/environment.py-*.lock).
PYTHON_VERSIONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]
# R versions that repo2docker 2026.04.0 installs (repo2docker/buildpacks/r.py).
R_VERSIONS = ["4.0", "4.1", "4.2", "4.3", "4.4", "4.5"]

OWNER_AND_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
GROUPS_AND_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)+")
# How several choices are given at once: words in brackets, each before a comma or the end.
LIST = re.compile(r"\[(?: *[a-z0-9]+ *(?:,|(?=\])))* *\]")
SHORT_NAME = re.compile(r"[a-z0-9]+(?:[-._][a-z0-9]+)*")

# What a package list may hold, one word each. Nothing in these patterns can end a YAML or a
# requirements.txt line, open a comment or reach a shell.
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
PACKAGE_EXAMPLES = {
    "apt": "graphviz",
    "conda": "xarray or xarray>=2025.1",
    "julia": "DataFrames or Name=its-uuid",
    "pip": "xarray or xarray>=2025.1",
    "r": "ggplot2",
}


def shown(value: object) -> str:
    """Repeat a bad value in a sentence, on one line and not longer than a line.

    In: any value. Out: its text between quotes, control characters escaped, at most 80 characters.
    """
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(value))
    return f'"{text[:77]}..."' if len(text) > 80 else f'"{text}"'


@pass_context  # else Jinja would refuse a constant sentence at compile time
def refuse(context: Context, sentence: str, question: str = "") -> str:
    """Refuse an answer with one sentence.

    In: the sentence, or nothing if the answer is fine; the question's name, where a stored answer
    may not fit to other new ones. Out: the same, for Copier to show at its prompt and ask again, or
    to drop a stored answer that `-d` replaces. Raises SystemExit where nobody is at a prompt: Copier
    would print a traceback for `-d`, and in an update it would drop the stored answer and go on with
    the default.
    """
    if sentence and get_app_or_none() is None and not replaced(context, question):
        raise SystemExit(sentence)
    return sentence


def replaced(context: Context, question: str) -> bool:
    """In: the answers, with the one that is looked at now, and its question. Out: whether that is a
    stored one and `-d` gives another: Copier looks at both. A tag goes with its image."""
    data, stored = context["_copier_conf"]["data"], context["stored_answers"]
    given = data.get(question)
    if (
        given is None
        and question == "base_tag"
        and data.get("base", stored.get("base")) != stored.get("base")
    ):
        return context[question] == stored.get(question)
    if given is None:
        return False
    now = context[question]
    if isinstance(now, list):
        return set(yaml.safe_load(given) if isinstance(given, str) else given) != set(now)
    return given != now


def choice_error(value: Any, choices: list[str]) -> str:
    """In: an answer (or a list of them) and what may be chosen. Out: a sentence, or nothing."""
    for one in value if isinstance(value, list) else [value]:
        if one not in choices:
            near = choices if len(choices) < 10 else get_close_matches(str(one), choices)
            would_do = f"one of {', '.join(near)}" if near else "one of the README's table"
            return f"{shown(one)} is none of the choices: use {would_do}."
    return ""


def line_error(value: str) -> str:
    """In: a text for people. Out: a sentence if it is empty, too long or more than one line."""
    if not value.strip():
        return f"{shown(value)} is empty: write a few words."
    if len(value) > 200:
        return f"{shown(value)} has {len(value)} characters: use at most 200."
    if not value.isprintable() or value != value.strip():
        return f"{shown(value)} must be one line without control characters or outer spaces."
    return ""


def name_error(value: str) -> str:
    """In: the environment's short name. Out: a sentence, or nothing."""
    if not SHORT_NAME.fullmatch(value) or len(value) > 40:
        return (
            f"{shown(value)} cannot name an image: use at most 40 lower-case letters and digits, "
            'with single "-", "." or "_" between them, as in my-environment.'
        )
    return ""


def slug(value: str) -> str:
    """In: any text, such as a folder's name. Out: the nearest name that `name_error` accepts."""
    words = re.findall(r"[a-z0-9]+", value.lower())
    return "-".join(words)[:40].strip("-") or "my-environment"


def tag_error(value: str) -> str:
    """In: a tag, or a tag and digest. Out: a sentence if it can move or no registry takes it."""
    tag, at, digest = value.partition("@")
    if at and not DIGEST.fullmatch(digest):
        return f"{shown(value)} has no valid digest: write it as tag@sha256: and 64 hex digits."
    if not TAG.fullmatch(tag):
        return (
            f"{shown(value)} is no tag a registry accepts: use up to 128 letters, digits, "
            '"_", "." and "-", as in 2026-07-28.'
        )
    if not at and MOVING.fullmatch(tag):
        return (
            f"{shown(value)} names another image every week: use a tag that stays, such as "
            "2026-07-28, or add the digest, as in latest@sha256:..."
        )
    return ""


def reference_error(value: str) -> str:
    """In: an image with registry and tag. Out: a sentence if a hub could not rely on it."""
    image, at, digest = value.partition("@")
    head, colon, tag = image.rpartition(":")
    if not colon or "/" in tag:
        return f"{shown(value)} has no tag: add the one you tested, as in {shown(image + ':2026-07-28')}."
    if not IMAGE.fullmatch(head) or len(value) > 255:
        return (
            f"{shown(value)} is no image a registry accepts: write it in lower case with its "
            "registry, as in quay.io/jupyter/scipy-notebook:2026-07-28."
        )
    return tag_error(tag + at + digest)


def image_error(value: str) -> str:
    """In: the name an image is published under. Out: a sentence, or nothing."""
    if not IMAGE.fullmatch(value) or "/" not in value:
        return (
            f"{shown(value)} is no image name a registry accepts: write registry/owner/name in "
            "lower case and without a tag, as in ghcr.io/my-org/my-environment."
        )
    if len(value) > LONGEST_IMAGE:
        return (
            f"{shown(value)} has {len(value)} characters: hubs take 63 with the tag, so use at "
            f"most {LONGEST_IMAGE}."
        )
    return ""


def repository_error(value: str, code_host: str) -> str:
    """In: where the code lives, and on what host. Out: a sentence, or nothing."""
    if len(value) > 200:
        return f"{shown(value)} has {len(value)} characters: use at most 200."
    if code_host == "github" and not OWNER_AND_NAME.fullmatch(value):
        return f"{shown(value)} is no repository on GitHub: write owner/name."
    if code_host == "gitlab" and not GROUPS_AND_NAME.fullmatch(value):
        return f"{shown(value)} is no project on GitLab: write group/name or group/subgroup/name."
    if code_host == "other":
        try:
            url = urlsplit(value)
            good = url.scheme == "https" and url.hostname and url.path.strip("/")
        except ValueError:
            good = False
        if not good or not re.fullmatch(r"https://[A-Za-z0-9.:-]+/[A-Za-z0-9._~/-]+", value):
            return f"{shown(value)} is no address to clone from: write https://host/path.git."
    return ""


def python_error(value: str) -> str:
    """In: a Python version. Out: a sentence if repo2docker has no base environment for it."""
    if value not in PYTHON_VERSIONS:
        return (
            f"{shown(value)} is no Python that repo2docker has a base for: "
            f"use one of {', '.join(PYTHON_VERSIONS)}."
        )
    return ""


def r_error(value: str) -> str:
    """In: an R version with the date of its packages. Out: a sentence, or nothing."""
    version, _, date = value.partition("-")
    if version in R_VERSIONS and not date:
        return (
            f"{shown(value)} lacks the date of its packages, without which repo2docker installs "
            f"no R: write {version}-2026-11-01."
        )
    if version not in R_VERSIONS or not re.fullmatch(
        r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", date
    ):
        return (
            f"{shown(value)} is no R version with the date of its packages: use one of "
            f"{', '.join(R_VERSIONS)}, a dash and the date, as in 4.5-2026-11-01."
        )
    if date < "2018-12-07":
        return f"{shown(value)} is before the first snapshot of packages: use 2018-12-07 or later."
    return ""


def julia_error(value: str) -> str:
    """In: a Julia version. Out: a sentence, or nothing."""
    if not re.fullmatch(r"1\.[0-9]{1,2}", value):
        return f"{shown(value)} is no Julia version: write major.minor, as in 1.11."
    return ""


def markdown_text(value: str) -> str:
    """In: one line of text. Out: the same for Markdown (CommonMark), which shows just that text."""
    text = re.sub(r"([\\`*_\[\]<>#|~&$!])", r"\\\1", value)
    text = re.sub(r"^([-+=])", r"\\\1", text)
    return re.sub(r"^([0-9]+)([.)])", r"\1\\\2", text)


def yaml_word(value: str) -> str:
    """In: one word without spaces. Out: the same as YAML, quoted if YAML would read a number or so."""
    return value if yaml.safe_load(value) == value else f'"{value}"'


def version_error(value: str) -> str:
    """In: a version of a tool. Out: a sentence, or nothing."""
    if not re.fullmatch(r"[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}", value):
        return f"{shown(value)} is no released version: write three numbers, as in 2026.4.0."
    return ""


def year_error(value: str) -> str:
    """In: the year of the copyright. Out: a sentence, or nothing."""
    return "" if re.fullmatch(r"20[0-9]{2}", value) else f"{shown(value)} is no year: write 2026."


def packages(value: str) -> list[str]:
    """In: an answer with packages separated by spaces. Out: the list, sorted, each once."""
    return sorted({word for w in value.split() if (word := w.strip(","))}, key=str.lower)


@pass_context
def packages_error(context: Context, value: str, tool: str) -> str:
    """In: the answers so far, one with packages, the tool that installs them. Out: a sentence if
    the tool could not, or has no place in the environment. community-image installs nothing; the
    answers wait there for another strategy."""
    places = {
        "conda": context["with_conda_file"],
        "julia": context["with_julia"],
        "pip": context["with_python"],
        "r": context["with_r"],
    }
    if value and context["strategy"] != "community-image" and not places.get(tool, True):
        return (
            f"{shown(value)} has no place where {tool} installs nothing: "
            f"leave {tool}_packages out, or choose languages or a base with {tool}."
        )
    for word in packages(value):
        if len(word) > 100 or not PACKAGES[tool].fullmatch(word):
            return (
                f"{shown(word)} is no package that {tool} could install: write names separated by "
                f"spaces, as in {PACKAGE_EXAMPLES[tool]}."
            )
        if tool == "julia" and "=" not in word and word not in julia_uuids():
            return (
                f"{shown(word)} is no Julia package this template knows the UUID of: write "
                f"{word}=UUID with the one from its Project.toml."
            )
    return ""


@cache
def julia_uuids() -> dict[str, str]:
    """Out: UUIDs of well-known Julia packages by name, from the data file beside this one."""
    path = Path(__file__).with_name("julia_packages.yml")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def julia_packages(value: str) -> dict[str, str]:
    """In: an answer with Julia packages. Out: their UUIDs by name, sorted, as Project.toml wants."""
    known = julia_uuids()
    pairs = (word.partition("=") for word in packages(value))
    return {name: uuid or known[name] for name, _, uuid in pairs}


@pass_context
def base_tag_error(context: Context, tag: str) -> str:
    """In: the answers so far and the base image's tag. Out: a sentence if the tag can move, is not
    of that image, or holds the JupyterHub of another major than the hub's (contract K11)."""
    base, facts = context["base"], context["base_facts"]
    major, strategy = context["jupyterhub_major"], context["strategy"]
    known = ", ".join(facts["tags"].values())
    if not tag and not known:
        return (
            f"{shown(base)} has no tag that stays: give one with the digest you tested, "
            "as in -d base_tag=latest@sha256:..."
        )
    if not tag:
        return (
            f"{shown(base)} has no tag known to hold JupyterHub {major}: give one that does with "
            "-d base_tag=..., or use the strategy inherit, which adds it."
        )
    if error := tag_error(tag):
        return error
    name, at, _ = tag.partition("@")
    patterns = (facts["tag_pattern"], facts["family"].get("tags_also", "^$"))
    if not at and not any(re.search(pattern, name) for pattern in patterns):
        return f"{shown(tag)} is no tag of {base}: use one like {known}."
    inside = facts["jupyterhub"]
    if strategy == "community-image" and inside not in ("", major):
        return (
            f"{shown(tag)} of {base} holds JupyterHub {inside}, your hub runs {major}: use another "
            "tag, or the strategy inherit, which adds the hub's."
        )
    return ""


@pass_context
def packages_with_error(context: Context, tool: str) -> str:
    """In: the answers so far and `conda` or `pip`. Out: a sentence if that cannot work."""
    if tool == "conda" and context["strategy"] == "inherit":
        family = context["base_facts"]["family"]
        if "conda" not in family:
            return (
                f"{shown(tool)} is not in the images of the family {family['title']}: "
                "use pip, or another base."
            )
    if tool == "pip" and context["r_by_conda"]:
        return (
            f"{shown(tool)} cannot give R beside another language, for which repo2docker needs "
            "conda: use conda, or R alone."
        )
    return ""


@pass_context
def kept_files_error(context: Context, value: Any) -> str:
    """In: the files that the template leaves alone. Out: a sentence if it has no such files."""
    if not isinstance(value, list):
        return f"{shown(value)} is no list of files: write [README.md, LICENSE], or [] for none."
    for name in value:
        if name not in context["template_files"]:
            near = get_close_matches(str(name), context["template_files"], cutoff=0.3)
            return f"{shown(name)} is no file of this template: use {', '.join(near) or '[]'}."
    return ""


@pass_context
def platforms_error(context: Context, value: list[str]) -> str:
    """In: the answers so far and the processors to build for. Out: a sentence if CI could not.
    community-image builds nothing; the answer waits there for another strategy."""
    strategy, possible = context["strategy"], context["architectures"]
    if strategy == "community-image":
        return ""
    if not value:
        return f"No processor is chosen: use one or more of {', '.join(possible)}."
    if "arm64" in value and context["code_host"] != "github":
        return (
            f"{shown('arm64')} is built natively on GitHub's arm64 runners only: use amd64, "
            "or code_host=github."
        )
    if missing := [one for one in value if one not in possible]:
        if strategy == "inherit":
            lacks = f"is not what {context['base_facts']['reference']} is built for"
            other = "another base"
        else:
            lacks, other = "has no RStudio, which repo2docker adds to R", "languages without r"
        return f"{shown(missing[0])} {lacks}: use {', '.join(possible)}, or {other}."
    return ""


@pass_context
def given_answers_error(context: Context) -> str:
    """What Copier would pass over: an unknown question, or a choice that is none, also a stored one
    (Copier drops those in an update and takes the default).

    In: all answers given or stored so far. Out: a sentence, or nothing.
    """
    path = Path(__file__).parent.parent / "copier.yml"
    questions = {
        name: details
        for name, details in yaml.safe_load(path.read_text(encoding="utf-8")).items()
        if not name.startswith("_")
    }
    for name in context["_copier_conf"]["data"]:
        if not name.startswith("_") and name not in questions:
            close = ", ".join(get_close_matches(name, questions)) or ", ".join(questions)
            return f"{shown(name)} is no question of this template: did you mean {close}?"
    for name, question in questions.items():
        value = context.get(name)
        if value is None or "choices" not in question:
            continue
        choices = question["choices"]
        if name == "base":
            choices = context["base_choices"]
        values = list(choices.values() if isinstance(choices, dict) else choices)
        if question.get("multiselect") and isinstance(value, str):
            if not LIST.fullmatch(value):
                example = f"[{', '.join(values)}]"
                return f"{name}: {shown(value)} is no list: write one of or all {example}."
            value = yaml.safe_load(value)
        if error := choice_error(value if isinstance(value, list) else str(value), values):
            return f"{name}: {error}"
    rooms = [name for name, question in questions.items() if question.get("when") is False]
    strategy = str(context.get("strategy", "")).replace("-", "_")
    host = context.get("code_host") or questions["code_host"]["default"]
    wanted = {
        "every_strategy": True,
        "own_image": strategy != "community_image",
        "on_github": host == "github",
        "on_gitlab": host == "gitlab",
    }
    for name in rooms:
        given = context["_copier_conf"]["data"].get(name)
        if given not in (None, "." if wanted.get(name, name == strategy) else "") and name not in (
            "given_answers",
            "given_files",
            "template_url",
        ):
            origin = "code_host" if name.startswith("on_") else "strategy"
            return f"{shown(name)} follows from {origin}: leave it out."
    return ""


class Questions(Extension):
    """Makes the functions above known to Jinja, under their own names."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters.update(
            base_tag_error=base_tag_error,
            choice_error=choice_error,
            image_error=image_error,
            julia_error=julia_error,
            julia_packages=julia_packages,
            kept_files_error=kept_files_error,
            line_error=line_error,
            markdown_text=markdown_text,
            name_error=name_error,
            packages=packages,
            packages_error=packages_error,
            packages_with_error=packages_with_error,
            platforms_error=platforms_error,
            python_error=python_error,
            r_error=r_error,
            reference_error=reference_error,
            refuse=refuse,
            repository_error=repository_error,
            slug=slug,
            version_error=version_error,
            yaml_word=yaml_word,
            year_error=year_error,
        )
        environment.globals.update(given_answers_error=given_answers_error)
