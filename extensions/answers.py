"""Whether an answer fits to others, and how one is refused, for Jinja.

A function whose name ends in `_error` returns a sentence, or nothing where the answer will do.

It needs what extensions/given.py and extensions/switch.py add. Copier loads this file by its path and, in
one update, in two versions: it imports no sibling.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from reprlib import Repr

import yaml
from jinja2 import Environment, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context
from prompt_toolkit.application import get_app_or_none

SHORT = Repr()  # a bad value: its control characters escaped, and at most a line of it
SHORT.maxstring = SHORT.maxother = 80

FEW = 10  # choices that a sentence can list


@pass_context  # else Jinja would refuse a constant sentence at compile time
def refuse(context: Context, sentence: str, question: str = "") -> str:
    """Refuse an answer with one sentence, which begins with the remedy.

    Args:
        context: the answers so far.
        sentence: the sentence, or nothing if the answer is fine.
        question: the question's name; none for what is computed from all answers.

    Returns:
        What Copier shows at its prompt, before it asks again: the remedy alone, as one line of a
        terminal must hold it. Or the sentence, for Copier to drop a stored answer that `-d` or its
        prompt replaces.

    Raises:
        SystemExit: with the sentence, where no prompt is open. Copier would print a traceback for `-d`,
            and in an update it would drop the stored answer and go on with the default.
    """
    if not sentence or (question and is_old(context)):
        return ""
    if get_app_or_none() is not None:
        return sentence.partition(": ")[0]
    if _replaced(context, question) or _asked_again(context, question):
        return sentence
    raise SystemExit(_named(context, sentence, question))


def is_old(context: Context) -> bool:
    """Whether Copier renders what a repository was, to compare: an answer that never did may stand there.

    It then gives all that is stored as data, its own `_commit` too (copier/_main.py, _apply_update).
    """
    return "_commit" in context["_copier_conf"]["data"]


def _named(context: Context, sentence: str, question: str) -> str:
    """The sentence, with the name of the question and what replaces an answer that is stored."""
    if not question:
        return sentence
    if question not in context["_copier_conf"]["data"] and question in context["stored_answers"]:
        return f"{sentence} That answer is stored: add -d {question}=... to replace it."
    return sentence if question in sentence else f"{sentence} It answers {question}."


def _asked_again(context: Context, question: str) -> bool:
    """Whether the answer at hand is a stored one and a person at a prompt gives another."""
    stored, conf = context["stored_answers"], context["_copier_conf"]
    if conf["defaults"] or question in conf["data"] or question not in stored:
        return False
    asked = context["questions"]()[question].get("ask") is not False
    return asked and bool(context[question] == stored[question])


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


@pass_context
def ruled_out(context: Context, reason: str, question: str, value: str, instead: str) -> str:
    """Say why one choice cannot be taken, which Copier then shows beside it.

    Args:
        context: the answers so far.
        reason: why, in a few words, or nothing where it can.
        question: its name.
        value: the choice.
        instead: what can be taken.

    Returns:
        The reason.

    Raises:
        SystemExit: with a sentence, where `-d` gives that choice: Copier would print a traceback. Of a
            stored one it takes the default instead, which the message after the update says.
    """
    given = context["_copier_conf"]["data"].get(question)
    if reason and is_old(context):
        return ""
    if reason and given == value:
        raise SystemExit(f"Use {instead}: {reason}, so {question} cannot be {value!r}.")
    return reason


@pass_context
def offered(context: Context, choices: dict[str, str], question: str) -> dict[str, str]:
    """Return the choices that other answers leave.

    Args:
        context: the answers so far.
        choices: the values by their labels.
        question: its name.

    Raises:
        SystemExit: with a sentence, where an answer is given or stored that is none of them.
    """
    value = context.get(question)
    if is_old(context) and value not in (None, *choices.values()):
        return choices | {str(value): str(value)}
    if value is not None and get_app_or_none() is None:
        refuse(context, choice_error(value, choices.values(), question), question)
    return choices


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
            wanted = ", ".join(near) or "those in the template's docs/catalogue.md"
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
            image = context["base_facts"]["reference"].rstrip(":")  # its tag is asked later
            other, why = "another base", f"{image} is not built for"
        return f"Use {', '.join(possible)}, or {other}: {why} {SHORT.repr(missing[0])}."
    return ""


class Answers(Extension):
    """Makes these functions known to Jinja, under their own names."""

    def __init__(self, environment: Environment) -> None:
        """Add the filters.

        Args:
            environment: Copier's.
        """
        super().__init__(environment)
        for function in (
            choice_error,
            kept_files_error,
            offered,
            platforms_error,
            refuse,
            ruled_out,
        ):
            environment.filters[function.__name__] = function
