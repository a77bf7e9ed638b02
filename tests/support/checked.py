"""Repositories whose image is checked, and images to check: one that is good, and ways of being broken.

The broken images derive from the good one, so they share its layers and most are built in a second.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

NAME = "checked"  # images made here are called checked/...
CONTRACT = "https://example.org/docs/contract.md"
SETTINGS = {
    "STRATEGY": "dockerfile",
    "IMAGE": "ghcr.io/owner/checked-built",
    "BASE_IMAGE": "",
    "JUPYTERHUB_MAJOR": "5",
    "DEFAULT_URL": "/lab",
    "HOME_DIR": "/home/jovyan",
    "WORKING_DIR": "",
    "CONTRACT": CONTRACT,
}
GOOD = """
RUN apt-get update \\
 && apt-get install -y --no-install-recommends git tini && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 1000 --gid 100 --create-home --shell /bin/bash jovyan
RUN python3 -m venv --system-site-packages /opt/venv \\
 && /opt/venv/bin/pip install --no-cache-dir 'jupyterhub==5.*' jupyterlab notebook \\
 && echo 'PATH=/opt/venv/bin:$PATH' > /etc/profile.d/venv.sh
ENV PATH=/opt/venv/bin:$PATH
USER jovyan
WORKDIR /home/jovyan
ENTRYPOINT ["tini", "--"]
"""
TEST = """
import os
def test_home():
    assert os.getuid() == 1000 and 100 in os.getgroups()
    assert not os.path.exists('/home/jovyan/.bashrc')  # the image's home is hidden
    open('/home/jovyan/written', 'w').close()
"""


class Checked(NamedTuple):
    """What a check came to: its exit code, and what it printed, on both streams."""

    code: int
    text: str

    @property
    def failure(self) -> tuple[str, str]:
        """The row that failed, and the sentence."""
        assert self.code == 1, self.text
        line = next(line for line in self.text.splitlines() if line.startswith("FAIL: "))
        row, _, sentence = line.removeprefix("FAIL: ").partition(" ")
        return row, sentence


def write_settings(root: Path, **changes: str) -> None:
    """Write a repository's ci/image.env."""
    (root / "ci").mkdir(exist_ok=True)
    lines = [f"{key}={value}\n" for key, value in (SETTINGS | changes).items()]
    text = "# a comment\n\n" + "".join(lines)
    (root / "ci" / "image.env").write_text(text, encoding="utf-8", newline="\n")


def write_repository(root: Path, files: Mapping[str, str] | None = None) -> Path:
    """Make a repository with settings, one test and files of its own, by name; return its folder."""
    write_settings(root)
    for name, text in (files or {}).items():
        (root / name).write_text(text, encoding="utf-8")
    (root / "tests").mkdir()
    (root / "tests" / "test_home.py").write_text(TEST, encoding="utf-8")
    return root


def write_notebook(root: Path) -> None:
    """Write a notebook that writes a file beside itself, among a repository's tests."""
    cell: dict[str, object] = {
        "cell_type": "code",
        "id": "one",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": "import sys\nopen('written.txt', 'w').close()\nassert '/opt/venv' in sys.prefix",
    }
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": spec},
        "cells": [cell],
    }
    (root / "tests" / "example.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def build(tag: str, dockerfile: str) -> str:
    """Build an image from a Dockerfile without context, and return its name."""
    command = ["docker", "build", "--quiet", "--tag", f"{NAME}/{tag}", "-"]
    subprocess.run(command, input=dockerfile.encode(), check=True, stdout=subprocess.DEVNULL)
    return f"{NAME}/{tag}"


def as_root(command: str) -> str:
    """Return lines of a Dockerfile that run a command as root."""
    return f"USER root\nRUN {command}\nUSER jovyan"


def script(path: str, text: str) -> str:
    """Return lines of a Dockerfile that write an executable file."""
    lines = text.replace("\n", "\\n")
    return as_root(f"printf '{lines}\\n' > {path} && chmod 755 {path}")


def kernel(argv: list[str]) -> str:
    """Return lines of a Dockerfile that add a kernelspec named `broken`."""
    spec = json.dumps({"argv": argv, "display_name": "broken", "language": "python"})
    quoted = "'" + spec.replace("'", "'\\''") + "'"
    where = "/opt/venv/share/jupyter/kernels/broken"
    return as_root(f"mkdir {where} && printf %s {quoted} > {where}/kernel.json")


class Remains:
    """What checks leave behind, apart from what lay there when this was made.

    A check that was killed on this machine earlier cannot have cleaned up.
    """

    def __init__(self) -> None:
        self.before = self.there()

    @staticmethod
    def there() -> set[str]:
        """Return the containers and volumes of checks, without those that others use just now."""
        containers = "docker ps --all --quiet --filter label=hub-image-check --filter ancestor="
        volumes = "docker volume ls --quiet --filter label=hub-image-check --filter dangling=true"
        commands = (f"{containers}{NAME}/good:1", volumes)
        return {
            line
            for each in commands
            for line in subprocess.check_output(each.split(), text=True).split()
        }

    def found(self) -> set[str]:
        """Return what has come since and stays for 150 s: what checks beside this one make is gone by then."""
        new = self.there() - self.before
        for _ in range(150):
            if not new:
                break
            time.sleep(1)
            new &= self.there()
        return new
