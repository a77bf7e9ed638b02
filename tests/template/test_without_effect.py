"""What is typed and plays no part is refused, with the value and the answer that would take it: nothing is dropped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.renders import Renders
from support.repositories import STRATEGIES, git, text_of

FROM_BASE, OWN = STRATEGIES[:2], STRATEGIES[1:]
# What could be typed, and the strategies in which it does something.
TYPED: dict[str, tuple[str, list[str]]] = {
    "base": ("jupyter-base", FROM_BASE),
    "base_family": ("pangeo", FROM_BASE),
    "base_reference": ("quay.io/a/b:1", FROM_BASE),
    "base_tag": ("2024-10-07", FROM_BASE),
    "community": ("pangeo", FROM_BASE),
    "apt_packages": ("tree", OWN),
    "binder": ("image", OWN),
    "conda_packages": ("xarray", OWN),
    "image": ("quay.io/a/b", OWN),
    "julia_packages": ("DataFrames", OWN),
    "packages_with": ("pip", OWN),
    "pip_packages": ("cowsay", OWN),
    "platforms": ("[arm64]", OWN),
    "r_packages": ("sf", OWN),
    "julia_version": ("1.11", ["repo2docker"]),
    "languages": ("[r]", ["repo2docker"]),
    "r_version": ("4.4-2025-06-01", ["repo2docker"]),
    "micromamba_version": ("2.8.0", ["dockerfile"]),
    "uv_version": ("0.13.0", ["dockerfile"]),
    "python_version": ("3.12", ["repo2docker", "dockerfile"]),
}
# A question, the other answers, and the one beside which it does nothing.
BESIDE: dict[str, tuple[dict[str, str], str]] = {
    "author": ({"strategy": "inherit", "license": "none", "author": "Ada"}, "license"),
    "base_family": ({"strategy": "inherit", "base_family": "pangeo"}, "base"),
    "base_reference": ({"strategy": "community-image", "base_reference": "quay.io/a/b:1"}, "base"),
    "base_tag": (
        {
            "strategy": "inherit",
            "base": "other",
            "base_family": "pangeo",
            "base_reference": "quay.io/a/b:1",
            "base_tag": "2",
        },
        "base",
    ),
    "binder": (
        {
            "strategy": "dockerfile",
            "code_host": "other",
            "repository": "https://git.example.org/a/b.git",
            "binder": "image",
        },
        "code_host",
    ),
    "julia_version": ({"strategy": "repo2docker", "julia_version": "1.11"}, "languages"),
    "kept_license": ({"strategy": "inherit", "kept_license": "MIT"}, "license"),
    "micromamba_version": (
        {"strategy": "dockerfile", "packages_with": "pip", "micromamba_version": "2.8.0"},
        "packages_with",
    ),
    "packages_with": (
        {"strategy": "repo2docker", "languages": "[r]", "packages_with": "conda"},
        "languages",
    ),
    "python_version": (
        {"strategy": "repo2docker", "languages": "[julia]", "python_version": "3.12"},
        "languages",
    ),
    "r_version": ({"strategy": "repo2docker", "r_version": "4.4"}, "languages"),
    "uv_version": ({"strategy": "dockerfile", "uv_version": "0.13.0"}, "packages_with"),
    "year": ({"strategy": "inherit", "license": "mine", "year": "2020"}, "license"),
}
PASSED_BY = [
    (strategy, name)
    for name, (_, taken) in TYPED.items()
    for strategy in STRATEGIES
    if strategy not in taken
]


@pytest.mark.parametrize(
    ("strategy", "name"), PASSED_BY, ids=[f"{name}-{strategy}" for strategy, name in PASSED_BY]
)
def test_a_strategy_that_does_nothing_with_it(
    renders: Renders, tmp_path: Path, strategy: str, name: str
) -> None:
    """The sentence says which strategies do."""
    value, taken = TYPED[name]
    with pytest.raises(SystemExit) as refusal:
        renders.new(tmp_path / "env", **{"strategy": strategy, name: value})
    said = str(refusal.value.code)
    assert said.startswith(f"Leave {name} out, or use strategy={' or '.join(taken)}: "), said
    assert said.endswith(f"'{strategy}' does nothing with '{value}'.")
    assert not (tmp_path / "env").exists()


@pytest.mark.parametrize("name", BESIDE)
def test_another_answer_beside_which_it_does_nothing(
    renders: Renders, tmp_path: Path, name: str
) -> None:
    """The sentence names that one."""
    answers, other = BESIDE[name]
    with pytest.raises(SystemExit, match=f"Leave {name} out, or .* {other}.*{answers[name]}"):
        renders.new(tmp_path / "env", **answers)
    assert not (tmp_path / "env").exists()


def test_every_question_of_some_strategies_is_known(template: Path) -> None:
    """Those that copier.yml asks in some strategies only."""
    questions: dict[str, Any] = yaml.safe_load((template / "copier.yml").read_text("utf-8"))
    known = set(TYPED) | {"interface", "given_answers"}
    for name, details in questions.items():
        if not name.startswith("_") and details.get("when") is not False:
            assert name in known or "strategy" not in str(details.get("ask")), name


def test_what_is_stored_waits(
    made: Callable[..., Path], update: Callable[..., str], tmp_path: Path
) -> None:
    """A switch drops no answer, and one that is typed as it is stored is no reason to refuse."""
    path = made(tmp_path / "env", strategy="inherit", platforms="[arm64]", pip_packages="cowsay")
    with pytest.raises(SystemExit, match=r"Leave pip_packages out.*does nothing with 'tree'"):
        update(path, strategy="community-image", pip_packages="tree")
    assert git("status", "--porcelain", cwd=path) == ""
    update(path, strategy="community-image", platforms="[arm64]", pip_packages="cowsay")
    stored = yaml.safe_load(text_of(path)[".copier-answers.yml"])
    assert (stored["platforms"], stored["pip_packages"]) == (["arm64"], "cowsay")


def test_updated_is_not_said_where_nothing_changed(
    made: Callable[..., Path], update: Callable[..., str], tmp_path: Path
) -> None:
    """But for what is remembered: the same packages in another order."""
    path = made(tmp_path / "env", strategy="inherit", apt_packages="nano tree")
    message = update(path, apt_packages="tree nano")
    assert git("status", "--porcelain", cwd=path) == "M .copier-answers.yml"
    assert "Updated" not in message
    assert "Nothing but .copier-answers.yml changed" in message and "To keep it:" in message
