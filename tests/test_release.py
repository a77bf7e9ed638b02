"""`nox -s release`: what it refuses, and that tag and branch are pushed together or not at all."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest
from conftest import ROOT
from repositories import commit, git

sys.path.insert(0, str(ROOT / "tools"))
import release

TODAY = datetime.now(timezone.utc).date().isoformat()
SECTION = f"# Changes\n\n## 1.1.0 - {TODAY}\n\n- New.\n\n{release.EFFECTS}\n\nNothing.\n\n## 1.0.0 - 2026\n\nOld.\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A template ready to be released as 1.1.0, after 1.0.0, with a remote."""
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Test")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "test@example.org")
    path = tmp_path / "template"
    (path / "extensions").mkdir(parents=True)
    for name in ("copier.yml", "extensions/catalogue.yml"):
        shutil.copy(ROOT / name, path / name)
    commit(path, "first")
    git("tag", "1.0.0", cwd=path)
    git("init", "--quiet", "--bare", str(tmp_path / "remote.git"), cwd=tmp_path)
    git("remote", "add", "origin", str(tmp_path / "remote.git"), cwd=path)
    git("push", "--quiet", "origin", "main", "1.0.0", cwd=path)
    write(path, "CHANGELOG.md", SECTION)
    commit(path, "second")
    return path


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8", newline="\n")


def remote(folder: Path) -> str:
    """Out: what the remote has."""
    return git("ls-remote", "origin", cwd=folder)


def test_tags_and_pushes(folder: Path) -> None:
    release.release("1.1.0", folder)
    assert re.search(r"refs/tags/1\.1\.0\^\{\}", remote(folder))  # annotated
    head = git("rev-parse", "HEAD", cwd=folder)
    assert f"{head}\trefs/heads/main" in remote(folder)
    message = git("tag", "--list", "--format=%(contents)", "1.1.0", cwd=folder)
    assert message.startswith("1.1.0\n\n- New.") and release.EFFECTS in message
    with pytest.raises(release.Refused, match=r"1\.1\.0 is not newer than 1\.1\.0"):
        release.release("1.1.0", folder)


def change(name: str, old: str, new: str) -> Callable[[Path], None]:
    """A change that is committed."""

    def apply(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        write(folder, name, text.replace(old, new))
        commit(folder, "worse")

    return apply


REFUSED: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "no version": ("v1.1", lambda _: None, '"v1.1" is no final version: write three numbers'),
    "nonsense": ("one", lambda _: None, '"one" is no version'),
    "pre-release": ("1.1.0rc1", lambda _: None, '"1.1.0rc1" is no final version'),
    "older": ("0.9.0", lambda _: None, "0.9.0 is not newer than 1.0.0"),
    "dirty": ("1.1.0", lambda folder: write(folder, "new.txt", ""), "no commit has, as in new.txt"),
    "branch": (
        "1.1.0",
        lambda folder: git("switch", "--quiet", "--create", "side", cwd=folder),
        'This is the branch "side"',
    ),
    "no section": (
        "1.1.0",
        change("CHANGELOG.md", "## 1.1.0", "## 1.2.0"),
        f'its newest section must be "## 1.1.0 - {TODAY}"',
    ),
    "old section": (
        "1.1.0",
        change("CHANGELOG.md", TODAY, "2020-01-01"),
        'CHANGELOG.md begins with "## 1.1.0 - 2020-01-01"',
    ),
    "no effects": (
        "1.1.0",
        change("CHANGELOG.md", "Nothing.", ""),
        "CHANGELOG.md says of 1.1.0 nothing under",
    ),
    "breach": (
        "1.1.0",
        change("copier.yml", "\nlicense:\n", "\nlicence:\n"),
        'Repositories made from 1.0.0 would break: The question "license" is gone.',
    ),
    "unreachable origin": (
        "1.1.0",
        lambda folder: git("remote", "set-url", "origin", "nowhere", cwd=folder),
        "git fetch says:",
    ),
}


@pytest.mark.parametrize(("version", "spoil", "sentence"), REFUSED.values(), ids=REFUSED)
def test_refuses_and_changes_nothing(
    folder: Path, version: str, spoil: Callable[[Path], object], sentence: str
) -> None:
    spoil(folder)
    with pytest.raises(release.Refused) as refused:
        release.release(version, folder)
    assert sentence in str(refused.value)
    assert git("tag", cwd=folder) == "1.0.0"


def test_behind_origin(folder: Path, tmp_path: Path) -> None:
    git(
        "clone",
        "--quiet",
        "--branch=main",
        str(tmp_path / "remote.git"),
        str(tmp_path / "other"),
        cwd=tmp_path,
    )
    write(tmp_path / "other", "theirs.txt", "")
    commit(tmp_path / "other", "theirs")
    git("push", "--quiet", "origin", "HEAD:main", cwd=tmp_path / "other")
    with pytest.raises(release.Refused, match="origin has commits on main that are not here"):
        release.release("1.1.0", folder)


@pytest.mark.skipif(sys.platform == "win32", reason="the hook is a shell script")
def test_a_refused_push_leaves_no_tag(folder: Path, tmp_path: Path) -> None:
    hook = tmp_path / "remote.git" / "hooks" / "update"
    write(hook.parent, "update", '#!/bin/sh\ncase "$1" in refs/heads/*) exit 1;; esac\n')
    hook.chmod(0o755)
    with pytest.raises(release.Refused, match="git push says"):
        release.release("1.1.0", folder)
    assert git("tag", cwd=folder) == "1.0.0" and "1.1.0" not in remote(folder)


def test_says_which_version_it_wants(capsys: pytest.CaptureFixture[str]) -> None:
    assert release.main(["check"]) == 1
    assert capsys.readouterr().err == "Say which version: nox -s release -- 1.2.0\n"
