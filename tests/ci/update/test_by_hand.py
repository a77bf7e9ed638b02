"""Updating this very folder, and the copy beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from support.repositories import commit, git
from support.updates import Repository

Make = Callable[..., Repository]


def by_hand(made: Repository) -> Repository:
    """Let no CI be there."""
    made.env = {}
    return made


def test_it_applies_what_it_finds(make: Make) -> None:
    """And pushes nothing; what it removed is said, with the command that brings it back."""
    made = by_hand(make("2.0.0"))
    done = made.call()
    assert done.code == 0 and made.host.asked == [] and made.tip == ""
    assert "an older release" not in (made.folder / ".gitignore").read_text(encoding="utf-8")
    assert "Removed dropped.txt; to keep it: git checkout " in done.said


def test_it_says_what_to_choose(make: Make) -> None:
    """Both versions stand in the file then."""
    made = by_hand(make("2.0.0"))
    made.edit(".gitignore", "mine\n")
    done = made.call()
    assert done.code == 0 and "Both sides changed .gitignore: choose" in done.said
    assert "<<<<<<< before updating" in (made.folder / ".gitignore").read_text(encoding="utf-8")


def test_uncommitted_changes(make: Make) -> None:
    """They stay as they are."""
    made = by_hand(make("2.0.0"))
    (made.folder / "README.md").write_text("mine\n", encoding="utf-8")
    done = made.call()
    assert done.code == 2 and "repository is dirty" in done.said
    assert (made.folder / "README.md").read_text(encoding="utf-8") == "mine\n"


def test_nothing_to_propose_by_hand(make: Make) -> None:
    """--propose is for CI."""
    made = by_hand(make("2.0.0"))
    done = made.propose()
    assert done.code == 2 and "in CI" in done.said


def test_a_refusal_of_the_template_is_one_sentence(make: Make) -> None:
    """In its own words, and nothing is proposed."""
    made = make("2.0.0")
    path = made.folder / ".copier-answers.yml"
    text = path.read_text(encoding="utf-8").replace("license: MIT", "license: nonsense")
    path.write_text(text, encoding="utf-8", newline="\n")
    made.push()
    done = made.run()
    assert done.code == 2 and "nonsense" in done.said
    assert made.host.threads == {} and made.tip == ""


def test_a_template_that_is_not_here_is_one_sentence(make: Make) -> None:
    """As on a code host, for a repository made from a folder."""
    made = make("2.0.0")
    path = made.folder / ".copier-answers.yml"
    text = re.sub("_src_path: .*", "_src_path: /no/such/folder", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8", newline="\n")
    made.push()
    done = made.run()
    assert done.code == 2 and "the folder `/no/such/folder`, not here" in done.said


def test_a_repository_without_answers_is_one_sentence(make: Make) -> None:
    """There is nothing to update then."""
    made = by_hand(make("2.0.0"))
    (made.folder / ".copier-answers.yml").unlink()
    done = made.call()
    assert (
        done.code == 2 and ".copier-answers.yml: it can only update what it has made" in done.said
    )


def test_the_copy_needs_no_content_of_large_files(make: Make, tmp_path: Path) -> None:
    """Git LFS, installed for the system, fetches contents for each work tree (P10)."""
    made = make("2.0.0")
    (made.folder / ".gitattributes").write_text("*.bin filter=lfs -text\n", encoding="utf-8")
    (made.folder / "large.bin").write_text("version https://git-lfs\n", encoding="utf-8")
    commit(made.folder)
    # what git-lfs does: it leaves the pointer where it is told to skip
    smudge = f'if test -n "$GIT_LFS_SKIP_SMUDGE"; then cat; else touch {tmp_path}/fetched; cat; fi'
    git("config", "filter.lfs.smudge", smudge, cwd=made.folder)
    git("config", "filter.lfs.clean", "cat", cwd=made.folder)
    git("config", "filter.lfs.required", "true", cwd=made.folder)
    made.push()
    assert made.run(again=True).code == 0
    assert not (tmp_path / "fetched").exists()
    assert made.proposed("large.bin") == "version https://git-lfs"


def test_a_shallow_checkout_is_enough_to_look(make: Make, tmp_path: Path) -> None:
    """As CI makes it."""
    made = make("2.0.0")
    made.edit("notes.txt", "mine\n")
    whole = made.folder
    git("clone", "--quiet", "--depth=1", f"file://{made.remote}", "shallow", cwd=tmp_path)
    made.folder = tmp_path / "shallow"
    assert made.save().code == 0
    made.folder = whole
    assert made.propose().code == 0
    assert made.proposed("notes.txt") == "mine" and "release" not in made.proposed(".gitignore")


def test_the_copy_is_gone_afterwards(make: Make) -> None:
    """No work tree, branch or file stays."""
    made = make("2.0.0")
    made.save()
    assert len(git("worktree", "list", cwd=made.folder).splitlines()) == 1
    assert git("for-each-ref", "--format=%(refname)", cwd=made.folder) == "refs/heads/main"
    assert json.loads((made.proposal / "proposal.json").read_text(encoding="utf-8"))["template"]
