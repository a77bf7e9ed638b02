"""The branch `binder`, from which Binder starts the published image."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hub_image.publish.main import main
from support.ci_runs import github, gitlab
from support.repositories import ROOT, commit, git

DIGEST = f"sha256:{64 * 'd'}"
PUBLISHED = f"ghcr.io/me/env@{DIGEST}"
CI_FILES = [
    ".binder/Dockerfile",
    ".github/workflows/image.yml",
    ".gitlab-ci.yml",
    "binder/postBuild",
]


@pytest.fixture
def remote(repository: Path) -> Path:
    """Where the repository was pushed to; it takes no forced push."""
    path = repository.parent / "remote.git"
    git("init", "--quiet", "--bare", "--initial-branch=main", str(path), cwd=repository.parent)
    git("config", "receive.denyNonFastForwards", "true", cwd=path)
    for name in (*CI_FILES, "data.csv"):
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text("of mine\n", encoding="utf-8")
    commit(repository)
    git("push", "--quiet", str(path), "main", cwd=repository)
    git("remote", "add", "origin", str(path), cwd=repository)
    return path


def test_binder(repository: Path, remote: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["binder", PUBLISHED], repository) == 0
    assert capsys.readouterr().err == f"Binder starts `{PUBLISHED}` from the branch `binder`.\n"
    files = git("ls-tree", "-r", "--name-only", "binder", cwd=remote).splitlines()
    assert files == [".binder/Dockerfile", "ci/image.env", "data.csv"]
    dockerfile = git("show", "binder:.binder/Dockerfile", cwd=remote).splitlines()
    assert dockerfile[-2:] == [f"FROM {PUBLISHED}", "COPY --chown=1000 . ."]


def test_binder_leaves_all_else_as_it_is(repository: Path, remote: Path) -> None:
    """Never on the default branch, where the Dockerfile would hide the repository's own files (B13)."""
    main_branch = git("rev-parse", "main", cwd=remote)
    assert main(["binder", PUBLISHED], repository) == 0
    assert git("rev-parse", "main", cwd=remote) == main_branch
    assert git("rev-parse", "HEAD", cwd=repository) == main_branch
    assert git("status", "--porcelain", cwd=repository) == ""


def test_binder_moves_on(repository: Path, remote: Path) -> None:
    """The remote, which takes no forced push, takes the second one, also from a clone without history."""
    assert main(["binder", PUBLISHED], repository) == 0
    old = git("rev-parse", "binder", cwd=remote)
    (repository / "data.csv").write_text("newer\n", encoding="utf-8")
    commit(repository)
    git("push", "--quiet", "origin", "main", cwd=repository)
    clone = repository.parent / "clone"
    git("clone", "--quiet", "--depth=1", remote.as_uri(), str(clone), cwd=remote)
    newer = PUBLISHED.replace("d" * 64, "e" * 64)
    assert main(["binder", newer], clone) == 0
    git("merge-base", "--is-ancestor", old, "binder", cwd=remote)
    assert git("show", "binder:data.csv", cwd=remote) == "newer"
    assert f"FROM {newer}" in git("show", "binder:.binder/Dockerfile", cwd=remote)


def test_a_branch_of_that_name_that_is_somebody_s_stays(
    repository: Path, remote: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """CI moves on only what CI has made."""
    git("push", "--quiet", "origin", "main:binder", cwd=repository)
    theirs = git("rev-parse", "binder", cwd=remote)
    assert main(["binder", PUBLISHED], repository) == 2
    assert "Rename your branch 'binder'" in capsys.readouterr().err
    assert git("rev-parse", "binder", cwd=remote) == theirs


@pytest.mark.parametrize(
    ("image", "env", "sentence"),
    [
        (
            "ghcr.io/me/env:2026-11-22",
            {},
            "Give name@sha256:...: 'ghcr.io/me/env:2026-11-22' is no image with its digest.\n",
        ),
        ("", {}, "Give name@sha256:...: '' is no image with its digest.\n"),
        (f"x\nRUN y@sha256:{64 * 'd'}", {}, "is no image with its digest.\n"),
        (PUBLISHED, {"GITHUB_REF_NAME": "binder"}, "Rename this branch: "),
        (PUBLISHED, {"CI_COMMIT_BRANCH": "binder"}, "Rename this branch: "),
    ],
)
def test_binder_refuses(
    repository: Path,
    remote: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    image: str,
    env: dict[str, str],
    sentence: str,
) -> None:
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    assert main(["binder", image], repository) == 2
    said = capsys.readouterr()
    assert said.out == "" and sentence in said.err
    assert git("branch", "--list", "binder", cwd=remote) == ""


@pytest.mark.parametrize(
    ("on", "where"),
    [("github", "Settings, Actions"), ("gitlab", "Settings, CI/CD"), ("", "the rules")],
)
def test_binder_that_may_not_push(
    repository: Path,
    remote: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    on: str,
    where: str,
) -> None:
    git("config", "receive.hideRefs", "refs/heads/binder", cwd=remote)  # refuses it
    env = {"github": github(tmp_path, "push"), "gitlab": gitlab("push"), "": {}}[on]
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    assert main(["binder", PUBLISHED], repository) == 2
    assert capsys.readouterr().err.startswith(f"Let CI push the branch 'binder' ({where}")


@pytest.mark.skipif(sys.platform == "win32", reason="a hook is a shell script")
def test_a_hook_does_not_get_the_token(repository: Path, remote: Path, tmp_path: Path) -> None:
    """Whatever ran before may have written one (proc(5): it would read the token's variables)."""
    hook = repository / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    script = f'#!/bin/sh\n[ -z "$GIT_TERMINAL_PROMPT" ] || env > {tmp_path}/stolen\n'
    hook.write_text(script, encoding="utf-8")
    hook.chmod(0o755)
    shutil.copy(hook, hook.with_name("reference-transaction"))
    assert main(["binder", PUBLISHED], repository) == 0
    assert not (tmp_path / "stolen").exists()


def test_the_standard_library_does(repository: Path, remote: Path) -> None:
    """The step holds a token that may write: no package of others runs in it."""
    compiled = shutil.ignore_patterns("__pycache__")
    shutil.copytree(
        ROOT / "template" / "ci", repository / "ci", ignore=compiled, dirs_exist_ok=True
    )
    (repository / "ci" / "publish.py.jinja").rename(repository / "ci" / "publish.py")
    for name in ("calendar", "json", "docker"):  # a person's, which hide no module
        (repository / "ci" / f"{name}.py").write_text("raise SystemExit(9)\n", encoding="utf-8")
    command = [sys.executable, "-S", "ci/publish.py"]
    done = subprocess.run(
        [*command, "binder", PUBLISHED], cwd=repository, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not list(repository.rglob("__pycache__")), "the work tree stays clean"
    done = subprocess.run(
        [*command, "report"], cwd=repository, check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Use `pipx run ci/publish.py` or `uv run ci/publish.py`: this Py")
    assert os.linesep.join(done.stderr.splitlines()) == done.stderr.rstrip()
