"""Existing repositories, adopted as they are, pass the check, with what their own files ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.adopting import adopt
from support.checking import check
from support.existing import make
from support.repositories import git

PYTHON = {"runtime.txt": "python-3.13\n"}  # of all, so that they share layers
SCM = (
    '[project]\nname = "mine"\ndynamic = ["version"]\n'
    '[build-system]\nrequires = ["setuptools>=80", "setuptools-scm>=8"]\n'
    'build-backend = "setuptools.build_meta"\n'
    '[tool.setuptools_scm]\n[tool.setuptools]\npy-modules = ["mine"]\n'
)
BASE = "FROM quay.io/jupyter/base-notebook:2026-07-28\n"
COWSAY = "import cowsay"
# By build pack: the files, the strategy that they become, and what must work in the image.
EXISTING: dict[str, tuple[dict[str, str], str, str]] = {
    "conda": (
        {"environment.yml": "dependencies:\n  - python=3.13\n  - pip\n  - pip: [cowsay]\n"},
        "repo2docker",
        COWSAY,
    ),
    "pip, in binder/": (
        {"binder/requirements.txt": "cowsay\n", "binder/runtime.txt": PYTHON["runtime.txt"]},
        "repo2docker",
        COWSAY,
    ),
    "setup.py, with tests of its own": (
        PYTHON
        | {
            "setup.py": "from setuptools import setup\nsetup(name='mine', py_modules=['mine'])\n",
            "mine.py": "",
            "tests/test_mine.py": "def test_mine(): assert False, 'not meant for the image'\n",
        },
        "repo2docker",
        "import mine",
    ),
    "pyproject.toml, which asks git for its version": (
        PYTHON | {"pyproject.toml": SCM, "mine.py": ""},
        "repo2docker",
        "import importlib.metadata\n    assert importlib.metadata.version('mine') == '1.2.3'",
    ),
    "a pointer": (
        {".binder/Dockerfile": BASE + "COPY --chown=1000 . /home/jovyan\n"},
        "community-image",
        "import jupyterlab",
    ),
    "a Dockerfile with a few lines more": (
        {"Dockerfile": BASE + "RUN python3 -m pip install --no-cache-dir cowsay\n"},
        "inherit",
        COWSAY,
    ),
}


@pytest.mark.parametrize("name", EXISTING)
def test_an_existing_repository_starts_on_a_hub(
    template: Path, tmp_path: Path, environment: dict[str, str], name: str
) -> None:
    """Nothing of it changes; the tests of the image are in image-tests/."""
    files, strategy, works = EXISTING[name]
    tests = {"image-tests/test_works.py": f"def test_works():\n    {works}\n"}
    repository = make(tmp_path / "existing", files | tests)
    git("tag", "1.2.3", cwd=repository)
    assert adopt(template, repository)["strategy"] == strategy
    assert git("diff", "HEAD", cwd=repository) == ""
    printed = check(repository, environment)
    assert "1 passed" in printed
