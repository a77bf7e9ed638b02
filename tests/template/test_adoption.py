"""What `copier copy` over a repository reads, says and leaves out: each line of what its owner would object to.

tests/template/test_existing.py takes repositories of each build pack through their life; here is what needs no life.
"""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.adopting import adopt
from support.existing import BASE, CONDA, MIT, POINTS, PUBLISHES, make
from support.repositories import commit, git

PINNED = {"environment.yml": CONDA}


def adopted(
    template: Path, folder: Path, files: dict[str, str], url: str = "", **answers: Any
) -> tuple[dict[str, Any], str]:
    """Make a repository and bring it to the template; return the stored answers and what was said."""
    make(folder, files, url=url)
    with contextlib.redirect_stderr(io.StringIO()) as said:
        stored = adopt(template, folder, **answers)
    return stored, said.getvalue()


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


def test_what_was_read_reaches_the_programs(template: Path, tmp_path: Path) -> None:
    """The check mounts the home volume where the user lives, and opens what people expect."""
    adopted(template, tmp_path / "mine", {"Dockerfile": ROCKER})
    lines = (tmp_path / "mine" / "ci" / "image.env").read_text().splitlines()
    wanted = {"HOME_DIR=/home/rstudio", "DEFAULT_URL=/rstudio", "WORKING_DIR=/home/rstudio"}
    assert wanted | {"BASE_IMAGE=docker.io/rocker/geospatial:4.4.2"} <= set(lines)


# 3: another CI's pointer -------------------------------------------------------------------------


def test_a_pointer_of_another_ci_is_named(template: Path, tmp_path: Path) -> None:
    """With what it hides, and what makes that count again."""
    files = {"binder/Dockerfile": POINTS, **PINNED}
    _, said = adopted(template, tmp_path / "mine", files)
    assert "binder/Dockerfile is another CI's, and hides environment.yml" in said
    assert "\n  git rm binder/Dockerfile, remove what writes it" in said


# 4, 5: strategies that would have no effect ------------------------------------------------------

DEAD_ENDS: dict[str, tuple[dict[str, str], dict[str, str], str]] = {
    "a second folder": (
        {"binder/environment.yml": CONDA},
        {"strategy": "community-image"},
        r"^Move the files of binder/ to the root, .* 'community-image'",
    ),
    "the same folder": (
        {".binder/environment.yml": CONDA},
        {"strategy": "community-image"},
        r"^Move the files of \.binder/ to the root",
    ),
    "an image that Binder does not start": (
        {".binder/Dockerfile": BASE + "RUN true\n"},
        {"strategy": "community-image"},
        r"^Use -d strategy=inherit, or remove \.binder/Dockerfile",
    ),
    "files beside a Dockerfile": (
        {"Dockerfile": "FROM debian:13\n"},
        {"strategy": "repo2docker"},
        r"^Use -d strategy=dockerfile, or remove Dockerfile",
    ),
    "a Pipfile": (
        {"Pipfile": "[packages]\n"},
        {"strategy": "inherit"},
        r"^Use -d strategy=repo2docker, or write its packages into requirements\.txt and remove it: .* Pipfile",
    ),
    "Nix": (
        {"default.nix": "{}\n"},
        {"strategy": "dockerfile"},
        r"^Use -d strategy=repo2docker, or .*: 'dockerfile' would install nothing from default\.nix",
    ),
    "another Python": (
        {"requirements.txt": "", "runtime.txt": "python-3.12"},
        {"strategy": "dockerfile", "python_version": "3.13"},
        r"^Use -d strategy=repo2docker, or remove runtime\.txt: .* 'python-3\.12'",
    ),
    "conda's file, with pip": (
        PINNED,
        {"strategy": "dockerfile", "packages_with": "pip"},
        r"^Use -d packages_with=conda, or .* environment\.yml",
    ),
}


@pytest.mark.parametrize("name", DEAD_ENDS)
def test_a_strategy_without_effect_is_refused(template: Path, tmp_path: Path, name: str) -> None:
    """With what would do, and nothing is written."""
    files, answers, sentence = DEAD_ENDS[name]
    folder = make(tmp_path / "mine", files)
    with pytest.raises(SystemExit, match=sentence):
        adopt(template, folder, **answers)
    assert git("status", "--porcelain", cwd=folder) == ""


def test_a_package_that_postbuild_installs_may_have_any_strategy(
    template: Path, tmp_path: Path
) -> None:
    """As the refusal says."""
    files = {"setup.py": "", "postBuild": "#!/bin/bash\npython3 -m pip install .\n"}
    adopted(template, tmp_path / "mine", files, strategy="dockerfile")
    assert (tmp_path / "mine" / "Dockerfile").exists()


# 6: licences -------------------------------------------------------------------------------------

GPL = "GNU GENERAL PUBLIC LICENSE\n"
LICENSES: dict[str, tuple[dict[str, str], str]] = {
    "LICENSE": ({"LICENSE": MIT}, "MIT"),
    "LICENSE.md": ({"LICENSE.md": "# " + MIT}, "MIT"),
    "license.txt": ({"license.txt": GPL}, "mine"),
    "LICENSE-CODE": ({"LICENSE-CODE": MIT, "LICENSE-DATA": "CC0\n"}, "mine"),
    "COPYING": ({"COPYING": GPL}, "mine"),
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


def test_one_answer_says_where_tests_are(render: Callable[..., Path]) -> None:
    """And it is one folder."""
    folder = render(strategy="repo2docker", tests_folder="checks")
    assert (folder / "checks" / "example.ipynb").exists() and not (folder / "tests").exists()
    for bad in ("../up", "ci", "a/b", ".git"):
        with pytest.raises(
            SystemExit, match=r"^Name one folder in the root that is not ci, as tests: "
        ):
            render("other", strategy="repo2docker", tests_folder=bad)


# 9: workflows, READMEs ---------------------------------------------------------------------------


def test_never_two_workflows_that_publish(template: Path, tmp_path: Path) -> None:
    """The template's stays out, and the message gives the choice."""
    _, said = adopted(template, tmp_path / "mine", PINNED | {".github/workflows/b.yml": PUBLISHES})
    assert not (tmp_path / "mine/.github/workflows/image.yml").exists()
    assert (tmp_path / "mine/.github/workflows/update.yml").exists()
    assert ".github/workflows/b.yml publishes an image" in said
    assert "git rm yours, commit, and copier copy once more" in said


@pytest.mark.parametrize(
    ("name", "url"),
    [(".github/workflows/image.yml", ""), (".gitlab-ci.yml", "https://gitlab.com/ada/notes")],
)
def test_a_workflow_of_our_name_is_told(
    template: Path, tmp_path: Path, name: str, url: str
) -> None:
    """It stays, and is not taken for the template's."""
    _, said = adopted(template, tmp_path / "mine", PINNED | {name: "on: push\n"}, url)
    assert f"{name} is yours, so the template's is not there: rename yours" in said


@pytest.mark.parametrize("name", ["README.rst", "README", "readme.md", "Readme.txt"])
def test_one_readme_is_enough(template: Path, tmp_path: Path, name: str) -> None:
    """However it is called."""
    adopted(template, tmp_path / "mine", PINNED | {name: "Mine\n"})
    names = [path.name for path in (tmp_path / "mine").iterdir() if "readme" in path.name.lower()]
    assert names == [name]


# 10: what is said --------------------------------------------------------------------------------


def test_the_closing_message_fits(template: Path, tmp_path: Path) -> None:
    """It leads to docs/adopt.md, not to a README that is the person's own; each kept file is named."""
    _, said = adopted(
        template, tmp_path / "mine", PINNED | {"README.md": "# Mine\n", "LICENSE": MIT}
    )
    assert "/docs/adopt.md" in said and "its README.md says how" not in said
    for name in ("README.md", "LICENSE", "environment.yml"):
        assert f"Yours, which stays as it is, now and in updates: {name}\n" in said


@pytest.mark.parametrize(
    "files",
    [
        {"environment.yml": "dependencies:\n- python=3.8\n"},
        {"runtime.txt": "python-3.8\n", "requirements.txt": ""},
    ],
)
def test_what_cannot_be_expressed_is_said(
    template: Path, tmp_path: Path, files: dict[str, str]
) -> None:
    """An old Python stays, though no answer names it."""
    _, said = adopted(template, tmp_path / "mine", files)
    assert f"{next(iter(files))} asks for Python 3.8, and keeps it" in said


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
    "work:ada/notes": ("github", "OWNER/mine"),
    "https://github.com/$(id)/`id`": ("github", "OWNER/mine"),
    "https://[bad/x": ("github", "OWNER/mine"),
    "/srv/git/notes.git": ("github", "OWNER/mine"),
}


@pytest.mark.parametrize("url", REMOTES)
def test_remotes(template: Path, tmp_path: Path, url: str) -> None:
    """However the address is written; a password in it goes nowhere."""
    stored, said = adopted(template, tmp_path / "mine", PINNED, url)
    assert (stored["code_host"], stored["repository"]) == REMOTES[url]
    assert "secret" not in f"{stored}{said}"


def test_a_worktree_knows_its_origin(template: Path, tmp_path: Path) -> None:
    """There `.git` is a file."""
    make(tmp_path / "mine", PINNED)
    git("worktree", "add", "--quiet", "../beside", cwd=tmp_path / "mine")
    assert adopt(template, tmp_path / "beside")["repository"] == "ada/My_Notes"


def test_a_long_image_name_is_shortened_with_a_word(template: Path, tmp_path: Path) -> None:
    """As long as hubs take it with a tag."""
    url = "https://github.com/a-research-group/notebooks-for-the-summer-school-2026.git"
    stored, said = adopted(template, tmp_path / "mine", PINNED, url)
    assert stored["image"] == "ghcr.io/a-research-group/notebooks-for-the-summer"
    assert f"The image is {stored['image']}: hubs take no longer name than that." in said


def test_hostile_files_become_no_answers(template: Path, tmp_path: Path) -> None:
    """What is read from files is refused or passed over like any other answer."""
    files = {
        "LICENSE": MIT.replace("Ada Lovelace", "${{ github.token }} $(id) `id`"),
        "runtime.txt": "python-3.12; rm -rf /",
        "requirements.txt": "",
    }
    stored, _ = adopted(template, tmp_path / "mine", files)
    assert stored["python_version"] == "3.13"


# 12, and where there is nothing to read ----------------------------------------------------------


def test_one_of_several_environments_in_a_repository_of_its_own(
    template: Path, tmp_path: Path
) -> None:
    """As docs/adopt.md shows."""
    folder = make(tmp_path / "many", {"images/one/environment.yml": CONDA, "x/y.txt": ""})
    git("subtree", "split", "--prefix=images/one", "--branch=one", cwd=folder)
    git("clone", "--quiet", "--branch=one", ".", "../one", cwd=folder)
    assert adopt(template, tmp_path / "one")["strategy"] == "repo2docker"
    assert (tmp_path / "one" / "environment.yml").read_text() == CONDA


def test_a_new_environment_beside_others_in_subfolders(template: Path, tmp_path: Path) -> None:
    """With a strategy, as the refusal says."""
    files = {"images/one/environment.yml": CONDA}
    adopted(template, tmp_path / "mine", files, strategy="repo2docker")
    assert (tmp_path / "mine" / "environment.yml").exists()


def test_an_empty_repository_says_nothing(template: Path, tmp_path: Path) -> None:
    """GitHub's new repository with a README: the strategy is asked for as ever."""
    folder = make(tmp_path / "mine", {"README.md": "# new\n"})
    with pytest.raises(SystemExit, match=r'Add -d strategy=.*: the question "strategy" has no'):
        adopt(template, folder)
    assert git("status", "--porcelain", cwd=folder) == ""


def test_kept_files_are_files_of_the_template(render: Callable[..., Path]) -> None:
    """Another name is refused, with the nearest that is."""
    wanted = r"Use README\.md: 'READ\.md' is no file of this template\."
    with pytest.raises(SystemExit, match=wanted):
        render(strategy="inherit", kept_files=["READ.md"])


def test_the_template_s_version_of_a_file(
    template: Path, update: Callable[..., str], tmp_path: Path
) -> None:
    """As docs/adopt.md says: off the list it comes in, and where both differ there is a conflict."""
    folder = tmp_path / "mine"
    adopted(template, folder, PINNED | {"README.md": "# Mine\n"})
    commit(folder)
    update(folder, kept_files=[])
    assert (folder / ".dockerignore").exists()
    assert "<<<<<<<" in (folder / "README.md").read_text()
