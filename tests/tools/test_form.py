"""The form of setup.yml: short, and every option of it is an answer."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from support.button import FIELDS
from support.renders import Renders
from support.repositories import CATALOGUE, ROOT

QUESTIONS: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
OPTIONS = [
    (name, option)
    for name, field in FIELDS.items()
    for option in field.get("options", [])
    if name != "strategy" and not option.startswith("usual: ")
]
# What goes with an answer, in a repository that may have it.
BESIDE: dict[str, dict[str, str]] = {
    "rocker-binder": {"base_tag": "latest@sha256:" + 64 * "a"},
    "rstudio": {"base": "py-rocket-base"},
}


def values(name: str) -> list[str]:
    return [one.partition(": ")[0] for one in FIELDS[name]["options"]]


def test_it_is_short() -> None:
    assert len(FIELDS) <= 10


def test_it_asks_the_templates_questions_in_their_order() -> None:
    assert list(FIELDS) == [name for name in QUESTIONS if name in FIELDS]


def test_its_strategies() -> None:
    assert values("strategy") == ["choose", *QUESTIONS["strategy"]["choices"].values()]


def test_its_images() -> None:
    assert values("base") == list(CATALOGUE["images"])


@pytest.mark.parametrize(("name", "option"), OPTIONS, ids=[f"{n}: {o}" for n, o in OPTIONS])
def test_every_option_is_an_answer(renders: Renders, name: str, option: str) -> None:
    """In some strategy; what the interface may be depends on the environment."""
    value: Any = option.partition(": ")[0]
    answers: dict[str, Any] = {"strategy": "inherit"} | BESIDE.get(value, {})
    if name == "languages":
        answers["strategy"], value = "repo2docker", value.split(", ")
    text = renders.files(**answers | {name: value})[".copier-answers.yml"]
    assert yaml.safe_load(text)[name] == value
