"""Releases, made from a real clone with a bare repository for origin.

Only the sessions that `nox -s release` runs first are left out.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hub_image.settings import UserError
from support.repositories import ROOT, commit, git, git_settings, text_of
from tools import release

CHANGELOG = """\
# Changes

## 1.1.0 (unreleased)

Takes Copier 9.20.0; $(touch hacked) `touch hacked` ${{ hacked }}

### What an update does to a repository

#### Comments


It renames one.
"""
BEFORE = """
## 1.0.0 (2026-01-01)

### What an update does to a repository

Nothing.
"""
QUESTIONS = "name:\n  default: x\n_min_copier_version: 9.19.0\n"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of a template whose last release is 1.0.0 and whose next, 1.1.0, is ready."""
    settings = git_settings(
        ("user.name", "Test"), ("user.email", "test@example.org"), ("commit.gpgsign", "false"),
        ("tag.gpgsign", "false"),
    )  # fmt: skip
    for key, value in settings.items():
        monkeypatch.setenv(key, value)
    origin, path = tmp_path / "origin.git", tmp_path / "clone"
    git("init", "--quiet", "--bare", "--initial-branch=main", str(origin), cwd=tmp_path)
    write(path / "copier.yml", QUESTIONS)
    write(path / "CHANGELOG.md", BEFORE)
    commit(path, "first")
    git("tag", "1.0.0", cwd=path)
    git("remote", "add", "origin", str(origin), cwd=path)
    git("push", "--quiet", "origin", "main", "1.0.0", cwd=path)
    write(path / "copier.yml", QUESTIONS.replace("9.19.0", "9.20.0"))
    write(path / "CHANGELOG.md", CHANGELOG + BEFORE)
    commit(path, "ready")
    return path


def everything(clone: Path) -> list[object]:
    """Return all that a release could change, here and on origin."""
    refs = ("for-each-ref", "--format=%(objectname) %(refname)")
    return [
        git(*refs, cwd=clone),
        git(*refs, cwd=clone.parent / "origin.git"),
        git("status", "--porcelain", "--branch", cwd=clone),
        git("rev-parse", "HEAD", cwd=clone),
        text_of(clone),
    ]


def test_a_release_dates_the_section_tags_and_pushes(clone: Path) -> None:
    days = {release.today()}
    release.release("1.1.0", clone)
    days.add(release.today())  # it may be midnight
    origin = clone.parent / "origin.git"
    head = git("rev-parse", "HEAD", cwd=clone)
    assert git("rev-parse", "main", cwd=origin) == head
    assert git("rev-parse", "1.1.0^{commit}", cwd=origin) == head
    assert git("cat-file", "-t", "1.1.0", cwd=origin) == "tag"
    message = git("for-each-ref", "--format=%(contents)", "refs/tags/1.1.0", cwd=origin)
    body = CHANGELOG.partition("(unreleased)")[2].strip()
    assert message in {f"1.1.0 ({day})\n\n{body}" for day in days}
    text = (clone / "CHANGELOG.md").read_text(encoding="utf-8")
    assert text in {CHANGELOG.replace("unreleased", day) + BEFORE for day in days}
    assert git("diff", "--name-only", "HEAD~", "HEAD", cwd=clone) == "CHANGELOG.md"
    assert git("status", "--porcelain", cwd=clone) == ""
    with pytest.raises(
        UserError, match=r"^Release a newer version: 1\.1\.0 is already a tag here\.$"
    ):
        release.release("1.1.0", clone)


def test_a_section_with_the_date_of_today_needs_no_further_commit(clone: Path) -> None:
    """So it is where nobody may push to main: the date came in by a pull request."""
    write(clone / "CHANGELOG.md", CHANGELOG.replace("unreleased", release.today()) + BEFORE)
    head = commit(clone, "dated")
    release.release("1.1.0", clone)
    assert git("rev-parse", "HEAD", "1.1.0^{commit}", cwd=clone).split() == [head, head]


def test_the_first_release_needs_no_other(clone: Path) -> None:
    git("tag", "--delete", "1.0.0", cwd=clone)
    git("push", "--quiet", "origin", "--delete", "1.0.0", cwd=clone)
    release.release("1.1.0", clone)
    assert git("tag", cwd=clone.parent / "origin.git") == "1.1.0"


def test_a_check_changes_nothing(clone: Path) -> None:
    before = everything(clone)
    release.check("1.1.0", clone)
    assert everything(clone) == before


@pytest.mark.parametrize(
    "version", ["", "v1.1.0", "1.1.0rc1", "1.1.0.dev1", "1.1.0.post1", "1.1.0+x", "01.1.0", "--all", "new"]
)  # fmt: skip
def test_what_is_no_final_version_is_refused(clone: Path, version: str) -> None:
    before = everything(clone)
    with pytest.raises(UserError, match="is no final version") as refused:
        release.release(version, clone)
    assert f'"{version}"' in str(refused.value)
    assert everything(clone) == before


def elsewhere(clone: Path, *tags: str) -> None:
    """Push a commit to origin's main from another clone, or tags."""
    other = clone.parent / "other"
    git("clone", "--quiet", str(clone.parent / "origin.git"), str(other), cwd=clone.parent)
    if not tags:
        commit(other, "meanwhile")
    for tag in tags:
        git("tag", tag, cwd=other)
    git("push", "--quiet", "origin", *(tags or ["main"]), cwd=other)


def changelog(old: str, new: str) -> Callable[[Path], None]:
    def change(clone: Path) -> None:
        assert old in CHANGELOG
        write(clone / "CHANGELOG.md", CHANGELOG.replace(old, new) + BEFORE)
        commit(clone)

    return change


def questions(text: str) -> Callable[[Path], None]:
    def change(clone: Path) -> None:
        write(clone / "copier.yml", text)
        commit(clone)

    return change


def gone(clone: Path) -> None:
    (clone / "CHANGELOG.md").unlink()
    commit(clone)


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "a tag here": (
        lambda clone: git("tag", "1.1.0", cwd=clone),
        "1.1.0 is already a tag here",
    ),
    "a tag on origin": (
        lambda clone: elsewhere(clone, "1.1.0"),
        "1.1.0 is already a tag on origin",
    ),
    "a newer tag here": (
        lambda clone: git("tag", "1.10.0", cwd=clone),
        "1.1.0 is not newer than the tag 1.10.0 here",
    ),
    "the same version in other words": (
        lambda clone: git("tag", "v1.1", cwd=clone),
        "1.1.0 is not newer than the tag v1.1 here",
    ),
    "a newer tag on origin": (
        lambda clone: elsewhere(clone, "2.0.0rc1"),
        "1.1.0 is not newer than the tag 2.0.0rc1 on origin",
    ),
    "a release that is not here": (
        lambda clone: elsewhere(clone, "1.0.1"),
        "git fetch --tags origin: the tag 1.0.1 of origin is not here",
    ),
    "a file that is not committed": (
        lambda clone: write(clone / "new.txt", ""),
        "Commit all changes: new.txt has some.",
    ),
    "a changed file": (
        lambda clone: write(clone / "copier.yml", QUESTIONS),
        "Commit all changes: copier.yml has some.",
    ),
    "another branch": (
        lambda clone: git("switch", "--quiet", "--create", "topic", cwd=clone),
        "git switch main: releases are made there, and this is topic",
    ),
    "no branch": (
        lambda clone: git("switch", "--quiet", "--detach", cwd=clone),
        "git switch main: releases are made there, and this is HEAD",
    ),
    "a commit on origin": (elsewhere, "git pull: main is behind origin/main."),
    "no origin": (
        lambda clone: git("remote", "remove", "origin", cwd=clone),
        '"git ls-remote" failed: ',
    ),
    "no changelog": (gone, 'it is headed ""'),
    "another section": (
        changelog("1.1.0 (", "1.2.0 ("),
        '"1.1.0 (unreleased)", which a release dates by itself: it is headed "1.2.0 (unreleased)".',
    ),
    "another day": (changelog("unreleased", "2026-01-02"), 'is headed "1.1.0 (2026-01-02)"'),
    "no day": (changelog(" (unreleased)", ""), 'is headed "1.1.0"'),
    "no part about updates": (
        changelog("### What an update does to a repository\n", ""),
        'Say under "### What an update does to a repository" in CHANGELOG.md what 1.1.0 does',
    ),
    "nothing in it": (
        changelog("#### Comments\n\n\nIt renames one.\n", "<!-- to be written -->\n"),
        'Say under "### What an update does to a repository" in CHANGELOG.md what 1.1.0 does',
    ),
    "a renamed question": (
        questions(QUESTIONS.replace("name:", "title:")),
        'Against 1.0.0: Keep the question "name"',
    ),
    "a newer Copier that no note names": (
        questions(QUESTIONS.replace("9.19.0", "9.20.1")),
        'Against 1.0.0: Name "9.20.1" in CHANGELOG.md',
    ),
    "no YAML": (questions("name: [\n"), "Write YAML in copier.yml and extensions/catalogue.yml"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_each_failed_check_is_one_sentence_and_changes_nothing(clone: Path, wrong: str) -> None:
    make, sentence = WRONG[wrong]
    make(clone)
    before = everything(clone)
    with pytest.raises(UserError) as refused:
        release.release("1.1.0", clone)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
    assert everything(clone) == before


no_hooks = pytest.mark.skipif(sys.platform == "win32", reason="the hooks are shell scripts")


def hook(folder: Path, name: str) -> None:
    """Let a hook of git refuse."""
    path = folder / "hooks" / name
    write(path, "#!/bin/sh\necho not today >&2\nexit 1\n")
    path.chmod(0o755)


@no_hooks
@pytest.mark.parametrize(
    ("where", "name"),
    [("origin.git", "pre-receive"), ("clone/.git", "pre-push"), ("clone/.git", "pre-commit")],
)
def test_what_fails_half_way_is_undone(clone: Path, where: str, name: str) -> None:
    """As where origin protects main."""
    hook(clone.parent / where, name)
    before = everything(clone)
    with pytest.raises(UserError, match=r'"git (push|commit)" failed: .*not today'):
        release.release("1.1.0", clone)
    assert everything(clone) == before


@no_hooks
def test_origin_takes_main_and_the_tag_or_neither(clone: Path) -> None:
    origin = clone.parent / "origin.git"
    update = '#!/bin/sh\ncase "$1" in refs/tags/*) echo no tags >&2; exit 1;; esac\n'
    write(origin / "hooks" / "update", update)
    (origin / "hooks" / "update").chmod(0o755)
    before = everything(clone)
    with pytest.raises(UserError, match="no tags"):
        release.release("1.1.0", clone)
    assert everything(clone) == before


def test_a_release_without_an_identity_is_undone(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in git_settings(("user.name", ""), ("user.email", "")).items():
        monkeypatch.setenv(key, value)
    before = everything(clone)
    with pytest.raises(UserError, match=r'"git commit" failed: '):
        release.release("1.1.0", clone)
    assert everything(clone) == before


@pytest.mark.parametrize("arguments", [[], ["v1"], ["--check", "v1"]])
def test_the_program_says_why_without_a_traceback(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "tools.release", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "is no final version" in done.stderr
