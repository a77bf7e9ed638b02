"""R and Julia, to the Dockerfile that unmodified repo2docker writes: `repo2docker --no-build --debug`.

repo2docker asks two web services for versions while it writes: see support/repo2docker_sources.py.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from repo2docker.__main__ import make_r2d
from repo2docker.app import Repo2Docker

from support import repo2docker_sources
from support.renders import Renders
from support.repositories import STRATEGIES

# os.geteuid() in its app.py.
pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="repo2docker asks for a uid, which Windows has none of"
)


@pytest.fixture(scope="module")
def versions() -> Iterator[None]:
    """The two services that it asks for versions."""
    with repo2docker_sources.reachable():
        yield


@pytest.fixture(scope="module")
def dockerfile(renders: Renders, versions: None) -> Callable[..., str]:
    """A function that gives the Dockerfile by which repo2docker would build a repository, and its log."""
    known: dict[str, str] = {}

    def dockerfile(**answers: str) -> str:
        repository = str(renders.folder(**answers))
        if repository not in known:
            options = ["--no-build", "--debug", "--target-repo-dir", "/srv/repo"]
            said = io.StringIO()
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                app = make_r2d([*options, repository])
                app.initialize()
                app.start()
            known[repository] = said.getvalue()
        return known[repository]

    return dockerfile


R = {"strategy": "repo2docker", "languages": "[r]", "r_packages": "ggplot2 data.table"}
JULIA_ALONE = {"strategy": "repo2docker", "languages": "[julia]", "julia_packages": "DataFrames"}
TOGETHER = {
    "strategy": "repo2docker",
    "languages": "[python, r, julia]",
    "conda_packages": "xarray",
    "r_packages": "ggplot2",
    "julia_packages": "DataFrames",
}


@pytest.mark.parametrize(
    "answers",
    [{"strategy": strategy} for strategy in STRATEGIES] + [R, JULIA_ALONE, TOGETHER],
    ids=[*STRATEGIES, "r", "julia", "together"],
)
def test_a_build_pack_claims_it(
    renders: Renders, monkeypatch: pytest.MonkeyPatch, answers: dict[str, str]
) -> None:
    """None is left to the default, which mybinder.org has taken away: `default_buildpack=None` (P14).

    Of whichever repo2docker is installed: `pip install git+https://github.com/jupyterhub/repo2docker` takes
    its main branch.
    """
    monkeypatch.chdir(renders.folder(**answers))
    assert any(pack("jammy").detect() for pack in Repo2Docker().buildpacks)


def test_a_repository_without_files_is_claimed_by_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the test above would find, were there nothing to claim."""
    monkeypatch.chdir(tmp_path)
    assert not any(pack("jammy").detect() for pack in Repo2Docker().buildpacks)


def test_r_is_asked_for(renders: Renders) -> None:
    """By the files that repo2docker reads, and no other: environment.yml would bring Python."""
    files = renders.files(**R)
    assert files["runtime.txt"] == "r-4.5-2026-11-01\n"
    assert '  "data.table",\n  "ggplot2"\n' in files["install.R"]
    assert "environment.yml" not in files


def test_r_is_of_the_version_asked_for(dockerfile: Callable[..., str]) -> None:
    """As a package of Debian's kind."""
    assert re.search(r"r-4\.5\.\d+_1_amd64\.deb", dockerfile(**R))


def test_r_comes_with_rstudio_and_packages(dockerfile: Callable[..., str]) -> None:
    """install.R is run."""
    text = dockerfile(**R)
    assert "rstudio-server" in text
    assert "Rscript --no-save" in text and "install.R" in text


def test_julia_is_of_the_minor_asked_for(dockerfile: Callable[..., str]) -> None:
    """Not the newest."""
    assert re.search(r"JULIA_VERSION[= ]1\.12\.\d+", dockerfile(**JULIA_ALONE))


def test_julia_installs_its_packages(renders: Renders, dockerfile: Callable[..., str]) -> None:
    """Those of Project.toml."""
    assert "DataFrames = " in renders.files(**JULIA_ALONE)["Project.toml"]
    assert "Pkg.instantiate" in dockerfile(**JULIA_ALONE)


def test_beside_julia_python_is_as_asked_for(
    renders: Renders, dockerfile: Callable[..., str]
) -> None:
    """The base environment is of that Python."""
    assert renders.files(**TOGETHER)["runtime.txt"] == "python-3.13\n"
    assert "conda environment for python=3.13" in dockerfile(**TOGETHER)
    assert "environment.yml" in dockerfile(**TOGETHER)


def test_beside_python_julia_is_as_asked_for(dockerfile: Callable[..., str]) -> None:
    """Of the minor."""
    assert re.search(r"JULIA_VERSION[= ]1\.12\.\d+", dockerfile(**TOGETHER))


def test_beside_julia_r_comes_from_conda(dockerfile: Callable[..., str]) -> None:
    """repo2docker reads no runtime.txt for R there: R comes from conda-forge, with RStudio."""
    text = dockerfile(**TOGETHER)
    assert "r-base=4.5" in text and "rstudio-server" in text and "r-irkernel" in text
