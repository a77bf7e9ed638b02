"""tools/pictures.py takes pictures of what works, and of nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from support import standins
from tools import pictures


@pytest.fixture(autouse=True)
def browser() -> None:
    """What a picture needs: Chromium, and npm for the hub's own proxy."""
    if not (pictures.browser() and shutil.which("npm")):
        standins.left_out("no Chromium or no npm here, which pictures need")


def test_a_user_logs_in_and_runs_a_cell(
    render: Callable[..., Path], environment: dict[str, str], tmp_path: Path
) -> None:
    """There is a picture of a cell that runs, and none of a cell that fails."""
    settings = pictures.test(render("picture", strategy="inherit", name="picture"), environment)
    picture = tmp_path / "picture.png"
    pictures.take(settings, "print(6 * 7)", picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    picture.unlink()
    with pytest.raises(pictures.Problem, match="No module named 'nothing_of_that_name'"):
        pictures.take(settings, "import nothing_of_that_name", picture)
    assert not picture.exists()
    standins.forget_images(["picture:"])


def test_there_is_none_of_an_image_that_fails_its_check(
    render: Callable[..., Path], environment: dict[str, str]
) -> None:
    """A repository without tests fails its check."""
    repository = render("picture", strategy="community-image")
    shutil.rmtree(repository / "tests")
    with pytest.raises(pictures.Problem, match="its check fails"):
        pictures.test(repository, environment)
