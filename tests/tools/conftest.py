"""Where the template lives, and the button that copies it."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import button, updates
from support.repositories import once


@pytest.fixture
def upstream(template: Path, shared: Path, tmp_path: Path) -> Path:
    """Where the template lives: an older release, and today's; both have the same workflows."""
    made = once(shared / "upstream", lambda path: button.make_upstream(template, path))
    return shutil.copytree(made, tmp_path / "upstream")


@pytest.fixture
def press(
    upstream: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., button.Copy]]:
    """A function that presses the button; it takes the state of the template that is copied."""
    if sys.platform == "win32":
        pytest.skip("GitHub runs the program on Linux; hooks and addresses of folders are POSIX's")
    updates.forget_runs(monkeypatch)
    with contextlib.ExitStack() as stack:
        yield lambda state="2.0.0": stack.enter_context(button.pressing(upstream, tmp_path, state))
