"""A template of a few files with three releases, and repositories made from it, for tests of updates.

What is tested is what an update proposes, renews and withdraws, which is the same for a template of ten files:
2.0.0 differs from the newest release in files that all repositories have, 1.0.0 in a workflow as well.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import copier
import pytest

from hub_image.update import look
from hub_image.update.main import main
from support import code_hosts
from support.code_hosts import BRANCH, TOKEN, UPDATE_TOKEN
from support.repositories import commit, git

NEWEST = "99999.0.0"
WORKFLOW = ".github/workflows/image.yml"
PINS = {
    "repo2docker_version": "9999.1.0",
    "uv_version": "9999.1.0",
    "micromamba_version": "9999.1.0",
}
QUESTIONS = {
    "strategy": "dockerfile",
    "packages_with": "pip",
    "base": "other",
    "base_reference": "",
    "base_tags": "",
    "license": "MIT",
    **PINS,
}
FILES = {
    ".gitignore": "/scratch/\n*.log\n",
    ".dockerignore": ".git\n",
    WORKFLOW: "on:\n  workflow_dispatch:\njobs: {}\n",
    ".github/workflows/update.yml": "on:\n  schedule:\n    - cron: x\njobs: {}\n",
    "{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml -}}\n",
    "{% if strategy != 'repo2docker' %}Dockerfile{% endif %}.jinja": (
        "FROM {{ base_reference }}\n# uv {{ uv_version }}\n"
    ),
    "ci/image.env.jinja": (
        "STRATEGY={{ strategy }}\nBASE_IMAGE={{ base_reference }}\nBASE_TAGS={{ base_tags }}\n"
        "JUPYTERHUB_MAJOR=5\nDEFAULT_URL=/lab\nHOME_DIR=/home/jovyan\nPLATFORMS=linux/amd64\n"
    ),
}
NOTES = """\
# Changes

## 99999.0.0 (2026-11-23)

- ignores less
- @everyone `x` ```

## [2.0.0]

- not of interest any more
"""


def make_template(path: Path) -> Path:
    """Make the template's repository with its three releases; return its folder."""
    questions: dict[str, dict[str, str]] = {
        key: {"type": "str", "default": value, "validator": ""} for key, value in QUESTIONS.items()
    }
    questions["license"]["validator"] = (
        "{% if license == 'nonsense' %}nonsense: no licence{% endif %}"
    )
    questions["kept_files"] = {"type": "yaml", "default": "[]"}
    kept = "{% for file in kept_files %}\n/{{ file }}\n{% endfor %}"
    settings = {"_subdirectory": "template", "_exclude": [kept]}
    write(path / "copier.yml", json.dumps(settings | questions))
    for release in ("1.0.0", "2.0.0", NEWEST):
        old = "" if release == NEWEST else "# an older release\n"
        for name, text in FILES.items():
            is_old = name in (".gitignore", ".dockerignore") or (name, release) == (
                WORKFLOW,
                "1.0.0",
            )
            write(path / "template" / name, f"{old if is_old else ''}{text}")
        dropped = path / "template" / "dropped.txt"
        if old:
            write(dropped, "once\n")
        else:
            dropped.unlink()
            write(path / "CHANGELOG.md", NOTES)
        commit(path, release)
        git("tag", release, cwd=path)
    return path


def write(path: Path, text: str) -> None:
    """Write a file, in a folder that need not be there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def forget_runs(patch: pytest.MonkeyPatch) -> None:
    """Take away what CI says of the run that runs these tests."""
    for name in list(os.environ):
        if re.match(r"CI$|CI_|GITHUB_|GITLAB_|REGISTRY_|UPDATE_TOKEN|PYTHONPATH$", name):
            patch.delenv(name)


def on_github(folder: Path, url: str) -> dict[str, str]:
    """Return what GitHub Actions says of a weekly run, but its token."""
    event = {"schedule": "37 3 * * 2", "repository": {"default_branch": "main"}}
    (folder / "event.json").write_text(json.dumps(event), encoding="utf-8")
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": url,
        "GITHUB_EVENT_NAME": "schedule",
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_REF_NAME": "main",
        "GITHUB_REF_TYPE": "branch",
        "GITHUB_REPOSITORY": "me/env",
        "GITHUB_RUN_ID": "7",
        "GITHUB_SERVER_URL": "https://github.com",
    }


def on_gitlab(url: str) -> dict[str, str]:
    """Return what GitLab CI says of a scheduled pipeline, but a token."""
    return {
        "CI_API_V4_URL": url,
        "CI_COMMIT_BRANCH": "main",
        "CI_COMMIT_SHA": 40 * "a",
        "CI_DEFAULT_BRANCH": "main",
        "CI_PIPELINE_SOURCE": "schedule",
        "CI_PROJECT_PATH": "me/env",
        "CI_PROJECT_URL": "https://gitlab.com/me/env",
        "CI_SERVER_URL": "https://gitlab.com",
        "GITLAB_CI": "true",
    }


@dataclass
class Done:
    """How a run ended, and what it said."""

    code: int
    said: str


@dataclass
class Workshop:
    """What tests of one session share: the template, repositories made from it, proposals once saved."""

    folder: Path
    template: Path
    repositories: dict[str, Path] = field(default_factory=dict)

    def repository(self, release: str, answers: dict[str, str]) -> Path:
        """Return a committed repository, made once, to be copied."""
        key = hashlib.sha256(json.dumps([release, answers], sort_keys=True).encode()).hexdigest()[
            :12
        ]
        if key not in self.repositories:
            path = self.folder / key
            options: dict[str, Any] = {"defaults": True, "quiet": True, "vcs_ref": release}
            copier.run_copy(str(self.template), path, data=answers, **options)
            commit(path)
            git("clone", "--quiet", "--bare", ".", f"../{key}.git", cwd=path)
            self.repositories[key] = path
        return self.repositories[key]


@dataclass
class Repository:
    """A repository at a host: its folder, its remote, the stand-in, what CI says, and its tokens."""

    workshop: Workshop
    folder: Path
    remote: Path
    host: code_hosts.Server
    env: dict[str, str]
    tokens: dict[str, str]

    def call(self, *arguments: str, **env: str) -> Done:
        """Run the program in this process, as a step of CI does."""
        summary = self.folder.parent / "summary.md"
        out = io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (self.env | {"GITHUB_STEP_SUMMARY": str(summary)} | env).items():
                patch.setenv(name, value)
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                code = main([*arguments], self.folder)
        print(out.getvalue())
        for token in (TOKEN, UPDATE_TOKEN):
            assert token not in out.getvalue()
        return Done(code, out.getvalue())

    def save(self, *arguments: str) -> Done:
        """Look and update a copy, as the first job does, which has no token."""
        shutil.rmtree(self.proposal, ignore_errors=True)
        done = self.call(*arguments, "--save", str(self.proposal))
        assert git("status", "--porcelain", cwd=self.folder) == ""
        return done

    def propose(self, **env: str) -> Done:
        """Propose what was saved, as the second job does."""
        return self.call("--propose", str(self.proposal), **(self.tokens | env))

    def run(self, *arguments: str, again: bool = False, **env: str) -> Done:
        """Do what both jobs do; what was saved of the same commit is taken from then unless `again`."""
        head = git("rev-parse", "HEAD", cwd=self.folder)
        kept = self.workshop.folder / "-".join(["saved", head, *arguments])
        if again or not kept.is_dir():
            saved = self.save(*arguments)
            if saved.code == 0 and not kept.is_dir():
                shutil.copytree(self.proposal, kept)
        else:
            saved = Done(0, "")
            shutil.rmtree(self.proposal, ignore_errors=True)
            shutil.copytree(kept, self.proposal)
        proposed = self.propose(**env)
        return Done(max(saved.code, proposed.code), saved.said + proposed.said)

    @property
    def proposal(self) -> Path:
        """Where the first job saves what the second proposes."""
        return self.folder.parent / "proposal"

    def edit(self, name: str, text: str) -> None:
        """Make a person's change in front of a file, on the default branch."""
        path = self.folder / name
        path.write_bytes(text.encode() + (path.read_bytes() if path.is_file() else b""))
        self.push()

    def push(self) -> str:
        """Commit what there is on the default branch, as a person; return the commit."""
        made = commit(self.folder)
        self.allow_workflows()
        git("push", "--quiet", str(self.remote), "HEAD:main", cwd=self.folder)
        (self.remote / "hooks" / "may-change-workflows").unlink()
        return made

    def allow_workflows(self) -> None:
        """Let the remote take workflow files, as it does by a token with that right."""
        (self.remote / "hooks" / "may-change-workflows").touch()

    def proposed(self, name: str) -> str:
        """Return a file on the request's branch."""
        return git("show", f"{BRANCH}:{name}", cwd=self.remote)

    def take(self) -> None:
        """Check the request's branch out."""
        git("fetch", "--quiet", str(self.remote), BRANCH, cwd=self.folder)
        git("checkout", "--quiet", "FETCH_HEAD", cwd=self.folder)

    @property
    def tip(self) -> str:
        """The commit of the request's branch, or nothing."""
        ref = f"refs/heads/{BRANCH}"
        return git("for-each-ref", "--format=%(objectname)", ref, cwd=self.remote)

    @property
    def request(self) -> dict[str, Any]:
        """The only open request."""
        (request,) = self.host.requests()
        return request


def make_repository(
    workshop: Workshop, place: Path, release: str, host: str, answers: dict[str, str]
) -> tuple[Repository, contextlib.AbstractContextManager[code_hosts.Server]]:
    """Make a repository at a host.

    Args:
        workshop: what the session shares.
        place: a folder of the test's own.
        release: the template's.
        host: `github` or `gitlab`.
        answers: those that differ from the defaults.

    Returns:
        The repository, and its host, to be ended by the caller.
    """
    made = workshop.repository(release, answers)
    shutil.copytree(made, place / "env", symlinks=True)
    remote = code_hosts.make_remote(place / "remote.git")
    shutil.copytree(f"{made}.git", remote, dirs_exist_ok=True)
    if host == "gitlab":
        (remote / "hooks" / "update").unlink()  # to GitLab, these are ordinary files
    handler = {"github": code_hosts.GitHub, "gitlab": code_hosts.GitLab}[host]
    running = code_hosts.running(handler, remote)
    server = running.__enter__()
    env = on_github(place, server.url) if host == "github" else on_gitlab(server.url)
    tokens = {"GITHUB_TOKEN": TOKEN} if host == "github" else {"UPDATE_TOKEN": TOKEN}
    return Repository(workshop, place / "env", remote, server, env, tokens), running


def no_pip(patch: pytest.MonkeyPatch) -> None:
    """Let releases of tools be looked up without pip, which takes a second."""
    patch.setattr(look, "_newest_release", lambda package, root: "9999.1.0")
