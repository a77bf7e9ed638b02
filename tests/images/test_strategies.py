"""The product's proof: what each strategy makes is built by unmodified repo2docker and starts on a
real JupyterHub, by the generated repository's own program, check_image.py.

Base images whose registry cannot be reached are stand-ins; each says so as it is built.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import copier
import pytest
import standins
from repositories import commit, git

# Added to each repository that installs packages, as people would: what was asked for must be there.
TEST_EXTRAS = """
import importlib.util, os, pathlib, shutil
def test_apt(): assert shutil.which("file"), "apt.txt"
def test_python(): assert importlib.util.find_spec("cowsay"), "conda_packages or pip_packages"
def test_pip(): assert importlib.util.find_spec("xlsxwriter"), "pip_packages"
def test_post_build():
    made = pathlib.Path(os.environ["REPO_DIR"], "made-by-postBuild")
    assert made.read_text() == "by uid 1000\\n"
def test_start(): assert os.environ["SET_BY_START"] == "and kept", "start wraps every command"
def test_repository(): assert pathlib.Path(os.environ["REPO_DIR"], "README.md").exists()
"""
POST_BUILD = '#!/bin/bash\nset -e\necho "by uid $(id -u)" > made-by-postBuild\n'
START = '#!/bin/bash\nexport SET_BY_START="and kept"\nexec "$@"\n'
EXTRAS = {"apt_packages": "file", "pip_packages": "cowsay XlsxWriter"}
BY_CONDA = EXTRAS | {"conda_packages": "cowsay", "pip_packages": "XlsxWriter"}

# By what a person asks for; the answers, and images that must be there or have a stand-in.
CASES = {
    "community-image": {"strategy": "community-image"},
    "inherit from docker-stacks": {"strategy": "inherit", **BY_CONDA},
    "inherit from Pangeo": {"strategy": "inherit", "base": "pangeo-notebook", **BY_CONDA},
    "inherit from b-data, pip only": {"strategy": "inherit", "base": "b-data-base", **EXTRAS},
    "repo2docker with environment.yml": {"strategy": "repo2docker", **BY_CONDA},
    "repo2docker with requirements.txt": {
        "strategy": "repo2docker",
        "packages_with": "pip",
        **EXTRAS,
    },
    "dockerfile with conda-forge": {"strategy": "dockerfile", **BY_CONDA},
    "dockerfile with pip": {"strategy": "dockerfile", "packages_with": "pip", **EXTRAS},
}


def with_extras(repository: Path) -> Path:
    """Write postBuild, start and tests into a repository, as people do. Out: the repository."""
    (repository / "postBuild").write_text(POST_BUILD)
    (repository / "start").write_text(START)
    (repository / "tests" / "test_extras.py").write_text(TEST_EXTRAS)
    return repository


def check(repository: Path, environment: dict[str, str], *arguments: str) -> str:
    """Run the repository's own program as its README says. Out: what it printed; fails with that."""
    result = subprocess.run(
        [sys.executable, "check_image.py", *arguments],
        cwd=repository,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(result.stdout)
    assert result.returncode == 0, result.stdout[-6000:]
    return result.stdout


@pytest.mark.parametrize("answers", CASES.values(), ids=CASES)
def test_starts_on_a_hub(
    render: Callable[..., Path], environment: dict[str, str], answers: dict[str, str]
) -> None:
    repository = render(**answers)
    if answers["strategy"] != "community-image":
        with_extras(repository)
    standins.ensure_bases(repository)
    printed = check(repository, environment)
    assert "PASSED" in printed
    if answers["strategy"] == "inherit":
        assert re.search(r"moved|none of the base image's packages moved", printed)


def test_what_was_asked_for_comes_through_every_switch(
    render: Callable[..., Path], environment: dict[str, str]
) -> None:
    """environment.yml, apt.txt, postBuild and start of one strategy are installed by the next."""
    repository = with_extras(render(strategy="inherit", apt_packages="file"))
    lines = "  - cowsay\n  - pip:\n      - XlsxWriter\n"
    with (repository / "environment.yml").open("a") as file:
        file.write(lines)
    commit(repository)
    before = (repository / "environment.yml").read_bytes()
    for strategy in ("repo2docker", "dockerfile", "inherit"):
        settings = {"defaults": True, "overwrite": True, "quiet": True, "unsafe": True}
        answers = {"strategy": strategy}
        copier.run_update(repository, answers, vcs_ref=copier.VcsRef.CURRENT, **settings)
        commit(repository)
        assert (repository / "environment.yml").read_bytes() == before
        standins.ensure_bases(repository)
        assert "PASSED" in check(repository, environment)


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
    standins.ensure_bases(repository)
    assert "PASSED" in check(repository, environment)


@pytest.mark.parametrize("languages", ["[r]", "[julia]", "[python, r, julia]"])
def test_r_and_julia_start_on_a_hub(
    render: Callable[..., Path], environment: dict[str, str], languages: str
) -> None:
    """Built where repo2docker's sources of R and Julia can be reached; everywhere else
    tests/test_repo2docker.py goes as far as the Dockerfile that it writes."""
    for host in ("cdn.rstudio.com", "julialang-s3.julialang.org", "anaconda.org"):
        if not standins.can_reach(host):
            pytest.skip(f"{host} cannot be reached, from where repo2docker takes R or Julia")
    repository = render(strategy="repo2docker", languages=languages)
    standins.ensure_bases(repository)
    assert "PASSED" in check(repository, environment)


def test_inherit_from_what_repo2docker_built(
    render: Callable[..., Path],
    repo2docker_build: Callable[..., str],
    environment: dict[str, str],
) -> None:
    """Such a base (CryoCloud's, or one's own) has a REPO_DIR and a `start`, which stay what they are."""
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
    assert "PASSED" in check(repository, environment)


def test_binder_builds_it_into_the_home(
    render: Callable[..., Path], repo2docker_build: Callable[..., str]
) -> None:
    """B1, B7: Binder says no REPO_DIR; the repository then lies in the home, owned by uid 1000."""
    for strategy in ("community-image", "inherit", "dockerfile"):
        repository = render(strategy, strategy=strategy)
        standins.ensure_bases(repository)
        image = f"hub-image-tests/binder-{strategy}:test"
        repo2docker_build(repository, image, target_repo_dir=None)
        code, owner = standins.run(image, "stat", "--format=%u", "/home/jovyan/README.md")
        assert (code, owner.split()[-1]) == (0, "1000"), strategy


def test_empty_and_absent_files_cost_nothing(
    render: Callable[..., Path], repo2docker_build: Callable[..., str]
) -> None:
    repository = render(strategy="inherit")
    standins.ensure_bases(repository)
    for name in ("apt.txt", "requirements.txt", "postBuild", "start"):
        (repository / name).write_text("")
    (repository / "environment.yml").write_text("dependencies: []\n")
    repo2docker_build(repository, "hub-image-tests/empty:test")
    history = standins.client().images.get("hub-image-tests/empty:test").history()
    base = standins.client().images.get(standins.EXAMPLES["docker-stacks"]).history()
    added = sum(layer["Size"] for layer in history) - sum(layer["Size"] for layer in base)
    assert added < 1_000_000, "bytes: the repository's own files and the start wrapper"
    for path in repository.iterdir():
        if path.name in ("apt.txt", "requirements.txt", "postBuild", "start", "environment.yml"):
            path.unlink()
    repo2docker_build(repository, "hub-image-tests/absent:test")


def test_pip_may_not_move_the_base(
    render: Callable[..., Path], repo2docker_build: Callable[..., str]
) -> None:
    """A package that wants another version of the base's ends the build, which names both."""
    repository = render(strategy="inherit", pip_packages="pandas==2.2.0")
    standins.ensure_bases(repository)
    with pytest.raises(standins.ImageError) as error:
        repo2docker_build(repository, "hub-image-tests/conflict:test")
    assert "pandas==2.2.0" in str(error.value)
    assert re.search(r"The user requested \(constraint\) pandas==", str(error.value))


def test_what_conda_moved_is_listed(
    render: Callable[..., Path], environment: dict[str, str]
) -> None:
    repository = render(strategy="inherit", conda_packages="pandas<2.3.3")
    standins.ensure_bases(repository)
    assert re.search(r"moved by (conda|pip): pandas \S+ -> 2\.", check(repository, environment))


def test_environment_yml_without_conda_is_an_error(
    render: Callable[..., Path], repo2docker_build: Callable[..., str]
) -> None:
    repository = render(strategy="inherit", base="b-data-base")
    standins.ensure_bases(repository)
    (repository / "environment.yml").write_text("dependencies: [xarray]\n")
    with pytest.raises(standins.ImageError, match=r"environment.yml needs conda"):
        repo2docker_build(repository, "hub-image-tests/no-conda:test")


@pytest.mark.parametrize("strategy", ["inherit", "repo2docker"])
def test_as_the_readme_says_and_for_a_hub_of_the_next_major(
    render: Callable[..., Path], environment: dict[str, str], tmp_path: Path, strategy: str
) -> None:
    """`pipx run check_image.py` brings the hub's major; the repository brings it into the image."""
    repository = render(strategy=strategy, base_tag="2026-07-28", jupyterhub_major="6")
    assert "    pipx run check_image.py\n" in (repository / "README.md").read_text()
    standins.ensure_bases(repository)
    home = {
        "PIPX_HOME": str(tmp_path / "pipx"),
        "PATH": f"{Path(sys.executable).parent}:" + environment["PATH"],
    }
    result = subprocess.run(
        ["pipx", "run", "check_image.py"],
        cwd=repository,
        env=environment | home,
        capture_output=True,
        text=True,
        check=False,
    )
    print(result.stdout)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-2000:]
    assert re.search(r"hub 6\.\S+, single-user 6\.", result.stdout)
