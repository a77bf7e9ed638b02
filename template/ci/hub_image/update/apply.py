"""Bring in what is newer: Copier does the work, here or in a copy beside this work tree."""

from __future__ import annotations

import contextlib
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml
from packaging.version import InvalidVersion, Version

from hub_image.git import git, identity, names
from hub_image.settings import Settings, UserError
from hub_image.update.look import PYTHON, address, run
from hub_image.update.plan import BRANCH, BUNDLE, Plan

POINTERS = {"GIT_LFS_SKIP_SMUDGE": "1"}  # for an update, large files need no content


def by_hand(plan: Plan, root: Path) -> None:
    """Update this very folder, and say what to look at; UserError if Copier refuses."""
    before, base = git("rev-parse", "HEAD", cwd=root), Settings.read(root).base_image
    run([*PYTHON, *plan.command, "--quiet", "--conflict=inline"], root)
    if note := renew_from(root, base):
        print(note)
    for name in _unmerged(root):
        print(f"Both sides changed {name}: choose between the versions in it, then `git add` it.")
    for name in names("diff", "--name-only", "--no-renames", "--diff-filter=D", cwd=root):
        print(f"Removed {name}; to keep it: {shlex.join(['git', 'checkout', before, '--', name])}")
    print("`git diff HEAD` shows what it did, `git add --all && git stash` undoes all of it.")


def save(plan: Plan, root: Path, folder: Path) -> None:
    """Update a copy, and keep the result as a git bundle beside the plan, for the half that proposes.

    What it changes is added to the plan, the repository stays as it is; UserError if Copier refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if plan.rows:
        with _work_tree(root) as copy:
            run([*PYTHON, *plan.command, "--quiet", "--conflict=inline"], copy, **POINTERS)
            plan.conflicts = {name: _taken_back(name, copy) for name in _unmerged(copy)}
            note = renew_from(copy, Settings.read(root).base_image)
            plan.notes += [note] if note else []
            plan.releases = _release_notes(copy, *plan.rows[0][1:]) if plan.template else ""
            git("add", "--all", cwd=copy)
            made = ("commit-tree", git("write-tree", cwd=copy), "-p", "HEAD", "-m", plan.title)
            git("update-ref", "HEAD", git(*made, cwd=copy, env=identity(BRANCH)), cwd=copy)
            git("bundle", "create", "--quiet", str(folder / BUNDLE), "HEAD", "^HEAD^", cwd=copy)
    plan.write(folder)


def renew_from(folder: Path, old: str) -> str:
    """Put the new base image into the FROM of a Dockerfile that was there before the template: Copier leaves it alone.

    Args:
        folder: the repository, just updated.
        old: the base image of before.

    Returns:
        A sentence where a person must do it, or nothing.
    """
    answers = yaml.safe_load((folder / ".copier-answers.yml").read_text(encoding="utf-8"))
    new, image = Settings.read(folder).base_image, old.partition("@")[0].rpartition(":")[0]
    if (
        new == old
        or not new.startswith(f"{image}:")
        or "Dockerfile" not in (answers.get("kept_files") or [])
    ):
        return ""
    places = (folder / place / "Dockerfile" for place in (".binder", "binder", ""))
    path = next(
        path
        for path in places
        if path.parent.is_dir() and (path.is_file() or path.parent == folder)
    )
    short = image.removeprefix("docker.io/").removeprefix("library/")
    start = rf"^(FROM\s+(?:--platform=\S+\s+)?(?:docker\.io/)?(?:library/)?{re.escape(short)}:)"
    pattern = rf"(?im){start}{re.escape(old[len(image) + 1 :])}(?=\s|$)".encode()
    text = path.read_bytes() if path.is_file() else b""
    text, count = re.subn(pattern, rb"\g<1>" + new[len(image) + 1 :].encode(), text)
    if not count:
        return (
            f"Let a FROM of {path.relative_to(folder)} be {new} yourself: there is none of {old}."
        )
    path.write_bytes(text)
    return ""


@contextlib.contextmanager
def _work_tree(root: Path) -> Iterator[Path]:
    """Make a work tree of this commit beside this one."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / root.name
        git("worktree", "add", "--quiet", "--detach", str(copy), "HEAD", cwd=root, env=POINTERS)
        try:
            yield copy
        finally:
            git("worktree", "remove", "--force", str(copy), cwd=root)


def _unmerged(folder: Path) -> list[str]:
    """Return the files in which both sides changed the same lines."""
    entries = names("ls-files", "--unmerged", cwd=folder)
    return sorted({entry.partition("\t")[2] for entry in entries})


def _taken_back(name: str, folder: Path) -> str:
    """Take back what Copier could not merge, as no conflict is ever committed; return what it would be."""
    diff = ""
    with contextlib.suppress(subprocess.CalledProcessError):  # a side may have no such file
        diff = git("diff", f":1:./{name}", f":3:./{name}", cwd=folder)
    try:
        git("checkout", "HEAD", "--", name, cwd=folder, env=POINTERS)
    except subprocess.CalledProcessError:  # it was not here before
        git("rm", "--force", "--quiet", "--ignore-unmatch", "--", name, cwd=folder)
    return diff


def _release_notes(folder: Path, old: str, new: str) -> str:
    """Return what the template's CHANGELOG.md says of its releases after `old` up to `new`."""
    answers = yaml.safe_load((folder / ".copier-answers.yml").read_text(encoding="utf-8"))
    text, wanted = "", []
    with tempfile.TemporaryDirectory() as place, contextlib.suppress(UserError, OSError):
        clone = ["git", "clone", "--quiet", "--depth=1", f"--branch={answers['_commit']}"]
        run([*clone, "--", address(str(answers["_src_path"])), place], folder, **POINTERS)
        text = (Path(place) / "CHANGELOG.md").read_text("utf-8", "replace")
    for section in re.split(r"(?m)^(?=## )", text):
        with contextlib.suppress(InvalidVersion):
            version = Version(re.sub(r"^## \[?([^\s\]]+).*", r"\1", section.partition("\n")[0]))
            wanted += [section.strip()] if Version(old) < version <= Version(new) else []
    return "\n\n".join(wanted)
