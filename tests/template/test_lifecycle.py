"""Made, changed, updated: by pytest-copie where it fits, by Copier's own API or program where it cannot."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import copier
import pytest

from support.renders import Renders
from support.repositories import FIXED, STRATEGIES, commit, git, pinned, text_of

OPTIONS: dict[str, Any] = {"defaults": True, "overwrite": True, "quiet": True, "unsafe": True}


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of this Python, and keep what it says."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_copie(copie: Any, strategy: str) -> None:
    """pytest-copie renders this checkout as anyone's plugin would: its answers are defaults."""
    result = copie.copy(extra_answers={"strategy": strategy, "name": "my-environment"})
    assert result.exception is None and result.exit_code == 0
    assert result.answers["strategy"] == strategy
    readme = (result.project_dir / "README.md").read_text(encoding="utf-8")
    assert readme.startswith("# my-environment\n")


def test_copier_as_people_start_it_gives_the_same(
    renders: Renders, template: Path, tmp_path: Path
) -> None:
    """The tests' own Copier takes short cuts (support/fast_copier.py), which change no byte."""
    answers = {"strategy": "repo2docker", "languages": "[python, r]", "pip_packages": "cowsay"}
    every = FIXED | answers
    given = [word for name, value in every.items() for word in ("-d", f"{name}={value}")]
    copy = ["copier", "copy", "--trust", "--defaults", *given, str(template), "new"]
    result = run(*copy, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert text_of(tmp_path / "new") == renders.files(**answers)


def test_copier_as_people_start_it_updates_to_the_same(
    render: Callable[..., Path], tmp_path: Path
) -> None:
    """A switch, with a line of a person's in a file."""
    results = []
    for name in ("program", "library"):
        project = render(name, strategy="repo2docker", apt_packages="tree")
        with (project / "apt.txt").open("a", encoding="utf-8", newline="\n") as file:
            file.write("mine\n")
        commit(project)
        if name == "library":
            ref = copier.VcsRef.CURRENT
            copier.run_update(project, {"strategy": "dockerfile"}, vcs_ref=ref, **OPTIONS)
        else:
            update = ["copier", "update", "--trust", "--defaults", "--vcs-ref=:current:"]
            result = run(*update, "-d", "strategy=dockerfile", cwd=project)
            assert result.returncode == 0, result.stderr
        results.append(text_of(project))
    assert results[0] == results[1]
    assert results[0]["apt.txt"].endswith("tree\nmine\n")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_its_own_hooks_pass(render: Callable[..., Path], strategy: str) -> None:
    """The fresh repository's pre-commit hooks find nothing and change nothing."""
    packages = {} if strategy == "community-image" else {"apt_packages": "graphviz"}
    project = render(strategy=strategy, **packages)
    commit(project)
    result = run("pre_commit", "run", "--all-files", "--show-diff-on-failure", cwd=project)
    assert result.returncode == 0, result.stdout + result.stderr
    assert git("status", "--porcelain", cwd=project) == ""


def test_its_own_hooks_find_a_conflict(render: Callable[..., Path]) -> None:
    """What an update may leave behind is not committed by accident (`git commit -a` would)."""
    project = render(strategy="dockerfile")
    commit(project)
    text = "<<<<<<< before\none\n=======\ntwo\n>>>>>>> after\n"
    (project / "README.md").write_text(text, encoding="utf-8", newline="\n")
    git("add", "README.md", cwd=project)
    result = run("pre_commit", "run", "check-merge-conflict", cwd=project)
    assert result.returncode == 1 and "README.md" in result.stdout


def test_a_second_update_changes_nothing(render: Callable[..., Path]) -> None:
    """Where there is no newer release and no other answer."""
    project = render(strategy="repo2docker", pip_packages="nbgitpuller")
    commit(project)
    before = text_of(project)
    copier.run_update(project, **OPTIONS)
    assert text_of(project) == before


@pytest.fixture
def another_tag(render: Callable[..., Path]) -> dict[str, str]:
    """A repository with a package of one's own whose base image got another tag: its files."""
    project = render(strategy="inherit")
    with (project / "environment.yml").open("a", encoding="utf-8", newline="\n") as file:
        file.write("  - xarray\n")
    commit(project)
    ref = copier.VcsRef.CURRENT
    copier.run_update(project, {"base_tag": "2024-10-07"}, vcs_ref=ref, **OPTIONS)
    return text_of(project)


def test_another_tag_is_another_answer(another_tag: dict[str, str]) -> None:
    """Dockerfile, README and image.env never disagree about the base image."""
    for name in ("Dockerfile", "README.md", "ci/image.env"):
        assert "scipy-notebook:2024-10-07" in another_tag[name]
        assert pinned("jupyter-scipy") not in another_tag[name]


def test_another_tag_leaves_the_packages(another_tag: dict[str, str]) -> None:
    """The person's line stays."""
    assert another_tag["environment.yml"].endswith("  - xarray\n")


@pytest.mark.parametrize(
    ("answers", "reference"),
    [
        ({"base": "pangeo-notebook"}, f"pangeo-notebook:{pinned('pangeo-notebook')}"),
        ({"base": "pangeo-notebook", "base_tag": "2026.07.01"}, "pangeo-notebook:2026.07.01"),
        ({"base": "jupyter-r"}, f"r-notebook:{pinned('jupyter-r')}"),
    ],
)
def test_another_base_is_another_answer(
    render: Callable[..., Path], answers: dict[str, str], reference: str
) -> None:
    """The tag of the image before is no tag of the new one: it gives way."""
    project = render(strategy="inherit")
    commit(project)
    copier.run_update(project, answers, vcs_ref=copier.VcsRef.CURRENT, **OPTIONS)
    assert f"/{reference}\n" in (project / "Dockerfile").read_text(encoding="utf-8")


def test_a_tag_of_another_base_is_still_checked(render: Callable[..., Path]) -> None:
    """Giving way is no free pass for nonsense."""
    project = render(strategy="inherit", base="pangeo-notebook")
    commit(project)
    with pytest.raises(SystemExit, match="nonsense"):
        copier.run_update(
            project, {"base_tag": "nonsense"}, vcs_ref=copier.VcsRef.CURRENT, **OPTIONS
        )
