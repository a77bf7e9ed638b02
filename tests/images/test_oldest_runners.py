"""The oldest pipx and uv that a repository's README names run its program, from the program's own header.

Each is installed in an environment of its own, from PyPI. No Docker is needed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.repositories import ROOT

USAGE = "usage: ci/check.py "
RUNNERS = {"pipx": r"\[pipx\]\S+ (\d[\d.]*) or newer", "uv": r"\[uv\]\S+ (\d[\d.]*) or newer"}
OLDER = {"pipx": "1.3.3"}  # reads no header: it brings no package


@pytest.fixture
def made(render: Callable[..., Path]) -> Path:
    """A generated repository."""
    return render(strategy="dockerfile", name="env")


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Callable[[str, str], subprocess.CompletedProcess[str]]:
    """A function that runs the program by a runner of one version."""

    def run(runner: str, version: str) -> subprocess.CompletedProcess[str]:
        own = tmp_path / version
        programs = str(own / "bin")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", own], check=True)
        pip = [sys.executable, "-m", "pip", "--python", f"{programs}/python", "install", "--quiet"]
        subprocess.run([*pip, f"{runner}=={version}"], check=True)
        env = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        env |= {"PIPX_HOME": str(own / "home"), "UV_PYTHON": f"{programs}/python"}
        command = [f"{programs}/{runner}", "run", "ci/check.py", "--help"]
        return subprocess.run(
            command, cwd=made, env=env, check=False, capture_output=True, encoding="utf-8"
        )

    return run


@pytest.mark.parametrize("runner", RUNNERS)
def test_the_oldest_that_the_readme_names(
    made: Path, run: Callable[..., subprocess.CompletedProcess[str]], runner: str
) -> None:
    """`--help` needs every package that the header names."""
    (version,) = re.findall(RUNNERS[runner], (made / "README.md").read_text(encoding="utf-8"))
    done = run(runner, version)
    assert (done.returncode, done.stdout[: len(USAGE)]) == (0, USAGE), done.stderr


@pytest.mark.parametrize("runner", OLDER)
def test_an_older_one_does_not(
    run: Callable[..., subprocess.CompletedProcess[str]], runner: str
) -> None:
    done = run(runner, OLDER[runner])
    assert done.returncode != 0 and USAGE not in done.stdout
    assert "No module named 'hub_image'" in done.stderr  # it ran the text, not the file


def test_all_pages_name_the_same(made: Path) -> None:
    (version,) = re.findall(RUNNERS["pipx"], (made / "README.md").read_text(encoding="utf-8"))
    pages = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("docs/*.md"))
    assert set(re.findall(r"pipx\S* (\d[\d.]*) or newer", pages)) == {version}
