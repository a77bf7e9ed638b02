"""Answers arrive where they have an effect, and nowhere else."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values
from repo2docker.app import Repo2Docker
from repo2docker.buildpacks import (
    CondaBuildPack,
    DockerBuildPack,
    JuliaProjectTomlBuildPack,
    PythonBuildPack,
    RBuildPack,
)

from support.renders import Renders
from support.repositories import STRATEGIES, text_of
from support.rows import has_r, starts_image

ENVIRONMENT_FILES = {"Dockerfile", "apt.txt", "environment.yml", "requirements.txt"}
LISTS = {"languages", "platforms"}


def lines_of(text: str) -> list[str]:
    """The lines of a list of packages, without comments."""
    return [line for line in text.splitlines() if line[0] != "#"]


def names_of(entries: list[Any]) -> list[str]:
    """The packages of conda among the entries of an environment.yml."""
    return [entry for entry in entries if isinstance(entry, str)]


def test_answers_are_stored(row: dict[str, str], files: dict[str, str]) -> None:
    """Or an update would ask again, or guess."""
    stored = yaml.safe_load(files[".copier-answers.yml"])
    given = {name: value for name, value in row.items() if name not in LISTS}
    assert {name: stored[name] for name in given} == given


def test_a_pointer_installs_nothing(row: dict[str, str], files: dict[str, str]) -> None:
    """A community's image is used as it is: a list of packages would be passed over."""
    if row["strategy"] == "community-image":
        assert not ENVIRONMENT_FILES & set(files)


def test_python_packages_are_installed_once(row: dict[str, str], files: dict[str, str]) -> None:
    """Those of both answers stand in the one file that installs them, with the hub's JupyterHub (K11)."""
    if row["strategy"] == "community-image":
        return
    environment = yaml.safe_load(files.get("environment.yml", "{}")).get("dependencies", [])
    pip: list[str] = next((entry["pip"] for entry in environment if isinstance(entry, dict)), [])
    listed = lines_of(files.get("requirements.txt", ""))
    if row["jupyterhub_major"] == "6":
        # repo2docker brings JupyterHub 5 (K11); the same file serves all strategies.
        assert "jupyterhub==6.*" in listed or "jupyterhub-singleuser=6" in environment
        listed = [line for line in listed if not line.startswith("jupyterhub")]
    assert sorted(pip + listed) == sorted(row.get("pip_packages", "").split())
    assert set(row.get("conda_packages", "").split()) <= set(names_of(environment))


def test_one_file_lists_python_packages(files: dict[str, str]) -> None:
    """Beside an environment.yml, repo2docker passes over a requirements.txt."""
    assert not {"environment.yml", "requirements.txt"} <= set(files)


def test_system_packages_are_installed(row: dict[str, str], files: dict[str, str]) -> None:
    """Those of the answer, by each strategy that builds."""
    if row["strategy"] != "community-image":
        assert lines_of(files.get("apt.txt", "")) == row.get("apt_packages", "").split()


def intended_pack(answers: dict[str, str]) -> Any:
    """The build pack of repo2docker that these answers mean (D5, D6)."""
    languages = answers.get("languages", "[python]")
    if answers["strategy"] != "repo2docker":
        return DockerBuildPack
    if "julia" in languages:
        return JuliaProjectTomlBuildPack
    if languages == "[r]":
        return RBuildPack
    return CondaBuildPack if answers.get("packages_with", "conda") == "conda" else PythonBuildPack


def test_repo2docker_picks_the_intended_build_pack(row: dict[str, str], folder: Path) -> None:
    """By its own `detect()`, with the versions of the answers (C1, C2, D5, D6)."""
    intended, languages = intended_pack(row), row.get("languages", "[python]")
    before = Path.cwd()
    os.chdir(folder)
    try:
        app = Repo2Docker()
        packs = (pack(app.base_image) for pack in app.buildpacks)
        chosen: Any = next(pack for pack in packs if pack.detect())
        assert type(chosen) is intended
        if intended in (CondaBuildPack, PythonBuildPack, JuliaProjectTomlBuildPack):
            if "python" in languages:
                assert chosen.python_version == row.get("python_version", "3.13")
            if has_r(languages):
                assert chosen.uses_r and chosen.r_version.startswith("4.5")
        if intended is RBuildPack:
            assert chosen.r_version.startswith("4.5.")
            assert str(chosen.checkpoint_date) == "2026-11-01"
    finally:
        os.chdir(before)


def test_ci_knows_the_answers(row: dict[str, str], folder: Path) -> None:
    """What it reads in ci/image.env follows from them."""
    env = dotenv_values(folder / "ci" / "image.env")
    platforms = {"[arm64]": "linux/arm64", "[arm64, amd64]": "linux/amd64,linux/arm64"}
    wanted = platforms.get(row.get("platforms", ""), "linux/amd64")
    assert env["PLATFORMS"] == ("" if row["strategy"] == "community-image" else wanted)
    assert env["BINDER"] == ("image" if starts_image(row) else "repository")
    host = {"github": "https://github.com/", "gitlab": "https://gitlab.com/", "other": ""}
    assert env["SOURCE"] == host[row["code_host"]] + row["repository"]


HOSTS = [
    {"binder": "image", "platforms": "[arm64, amd64]"},
    {"binder": "image", "code_host": "gitlab", "repository": "group/sub.group/my_project"},
    {"code_host": "other", "repository": "https://git.example.org:8443/~team/project.git"},
]


@pytest.mark.parametrize("more", HOSTS, ids=["github", "gitlab", "other"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_image_env_is_safe_for_a_shell(
    renders: Renders, strategy: str, more: dict[str, str]
) -> None:
    """CI reads the file line by line: no value may need quotes."""
    if strategy == "community-image":
        more = {name: more[name] for name in more if name in ("code_host", "repository")}
    for line in renders.files(strategy=strategy, **more)["ci/image.env"].splitlines():
        if not line.startswith("#"):
            name, _, value = line.partition("=")
            value = value.replace("/~", "/")  # to a shell a home only at the start, or after ":"
            assert shlex.quote(value) == value or not value, name


def test_a_pointer_builds_and_publishes_nothing(
    renders: Renders, made: Callable[..., Path], update: Callable[..., str], tmp_path: Path
) -> None:
    """Stored answers that wait for another strategy change nothing but themselves."""
    waiting = made(tmp_path / "env", strategy="inherit", binder="image", platforms="[arm64]")
    update(waiting, strategy="community-image")
    files, plain = text_of(waiting), renders.files(strategy="community-image")
    stored = yaml.safe_load(files.pop(".copier-answers.yml"))
    assert (stored["binder"], stored["platforms"]) == ("image", ["arm64"])
    plain.pop(".copier-answers.yml")
    assert files == plain


OTHER_BASE = {"base_reference": "quay.io/team/image:1", "base_family": "docker-stacks"}


@pytest.mark.parametrize(
    "answers",
    [
        {"strategy": "inherit"},
        # What the catalogue does not know is possible.
        {"strategy": "inherit", "base": "other", **OTHER_BASE},
        {"strategy": "repo2docker", "languages": "[python, julia]"},
        {"strategy": "dockerfile"},
    ],
    ids=["catalogue", "other", "repo2docker", "dockerfile"],
)
def test_built_for_both(renders: Renders, answers: dict[str, str]) -> None:
    """The order is not the one they were given in."""
    folder = renders.folder(platforms="[arm64, amd64]", **answers)
    assert dotenv_values(folder / "ci" / "image.env")["PLATFORMS"] == "linux/amd64,linux/arm64"
