"""Each file of each repository is well-formed, and nothing of the template's inside shows in it."""

from __future__ import annotations

import functools
import re
import tomllib

import nbformat
import pytest
import yaml
from yamllint import linter
from yamllint.config import YamlLintConfig

from support.renders import Renders
from support.repositories import ROOT, STRATEGIES, text_of
from support.rows import ROWS, WAYS

YAMLLINT = YamlLintConfig(file=str(ROOT / ".yamllint.yml"))
# The package is no Jinja: test_tree.py holds that its bytes are the template's.
PACKAGE = "ci/hub_image/"


@functools.cache
def faults_of_yaml(text: str) -> list[str]:
    """What yamllint says of a text; many repositories have the same."""
    yaml.safe_load(text)
    return [str(problem) for problem in linter.run(text, YAMLLINT)]


def test_the_rows_hold_every_strategy_with_every_image() -> None:
    """Pairs that cannot be are left out; a strategy with an image always can."""
    assert {(row["strategy"], row.get("base", "")) for row in ROWS} == set(WAYS)


def test_each_file_ends_with_one_newline(files: dict[str, str]) -> None:
    """Or git and editors show changes that nobody made."""
    wrong = {name for name, text in files.items() if not text.endswith("\n")}
    assert not wrong | {name for name, text in files.items() if text.endswith("\n\n")}


def test_no_line_ends_with_space(files: dict[str, str]) -> None:
    """The repository's own hooks would change it."""
    assert not [name for name, text in files.items() if re.search(r"[ \t]$", text, re.MULTILINE)]


def test_no_jinja_is_left(files: dict[str, str]) -> None:
    """Neither its marks nor what Python writes where an answer is missing; `${{` is GitHub's own."""
    leak = re.compile(r"(?<!\$)\{\{|\{%|\{#|built-in method|Undefined|(?<!-> )\bNone\b")
    assert not {
        name: leak.findall(text)
        for name, text in files.items()
        if leak.search(text) and not name.startswith(PACKAGE)
    }


def test_no_file_speaks_of_the_templates_inside(files: dict[str, str]) -> None:
    """People change answers, not the template's files."""
    assert not [name for name, text in files.items() if "copier.yml" in text]


def test_yaml(files: dict[str, str]) -> None:
    """It parses, and yamllint finds nothing."""
    names = [name for name in files if name.endswith((".yml", ".yaml"))]
    assert names and not {name: faults for name in names if (faults := faults_of_yaml(files[name]))}


def test_toml(files: dict[str, str]) -> None:
    """It parses."""
    for name, text in files.items():
        if name.endswith(".toml"):
            tomllib.loads(text)


def test_notebooks(files: dict[str, str]) -> None:
    """They are valid."""
    names = [name for name in files if name.endswith(".ipynb")]
    assert names
    for name in names:
        nbformat.validate(nbformat.reads(files[name], as_version=4))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_same_answers_same_bytes(
    renders: Renders, tmp_path_factory: pytest.TempPathFactory, strategy: str
) -> None:
    """Neither the day nor the folder's name nor chance is in a file."""
    another = tmp_path_factory.mktemp("another") / "folder"
    renders.new(another, strategy=strategy)
    assert text_of(another) == renders.files(strategy=strategy)
