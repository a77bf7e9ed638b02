"""What a repository held before keeps its effect: after each switch, and where it is adopted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import copier
import pytest

from support.checking import BY_CONDA, check, with_extras, with_local_packages
from support.repositories import commit, git

PYTHON = "  - python=3.13\n"


def test_what_was_asked_for_comes_through_every_switch(
    render: Callable[..., Path], environment: dict[str, str]
) -> None:
    """environment.yml, apt.txt, postBuild and start of one strategy are installed by the next.

    `inherit` has the Python of its base image, so the line that names one goes before it.
    """
    repository = with_extras(render(strategy="repo2docker", python_version="3.13", **BY_CONDA))
    with_local_packages(repository)
    check(repository, environment)
    packages = repository / "environment.yml"
    for strategy in ("dockerfile", "inherit"):
        if strategy == "inherit":
            packages.write_text(packages.read_text().replace(PYTHON, ""))
        commit(repository)
        before = packages.read_bytes()
        assert (PYTHON.encode() in before) == (strategy == "dockerfile")
        copier.run_update(
            repository,
            {"strategy": strategy},
            vcs_ref=copier.VcsRef.CURRENT,
            defaults=True,
            overwrite=True,
            quiet=True,
            unsafe=True,
        )
        assert packages.read_bytes() == before
        check(repository, environment)


@pytest.mark.parametrize(
    "files",
    [
        {"environment.yml": "dependencies:\n  - python=3.13\n  - pip\n  - pip: [cowsay]\n"},
        {"binder/requirements.txt": "cowsay\n", "binder/runtime.txt": "python-3.13\n"},
        {
            "Dockerfile": "FROM quay.io/jupyter/base-notebook:2026-07-28\n"
            "RUN python3 -m pip install --no-cache-dir cowsay\n"
        },
    ],
    ids=lambda files: next(iter(files)),
)
def test_an_existing_repository_starts_on_a_hub(
    template: Path, tmp_path: Path, environment: dict[str, str], files: dict[str, str]
) -> None:
    """Adopted as it is, it passes the check, with what its own files ask for."""
    repository = tmp_path / "existing"
    tests = {"tests/test_mine.py": "def test_mine():\n    import cowsay\n"}
    for name, text in (files | tests).items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text)
    commit(repository)
    copier.run_copy(str(template), repository, defaults=True, quiet=True, unsafe=True)
    assert git("diff", "HEAD", cwd=repository) == ""
    check(repository, environment)
