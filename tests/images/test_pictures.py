"""tools/pictures takes pictures of what works, and of nothing else."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from support import standins
from tools.pictures import Problem, server
from tools.pictures.__main__ import USUAL, profiles
from tools.pictures.browser import browser, log_in, opened, take, take_profiles
from tools.pictures.terminal import draw, record


@pytest.fixture(autouse=True)
def needed() -> None:
    """What a picture needs: Chromium, and npm for the hub's own proxy."""
    if not (browser() and shutil.which("npm")):
        standins.left_out("no Chromium or no npm here, which pictures need")


def test_what_a_user_sees_on_a_hub(
    render: Callable[..., Path], environment: dict[str, str], tmp_path: Path
) -> None:
    """There is a picture of a cell that runs and none of one that fails; and of the README's profile."""
    repository = render("picture", strategy="inherit", name="picture")
    settings, printed = server.test(repository, environment)
    assert printed[0].startswith(" 1. ") and "PASSED" in printed[-2]
    picture = tmp_path / "picture.png"
    with server.hub(settings) as address:
        take(address, "/lab", "print(6 * 7)", picture)
        assert picture.read_bytes().startswith(b"\x89PNG")
        picture.unlink()
    with server.hub(settings) as address:
        with pytest.raises(Problem, match="No module named 'nothing_of_that_name'"):
            take(address, "/lab", "import nothing_of_that_name", picture)
        assert not picture.exists()
    offered = profiles((repository / "README.md").read_text(encoding="utf-8"))
    with server.hub(settings, [USUAL, *offered]) as address:
        take_profiles(address, "picture", picture)
        with opened() as page:
            log_in(page, f"{address}/hub/login?next=%2Fhub%2Fspawn")
            expect(page.locator("h3")).to_have_text(["Usual environment", "picture"])
    assert picture.read_bytes().startswith(b"\x89PNG")
    standins.forget_images(["picture:"])


def test_there_is_none_of_an_image_that_fails_its_check(
    render: Callable[..., Path], environment: dict[str, str]
) -> None:
    """A repository without tests fails its check."""
    repository = render("picture", strategy="community-image")
    shutil.rmtree(repository / "tests")
    with pytest.raises(Problem, match="its check fails"):
        server.test(repository, environment)


ASKS = "print('\x1b[32mnice?\x1b[0m'); print(input('🎤 more? ')); raise SystemExit({code})"


def test_what_a_terminal_shows(tmp_path: Path) -> None:
    asked, shown = record([sys.executable, "-c", ASKS.format(code=0)], {"more?": "yes"}, tmp_path)
    assert [line.plain for line in asked] == ["nice?", "🎤 more?"]
    assert [line.plain for line in shown] == ["nice?", "🎤 more? yes", "yes"]
    draw(shown, "a title", tmp_path / "it.svg")
    svg = (tmp_path / "it.svg").read_text(encoding="utf-8")
    assert "a&#160;title" in svg and "nice?" in svg
    assert set(re.findall(r"https?://[^/]+", svg)) == {"http://www.w3.org"}  # it loads nothing


def test_there_is_no_picture_of_a_dialogue_that_fails(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="does not end well"):
        record([sys.executable, "-c", ASKS.format(code=1)], {}, tmp_path)
