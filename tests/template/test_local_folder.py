"""`copier copy .`: repositories that are made from a folder of this machine, as README.md's first command does."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from copier.errors import UserMessageError

from support.repositories import FIXED, commit, git, text_of

OPTIONS: dict[str, Any] = {
    "defaults": True,
    "quiet": True,
    "unsafe": True,
    "user_defaults": FIXED,
}


@pytest.fixture
def here(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of the template, which is the current folder."""
    path = tmp_path / "copier-hub-image"
    shutil.copytree(template, path)
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def made(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository made from ".", beside the clone, and another current folder."""
    path = tmp_path / "my-environment"
    copier.run_copy(".", "../my-environment", data={"strategy": "inherit"}, **OPTIONS)
    commit(path)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return path


def test_the_stored_folder_is_found_from_anywhere(made: Path, here: Path) -> None:
    """Its path is absolute."""
    answers = yaml.safe_load((made / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert Path(answers["_src_path"]).is_absolute()
    assert Path(answers["_src_path"]).samefile(here)


def test_it_can_be_updated(made: Path) -> None:
    """From another folder, to the same bytes where nothing changed."""
    before = text_of(made)
    copier.run_update(made, overwrite=True, **OPTIONS)
    assert text_of(made) == before


def test_it_can_be_switched(made: Path) -> None:
    """From another folder."""
    answers = {"strategy": "dockerfile"}
    copier.run_update(made, answers, overwrite=True, vcs_ref=copier.VcsRef.CURRENT, **OPTIONS)
    assert "# Lines of your own" in (made / "Dockerfile").read_text(encoding="utf-8")


def test_it_can_be_updated_to_what_is_new_there(made: Path, here: Path) -> None:
    """A tag more in that folder."""
    page = here / "template" / "README.md.jinja"
    text = page.read_text(encoding="utf-8") + "\nA line of the newer template.\n"
    page.write_text(text, encoding="utf-8", newline="\n")
    commit(here)
    git("tag", "99999.1.0", cwd=here)
    copier.run_update(made, overwrite=True, **OPTIONS)
    assert "A line of the newer template." in (made / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("where", ["my-environment", "docs/my-environment"])
def test_one_inside_the_checkout_leaves_it_clean(here: Path, where: str) -> None:
    """It is refused in one sentence, or git ignores it: it never comes into the template by accident."""
    try:
        copier.run_copy(".", where, data={"strategy": "inherit"}, **OPTIONS)
    except (SystemExit, UserMessageError) as refusal:
        assert "\n" not in str(refusal)
        assert not (here / where).exists()
    assert git("status", "--porcelain", cwd=here) == ""
