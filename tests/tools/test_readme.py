"""README.md and the pages are true: made from their sources, and complete.

Their commands are run by test_commands.py.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from support.repositories import ROOT, STRATEGIES, git
from tools import readme
from tools.decision_tree import decision_tree

TEXT = readme.README.read_text(encoding="utf-8")
URL = readme.questions()["template_url"]["default"]


def pages() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in readme.PAGES}


# --- made from its sources ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", [*readme.PAGES, readme.SETUP, readme.SET_UP], ids=lambda path: path.name
)
def test_made_from_its_sources(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert readme.page(text) == text, "run nox -s readme"


def test_the_picture_is_made_from_the_questions() -> None:
    tree = decision_tree(readme.questions()["strategy"]["choices"])
    assert readme.PICTURE.read_text(encoding="utf-8") == tree, "run nox -s readme"


def test_picture_names_every_strategy() -> None:
    words = [one.text for one in ElementTree.parse(readme.PICTURE).iter() if one.text]
    assert [word for word in words if word in STRATEGIES] == STRATEGIES


def luminance(colour: str) -> float:
    """Return how bright `#rrggbb` is, from 0 to 1: WCAG 2.2, "relative luminance"."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_picture_can_be_read_on_any_page() -> None:
    """It brings its ground, which lies below all else and contrasts with "yes" and "no" (WCAG: 4.5)."""
    text = readme.PICTURE.read_text(encoding="utf-8")
    shapes = re.findall(r"^<(?:rect|path|text)[^>]*", text, re.MULTILINE)
    assert shapes[0].startswith('<rect class="ground" width="100%" height="100%"')
    assert "prefers-color-scheme" not in text  # the system's, while the page's may be the other one
    ground, word = (
        re.search(rf"{name} {{[^}}]*fill: (#\w+)", text) for name in (r"\.ground", "text")
    )
    assert ground and word
    assert (luminance(ground[1]) + 0.05) / (luminance(word[1]) + 0.05) >= 4.5


def test_the_header_of_set_up_pins_what_all_others_pin() -> None:
    """`pipx run tools/set_up.py` installs it: PEP 723."""
    text = readme.SET_UP.read_text(encoding="utf-8")
    header = text.partition("# dependencies = [\n")[2].partition("# ]\n# ///\n")[0]
    assert header == readme.header() and header.count("\n") >= 5


# --- the template's address -----------------------------------------------------------------------


def test_one_place_holds_the_address() -> None:
    """copier.yml; the pages are made from it, and nothing else names where the template lives."""
    owner = URL.split("/")[-2]
    named = {
        name
        for name in git("ls-files", "-z", cwd=ROOT).split("\0")
        if (ROOT / name).is_file()
        and owner in (ROOT / name).read_text(encoding="utf-8", errors="replace")
    }
    made = {path.relative_to(ROOT).as_posix() for path in readme.PAGES}
    pictures = {"docs/check.svg", "docs/dialogue.svg"}
    assert "copier.yml" in named and named <= made | pictures | {"copier.yml"}


@pytest.mark.parametrize(
    "url", ["https://github.com/acme/hub-images", "https://git.example.org/acme/copier-hub-image"]
)
def test_an_organisation_changes_one_place(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    moved: dict[str, Any] = readme.questions() | {"template_url": {"default": url}}
    monkeypatch.setattr(readme, "questions", lambda: moved)
    texts = {name: readme.page(text) for name, text in pages().items()}
    assert all(URL not in text and URL.split("/")[-2] not in text for text in texts.values())
    assert f"`copier copy --trust {url} my-environment`" in texts["README.md"]
    assert f"({url}/actions/workflows/test.yml/badge.svg)" in texts["README.md"]
    server, owner, name = url.rsplit("/", 2)
    assert f"({server}/new?template_name={name}&template_owner={owner})" in texts["button.md"]


# --- what it says ---------------------------------------------------------------------------------


def test_the_first_lines_are_also_for_whoever_pressed_the_button() -> None:
    """The link works in the copy as well: GitHub resolves it from .../blob/main/."""
    first = TEXT.partition("<p ")[0]
    (link,) = re.findall(r"\]\((\.\./[^)]+)\)", first)
    page = posixpath.normpath(f"/owner/copy/blob/main/{link}")
    assert page == "/owner/copy/actions/workflows/setup.yml"
    assert (ROOT / ".github/workflows/setup.yml").is_file()
    assert f"({readme.button(URL)})" in first


def test_two_sentences_the_tree_and_two_commands_come_first() -> None:
    start = TEXT.partition("## ")[0]
    words, picture, commands = start.partition("<p ")
    about = words.strip().rpartition("\n\n")[2]
    assert about.startswith("A [Copier]") and len(re.findall(r"\.(?:\s|$)", about)) == 2
    assert "decision-tree.svg" in commands and picture
    assert len(re.findall(r"^    \S.+$", commands, re.MULTILINE)) == 2


def test_two_screens() -> None:
    lines = sum(max(1, -(-len(line) // 120)) for line in TEXT.splitlines())
    assert lines <= 100


@pytest.mark.parametrize("badge", ["test.yml/badge.svg", "licence-BSD", "topics/copier-template"])
def test_badges(badge: str) -> None:
    assert badge in TEXT.partition("<p ")[0]


@pytest.mark.parametrize("page", [path.name for path in readme.PAGES])
def test_links_lead_to_files(page: str) -> None:
    (path,) = [one for one in readme.PAGES if one.name == page]
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    for link in links:
        if not link.startswith("../.."):  # GitHub's own pages
            assert (path.parent / link).exists(), link


def test_contributing_names_every_file_and_folder() -> None:
    """Its table names what there is, and there is what it names."""
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("| to ...")[0]
    named = {name.rstrip("/") for name in re.findall(r"^\| `([^`]+)` ", table, re.MULTILINE)}
    files = git("ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT)
    there = {name.partition("/")[0] for name in files.split("\0") if not name.startswith(".")}
    known = {"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "pyproject.toml"}
    assert there - named - {""} <= known
    assert named <= there


# --- the pages of the strategies ------------------------------------------------------------------


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_each_strategy_has_a_page_with_a_picture(strategy: str) -> None:
    """Linked from README.md; each shows something else."""
    assert f"[`{strategy}`](docs/{strategy}.md)" in TEXT
    text = pages()[f"{strategy}.md"]
    (picture,) = re.findall(r"^!\[[^\]]{20,}\]\((\S+)\)$", text, re.MULTILINE)
    others = [pages()[f"{other}.md"] for other in STRATEGIES if other != strategy]
    assert not [page for page in others if f"]({picture})" in page]


PICTURES = sorted(
    {
        name
        for page in readme.PAGES
        if page.parent.name == "docs"
        for name in re.findall(r"!\[[^\]]*\]\(([^):]+)\)", page.read_text(encoding="utf-8"))
    }
)


def test_there_are_pictures_of_a_persons_whole_way() -> None:
    """The dialogue, the form, the report, the hub's page, JupyterLab and Jupyter Notebook."""
    wanted = "dialogue.svg form.png check.svg community-image.png inherit.png repo2docker.png"
    assert set(wanted.split()) <= set(PICTURES)


@pytest.mark.parametrize("name", [name for name in PICTURES if name.endswith(".png")])
def test_pictures_of_a_browser(name: str) -> None:
    """As tools/pictures takes them."""
    png = (ROOT / "docs" / name).read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n") and png.endswith(b"IEND\xaeB`\x82")
    size = tuple(int.from_bytes(png[place : place + 4], "big") for place in (16, 20))
    assert size == (1280, 720) or (name == "form.png" and size[0] == 470)
    assert 20_000 < len(png) < 200_000, "bytes: no blank page"


@pytest.mark.parametrize("name", [name for name in PICTURES if name.endswith(".svg")])
def test_pictures_of_a_terminal(name: str) -> None:
    """They load nothing, and say nothing of the machine on which they were made."""
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert ElementTree.fromstring(text).tag.endswith("svg")
    assert set(re.findall(r"xlink:href=|url\(http|@import", text)) == set()
    assert not re.search(r"/(tmp|root|work|Users|home(?!/jovyan))/|Traceback|Warning", text)


# --- nox --------------------------------------------------------------------------------------------

SESSIONS = ["lint", "tests", "images", "readme", "pictures", "bench", "catalogue", "release"]


@pytest.mark.parametrize("name", SESSIONS)
def test_sessions_that_contributing_names(name: str) -> None:
    assert f"def {name}(session" in (ROOT / "noxfile.py").read_text(encoding="utf-8")
    assert re.search(rf"`(nox -s )?{name}\b", pages()["CONTRIBUTING.md"])
