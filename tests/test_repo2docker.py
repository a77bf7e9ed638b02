"""R and Julia, to the Dockerfile that unmodified repo2docker writes: `repo2docker --no-build --debug`.

repo2docker asks two web services for versions while it writes. Where they cannot be reached, their
answers are stand-ins, by the `responses` library; nothing else of repo2docker is touched.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
import responses
from repo2docker.__main__ import make_r2d

# os.geteuid() in its app.py.
pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="repo2docker asks for a uid, which Windows has none of"
)

JULIA = "https://julialang-s3.julialang.org/bin/versions.json"
SNAPSHOTS = "https://packagemanager.posit.co/__api__/url"


@pytest.fixture(scope="module")
def versions() -> Iterator[None]:
    """The two services: real ones, or stand-ins that know one Julia of each minor and one snapshot."""
    try:
        requests.get(JULIA, timeout=5).raise_for_status()
        requests.post(SNAPSHOTS, json={"repo": "all"}, timeout=5)
        yield
    except requests.RequestException:
        with responses.RequestsMock(assert_all_requests_are_fired=False) as standin:
            standin.get(
                JULIA, json={version: {} for version in ("1.6.7", "1.11.8", "1.12.2", "1.13.0")}
            )
            standin.post(SNAPSHOTS, json={"upsi": "2026-11-01+stand-in"})
            yield


def dockerfile(repository: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """In: a repository. Out: the Dockerfile that repo2docker would build it by, and its log."""
    app = make_r2d(["--no-build", "--debug", "--target-repo-dir", "/srv/repo", str(repository)])
    app.initialize()
    app.start()
    captured = capsys.readouterr()
    return captured.out + captured.err


R = {"strategy": "repo2docker", "languages": "[r]", "r_packages": "ggplot2 data.table"}
JULIA_ALONE = {"strategy": "repo2docker", "languages": "[julia]", "julia_packages": "DataFrames"}
TOGETHER = {
    "strategy": "repo2docker",
    "languages": "[python, r, julia]",
    "conda_packages": "xarray",
    "r_packages": "ggplot2",
    "julia_packages": "DataFrames",
}


def test_r(render: Callable[..., Path], versions: None, capsys: pytest.CaptureFixture[str]) -> None:
    repository = render(**R)
    assert (repository / "runtime.txt").read_text(encoding="utf-8") == "r-4.5-2026-11-01\n"
    assert '  "data.table",\n  "ggplot2"\n' in (repository / "install.R").read_text(
        encoding="utf-8"
    )
    text = dockerfile(repository, capsys)
    assert re.search(r"r-4\.5\.\d+_1_amd64\.deb", text), "R of the version asked for"
    assert "rstudio-server" in text and "Rscript --no-save" in text and "install.R" in text
    assert not (repository / "environment.yml").exists()


def test_julia(
    render: Callable[..., Path], versions: None, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = render(**JULIA_ALONE)
    assert "DataFrames = " in (repository / "Project.toml").read_text(encoding="utf-8")
    text = dockerfile(repository, capsys)
    assert re.search(r"JULIA_VERSION[= ]1\.12\.\d+", text), "the minor asked for, not the newest"
    assert "Pkg.instantiate" in text


def test_all_three(
    render: Callable[..., Path], versions: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside Julia repo2docker reads no runtime.txt for R: R comes from conda-forge, with RStudio."""
    repository = render(**TOGETHER)
    assert (repository / "runtime.txt").read_text(encoding="utf-8") == "python-3.13\n"
    text = dockerfile(repository, capsys)
    assert re.search(r"JULIA_VERSION[= ]1\.12\.\d+", text)
    assert "conda environment for python=3.13" in text, (
        "the base environment of the Python asked for"
    )
    assert "r-base=4.5" in text and "rstudio-server" in text and "r-irkernel" in text
    assert "environment.yml" in text
