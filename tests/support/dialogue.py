"""A person at Copier's prompts: the real ones, of questionary and prompt_toolkit, over a pipe instead of a keyboard."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import copier
import copier._main
import pytest
import questionary
from prompt_toolkit.application import Application, application, create_app_session
from prompt_toolkit.application.current import set_app
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.key_binding.defaults import load_key_bindings
from prompt_toolkit.output import DummyOutput
from prompt_toolkit.renderer import Renderer

DOWN, ENTER, SPACE, INTERRUPT = "\x1b[B", "\r", " ", "\x03"
CLEAR = "\x01\x0b"  # to the start of the line, and away with what stands there
ROLLING = "latest@sha256:" + 64 * "0"
# What people type: what will do, and what is refused. Empty: what is offered.
TYPED: dict[str, tuple[list[str], list[str]]] = {
    "name": (["", "my-class", "a.b_c"], ["My Class", "-a", 41 * "a", "ä"]),
    "description": (["", 'Ice: 100% "real" {{ 1 }} # snow\'s'], [" ", 201 * "a"]),
    "base_reference": (
        ["quay.io/team/image:1.0"],
        ["image", "quay.io/Team/x:1", "quay.io/a/b", "quay.io/a/b:latest"],
    ),
    "base_tag": (["", ROLLING], ["latest", "no such tag", "x@sha256:1"]),
    "r_version": (["", "4.4-2025-06-01"], ["4", "4.5-", "9.9-2026-01-01", "4.5-2017-01-01"]),
    "julia_version": (["", "1.11"], ["2", "1", "latest"]),
    "conda_packages": (["", "xarray zarr>=2", "gdal"], ["$(id)", "a;b", "- x"]),
    "pip_packages": (["", "cowsay", "nbgitpuller dask[complete]>=2025"], ["$(id)", "a b;", "-r x"]),
    "apt_packages": (["", "tree", "graphviz libgdal-dev"], ["-o", "A", "a|b"]),
    "r_packages": (["", "ggplot2", "sf dplyr"], ["1", "a(b)"]),
    "julia_packages": (["", "DataFrames"], ["NoSuchPackage", "a b="]),
    "repository": (["", "acme/env"], ["a b", "acme"]),
    "image": (["", "quay.io/acme/env"], ["Quay", "quay.io/a/b:1", "ghcr.io/" + 60 * "a"]),
    "author": (["", 'Ada\'s "team"'], [" "]),
}
ADDRESS = "https://git.example.org/acme/env.git"
WIDTH = 78  # of 80 columns


class Person:
    """Chooses and types at random, and keeps what was seen.

    Attributes:
        answers: what was answered at a prompt, by question.
        seed: of what is random.
        strategy: the one to choose; none for any.
        refused: what each prompt said of what it refused.
        pressed: the first line of each prompt, and the keys that answered it.
        seen: the lines of each prompt, by question.
    """

    def __init__(self, seed: int, strategy: str = "") -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.strategy = strategy
        self.answers: dict[str, Any] = {}
        self.refused: list[str] = []
        self.pressed: list[tuple[str, str]] = []
        self.seen: dict[str, list[str]] = {}

    def keys(self, question: dict[str, Any]) -> str:
        """Return what to press at a prompt, as Copier describes it to questionary."""
        self.seen[question["name"]] = screen(question)
        ways = {"select": self._chosen, "checkbox": self._ticked}
        keys = ways.get(question["type"], self._typed)(question)
        self.pressed.append((question["message"].partition("\n")[0], keys))
        return keys

    def _chosen(self, question: dict[str, Any]) -> str:
        """Go down from what is offered to one of the choices."""
        free = [choice for choice in question["choices"] if not choice.disabled]
        at = free.index(question["default"]) if question.get("default") else 0
        goal = self.random.randrange(len(free))
        if question["name"] == "strategy" and self.strategy:
            goal = [choice.value for choice in free].index(self.strategy)
        return DOWN * ((goal - at) % len(free)) + ENTER

    def _ticked(self, question: dict[str, Any]) -> str:
        """Try none, which is refused, then tick one or more."""
        choices = question["choices"]
        wanted = self.random.sample(choices, self.random.randint(1, len(choices)))
        self._refusal(question, [])
        away = "".join((SPACE if choice.checked else "") + DOWN for choice in choices)
        here = "".join((SPACE if choice in wanted else "") + DOWN for choice in choices)
        return away + ENTER + here + ENTER

    def _typed(self, question: dict[str, Any]) -> str:
        """Type what is refused, perhaps, then what will do."""
        good, bad = TYPED[question["name"]]
        if question["name"] == "repository" and "https" in question["message"]:
            good = ["", ADDRESS]
        offered = question.get("default", "")
        fine = [text for text in good if refusal(question, text or offered) is True]
        keys = ""
        for text in self.random.sample(bad, self.random.randint(0, 1)):
            self._refusal(question, text)
            keys += CLEAR + text + ENTER
        text = self.random.choice(fine)
        return keys + (CLEAR + (text or question.get("default", "")) + ENTER)

    def _refusal(self, question: dict[str, Any], answer: Any) -> None:
        """Keep what the prompt says: it is what Copier's own function returns to prompt_toolkit."""
        if (said := refusal(question, answer)) is not True:
            self.refused.append(str(said))


@cache
def an_app() -> Application[None]:
    """Return what says that a prompt is open."""
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        return Application()


# Thousands of bindings are made anew for each prompt, and are always the same.
KEYS = cache(load_key_bindings)


def refusal(question: dict[str, Any], answer: Any) -> str | bool:
    """Return what a prompt says to an answer, as if it were open."""
    with set_app(an_app()):
        said: str | bool = question["validate"](answer)
    return said


def screen(question: dict[str, Any]) -> list[str]:
    """Return the lines that a terminal shows of a prompt, with the signs before them."""
    lines = f"{question['qmark']} {question['message']}".rstrip().splitlines()
    for choice in question.get("choices", []):
        why = f" ({choice.disabled})" if choice.disabled else ""
        lines.append(f"   {'- ' if why else '» '}{choice.title}{why}")
    return lines


def pasted(keys: str) -> str:
    """Return keys with whole words pasted, as terminals do it: each key alone takes a prompt some milliseconds."""
    return re.sub(r"[^\x00-\x1f\[][^\x00-\x1f]{3,}", "\x1b[200~\\g<0>\x1b[201~", keys)


def answering(person: Person) -> Callable[..., dict[str, Any]]:
    """Return what stands in the place of a keyboard: real prompts, to which the person's keys come."""
    ask = questionary.unsafe_prompt

    def prompt(questions: list[dict[str, Any]], answers: dict[str, Any]) -> dict[str, Any]:
        (question,) = questions
        if not question["when"](answers):  # computed: nothing is shown
            return ask(questions, answers=answers)
        keys = person.keys(question)
        with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
            # whoever is still asked at the end has refused a good answer
            pipe.send_text(pasted(keys) + INTERRUPT)
            given = ask(questions, answers=answers)
        person.answers |= given
        return given

    return prompt


def walk(template: Path, folder: Path, person: Person) -> None:
    """Make a repository by answering at all prompts.

    Args:
        template: a git repository.
        folder: where; it need not be there.
        person: who answers.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copier._main, "unsafe_prompt", answering(person))
        patch.setattr(application, "load_key_bindings", KEYS)
        # nobody looks: test_terminal.py has a screen, and `screen` what is on it
        patch.setattr(Renderer, "render", lambda *arguments, **options: None)
        copier.run_copy(str(template), folder, quiet=True, unsafe=True)
