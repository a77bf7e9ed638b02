"""GitLab's weekly jobs, run by `gitlab-ci-local` with the real template and its programs.

What an update proposes is tested elsewhere; here it is whether the two jobs, their artifact and their variables
fit together. GitLab itself is a stand-in that answers as its API does (tests/support/code_hosts.py).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import copier

from support import code_hosts, updates
from support.code_hosts import BRANCH, TOKEN
from support.repositories import FIXED, commit, git

ADDRESS = "https://gitlab.com/me/env"
# what GitLab gives to every job
JOB_TOKEN = "a-job-token-that-no-program-should-print"


def releases(template: Path, path: Path) -> Path:
    """The template with an older release before today's, which had one file more."""
    git("clone", "--quiet", str(template), str(path), cwd=template)
    git("tag", "--delete", "99999.0.0", cwd=path)
    git("remote", "remove", "origin", cwd=path)
    (path / "template" / "dropped.txt").write_text("once\n", encoding="utf-8")
    commit(path)
    git("tag", "2.0.0", cwd=path)
    (path / "template" / "dropped.txt").unlink()
    commit(path)
    git("tag", "99999.0.0", cwd=path)
    return path


def test_the_weekly_jobs_propose_what_is_newer(
    programs: Path, environment: dict[str, str], template: Path, tmp_path: Path
) -> None:
    """The job that runs the template's code sees no token, and hands over what it found as a file."""
    folder, remote = tmp_path / "env", code_hosts.make_remote(tmp_path / "remote.git")
    (remote / "hooks" / "update").unlink()  # to GitLab, workflow files are ordinary ones
    answers = {"name": "env", "repository": "me/env", "strategy": "dockerfile"}
    answers |= {"code_host": "gitlab"}
    made = releases(template, tmp_path / "template")
    options: dict[str, Any] = {"defaults": True, "quiet": True, "unsafe": True, "vcs_ref": "2.0.0"}
    options |= {"user_defaults": FIXED | updates.PINS}
    copier.run_copy(str(made), folder, data=answers, **options)
    commit(folder)
    git("push", "--quiet", str(remote), "HEAD:main", cwd=folder)
    # by a remote of this name gitlab-ci-local knows the project
    git("remote", "add", "gcl-origin", ADDRESS, cwd=folder)
    git("remote", "add", "origin", f"{ADDRESS}.git", cwd=folder)
    (folder / ".git" / "info" / "exclude").write_text("/.gitlab-ci-local*\n", encoding="utf-8")
    # gitlab-ci-local would start the service even for the shell; the template's code says what it sees
    seen = f"env | grep -E 'TOKEN|PASSWORD' > {tmp_path}/seen || true"
    overlay = json.dumps({"look": {"services": []}})
    (folder / ".gitlab-ci-local.yml").write_text(overlay, encoding="utf-8")
    config = f'[url "{remote.as_posix()}"]\ninsteadOf = {ADDRESS}.git\n'
    (tmp_path / "gitconfig").write_text(config, encoding="utf-8")
    tools = tmp_path / "bin"
    tools.mkdir()
    pipx = f'#!/bin/sh\nshift\n{seen}\nexec {sys.executable} "$@"\n'
    (tools / "pipx").write_text(pipx, encoding="utf-8")
    (tools / "pipx").chmod(0o755)
    # what is set in Settings, CI/CD, Variables, with an environment's scope
    scoped = json.dumps({"UPDATE_TOKEN": {"values": {"update": TOKEN}}})
    (folder / ".gitlab-ci-local-variables.yml").write_text(scoped, encoding="utf-8")
    with code_hosts.running(code_hosts.GitLab, remote) as host:
        variables = updates.on_gitlab(host.url) | {
            "CI_JOB_TOKEN": JOB_TOKEN,
            "CI_REGISTRY_PASSWORD": JOB_TOKEN,
            "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
            "PIP_NO_INDEX": "1",  # no release of a tool is found
        }
        del variables["CI_COMMIT_SHA"]
        env = environment | {
            "PATH": f"{tools}:{programs}:{Path(sys.prefix) / 'bin'}:{environment['PATH']}"
        }
        command = ["gitlab-ci-local", "propose", "--needs", "--force-shell-executor", "--no-color"]
        command += ["--shell-isolation", "--home", str(tmp_path), "--state-dir", "../state"]
        command += ["--no-artifacts-to-source", "--ignore-predefined-vars", ",".join(variables)]
        for key, value in variables.items():
            command += ["--variable", f"{key}={value}"]
        done = subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, check=False
        )
        print(done.stdout, done.stderr)
        assert done.returncode == 0
        (request,) = host.requests()
    assert request["title"] == "Update the template to 99999.0.0"
    files = git("ls-tree", "-r", "--name-only", BRANCH, cwd=remote)
    assert "dropped.txt" not in files and "ci/hub_image/update/main.py" in files
    assert TOKEN not in done.stdout + done.stderr
    assert (tmp_path / "seen").read_text(encoding="utf-8") == "", "the template's code saw a token"
