"""A row of the report: a test, and what is printed of it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
ASKED = re.compile(r" 200 GET /(?:hub/api/users|user)/check\b")  # in logs: by the check, answered


class Failed(Exception):
    """A row does not hold.

    Attributes:
        text: one sentence: what is wrong, and what mends it.
        log: what was printed meanwhile.
        row: its name; empty for the one that is being tested.
    """

    def __init__(self, text: str, log: str = "", row: str = "") -> None:
        super().__init__(text)
        self.text, self.log, self.row = text, log, row


@dataclass(frozen=True)
class Row(Generic[T]):
    """A test under the names of rows of docs/contract.md; what its docstring says is what holds."""

    names: str
    test: Callable[[T], str]

    def run(self, number: int, subject: T) -> None:
        """Test it and print the result; raises Failed, or whatever else ends the check."""
        title = str(self.test.__doc__).rstrip(".")
        print(f"{number:2}. {self.names:<14} {title} ".ljust(72, "."), end=" ", flush=True)
        started = time.monotonic()
        try:
            detail = self.test(subject)
        except BaseException as error:
            print(flush=True)
            if isinstance(error, Failed):
                error.row = error.row or self.names.split()[0]
            raise
        took = f"ok ({time.monotonic() - started:.1f} s)"
        print(f"{took}: {detail}" if detail else took, flush=True)


def row(names: str) -> Callable[[Callable[[T], str]], Row[T]]:
    """Make a row of a function that returns a detail or raises Failed, by default for the first name."""
    return lambda test: Row(names, test)


def tail(text: str, lines: int) -> str:
    """Return the last lines of a text, without what the check itself asked the hub and the server and got."""
    said = [line for line in text.rstrip().splitlines() if not ASKED.search(line)]
    return "\n".join(said[-lines:])
