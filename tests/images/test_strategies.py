"""What each strategy makes is built by unmodified repo2docker and starts on a real JupyterHub.

The generated repository's own program, ci/check.py, does both. Base images whose registry cannot be
reached are stand-ins; each says so as it is built.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support import standins
from support.checking import (
    BY_CONDA,
    BY_PIP,
    check,
    check_user_installs,
    with_extras,
    with_local_packages,
)

# By what a person asks for: the answers; with a name of its own where a test looks into the image after its check.
# repo2docker with environment.yml is in test_switches.py, repo2docker with requirements.txt below.
CASES = {
    "inherit from docker-stacks": {
        "strategy": "inherit",
        **BY_CONDA,
        "conda_packages": "cowsay pandas<2.3.3",
    },
    "inherit from Pangeo": {"strategy": "inherit", "base": "pangeo-notebook", **BY_CONDA},
    "inherit from b-data, pip only": {"strategy": "inherit", "base": "b-data-base", **BY_PIP},
    "dockerfile with conda-forge": {"strategy": "dockerfile", "name": "by-conda", **BY_CONDA},
    "dockerfile with pip": {
        "strategy": "dockerfile",
        "name": "by-pip",
        "packages_with": "pip",
        **BY_PIP,
    },
}


def test_a_pointer_to_an_image_starts_on_a_hub(
    render: Callable[..., Path], environment: dict[str, str]
) -> None:
    """A community's image, as it is, passes the check."""
    check(render(strategy="community-image"), environment)


@pytest.mark.parametrize("answers", CASES.values(), ids=CASES)
def test_starts_on_a_hub_with_what_was_asked_for(
    render: Callable[..., Path], environment: dict[str, str], answers: dict[str, str]
) -> None:
    """Where conda or pip moved packages of the base image, the check lists them."""
    repository = with_extras(render(**answers))
    if "conda_packages" not in answers:  # by conda they are in test_switches.py
        with_local_packages(repository)
    printed = check(repository, environment)
    if "pandas" in answers.get("conda_packages", ""):
        assert re.search(r"moved by (conda|pip): pandas \S+ -> 2\.", printed)
    elif answers["strategy"] == "dockerfile":
        built = re.search(r"^Built (\S+) in", printed, re.MULTILINE)
        assert built
        check_user_installs(built[1])
    elif answers["strategy"] == "inherit":
        assert re.search(r"moved|none of the base image's packages moved", printed)


MAJORS = {
    "inherit": {"strategy": "inherit", "base_tag": "2026-07-28", **BY_CONDA},
    "repo2docker": {"strategy": "repo2docker", "packages_with": "pip", **BY_PIP},
}


@pytest.mark.parametrize("answers", MAJORS.values(), ids=MAJORS)
def test_as_the_readme_says_and_for_a_hub_of_the_next_major(
    render: Callable[..., Path],
    environment: dict[str, str],
    tmp_path: Path,
    answers: dict[str, str],
) -> None:
    """`pipx run ci/check.py` brings the hub's major; the repository brings it into the image."""
    repository = with_extras(render(**answers, jupyterhub_major="6"))
    assert "    pipx run ci/check.py\n" in (repository / "README.md").read_text()
    home = {
        "PIPX_HOME": str(tmp_path / "pipx"),
        "PATH": f"{Path(sys.executable).parent}:" + environment["PATH"],
    }
    printed = check(repository, environment | home, ("pipx", "run", "ci/check.py"))
    assert re.search(r"hub 6\.\S+, single-user 6\.", printed)


@pytest.mark.parametrize("languages", ["[r]", "[julia]", "[python, r, julia]"])
def test_r_and_julia_start_on_a_hub(
    render: Callable[..., Path], environment: dict[str, str], languages: str
) -> None:
    """Built where repo2docker's sources of R and Julia can be reached.

    Everywhere else tests/template/test_repo2docker.py goes as far as the Dockerfile that it writes. No stand-in gets
    further with R: repo2docker verifies RStudio's and Shiny's servers by SHA-256.
    """
    hosts = ["anaconda.org"]
    if "r" in languages.strip("[]").split(", "):
        hosts += [
            "cdn.rstudio.com",
            "download2.rstudio.org",
            "download3.rstudio.org",
            "packagemanager.posit.co",
        ]
    if "julia" in languages:
        hosts += ["julialang-s3.julialang.org"]
    for host in hosts:
        if not standins.can_reach(host):
            pytest.skip(f"{host} cannot be reached, from where repo2docker takes R or Julia")
    check(render(strategy="repo2docker", languages=languages), environment)


@pytest.mark.parametrize("strategy", ["community-image", "inherit", "dockerfile"])
def test_binder_builds_it_into_the_home(
    render: Callable[..., Path], repo2docker_build: Callable[..., str], strategy: str
) -> None:
    """B1, B7: Binder gives no REPO_DIR; the repository then lies in the home, owned by uid 1000.

    C8: a hub that builds like Binder mounts a volume there. `start` and what it needs work all the same.
    """
    packages = {} if strategy == "community-image" else BY_CONDA  # as above: built once
    repository = render(strategy=strategy, **packages)
    if packages:
        (repository / "needed").write_text("from the repository")
        (repository / "start").write_text(
            '#!/bin/bash\nexport SET_BY_START="$(cat "$(dirname "$0")/needed")"\nexec "$@"\n'
        )
    standins.ensure_bases(repository)
    image = f"hub-image-tests/binder-{strategy}:test"
    repo2docker_build(repository, image, target_repo_dir=None)
    code, owner = standins.run(image, "stat", "--format=%u", "/home/jovyan/README.md")
    assert (code, owner.split()[-1]) == (0, "1000")
    if packages:
        command = ("bash", "-c", 'ls -A ~; echo "$SET_BY_START"')
        code, said = standins.run(image, *command, user="1000", tmpfs={"/home/jovyan": "uid=1000"})
        assert (code, said.splitlines()[-1]) == (0, "from the repository"), said
        assert "README.md" not in said
