"""Jinja that is compiled once, and not at all where there is none: what Copier adds to its start takes a third less.

Copier renders each type, default and choice of a question several times, and the folders of a file's path again for
each file; most of these hold no Jinja. It loads this file by its path and, in one update, in two versions: it imports
no sibling.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, Template
from jinja2.ext import Extension


class Plain:
    """A text without Jinja, where Copier expects a template."""

    def __init__(self, text: str) -> None:
        self.text = text

    def render(self, *_: Any, **__: Any) -> str:
        """Return the text; arguments as of `jinja2.Template.render`."""
        return self.text


class Compiled(Extension):
    """Lets the environment keep what it has compiled, by its text."""

    def __init__(self, environment: Environment) -> None:
        """Put a cache before `from_string`.

        Args:
            environment: Copier's.
        """
        super().__init__(environment)
        environment.optimized = False  # what is rendered once or twice gains nothing by it
        compile_ = environment.from_string

        @cache
        def from_string(source: str) -> Template | Plain:
            # a line's end may be changed by settings of the environment
            if isinstance(source, str) and not set(source) & {"{", "\n", "\r"}:
                return Plain(source)
            return compile_(source)

        environment.from_string = from_string  # type: ignore[assignment, method-assign]
