"""The commit that makes a repository of a copy: what the template renders, and what a person added."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hub_image.git import git
from hub_image.markdown import code
from hub_image.settings import UserError
from tools.button.source import WORKFLOWS, content, files, known, last_words

ANSWERS = ".copier-answers.yml"
AUTHOR = ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")


@dataclass(frozen=True)
class Made:
    """What was made.

    Attributes:
        commit: the new commit, in no branch yet.
        kept: which files are a person's.
        gone: which files of the template a person had changed, and are there no more.
    """

    commit: str
    kept: list[str]
    gone: list[str]


@dataclass(frozen=True)
class Place:
    """Where it is made.

    Attributes:
        template: a clone of the template.
        copy: the copy's repository.
        tip: the copy's commit.
        work: a folder for files on the way.
        folder: below it, where the repository is made.
    """

    template: Path
    copy: Path
    tip: str
    work: Path
    folder: Path


def render(home: str, state: str, place: Place, answers: dict[str, Any]) -> None:
    """Render the template over what a person added.

    Args:
        home: the template's address.
        state: its tag or commit.
        place: where to.
        answers: those of the form, and those that GitHub knows.

    Raises:
        UserError: an answer is bad, or would have no effect: with the template's own sentence.
    """
    data = place.work / "answers.json"  # JSON is YAML
    data.write_text(json.dumps(answers), encoding="utf-8", newline="\n")
    options = ["--trust", "--defaults", "--overwrite", "--quiet", f"--vcs-ref={state}"]
    copier = [sys.executable, "-P", "-m", "copier", "copy", *options, f"--data-file={data}"]
    if said := last_words([*copier, home, str(place.folder)]):
        raise UserError(code(said))


def make_commit(place: Place, fill: Callable[[], None]) -> Made:
    """Make the commit on top of the copy's, in no branch yet.

    Args:
        place: where.
        fill: renders into the place's folder.

    Raises:
        UserError: it would create or change a workflow; and what `fill` raises.
    """
    env = _index(place)
    ever = known(place.template)
    here = files(place.copy, place.tip)
    theirs = [path for path, entry in here.items() if (path, content(entry)) not in ever]
    for path in theirs:
        mode, _, name = here[path].split()
        entry = f"{mode},{name},{path}"
        git("update-index", "--add", "--cacheinfo", entry, cwd=place.copy, env=env)
    target = f"--prefix={place.folder.as_posix()}/"
    git("checkout-index", "--all", target, cwd=place.copy, env=env)
    fill()
    answers = yaml.safe_load((place.folder / ANSWERS).read_text(encoding="utf-8"))
    templates = {path for path, _ in ever} - set(answers["kept_files"])
    gone = sorted(set(theirs) & templates)
    for path in gone:
        (place.folder / path).unlink()
    git("--work-tree=.", "add", "--all", "--force", ".", cwd=place.folder, env=env)
    tree = git("write-tree", cwd=place.copy, env=env)
    _check_workflows(place, tree)
    message = f"Set up by the strategy {answers['strategy']}"
    commit = git("commit-tree", tree, "-p", place.tip, "-m", message, cwd=place.copy, env=env)
    return Made(commit, sorted(set(theirs) - set(gone)), gone)


def _index(place: Place) -> dict[str, str]:
    """Variables by which git works on the copy with an index of its own, and commits as GitHub's bot."""
    env = {"GIT_INDEX_FILE": str(place.work / "index")}
    env |= {"GIT_DIR": git("rev-parse", "--absolute-git-dir", cwd=place.copy)}
    for key, text in zip(("NAME", "EMAIL"), AUTHOR, strict=True):
        env |= {f"GIT_AUTHOR_{key}": text, f"GIT_COMMITTER_{key}": text}
    return env | {"GIT_LFS_SKIP_SMUDGE": "1"}  # what lies in LFS stays there


def _check_workflows(place: Place, tree: str) -> None:
    """Make sure that GitHub lets a run push this."""
    compare = ("diff", "--name-only", "--diff-filter=d", place.tip, tree, "--", WORKFLOWS)
    if changed := git(*compare, cwd=place.copy).splitlines():
        raise UserError(
            "Tell those who maintain the template, or set this repository up on a computer by"
            f" `copier copy --trust`: {', '.join(map(code, changed))} would differ from the copy's,"
            " and GitHub lets no run create or change workflows."
        )
