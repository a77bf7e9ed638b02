"""Repositories of a small template at stand-ins for GitHub and GitLab, and a stand-in for a registry."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import plain_registry, updates
from support.web import bridge


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> updates.Workshop:
    """The small template, and the repositories made from it."""
    folder = tmp_path_factory.mktemp("workshop")
    return updates.Workshop(folder, updates.make_template(folder / "template"))


@pytest.fixture
def make(
    workshop: updates.Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., updates.Repository]]:
    """A function that makes a repository at a host: of a release, with answers."""
    if sys.platform == "win32":
        pytest.skip("CI runs the program on Linux; hooks and addresses of folders are POSIX's here")
    updates.forget_runs(monkeypatch)
    updates.no_pip(monkeypatch)
    at_once(monkeypatch)
    addresses = ("https://github.com/me/env.git", "https://gitlab.com/me/env.git")
    lines = "".join(f"insteadOf = {address}\n" for address in addresses)
    config = f'[url "{(tmp_path / "remote.git").as_posix()}"]\n{lines}'
    (tmp_path / "gitconfig").write_text(config, encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")  # none answers there
    hosts = []

    def make(
        release: str = updates.NEWEST, host: str = "github", **answers: str
    ) -> updates.Repository:
        made, running = updates.make_repository(workshop, tmp_path, release, host, answers)
        hosts.append(running)
        return made

    yield make
    for running in hosts:
        running.__exit__(None, None, None)


def at_once(patch: pytest.MonkeyPatch) -> None:
    """Give a registry that fails up at once, not after 7 seconds."""
    bridge(patch)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[plain_registry.Registry]:
    """A registry that needs no token."""
    at_once(monkeypatch)
    with plain_registry.running() as server:
        yield server
