"""What the Dockerfile of `inherit` does with the files that a person writes, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from support import standins
from support.checking import BY_CONDA, check, with_extras

FILES = ("apt.txt", "requirements.txt", "postBuild", "start", "environment.yml")


@pytest.fixture
def build(repo2docker_build: Callable[..., str]) -> Callable[[Path, str], str]:
    """Build a repository by repo2docker under a name; the base image is there."""

    def build(repository: Path, name: str) -> str:
        standins.ensure_bases(repository)
        image = f"hub-image-tests/{name}:test"
        repo2docker_build(repository, image)
        return image

    return build


def test_empty_files_cost_nothing(
    render: Callable[..., Path], build: Callable[[Path, str], str]
) -> None:
    """The image is the base's, and the repository's own files."""
    repository = render(strategy="inherit")
    for name in FILES:
        (repository / name).write_text("")
    (repository / "environment.yml").write_text("dependencies: []\n")
    images = standins.client().images
    history = images.get(build(repository, "empty")).history()
    base = images.get(standins.EXAMPLES["docker-stacks"]).history()
    added = sum(layer["Size"] for layer in history) - sum(layer["Size"] for layer in base)
    assert added < 1_000_000, "bytes"


def test_absent_files_are_no_mistake(
    render: Callable[..., Path], build: Callable[[Path, str], str]
) -> None:
    """Nobody needs to keep a file that asks for nothing."""
    repository = render(strategy="inherit")
    for name in FILES:
        (repository / name).unlink(missing_ok=True)
    build(repository, "absent")


def test_pip_may_not_move_the_base(
    render: Callable[..., Path], build: Callable[[Path, str], str]
) -> None:
    """A package that wants another version of the base's ends the build, which names both."""
    repository = render(strategy="inherit", pip_packages="pandas==2.2.0")
    with pytest.raises(standins.ImageError) as error:
        build(repository, "conflict")
    assert "pandas==2.2.0" in str(error.value)
    assert re.search(r"The user requested \(constraint\) pandas==", str(error.value))


@pytest.mark.parametrize(
    ("base", "package", "sentence"),
    [
        ("b-data-base", "xarray", r"requirements.txt: environment.yml needs conda"),
        ("jupyter-scipy", "python=3.12", r"Remove these lines from environment.yml: Python"),
    ],
    ids=["no conda", "another Python"],
)
def test_what_cannot_happen_ends_the_build(
    render: Callable[..., Path],
    build: Callable[[Path, str], str],
    base: str,
    package: str,
    sentence: str,
) -> None:
    """What stands in a person's file is what happens, or one sentence says why not."""
    repository = render(strategy="inherit", base=base)
    (repository / "environment.yml").write_text(f"dependencies:\n  - {package}\n")
    with pytest.raises(standins.ImageError, match=sentence):
        build(repository, "refused")


def test_inherit_from_what_repo2docker_built(
    render: Callable[..., Path],
    repo2docker_build: Callable[..., str],
    environment: dict[str, str],
) -> None:
    """Such a base (CryoCloud's, or one's own) has a REPO_DIR and a `start`, which stay as they are."""
    reference = "registry.example.org/team/base:2026-01-02"
    base = render("base", strategy="repo2docker", packages_with="pip", pip_packages="colorama")
    standins.ensure_bases(base)
    (base / "start").write_text('#!/bin/bash\nexport SET_BY_BASE="$REPO_DIR"\nexec "$@"\n')
    repo2docker_build(base, reference)
    other = {"base": "other", "base_family": "repo2docker", "base_reference": reference}
    repository = with_extras(render("child", strategy="inherit", **other, **BY_CONDA))
    (repository / "tests" / "test_base.py").write_text(
        "import os, importlib.util\n"
        'def test_start(): assert os.environ["SET_BY_BASE"] == "/srv/repo"\n'
        'def test_packages(): assert importlib.util.find_spec("colorama")\n'
    )
    check(repository, environment)
