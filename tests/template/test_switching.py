"""One command switches any repository to any strategy; nothing that was typed is dropped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import copier
import copier._main
import pytest
import yaml

from support.dialogue import Person, answering
from support.edits import unmerged
from support.repositories import STRATEGIES, commit, git, text_of

Answers = dict[str, Any]
OPTIONS: Answers = {"defaults": True, "overwrite": True, "quiet": True, "unsafe": True}
# Repositories with answers that not all strategies take.
RICH: dict[str, Answers] = {
    "rstudio": {
        "strategy": "repo2docker",
        "languages": "[r]",
        "interface": "rstudio",
        "r_packages": "ggplot2",
    },
    "languages": {
        "strategy": "repo2docker",
        "languages": "[python, r, julia]",
        "interface": "rstudio",
        "r_packages": "ggplot2",
        "julia_packages": "DataFrames",
        "conda_packages": "xarray",
    },
    "rocker": {
        "strategy": "inherit",
        "base": "rocker-binder-4",
        "interface": "rstudio",
        "r_packages": "sf",
    },
    "gpu": {"strategy": "inherit", "base": "rapids", "pip_packages": "cowsay"},
    "newest python": {
        "strategy": "dockerfile",
        "packages_with": "pip",
        "python_version": "3.15",
        "platforms": "[amd64, arm64]",
    },
    "pointer": {"strategy": "community-image", "base": "rocker-binder-4", "interface": "rstudio"},
}
# What must be said besides, by repository and new strategy: what does not fit has no other place.
BESIDES: dict[tuple[str, str], Answers] = {
    ("rstudio", "inherit"): {"base": "jupyter-r"},
    ("rstudio", "dockerfile"): {"apt_packages": "r-base"},
    ("languages", "inherit"): {"base": "jupyter-datascience"},
    ("rocker", "repo2docker"): {"languages": "[r]"},
    ("rocker", "dockerfile"): {"apt_packages": "r-base"},
    ("gpu", "community-image"): {"base": "jupyter-scipy"},
    ("newest python", "repo2docker"): {"python_version": "3.14"},
}
SWITCHES = [(name, new) for name in RICH for new in STRATEGIES if new != RICH[name]["strategy"]]
# Julia packages have no other place at all.
IMPOSSIBLE = {("languages", "dockerfile")}


@pytest.mark.parametrize(("name", "new"), SWITCHES, ids=["-".join(one) for one in SWITCHES])
def test_one_command(
    made: Callable[..., Path],
    update: Callable[..., str],
    fresh: Callable[[Path], dict[str, str]],
    tmp_path: Path,
    name: str,
    new: str,
) -> None:
    """Without a conflict; and what comes of it is what a fresh copy would be."""
    path = made(tmp_path / "my-environment", **RICH[name])
    if (name, new) in IMPOSSIBLE:
        with pytest.raises(SystemExit, match=r"Project\.toml"):
            update(path, strategy=new)
        return
    besides = BESIDES.get((name, new), {})
    for left_out in besides:  # each is needed, and the sentence of the refusal names what to do
        fewer = {key: value for key, value in besides.items() if key != left_out}
        with pytest.raises(SystemExit, match=f"-d '?{left_out}="):
            update(path, strategy=new, **fewer)
        assert git("status", "--porcelain", cwd=path) == ""
    message = update(path, strategy=new, **besides)
    assert unmerged(path) == [] and text_of(path) == fresh(path)
    stored = yaml.safe_load(text_of(path)[".copier-answers.yml"])
    assert stored["strategy"] == new
    if RICH[name].get("interface", stored["interface"]) != stored["interface"]:
        assert f"changed     interface is '{stored['interface']}' now: 'rstudio'" in message


OLD = "0.4.0"  # support/releases.py says what could be answered then
GONE: dict[str, tuple[Answers, Answers]] = {
    "python_version": (
        {"strategy": "dockerfile", "python_version": "3.9"},
        {"python_version": "3.14"},
    ),
    "name": (
        {"strategy": "inherit", "name": 45 * "a", "image": "quay.io/acme/env"},
        {"name": "mine"},
    ),
    "base": ({"strategy": "inherit", "base": "jupyter-small"}, {"base": "jupyter-base"}),
    "license": ({"strategy": "repo2docker", "license": "ISC"}, {"license": "MIT"}),
}


@pytest.mark.parametrize("question", GONE)
def test_a_stored_answer_is_no_dead_end(
    made: Callable[..., Path], tmp_path: Path, question: str
) -> None:
    """One that a newer release does not take is refused by its question's name, and `-d` replaces it."""
    answers, given = GONE[question]
    path = made(tmp_path / "my-environment", OLD, **answers)
    with pytest.raises(SystemExit, match=question):
        copier.run_update(path, **OPTIONS)
    assert git("status", "--porcelain", cwd=path) == ""
    copier.run_update(path, given, **OPTIONS)
    assert yaml.safe_load(text_of(path)[".copier-answers.yml"])[question] == given[question]


@pytest.mark.parametrize("question", GONE)
def test_at_prompts_it_is_asked_again(
    made: Callable[..., Path], tmp_path: Path, question: str
) -> None:
    """A person who updates with questions gives another answer there: the dialogue does not end."""
    answers, _ = GONE[question]
    path = made(tmp_path / "my-environment", OLD, **answers)
    person = Person(5, answers["strategy"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copier._main, "unsafe_prompt", answering(person))
        copier.run_update(path, overwrite=True, quiet=True, unsafe=True)
    stored = yaml.safe_load(text_of(path)[".copier-answers.yml"])
    assert stored[question] == person.answers[question] != answers[question]


@pytest.mark.parametrize(
    ("before", "after", "given"),
    [
        ("apt_packages: ''", "apt_packages: $x", {"apt_packages": ""}),
        ("year: '2026'", "year: '26'", {"year": "2026"}),
        ("python_version: '3.13'", "python_version: '3.5'", {"python_version": "3.14"}),
    ],
)
def test_what_was_written_into_the_answers_is_replaced(
    made: Callable[..., Path],
    update: Callable[..., str],
    tmp_path: Path,
    before: str,
    after: str,
    given: Answers,
) -> None:
    """By hand, and never a good one."""
    path = made(tmp_path / "my-environment", strategy="dockerfile")
    file = path / ".copier-answers.yml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8", newline="\n")
    commit(path)
    ((question, value),) = given.items()
    with pytest.raises(SystemExit, match=f"-d {question}="):
        update(path, description="another")
    update(path, **given)
    assert yaml.safe_load(file.read_text(encoding="utf-8"))[question] == value


TOOLS = {
    "conda": ("environment.yml", "xarray"),
    "pip": ("environment.yml", "cowsay"),
    "apt": ("apt.txt", "tree"),
    "r": ("environment.yml", "ggplot2"),
    "julia": ("Project.toml", "DataFrames"),
}
ALL = {"strategy": "repo2docker", "languages": "[python, r, julia]"}


@pytest.mark.parametrize("tool", TOOLS)
def test_packages_go_into_a_file_that_is_there(
    made: Callable[..., Path], update: Callable[..., str], tmp_path: Path, tool: str
) -> None:
    """As a person has edited it."""
    name, package = TOOLS[tool]
    path = made(tmp_path / "my-environment", **ALL, apt_packages="git-lfs")
    with (path / "README.md").open("a", encoding="utf-8", newline="\n") as file:
        file.write("Mine.\n")
    commit(path)
    update(path, **{f"{tool}_packages": f"git-lfs {package}" if tool == "apt" else package})
    assert package in text_of(path)[name]


@pytest.mark.parametrize("tool", TOOLS)
def test_packages_for_a_file_that_was_removed_are_refused(
    made: Callable[..., Path], update: Callable[..., str], tmp_path: Path, tool: str
) -> None:
    """Copier brings no file back that a person removed: they would be dropped silently."""
    name, package = TOOLS[tool]
    path = made(tmp_path / "my-environment", **ALL, apt_packages="git-lfs", julia_packages="CSV")
    (path / name).unlink()
    commit(path)
    with pytest.raises(SystemExit, match=f"Add them to {name} yourself.*{package}"):
        update(path, **{f"{tool}_packages": package})
    assert git("status", "--porcelain", cwd=path) == ""


def test_packages_for_a_file_of_ones_own_are_refused(renders: Any, tmp_path: Path) -> None:
    """An existing repository keeps its files: at the prompts they are not asked for, by `-d` refused."""
    path = tmp_path / "mine"
    path.mkdir()
    (path / "requirements.txt").write_text("numpy\n", encoding="utf-8", newline="\n")
    git("init", "--quiet", cwd=path)
    with pytest.raises(SystemExit, match="Add them to"):
        renders.new(path, strategy="repo2docker", pip_packages="cowsay")
    assert (path / "requirements.txt").read_text(encoding="utf-8") == "numpy\n"


MINE = {"license": "mine"}


@pytest.mark.parametrize(
    ("edit", "more"),
    [
        ("", {}),
        ("a line more\n", {"strategy": "repo2docker"}),
        ("all of it\n", {}),
        ("removed", {"strategy": "community-image"}),
    ],
    ids=["unedited", "added to", "replaced", "removed"],
)
def test_a_licence_that_becomes_mine_stays(
    made: Callable[..., Path], update: Callable[..., str], tmp_path: Path, edit: str, more: Answers
) -> None:
    """As it is, whatever a person has written into it; in later updates and switches, too."""
    path = made(tmp_path / "env", strategy="inherit", license="MIT")
    file = path / "LICENSE"
    text = file.read_text(encoding="utf-8")
    mine = edit if edit == "all of it\n" else text + edit
    file.write_text(mine, encoding="utf-8", newline="\n")
    if edit == "removed":
        file.unlink()
    commit(path)
    before = text_of(path).get("LICENSE")
    for answers in (MINE | more, {"strategy": "dockerfile"}):
        message = update(path, **answers)
        assert "LICENSE" not in message and unmerged(path) == []
        assert text_of(path).get("LICENSE") == before
        commit(path)


def test_mine_writes_no_licence(
    made: Callable[..., Path], update: Callable[..., str], tmp_path: Path
) -> None:
    """Where there was none; and what a person puts there is left alone."""
    path = made(tmp_path / "env", strategy="inherit", license="none")
    update(path, **MINE)
    assert "LICENSE" not in text_of(path)
    (path / "LICENSE").write_text("Do as you like.\n", encoding="utf-8", newline="\n")
    commit(path)
    assert "LICENSE" not in update(path, strategy="repo2docker")
    assert text_of(path)["LICENSE"] == "Do as you like.\n"


@pytest.mark.parametrize(
    ("answers", "given", "image"),
    [
        ({}, {"repository": "new/name"}, "ghcr.io/new/name"),
        ({}, {"code_host": "gitlab", "repository": "a/b/c"}, "registry.gitlab.com/a/b/c"),
        ({"image": "quay.io/a/b"}, {"repository": "new/name"}, "quay.io/a/b"),
        ({}, {"repository": "new/name", "image": "ghcr.io/old/name"}, "ghcr.io/old/name"),
    ],
    ids=["moved", "another host", "its own name", "typed"],
)
def test_the_image_follows_the_repository(
    made: Callable[..., Path], tmp_path: Path, answers: Answers, given: Answers, image: str
) -> None:
    """Unless a person gave it a name of its own."""
    path = made(tmp_path / "env", strategy="inherit", repository="old/name", **answers)
    copier.run_update(path, given, vcs_ref=copier.VcsRef.CURRENT, **OPTIONS)
    assert yaml.safe_load(text_of(path)[".copier-answers.yml"])["image"] == image
    assert f"IMAGE={image}\n" in text_of(path)["ci/image.env"]
