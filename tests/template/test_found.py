"""What is read from a repository that comes to the template: Dockerfile, licence, tests, origin."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.adopting import adopt, adopted
from support.existing import BASE, CONDA, MIT, make
from support.repositories import git

PINNED = {"environment.yml": CONDA}


# 2: where a Dockerfile starts from, home, interface ----------------------------------------------

ROCKER = (
    "FROM rocker/geospatial:4.4.2\nENV NB_USER rstudio\nENV HOME=/home/${NB_USER}\nRUN pip install \\\n"
    "# in between\n  jupyter-rsession-proxy\n"
)
FROMS: dict[str, tuple[str, dict[str, str]]] = {
    "a tag that names the hub": (
        "FROM quay.io/jupyter/minimal-notebook:hub-6.0.0\n",
        {"strategy": "community-image", "base": "jupyter-minimal", "jupyterhub_major": "6"},
    ),
    "a tag of an old hub": (
        "FROM quay.io/jupyter/minimal-notebook:hub-4.1.5\n",
        {"strategy": "community-image", "base": "other", "base_family": "docker-stacks"},
    ),
    "a GPU's": (
        "FROM quay.io/jupyter/pytorch-notebook:cuda12-2026-07-28\nRUN true\n",
        {"strategy": "inherit", "base": "jupyter-pytorch-cuda12"},
    ),
    "with a digest": (
        f"FROM --platform=linux/amd64 rocker/binder:latest@sha256:{64 * 'a'} AS x\nRUN true\n",
        {"strategy": "inherit", "base": "rocker-binder"},
    ),
    "a program within": (
        f"{BASE}RUN python3 <<EOF\nfrom os import path\nEOF\nRUN true\n",
        {"strategy": "inherit", "base": "jupyter-base"},
    ),
    "moving": ("FROM quay.io/jupyter/scipy-notebook:latest\n", {"strategy": "dockerfile"}),
    "without a tag": ("FROM jupyter/scipy-notebook\n", {"strategy": "dockerfile"}),
    "of a system": ("FROM ubuntu:24.04\nRUN pip install jupyterlab\n", {"strategy": "dockerfile"}),
    "that gets its Jupyter here": (
        "FROM continuumio/miniconda3:24.1.2-0\nRUN conda install \\\n  notebook\n",
        {"strategy": "dockerfile"},
    ),
    "of an argument": (
        "ARG TAG=2026-07-28\nFROM quay.io/jupyter/scipy-notebook:$TAG\n",
        {"strategy": "dockerfile"},
    ),
    "a commit of Jupyter's own": (
        "FROM jupyter/base-notebook:213760e5674e\nRUN true\n",
        {"strategy": "inherit", "base": "other", "base_family": "docker-stacks"},
    ),
    "a commit of Pangeo's": (
        "FROM pangeo/pangeo-notebook:6b2df38\nRUN ${NB_PYTHON_PREFIX}/bin/pip install cowsay\n",
        {"strategy": "inherit", "base": "other", "base_family": "pangeo"},
    ),
    "rocker's": (
        ROCKER,
        {
            "strategy": "inherit",
            "base_reference": "docker.io/rocker/geospatial:4.4.2",
            "base_family": "rocker-4",
            "home_dir": "/home/rstudio",
            "interface": "rstudio",
        },
    ),
    "hostile": (
        "FROM quay.io/a/b:1$(id)\nENV HOME=/home/`id`\nUSER ${{x}}\n",
        {"strategy": "dockerfile", "home_dir": ""},
    ),
}


@pytest.mark.parametrize("name", FROMS)
def test_a_dockerfile_is_read(template: Path, tmp_path: Path, name: str) -> None:
    """FROM, HOME, USER and the interface; what no update could follow is adopted as it is."""
    text, expected = FROMS[name]
    stored, _ = adopted(template, tmp_path / "mine", {"Dockerfile": text})
    assert {key: stored.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("tag", "word"),
    [
        (
            "213760e5674e",
            "starts from docker.io/jupyter/base-notebook:213760e5674e: no update follows",
        ),
        ("2023-10-20", "stays yours: updates of its base image change FROM alone."),
    ],
)
def test_what_updates_will_do_is_said(template: Path, tmp_path: Path, tag: str, word: str) -> None:
    """Commits have no order: of those none is newer."""
    text = f"FROM jupyter/base-notebook:{tag}\nRUN true\n"
    _, said = adopted(template, tmp_path / "mine", {"Dockerfile": text})
    assert f"Dockerfile {word}" in said


def test_what_was_read_reaches_the_programs(template: Path, tmp_path: Path) -> None:
    """The check mounts the home volume where the user lives, and opens what people expect."""
    adopted(template, tmp_path / "mine", {"Dockerfile": ROCKER})
    lines = (tmp_path / "mine" / "ci" / "image.env").read_text().splitlines()
    wanted = {"HOME_DIR=/home/rstudio", "DEFAULT_URL=/rstudio", "WORKING_DIR=/home/rstudio"}
    assert wanted | {"BASE_IMAGE=docker.io/rocker/geospatial:4.4.2"} <= set(lines)


# 6: licences -------------------------------------------------------------------------------------

GPL = "GNU GENERAL PUBLIC LICENSE\n"
LICENSES: dict[str, tuple[dict[str, str], str]] = {
    "LICENSE": ({"LICENSE": MIT}, "MIT"),
    "LICENSE.md": ({"LICENSE.md": "# " + MIT}, "MIT"),
    "license.txt": ({"license.txt": GPL}, "mine"),
    "LICENSE-CODE": ({"LICENSE-CODE": MIT, "LICENSE-DATA": "CC0\n"}, "mine"),
    "COPYING": ({"COPYING": GPL}, "mine"),
    "one for texts, one for programs": (
        {"LICENSE.md": f"Texts: Creative Commons Attribution 4.0\n\n{MIT}"},
        "mine",
    ),
    "two of ours": ({"LICENSE": f"Apache License\nVersion 2.0\n\n{MIT}"}, "mine"),
    "LICENCE, Latin-1": ({"LICENCE": "\udce9\n"}, "mine"),
    "DESCRIPTION": ({"DESCRIPTION": "Package: a\nLicense: GPL-3\n"}, "mine"),
    "pyproject.toml": ({"pyproject.toml": '[project]\nlicense = "ISC"\n'}, "mine"),
    "pyproject.toml without": ({"pyproject.toml": "[tool.ruff]\n"}, "none"),
    "none": ({}, "none"),
}


@pytest.mark.parametrize("name", LICENSES)
def test_no_second_licence(template: Path, tmp_path: Path, name: str) -> None:
    """Whatever the first one is called and says; and none where there was none."""
    files, license_ = LICENSES[name]
    stored, _ = adopted(template, tmp_path / "mine", PINNED | files)
    assert stored["license"] == license_
    assert (tmp_path / "mine" / "LICENSE").exists() == ("LICENSE" in files)


def test_a_licence_that_is_answered_is_written(template: Path, tmp_path: Path) -> None:
    """Where there was none."""
    adopted(template, tmp_path / "mine", PINNED, license="MIT", author="Ada Lovelace")
    assert "Ada Lovelace" in (tmp_path / "mine" / "LICENSE").read_text()


# 7: tests ----------------------------------------------------------------------------------------


def test_a_package_s_own_tests_run_as_before(template: Path, tmp_path: Path) -> None:
    """Its own pytest collects none of the image's, and the check is told where those are."""
    folder = tmp_path / "mine"
    files = {"setup.py": "", "tests/test_mine.py": "def test_mine(): pass\n"}
    adopted(template, folder, files)
    assert (folder / "image-tests" / "test_environment.py").exists()
    assert "\nTESTS=image-tests\n" in (folder / "ci" / "image.env").read_text()
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--collect-only",
        "--quiet",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[0] == "tests/test_mine.py::test_mine"
    assert "image-tests" not in done.stdout and "1 test collected" in done.stdout


@pytest.mark.parametrize("name", ["setup.py", "DESCRIPTION", "pytest.ini", "tox.ini"])
def test_what_pytest_may_collect_from_the_root(template: Path, tmp_path: Path, name: str) -> None:
    """A package whose tests lie in it runs pytest as well: it shall find none of the template's."""
    stored, _ = adopted(template, tmp_path / "mine", PINNED | {name: ""})
    assert stored["tests_folder"] == "image-tests"


def test_one_answer_says_where_tests_are(render: Callable[..., Path]) -> None:
    """And it is one folder."""
    folder = render(strategy="repo2docker", tests_folder="checks")
    assert (folder / "checks" / "example.ipynb").exists() and not (folder / "tests").exists()
    for bad in ("../up", "ci", "a/b", ".git"):
        with pytest.raises(
            SystemExit, match=r"^Name one folder in the root that is not ci, as tests: "
        ):
            render("other", strategy="repo2docker", tests_folder=bad)


# 11: where it lives, how its image is called -----------------------------------------------------

REMOTES = {
    "https://github.com/ada/notes": ("github", "ada/notes"),
    "https://ada:ghp_secret@github.com/ada/notes.git": ("github", "ada/notes"),
    "git://github.com/ada/notes.git": ("github", "ada/notes"),
    "ssh://git@ssh.github.com:443/ada/notes.git": ("github", "ada/notes"),
    "git@github.com-work:ada/notes.git": ("github", "ada/notes"),
    "github-work:ada/notes": ("github", "ada/notes"),
    "https://gitlab.com/a/b/notes.git": ("gitlab", "a/b/notes"),
    "ssh://git@altssh.gitlab.com:443/a/b/notes.git": ("gitlab", "a/b/notes"),
    "ssh://git@git.example.org:2222/ada/notes.git": (
        "other",
        "https://git.example.org/ada/notes.git",
    ),
    "https://git.example.org:8443/ada/notes/": (
        "other",
        "https://git.example.org:8443/ada/notes.git",
    ),
    "git@mine:a/b/notes.git": ("gitlab", "a/b/notes"),
    "ssh://git@lab/a/b/notes.git": ("gitlab", "a/b/notes"),
    "git@github.com:ada/notes.git": ("github", "ada/notes"),
    "ssh://git@git.example.net/ada/notes.git": ("github", "OWNER/mine"),
    "work:ada/notes": ("github", "OWNER/mine"),
    "https://github.com/$(id)/`id`": ("github", "OWNER/mine"),
    "https://[bad/x": ("github", "OWNER/mine"),
    "/srv/git/notes.git": ("github", "OWNER/mine"),
}


SSH = """\
Host *
  ServerAliveInterval 60
Host git.example.net
  HostName %h.internal
Host lab mine
  User git
  HostName gitlab.com
Match host github.com exec "touch ran"
  HostName evil.example.org
Host github.com
  hostname = ssh.github.com
  Port 443
"""


@pytest.mark.parametrize("url", REMOTES)
def test_remotes(template: Path, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the address is written; a password in it goes nowhere, and SSH runs nothing."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text(SSH)
    stored, said = adopted(template, tmp_path / "mine", PINNED, url)
    assert (stored["code_host"], stored["repository"]) == REMOTES[url]
    assert "secret" not in f"{stored}{said}" and not (tmp_path / "mine" / "ran").exists()


def test_a_worktree_knows_its_origin(template: Path, tmp_path: Path) -> None:
    """There `.git` is a file."""
    make(tmp_path / "mine", PINNED)
    git("worktree", "add", "--quiet", "../beside", cwd=tmp_path / "mine")
    assert adopt(template, tmp_path / "beside")["repository"] == "ada/My_Notes"


LONG = "notebooks-for-the-summer-school-2026"
SHORTER = {
    f"https://github.com/a-research-group/{LONG}.git": (
        "ghcr.io/a-research-group/notebooks-for-the-summer",
        "hubs take no longer name.",
    ),
    # whose registry takes no name but with the project's whole path
    f"https://gitlab.com/a-group/its-part/{LONG}.git": (
        "quay.io/a-group/notebooks-for-the-summer-school-20",
        "Variables its CI needs REGISTRY_USERNAME and REGISTRY_PASSWORD for quay.io.",
    ),
}


@pytest.mark.parametrize("url", SHORTER)
def test_a_long_image_name_is_shortened_with_a_word(
    template: Path, tmp_path: Path, url: str
) -> None:
    """As long as hubs take it with a tag."""
    image, word = SHORTER[url]
    stored, said = adopted(template, tmp_path / "mine", PINNED, url)
    assert stored["image"] == image
    assert f"The image is {image}:\n" in said and f"  {word}\n" in said


def test_hostile_files_become_no_answers(template: Path, tmp_path: Path) -> None:
    """What is read from files is refused or passed over like any other answer."""
    files = {
        "LICENSE": MIT.replace("Ada Lovelace", "${{ github.token }} $(id) `id`"),
        "runtime.txt": "python-3.12; rm -rf /",
        "requirements.txt": "",
    }
    stored, _ = adopted(template, tmp_path / "mine", files)
    assert stored["python_version"] == "3.13"
