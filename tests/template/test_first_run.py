"""After `copier copy`: the commands that its message shows, typed as they stand, bring the repository to its host.

What stands in for the host is a bare repository in a folder: GitHub's is made in the browser before, and GitLab makes
a project of what is pushed (docs.gitlab.com, "Create a project by using git push").
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import copier
import pytest

from support.repositories import git, git_settings

BASH = shutil.which("bash")
HOSTS = {
    "github": ("acme/env", "https://github.com/acme/env"),
    "gitlab": ("acme/sub/env", "https://gitlab.com/acme/sub/env"),
    "other": ("https://git.example.org/acme/env.git", "https://git.example.org/acme/env"),
}


def made(template: Path, folder: Path, **answers: Any) -> str:
    """Make a repository as a person does; return what is said."""
    with contextlib.redirect_stderr(io.StringIO()) as said:
        copier.run_copy(str(template), folder, data=answers, defaults=True, unsafe=True)
    return re.sub(r"\x1b\[[0-9;]*m", "", said.getvalue())


def after(said: str) -> list[str]:
    """The lines of the message, behind those on files."""
    return said[said.index("Made ") :].splitlines()


@pytest.mark.skipif(BASH is None, reason="there is no bash")
@pytest.mark.parametrize("there", [False, True], ids=["new", "in-a-repository"])
@pytest.mark.parametrize("code_host", HOSTS)
def test_its_commands_bring_it_to_its_host(
    template: Path, tmp_path: Path, code_host: str, there: bool
) -> None:
    """All files, on a branch of the remote; the message names where the first run is."""
    repository, page = HOSTS[code_host]
    project, remote = tmp_path / "my-environment", tmp_path / "remote.git"
    git("init", "--quiet", "--bare", str(remote), cwd=tmp_path)
    if there:
        project.mkdir()
        git("init", "--quiet", "--initial-branch=main", cwd=project)
    answers = {"strategy": "inherit", "code_host": code_host, "repository": repository}
    lines = after(made(template, project, **answers))
    commands = [line.strip() for line in lines if re.match(r"  (cd|git) ", line)]
    assert ("git init --initial-branch=main" in commands) != there
    env = git_settings(
        ("user.name", "Test"),
        ("user.email", "test@example.org"),
        (f"url.{remote.as_posix()}.insteadOf", f"{page}.git"),
    )
    done = subprocess.run(
        [str(BASH), "-e", "-c", "\n".join(commands)],
        cwd=tmp_path,
        env=os.environ | env,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    pushed = git("ls-tree", "-r", "--name-only", "main", cwd=remote).splitlines()
    assert set(pushed) == set(git("ls-files", cwd=project).splitlines()) >= {"Dockerfile"}
    text = "\n".join(lines)
    runs = {"github": f"{page}/actions", "gitlab": f"{page}/-/pipelines"}
    assert runs.get(code_host, "README.md") in text
    assert ("https://github.com/new?owner=acme&name=env" in text) == (code_host == "github")


def test_it_fits_in_a_terminal(template: Path, tmp_path: Path) -> None:
    """Of 80 columns, but for what holds a path or an address; and no screen is full."""
    lines = after(made(template, tmp_path / "env", strategy="inherit", repository="acme/env"))
    assert [line for line in lines if len(line) > 78 and str(tmp_path)[:5] not in line] == [
        line for line in lines if len(line) > 78 and "https://" in line
    ]
    assert len(lines) <= 20


@pytest.mark.parametrize("strategy", ["community-image", "inherit"])
def test_who_gave_no_account_is_asked_for_it_where_it_counts(
    template: Path, tmp_path: Path, strategy: str
) -> None:
    """Before the commands that push, and once more with the names that follow from it."""
    lines = after(made(template, tmp_path / "env", strategy=strategy))
    first = next(number for number, line in enumerate(lines) if "of OWNER" in line)
    assert lines[first] == "Type your account in place of OWNER in all that follows."
    text = "\n".join(lines[first:])
    assert "git remote add origin https://github.com/OWNER/env.git" in text
    assert "-d repository=OWNER/env" in text
    assert "-d image=" not in text  # the image's name follows


def test_files_that_no_git_knows_get_its_commands(template: Path, tmp_path: Path) -> None:
    """Where a folder has files and no repository, `git status` would be refused."""
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "README.md").write_text("# Mine\n", encoding="utf-8")
    lines = after(made(template, tmp_path / "env", strategy="inherit"))
    assert "  git init --initial-branch=main" in lines
    assert not [line for line in lines if "git status" in line]
