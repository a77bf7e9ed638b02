"""Whether what is given or stored answers this template's questions at all, for Jinja.

It needs what extensions/answers.py and extensions/catalogue.py add. Copier loads this file by its path and, in
one update, in two versions: it imports no sibling.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
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

# How several choices are given at once: words in brackets, each before a comma or the end.
LIST = re.compile(r"\[(?: *[a-z0-9]+ *(?:,|(?=\])))* *\]")

FROM_BASE = ("community-image", "inherit")
OWN = ("inherit", "repo2docker", "dockerfile")
# The strategies in which an answer plays a part; those to other questions do in all four.
TAKEN_BY = {
    **dict.fromkeys(("base", "base_family", "base_reference", "base_tag", "community"), FROM_BASE),
    **dict.fromkeys(("binder", "image", "packages_with", "platforms"), OWN),
    **dict.fromkeys((f"{tool}_packages" for tool in ("apt", "conda", "julia", "pip", "r")), OWN),
    **dict.fromkeys(("julia_version", "languages", "r_version"), ("repo2docker",)),
    **dict.fromkeys(("micromamba_version", "uv_version"), ("dockerfile",)),
    "python_version": ("repo2docker", "dockerfile"),
}


@cache
def questions() -> dict[str, dict[str, Any]]:
    """Return copier.yml's questions, without its settings."""
    path = Path(__file__).parent.parent / "copier.yml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the fast one, where PyYAML has it
    every = yaml.load(path.read_text(encoding="utf-8"), Loader=loader).items()
    return {name: details for name, details in every if not name.startswith("_")}


def choices_of(question: dict[str, Any]) -> list[str]:
    """Return the values that a question of copier.yml offers, whatever other answers rule out."""
    choices = question["choices"]
    values = choices.values() if isinstance(choices, dict) else choices
    return [value["value"] if isinstance(value, dict) else value for value in values]


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
    return _unknown(data) or _none_of_the_choices(context)


def _unknown(data: dict[str, Any]) -> str:
    """Refuse an answer to no question."""
    for name in data:
        if not name.startswith("_") and name not in questions():
            near = get_close_matches(name, questions()) or questions()
            return f"Use {'one of ' * (len(near) > 1)}{', '.join(near)}: {SHORT.repr(name)} is no question of this template."
    return ""


def _none_of_the_choices(context: Context) -> str:
    """Refuse an answer that cannot be chosen."""
    for name, question in questions().items():
        value = context.get(name)
        if value is None or "choices" not in question:
            continue
        if isinstance(question["choices"], str) or _asked_again(context, name):
            continue  # Jinja makes them later, from other answers; or Copier asks
        values = choices_of(question)
        if question.get("multiselect") and isinstance(value, str):
            if not LIST.fullmatch(value):
                example = f"[{', '.join(values)}]"
                return f"Write some or all of {example}: {name} is {SHORT.repr(value)}, which is no list."
            value = yaml.safe_load(value)
        choice_error = context.environment.filters["choice_error"]
        if error := choice_error(value if isinstance(value, list) else str(value), values, name):
            # Copier looks at what is stored before anything else, and `-d` cannot replace it there
            is_old = "_commit" in context["_copier_conf"]["data"]
            return (
                f"{error} Correct it in .copier-answers.yml, and commit." if is_old else str(error)
            )
    return ""


def _asked_again(context: Context, name: str) -> bool:
    """Whether an answer that is stored gives way to one at a prompt, if it is none of the choices."""
    conf = context["_copier_conf"]
    asked = questions()[name].get("ask") is not False
    return asked and not conf["defaults"] and name not in conf["data"]


def typed(context: Context) -> dict[str, Any]:
    """Return the answers that a person types for this very render, and that differ from what is stored.

    To compare, Copier also renders from all that is stored; then nothing is typed.
    """
    data, stored = context["_copier_conf"]["data"], context["stored_answers"]
    never_asked = {
        name
        for name, details in questions().items()
        if details.get("ask") is False and "when" not in details
    }
    if "_commit" in data or never_asked <= data.keys():
        return {}
    return {name: value for name, value in data.items() if not is_same(value, stored.get(name))}


def is_same(value: object, stored: object) -> bool:
    """Whether an answer, perhaps a list in a command's words, is what is stored; where nothing is, an empty one is."""
    if isinstance(stored, list):
        return sorted(re.findall(r"\w+", str(value))) == sorted(map(str, stored))
    return str(value) == str(stored or "")


@pass_context
def without_effect(context: Context) -> str:
    """Refuse what is typed and plays no part in the strategy, or beside another answer: it would be dropped silently.

    What is stored waits there for another strategy.

    Args:
        context: the answers so far.

    Returns:
        A sentence, or nothing.
    """
    strategy = context["strategy"]
    for name, value in typed(context).items():
        taken, bad = TAKEN_BY.get(name, (strategy,)), SHORT.repr(value)
        if strategy not in taken:
            others = " or ".join(taken)
            return (
                f"Leave {name} out, or use strategy={others}: '{strategy}' does nothing with {bad}."
            )
        if other := _beside(context, name):
            answer = f"{other}={SHORT.repr(context[other])}"
            return f"Leave {name} out, or give another {other}: beside {answer} nothing is done with {bad}."
    return ""


def _beside(context: Context, name: str) -> str:
    """Return the question whose answer leaves another without effect, or nothing."""
    base, host, licence = (context.get(one) for one in ("base", "code_host", "license"))
    tool, strategy = context.get("packages_with"), context["strategy"]
    of = context.get("languages") if strategy == "repo2docker" else None
    own_licence = licence in ("mine", "none")
    lists = strategy == "repo2docker" and context["keeps_environment"]
    passed_by = {
        "author": ("license", own_licence),
        "base_family": ("base", base not in (None, "other")),
        "base_reference": ("base", base not in (None, "other")),
        "base_tag": ("base", base == "other"),
        "binder": ("code_host", host == "other" and context.get("binder") == "image"),
        "julia_version": ("languages", of and "julia" not in of),
        "kept_license": ("license", licence not in (None, "mine")),
        "micromamba_version": ("packages_with", tool == "pip"),
        "packages_with": ("languages", of and "python" not in of and not context["r_by_conda"]),
        "python_version": (
            "kept_files" if lists else "languages",
            lists or (of and "python" not in of),
        ),
        "r_version": ("languages", of and "r" not in of),
        "uv_version": ("packages_with", tool == "conda"),
        "year": ("license", own_licence),
    }
    question, is_passed_by = passed_by.get(name, ("", False))
    return question if is_passed_by else ""


class Given(Extension):
    """Makes these functions known to Jinja, under their own names."""

    def __init__(self, environment: Environment) -> None:
        """Add them.

        Args:
            environment: Copier's.
        """
        super().__init__(environment)
        environment.globals["given_answers_error"] = given_answers_error
        environment.globals["questions"] = questions
        environment.globals["without_effect"] = without_effect
