"""tools/set_up.py: whatever cannot be done is said in one sentence, and the copy stays as it was.

`Copy.set_up` holds that of each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from support.button import FIELDS, UPSTREAM, Copy, form
from support.code_hosts import TOKEN
from support.repositories import commit, git

Press = Callable[..., Copy]
HOSTILE = "$(touch pwned) `touch pwned` ${{ github.token }}\n: [a](b) '\" \\"


def test_no_choice(press: Press) -> None:
    code, said = press().set_up(form())
    assert code == 2
    assert "strategy" in said and "community-image, inherit, repo2docker, dockerfile" in said


@pytest.mark.parametrize("name", FIELDS)
def test_hostile_text_in_a_field(press: Press, name: str) -> None:
    code, said = press().set_up(form(strategy="inherit") | {name: HOSTILE})
    assert code == 2, said
    assert "touch" in said, "the sentence repeats the value"
    # and where all of the summary is Markdown, that value is a piece of code
    assert said.count("`") % 2 == 0 and "](b)" not in re.sub(r"`[^`]*`", "", said)


def test_packages_that_nothing_would_install(press: Press) -> None:
    """A form shows the field whatever else is chosen."""
    code, said = press().set_up(strategy="community-image", pip_packages="cowsay")
    assert code == 2
    assert said.startswith("`Leave pip_packages out, or use strategy=inherit or ")
    assert "'community-image' does nothing with 'cowsay'." in said


def test_packages_beside_a_file_of_ones_own(press: Press) -> None:
    made = press()
    made.edit("environment.yml", "dependencies: [python]\n")
    code, said = made.set_up(strategy="repo2docker", conda_packages="xarray")
    assert code == 2 and said.startswith("`Add them to environment.yml yourself: it is yours")


def test_a_template_that_cannot_be_reached(press: Press, upstream: Path) -> None:
    made = press()
    upstream.rename(upstream.with_name("away"))
    code, said = made.set_up(strategy="inherit")
    assert code == 2 and f"later if `{UPSTREAM}` opens" in said and "git says" in said


@pytest.mark.parametrize("name", ["image", "setup", "update"])
def test_a_workflow_that_a_person_changed(press: Press, name: str) -> None:
    made = press()
    path = made.folder / ".github" / "workflows" / f"{name}.yml"
    path.write_text(path.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    made.push()
    code, said = made.set_up(strategy="inherit")
    assert code == 2
    assert said.startswith(f"Undo the change to `.github/workflows/{name}.yml`, ")


def test_a_template_whose_workflows_differ_in_a_render(press: Press, upstream: Path) -> None:
    """tests/ci/test_workflows.py keeps them equal; if they ever are not, it is said before the push."""
    path = upstream / "template/{{ on_github }}/.github/workflows/image.yml"
    path.write_text(path.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    commit(upstream)
    git("tag", "3.0.0", cwd=upstream)
    code, said = press().set_up(strategy="inherit")
    assert code == 2
    assert "`.github/workflows/image.yml` would differ from the copy's" in said


def test_a_protected_branch(press: Press) -> None:
    made = press()
    hook = made.remote / "hooks" / "update"
    rule = hook.read_text(encoding="utf-8")
    words = "protected branch hook declined: changes must be made through a pull request"
    hook.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n", encoding="utf-8")
    code, said = made.set_up(strategy="inherit")
    assert code == 2 and "GitHub did not take the commit" in said
    assert "if a rule protects `main`, lift it" in said
    # and so it can be run again
    hook.write_text(rule, encoding="utf-8")
    code, said = made.set_up(strategy="inherit")
    assert code == 0, said


def test_somebody_pushes_meanwhile(press: Press) -> None:
    """Between both halves: what was pushed stays."""
    made = press()
    saved = made.place / "saved"
    filled = json.dumps(form(strategy="inherit"))
    about = made.place / "about.json"
    about.write_text(json.dumps(made.host.repository), encoding="utf-8")
    made.checkout()
    made.run("--about", str(about), "--save", str(saved), FORM=filled)
    made.edit("mine.txt", "mine\n")
    before = made.main
    made.checkout()
    code, said = made.run("--push", str(saved), GITHUB_TOKEN=TOKEN)
    assert code == 2 and said.startswith("Run this workflow again: the repository has changed")
    assert made.main == before


def test_what_was_saved_is_no_commit(press: Press) -> None:
    """As an artifact that somebody replaced."""
    made = press()
    saved = made.place / "saved"
    saved.mkdir()
    (saved / "made.bundle").write_text("nothing\n", encoding="utf-8")
    before = made.main
    made.checkout()
    (saved / "tip.txt").write_text(before, encoding="utf-8")
    code, said = made.run("--push", str(saved), GITHUB_TOKEN=TOKEN)
    assert code == 1 and said.startswith("Run this workflow again: git broke off")
    assert made.main == before


# --- what does not stop it ------------------------------------------------------------------------------


def test_a_first_build_that_does_not_start(press: Press) -> None:
    """The repository is made: the summary says how a person starts the build."""
    made = press()
    made.host.workflow_is_there = False
    code, said = made.set_up(strategy="inherit")
    page = "https://github.com/me/env/actions/workflows/image.yml"
    assert code == 0 and f'Press "Run workflow" [here]({page})' in said and "Not Found" in said
