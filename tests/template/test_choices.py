"""What may be chosen, where it is not the same everywhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml

from support.renders import Renders
from support.repositories import CATALOGUE, STRATEGIES

OPTIONS: dict[str, Any] = {"defaults": True, "quiet": True, "unsafe": True}


def test_the_newest_python_comes_with_pip(renders: Renders) -> None:
    """Docker Hub has an image of it before conda-forge and repo2docker have it."""
    answers = {"packages_with": "pip", "python_version": "3.15"}
    text = renders.files(strategy="dockerfile", **answers)["Dockerfile"]
    assert "\nFROM python:3.15-slim-trixie\n" in text


@pytest.mark.parametrize(
    ("languages", "version"), [("[r]", r"4\.5-20\d\d-\d\d-\d\d"), ("[python, r]", r"4\.5")]
)
def test_a_date_is_asked_for_where_it_plays_a_part(
    template: Path, tmp_path: Path, languages: str, version: str
) -> None:
    """conda-forge, from which R comes beside another language, has no packages of a day."""
    answers = {"strategy": "repo2docker", "languages": languages}
    copier.run_copy(str(template), tmp_path / "new", data=answers, **OPTIONS)
    text = (tmp_path / "new" / ".copier-answers.yml").read_text(encoding="utf-8")
    assert re.fullmatch(version, yaml.safe_load(text)["r_version"])


@pytest.mark.parametrize("license_", ["mine", "none"])
def test_no_licence_is_written(renders: Renders, license_: str) -> None:
    """For one of one's own, and for none."""
    assert "LICENSE" not in renders.files(strategy="inherit", license=license_)


def test_every_family_is_a_choice(template: Path) -> None:
    """`base_family` offers the families by which an image of one's own can be inherited."""
    questions = yaml.safe_load((template / "copier.yml").read_text(encoding="utf-8"))
    offered = set(questions["base_family"]["choices"].values())
    # One image each, which the catalogue holds.
    assert offered == set(CATALOGUE["families"]) - {"py-rocket", "rapids"}


def test_every_strategy_is_a_choice(template: Path) -> None:
    """In the order in which they are tried."""
    questions = yaml.safe_load((template / "copier.yml").read_text(encoding="utf-8"))
    assert list(questions["strategy"]["choices"].values()) == STRATEGIES


def test_every_image_has_one_community() -> None:
    """Or no prompt would offer it; and of each community there is an image."""
    communities = set(CATALOGUE["communities"]) - {"other"}
    of = {
        key: [one for one in communities if key == one or key.startswith(f"{one}-")]
        for key in CATALOGUE["images"]
    }
    assert not {key: found for key, found in of.items() if len(found) != 1}
    assert {one for found in of.values() for one in found} == communities
