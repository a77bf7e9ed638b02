"""Whether answers fit to the questions and to each other, and how they are refused, for Jinja.

A function whose name ends in `_error` returns a sentence, or nothing where the answer will do.

Copier loads this file by its path and, in one update, in two versions: it imports no sibling.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from reprlib import Repr
from typing import Any

import yaml
from jinja2 import Environment, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context
from prompt_toolkit.application import get_app_or_none

SHORT = Repr()  # a bad value: its control characters escaped, and at most a line of it
SHORT.maxstring = SHORT.maxother = 80

# How several choices are given at once: words in brackets, each before a comma or the end.
LIST = re.compile(r"\[(?: *[a-z0-9]+ *(?:,|(?=\])))* *\]")
FOLDER = "{{ '.' if "  # the default of a question that names a folder of the template
FEW = 10  # choices that a sentence can list


@pass_context  # else Jinja would refuse a constant sentence at compile time
def refuse(context: Context, sentence: str, question: str = "") -> str:
    """Refuse an answer with one sentence.

    Args:
        context: the answers so far.
        sentence: the sentence, or nothing if the answer is fine.
        question: its name, where a stored answer may not fit to others that are new.

    Returns:
        The sentence, for Copier to show at its prompt and ask again, or to drop a stored answer that
        `-d` replaces.

    Raises:
        SystemExit: with the sentence, where no prompt is open. Copier would print a traceback for `-d`,
            and in an update it would drop the stored answer and go on with the default.
    """
    if sentence and get_app_or_none() is None and not _replaced(context, question):
        raise SystemExit(sentence)
    return sentence


def _replaced(context: Context, question: str) -> bool:
    """Whether the answer at hand is a stored one and `-d` gives another: Copier looks at both."""
    data, stored = context["_copier_conf"]["data"], context["stored_answers"]
    given = data.get(question)
    new_base = data.get("base", stored.get("base")) != stored.get("base")
    if given is None and question == "base_tag" and new_base:  # a tag goes with its image
        return bool(context[question] == stored.get(question))
    if given is None:
        return False
    now = context[question]
    if isinstance(now, list):
        return set(yaml.safe_load(given) if isinstance(given, str) else given) != set(now)
    return bool(given != now)


def choice_error(value: str | list[str], choices: Collection[str], question: str) -> str:
    """Refuse what is none of the choices.

    Args:
        value: an answer, or a list of them.
        choices: what may be chosen.
        question: its name.

    Returns:
        A sentence, or nothing.
    """
    for one in value if isinstance(value, list) else [value]:
        if one not in choices:
            near = choices if len(choices) < FEW else get_close_matches(str(one), choices)
            wanted = ", ".join(near) or "those in the README's table"
            return f"Let {question} be one of {wanted}: {SHORT.repr(one)} is none of the choices."
    return ""


@pass_context
def kept_files_error(context: Context, value: object) -> str:
    """Refuse a list of files to leave alone if one of them is none of the template's.

    Args:
        context: the answers so far.
        value: the list.

    Returns:
        A sentence, or nothing.
    """
    if not isinstance(value, list):
        return (
            f"Write [README.md, LICENSE], or [] for none: {SHORT.repr(value)} is no list of files."
        )
    for name in value:
        if name not in context["template_files"]:
            near = get_close_matches(str(name), context["template_files"], cutoff=0.3)
            return f"Use {', '.join(near) or '[]'}: {SHORT.repr(name)} is no file of this template."
    return ""


@pass_context
def platforms_error(context: Context, value: list[str]) -> str:
    """Refuse processors that CI could not build for.

    `community-image` builds nothing: the answer waits there for another strategy.

    Args:
        context: the answers so far.
        value: the processors.

    Returns:
        A sentence, or nothing.
    """
    strategy, possible = context["strategy"], context["architectures"]
    if strategy == "community-image":
        return ""
    if not value:
        return f"Choose one or more of {', '.join(possible)}: platforms is {SHORT.repr(value)}."
    if "arm64" in value and context["code_host"] != "github":
        return "Use amd64, or code_host=github: only GitHub has runners that build 'arm64' without emulation."
    if missing := [one for one in value if one not in possible]:
        other, why = "languages without r", "repo2docker adds RStudio to R, which is not built for"
        if strategy == "inherit":
            other, why = "another base", f"{context['base_facts']['reference']} is not built for"
        return f"Use {', '.join(possible)}, or {other}: {why} {SHORT.repr(missing[0])}."
    return ""


@cache
def questions() -> dict[str, dict[str, Any]]:
    """Return copier.yml's questions, without its settings."""
    path = Path(__file__).parent.parent / "copier.yml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the fast one, where PyYAML has it
    every = yaml.load(path.read_text(encoding="utf-8"), Loader=loader).items()
    return {name: details for name, details in every if not name.startswith("_")}


@pass_context
def given_answers_error(context: Context) -> str:
    """Refuse what Copier would pass over: an unknown question, or a choice that is none.

    Copier drops a stored answer that is no choice any more, and takes the default.

    Args:
        context: all answers given or stored so far.

    Returns:
        A sentence, or nothing.
    """
    data = context["_copier_conf"]["data"]
    return _unknown(data) or _none_of_the_choices(context) or _computed(context, data)


def _unknown(data: dict[str, Any]) -> str:
    """Refuse an answer to no question."""
    for name in data:
        if not name.startswith("_") and name not in questions():
            near = get_close_matches(name, questions()) or questions()
            return (
                f"Use one of {', '.join(near)}: {SHORT.repr(name)} is no question of this template."
            )
    return ""


def _none_of_the_choices(context: Context) -> str:
    """Refuse an answer that cannot be chosen."""
    for name, question in questions().items():
        value = context.get(name)
        if value is None or "choices" not in question:
            continue
        choices = context["base_choices"] if name == "base" else question["choices"]
        values = list(choices.values() if isinstance(choices, dict) else choices)
        if question.get("multiselect") and isinstance(value, str):
            if not LIST.fullmatch(value):
                example = f"[{', '.join(values)}]"
                return f"Write some or all of {example}: {name} is {SHORT.repr(value)}, which is no list."
            value = yaml.safe_load(value)
        if error := choice_error(value if isinstance(value, list) else str(value), values, name):
            return error
    return ""


def _computed(context: Context, data: dict[str, Any]) -> str:
    """Refuse an answer that names a folder of the template: which are taken follows from others."""
    strategy = str(context.get("strategy", "")).replace("-", "_")
    host = context.get("code_host") or questions()["code_host"]["default"]
    taken = {strategy, f"on_{host}", "" if strategy == "community_image" else "own_image"}
    for name, question in questions().items():
        if question.get("when") is not False or FOLDER not in question["default"]:
            continue
        if data.get(name) not in (None, "." if name in taken else ""):
            origin = "code_host" if name.startswith("on_") else "strategy"
            return (
                f"Leave {name} out: it follows from {origin}, and is not {SHORT.repr(data[name])}."
            )
    return ""


class Answers(Extension):
    """Makes these functions known to Jinja, under their own names."""

    def __init__(self, environment: Environment) -> None:
        """Add the filters, and the function that looks at all answers.

        Args:
            environment: Copier's.
        """
        super().__init__(environment)
        for function in (choice_error, kept_files_error, platforms_error, refuse):
            environment.filters[function.__name__] = function
        environment.globals["given_answers_error"] = given_answers_error
