"""README.md is true: made from its sources, and its commands are run as written."""

from __future__ import annotations

import posixpath
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from repositories import STRATEGIES

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))
import make


def test_made_from_its_sources() -> None:
    for path in [*make.PAGES, make.SETUP]:
        text = path.read_text(encoding="utf-8")
        assert make.page(text) == text, "run nox -s readme"
    tree = make.decision_tree(make.questions()["strategy"]["choices"])
    assert make.PICTURE.read_text(encoding="utf-8") == tree, "run nox -s readme"


def test_picture_names_every_strategy() -> None:
    words = [element.text for element in ElementTree.parse(make.PICTURE).iter() if element.text]
    assert [word for word in words if word in STRATEGIES] == STRATEGIES
    assert "prefers-color-scheme: dark" in make.PICTURE.read_text(encoding="utf-8")


def test_one_place_holds_the_address() -> None:
    """copier.yml; the pages are made from it, and nothing else names where the template lives."""
    url = make.questions()["template_url"]["default"]
    owner = url.split("/")[-2]
    files = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, encoding="utf-8")
    named = {
        name
        for name in files.split("\0")
        if name and owner in (ROOT / name).read_text(encoding="utf-8", errors="replace")
    }
    made = {path.relative_to(ROOT).as_posix() for path in make.PAGES}
    assert "copier.yml" in named and named <= made | {"copier.yml"}


@pytest.mark.parametrize(
    "url", ["https://github.com/acme/hub-images", "https://git.example.org/acme/copier-hub-image"]
)
def test_an_organisation_changes_one_place(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    old = make.questions()["template_url"]["default"]
    moved = make.questions() | {"template_url": {"default": url}}
    monkeypatch.setattr(make, "questions", lambda: moved)
    pages = {path.name: make.page(path.read_text(encoding="utf-8")) for path in make.PAGES}
    assert all(old not in text and old.split("/")[-2] not in text for text in pages.values())
    assert f"git clone {url} && " in pages["README.md"]
    server, owner, name = url.rsplit("/", 2)
    assert f"({server}/new?template_name={name}&template_owner={owner})" in pages["button.md"]


def test_first_lines_are_for_those_who_pressed_the_button() -> None:
    """The link works in the copy as well: GitHub resolves it from .../blob/main/."""
    first = make.README.read_text(encoding="utf-8").partition("<p ")[0]
    (link,) = re.findall(r"\]\((\.\./[^)]+)\)", first)
    page = posixpath.normpath(f"/owner/copy/blob/main/{link}")
    assert page == "/owner/copy/actions/workflows/setup.yml"
    assert (ROOT / ".github/workflows/setup.yml").is_file()
    assert f"({make.button(make.questions()['template_url']['default'])})" in first


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


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_each_strategy_has_a_page_with_a_picture(strategy: str) -> None:
    """Linked from README.md; the picture is as pictures.py takes it, and said in words as well. The words
    on a file are the same wherever there is one of that name."""
    assert f"[`{strategy}`](docs/{strategy}.md)" in make.README.read_text(encoding="utf-8")
    text = (ROOT / "docs" / f"{strategy}.md").read_text(encoding="utf-8")
    assert re.search(rf"^!\[JupyterLab with .{{20,}}\]\({strategy}\.png\)$", text, re.MULTILINE)
    png = (ROOT / "docs" / f"{strategy}.png").read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n") and png.endswith(b"IEND\xaeB`\x82")
    size = tuple(int.from_bytes(png[place : place + 4], "big") for place in (16, 20))
    assert size == (1280, 720) and 20_000 < len(png) < 200_000, "bytes: no blank page"


def test_the_pages_agree_on_files() -> None:
    own = {".github/workflows/", "Dockerfile", "image.env"}  # which differ
    said: dict[str, set[str]] = {}
    for strategy in STRATEGIES:
        text = (ROOT / "docs" / f"{strategy}.md").read_text(encoding="utf-8")
        for name, words in re.findall(r"^[├└]── (\S+) +(.+)$", text, re.MULTILINE):
            said.setdefault(name, set()).add(words)
    assert {name for name, words in said.items() if len(words) > 1} <= own


@pytest.mark.parametrize(
    "name", ["lint", "tests", "images", "readme", "pictures", "catalogue", "release"]
)
def test_sessions_that_the_readme_names(name: str) -> None:
    assert f"def {name}(session" in (ROOT / "noxfile.py").read_text(encoding="utf-8")
    assert re.search(rf"`(nox -s )?{name}`", make.README.read_text(encoding="utf-8"))
