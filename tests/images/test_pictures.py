"""docs/pictures.py takes pictures of what works, and of nothing else."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import standins

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))
import pictures


@pytest.fixture(autouse=True)
def browser() -> None:
    if not (pictures.browser() and shutil.which("npm")):
        standins.left_out("no Chromium or no npm here, which pictures need")


def test_a_user_logs_in_and_runs_a_cell(
    render: Callable[..., Path], environment: dict[str, str], tmp_path: Path
) -> None:
    repository = render("picture", strategy="inherit", name="picture")
    proved = pictures.prove(repository, environment)
    picture = tmp_path / "picture.png"
    pictures.take(*proved, repository, "print(6 * 7)", picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    picture.unlink()
    with pytest.raises(pictures.Problem, match="No module named 'nothing_of_that_name'"):
        pictures.take(*proved, repository, "import nothing_of_that_name", picture)
    assert not picture.exists()
    standins.forget_images(["picture:"])


def test_there_is_none_of_an_image_that_fails_its_check(
    render: Callable[..., Path], environment: dict[str, str]
) -> None:
    repository = render("picture", strategy="community-image")
    shutil.rmtree(repository / "tests")
    with pytest.raises(pictures.Problem, match="does not start on a hub"):
        pictures.prove(repository, environment)
