"""Made, changed, updated: by pytest-copie where it fits, by Copier's own API where it cannot."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import copier
import pytest
from repositories import STRATEGIES, commit, git, pinned, text_of


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_copie(copie, strategy: str) -> None:
    """pytest-copie renders this checkout as anyone's plugin would: its answers are defaults."""
    result = copie.copy(extra_answers={"strategy": strategy, "name": "my-environment"})
    assert result.exception is None and result.exit_code == 0
    assert result.answers["strategy"] == strategy
    assert (
        (result.project_dir / "README.md")
        .read_text(encoding="utf-8")
        .startswith("# my-environment\n")
    )


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_its_own_hooks_pass(render: Callable[..., Path], strategy: str) -> None:
    """The fresh repository's pre-commit hooks find nothing and change nothing."""
    project = render(strategy=strategy, apt_packages="graphviz")
    commit(project)
    hooks = [sys.executable, "-m", "pre_commit", "run", "--all-files", "--show-diff-on-failure"]
    result = subprocess.run(hooks, cwd=project, capture_output=True, encoding="utf-8", check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert git("status", "--porcelain", cwd=project) == ""


def test_its_own_hooks_find_a_conflict(render: Callable[..., Path]) -> None:
    """What an update may leave behind is not committed by accident (`git commit -a` would)."""
    project = render(strategy="dockerfile")
    commit(project)
    text = "<<<<<<< before\none\n=======\ntwo\n>>>>>>> after\n"
    (project / "README.md").write_text(text, encoding="utf-8", newline="\n")
    git("add", "README.md", cwd=project)
    hooks = [sys.executable, "-m", "pre_commit", "run", "check-merge-conflict"]
    result = subprocess.run(hooks, cwd=project, capture_output=True, encoding="utf-8", check=False)
    assert result.returncode == 1 and "README.md" in result.stdout


def test_a_second_update_changes_nothing(render: Callable[..., Path]) -> None:
    project = render(strategy="repo2docker", pip_packages="nbgitpuller")
    commit(project)
    before = text_of(project)
    copier.run_update(project, defaults=True, overwrite=True, quiet=True, unsafe=True)
    assert text_of(project) == before


def test_another_tag_is_another_answer(render: Callable[..., Path]) -> None:
    """Dockerfile, README and image.env never disagree about the base image."""
    project = render(strategy="inherit")
    environment = project / "environment.yml"
    environment.write_text(
        environment.read_text(encoding="utf-8") + "  - xarray\n", encoding="utf-8", newline="\n"
    )
    commit(project)
    copier.run_update(
        project,
        data={"base_tag": "2024-10-07"},
        defaults=True,
        overwrite=True,
        quiet=True,
        unsafe=True,
        vcs_ref=copier.VcsRef.CURRENT,
    )
    files = text_of(project)
    assert files["environment.yml"].endswith("  - xarray\n")
    for name in ("Dockerfile", "README.md", "image.env"):
        assert (
            "scipy-notebook:2024-10-07" in files[name]
            and pinned("jupyter-scipy") not in files[name]
        )


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
    settings = {"defaults": True, "overwrite": True, "quiet": True, "unsafe": True}
    copier.run_update(project, answers, vcs_ref=copier.VcsRef.CURRENT, **settings)
    assert f"/{reference}\n" in (project / "Dockerfile").read_text(encoding="utf-8")
    commit(project)
    with pytest.raises(SystemExit, match="nonsense"):
        copier.run_update(
            project, {"base_tag": "nonsense"}, vcs_ref=copier.VcsRef.CURRENT, **settings
        )
