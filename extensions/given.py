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
