"""A repository to publish from, and a web that answers nothing but what a test says."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import responses

from hub_image.settings import Settings
from support.ci_runs import OURS
from support.web import bridge

IMAGE_ENV = """\
STRATEGY=dockerfile
IMAGE=ghcr.io/me/env
BASE_IMAGE=
BASE_TAGS=
JUPYTERHUB_MAJOR=5
DEFAULT_URL=/lab
HOME_DIR=/home/jovyan
WORKING_DIR=
PLATFORMS=linux/amd64
BINDER=image
SOURCE=https://github.com/me/env
"""


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test runs in no CI and is logged in nowhere, wherever it runs."""
    for name in list(os.environ):
        if OURS.match(name):
            monkeypatch.delenv(name)
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "config.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository's folder with ci/image.env, not committed."""
    path = tmp_path / "env"
    (path / "ci").mkdir(parents=True)
    (path / "ci" / "image.env").write_text(IMAGE_ENV, encoding="utf-8")
    return path


@pytest.fixture
def change(repository: Path) -> Callable[..., Settings]:
    """A function that gives ci/image.env other values, and returns what it says now."""

    def change(**values: str) -> Settings:
        path = repository / "ci" / "image.env"
        text = path.read_text(encoding="utf-8")
        for key, value in values.items():
            text, count = re.subn(rf"(?m)^{key}=.*$", f"{key}={value}", text)
            assert count == 1
        path.write_text(text, encoding="utf-8", newline="\n")
        return Settings.read(repository)

    return change


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[responses.RequestsMock]:
    """All of the web: an address that a test did not name does not answer. Nothing is waited for."""
    bridge(monkeypatch, 0, 0)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as web:
        yield web
