"""README.md is true: made from its sources, and its commands are run as written."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from conftest import STRATEGIES

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))
import make


def test_made_from_its_sources() -> None:
    for path in make.PAGES:
        text = path.read_text(encoding="utf-8")
        assert make.page(text) == text, "run nox -s readme"
    tree = make.decision_tree(make.questions()["strategy"]["choices"])
    assert make.PICTURE.read_text(encoding="utf-8") == tree, "run nox -s readme"


def test_picture_names_every_strategy() -> None:
    words = [element.text for element in ElementTree.parse(make.PICTURE).iter() if element.text]
    assert [word for word in words if word in STRATEGIES] == STRATEGIES
    assert "prefers-color-scheme: dark" in make.PICTURE.read_text(encoding="utf-8")


def test_one_place_holds_the_address() -> None:
    """README.md is made from copier.yml; nothing else names where the template lives."""
    url = make.questions()["template_url"]["default"]
    assert "TEMPLATE-OWNER" in url, "a placeholder that nobody can take for real, until it is known"
    for path in ROOT.rglob("*"):
        relative = path.relative_to(ROOT)
        if path.is_file() and not any(part.startswith(".") for part in relative.parts):
            if relative.name == "copier.yml" or path in make.PAGES or path.suffix == ".pyc":
                continue
            owner = "TEMPLATE-" + "OWNER"
            assert (
                owner not in path.read_text(encoding="utf-8", errors="replace")
                or relative.name == Path(__file__).name
            )


def test_two_screens_before_the_reference_part() -> None:
    text = make.README.read_text(encoding="utf-8").partition("## The community images")[0]
    lines = sum(max(1, -(-len(line) // 120)) for line in text.splitlines())
    assert lines <= 100


def test_every_file_and_folder_is_named() -> None:
    """The table under Develop names what there is, and there is what it names."""
    table = make.README.read_text(encoding="utf-8").partition("## Develop")[2]
    named = {name.rstrip("/") for name in re.findall(r"^\| `([^`]+)` ", table, re.MULTILINE)}
    there = {path.name for path in ROOT.iterdir() if not path.name.startswith((".", "__"))}
    assert there - named <= {"CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml"}
    assert named <= there


def test_pins_agree() -> None:
    """The tests run check_image.py with what it brings along by itself."""
    defaults = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    program = ROOT / "template" / "{{ every_strategy }}" / "check_image.py.jinja"
    header = program.read_text(encoding="utf-8").partition("# ///\n")[0]
    for name in ("jupyterhub_major", "repo2docker_version"):
        header = header.replace(f"{{{{ {name} }}}}", defaults[name]["default"])
    required = re.findall(r'^#   "(.+)",$', header, re.MULTILINE)
    session = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    listed = re.findall(
        r'^    "(.+)",$', session.partition("CHECK = [")[2].partition("]")[0], re.MULTILINE
    )
    assert required == listed


@pytest.mark.parametrize("name", ["lint", "tests", "images", "readme", "catalogue", "release"])
def test_sessions_that_the_readme_names(name: str) -> None:
    assert f"def {name}(session" in (ROOT / "noxfile.py").read_text(encoding="utf-8")
    assert re.search(rf"`(nox -s )?{name}`", make.README.read_text(encoding="utf-8"))
