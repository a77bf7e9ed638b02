"""GitHub's workflow itself, run by `act` on this machine in place of a runner, with the real template.

What an update does is tested elsewhere; here it is whether the two jobs, the step's variables and the real
programs fit together. pipx is stood in for by this very Python, which has all packages; the step that has the
tokens gets a Python without any.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import copier
import pytest

from support import code_hosts
from support.act import programs, readable
from support.code_hosts import BRANCH, TOKEN
from support.repositories import FIXED, ROOT, commit, git
from support.updates import PINS, forget_runs, on_github

UPDATE = ROOT / ".github" / "workflows" / "update.yml"
# Stand-ins for the actions that hand files from job to job. A name that nothing was uploaded under fails.
UPLOAD = 'test -d "$FROM" && mkdir -p "$ARTIFACTS" && cp -r "$FROM" "$ARTIFACTS/$NAME"'
DOWNLOAD = 'mkdir -p "$FROM" && cp -r "$ARTIFACTS/$NAME/." "$FROM"'
ACTION = """\
name: Stand-in
inputs: {{name: {{required: true}}, path: {{required: true}}}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {{NAME: "${{{{ inputs.name }}}}", FROM: "${{{{ inputs.path }}}}"}}
      run: {run}
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="act runs workflows on Linux only")


@pytest.fixture(scope="module")
def releases(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with an older release before today's, which had one file more."""
    path = tmp_path_factory.mktemp("releases") / "template"
    git("clone", "--quiet", str(template), str(path), cwd=template)
    git("tag", "--delete", "99999.0.0", cwd=path)
    git("remote", "remove", "origin", cwd=path)
    (path / "template" / "dropped.txt").write_text("once\n", encoding="utf-8", newline="\n")
    commit(path)
    git("tag", "2.0.0", cwd=path)
    (path / "template" / "dropped.txt").unlink()
    commit(path)
    git("tag", "99999.0.0", cwd=path)
    return path


@pytest.fixture(scope="module")
def rendered(releases: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of the older release."""
    path = tmp_path_factory.mktemp("rendered") / "env"
    options: dict[str, Any] = {"defaults": True, "quiet": True, "unsafe": True}
    options["user_defaults"] = FIXED | PINS
    data = {"name": "env", "repository": "me/env", "strategy": "repo2docker"}
    copier.run_copy(str(releases), path, data=data, vcs_ref="2.0.0", **options)
    return path


@pytest.fixture(scope="module")
def actions(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The options by which act takes a stand-in for each action but the checkout."""
    options = []
    for action, run in {"upload-artifact": UPLOAD, "download-artifact": DOWNLOAD}.items():
        folder = tmp_path_factory.mktemp(action)
        (folder / "action.yml").write_text(ACTION.format(run=json.dumps(run)), encoding="utf-8")
        commit(folder)
        (used,) = re.findall(rf"uses: (actions/{action}@\w+)", UPDATE.read_text(encoding="utf-8"))
        options += ["--local-repository", f"{used}={folder}"]
    return options


@dataclass
class Runner:
    """A runner for one repository: its folder, its host, and how act is started."""

    folder: Path
    remote: Path
    host: code_hosts.Server
    command: list[str]
    env: dict[str, str]

    def run(self, event: str, **inputs: str) -> tuple[int, str, str]:
        """Run the workflow; return its exit code, the summary and the log."""
        place = self.folder.parent
        payload = json.loads((place / "event.json").read_text(encoding="utf-8"))
        (place / "act.json").write_text(json.dumps(payload | {"inputs": inputs}), encoding="utf-8")
        shutil.rmtree(place / "artifacts", ignore_errors=True)
        command = [
            self.command[0],
            event,
            *self.command[1:],
            "--eventpath",
            str(place / "act.json"),
        ]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        log, summary = done.stderr, ""
        for line in done.stdout.splitlines():
            entry = json.loads(line) if line.startswith("{") else {}
            log += entry.get("msg", line) + "\n"
            if entry.get("command") == "summary":
                summary += entry["content"]
        print(log)
        assert TOKEN not in log and "Traceback" not in log
        return done.returncode, summary, log

    @property
    def tip(self) -> str:
        """What the request's branch holds."""
        return git("ls-tree", "-r", "--name-only", BRANCH, cwd=self.remote)


@pytest.fixture
def make(
    actions: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Path], Runner]]:
    """A function that gives a repository a host and a runner."""
    forget_runs(monkeypatch)
    hosts = []

    def make(repository: Path) -> Runner:
        folder = tmp_path / "env"
        shutil.copytree(repository, folder, symlinks=True)
        commit(folder)
        git("remote", "add", "origin", "https://github.com/me/env.git", cwd=folder)
        remote = code_hosts.make_remote(tmp_path / "remote.git")
        git("push", "--quiet", str(remote), "HEAD:main", cwd=folder)
        running = code_hosts.running(code_hosts.GitHub, remote)
        host = running.__enter__()
        hosts.append(running)
        config = f'[url "{remote.as_posix()}"]\ninsteadOf = https://github.com/me/env.git\n'
        (tmp_path / "gitconfig").write_text(config, encoding="utf-8")
        on_github(tmp_path, host.url)
        command = [
            str(Path(sys.executable).parent / "act"),
            "--json",
            "--no-cache-server",
            *actions,
        ]
        command += ["--secret", f"GITHUB_TOKEN={TOKEN}", "--env", f"GITHUB_API_URL={host.url}"]
        command += ["--workflows", str(readable(UPDATE, tmp_path))]
        command += ["--platform", "ubuntu-latest=-self-hosted"]
        env = os.environ | {
            "ARTIFACTS": str(tmp_path / "artifacts"),
            "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
            "PIP_NO_INDEX": "1",  # no release of a tool is found
            "PATH": programs(tmp_path),
        }
        return Runner(folder, remote, host, command, env)

    yield make
    for running in hosts:
        running.__exit__(None, None, None)


def test_it_proposes_and_starts_the_weekly_run(
    make: Callable[[Path], Runner], rendered: Path, tmp_path: Path
) -> None:
    """From the schedule, with the real template and its programs."""
    made = make(rendered)
    code, summary, log = made.run("schedule", what="template")
    assert code == 0, log
    assert "Update the template to 99999.0.0: https://github.com/me/env/pull/1" in summary
    assert made.host.started == ["main", BRANCH]
    assert set(made.host.states.values()) == {"active"}
    assert "dropped.txt" not in made.tip and "ci/hub_image/update/main.py" in made.tip
    assert (tmp_path / "seen").read_text(encoding="utf-8") == "", "the template's code saw a token"


def test_another_strategy_from_the_form(make: Callable[[Path], Runner], rendered: Path) -> None:
    """The form's two fields arrive."""
    made = make(rendered)
    code, _, log = made.run("workflow_dispatch", what="pins", strategy="dockerfile")
    assert code == 0, log
    (request,) = made.host.requests()
    assert request["title"] == "Update the strategy to dockerfile"
    assert "Dockerfile" in made.tip.splitlines()


def test_a_refusal_ends_red_and_keeps_the_weekly_run(
    make: Callable[[Path], Runner], rendered: Path
) -> None:
    """Nothing is handed over then."""
    made = make(rendered)
    path = made.folder / ".copier-answers.yml"
    text = re.sub("_src_path: .*", "_src_path: /no/such/folder", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    commit(made.folder)
    code, summary, _ = made.run("schedule")
    assert code != 0 and "`/no/such/folder`, not here" in summary
    assert made.host.started == ["main"] and made.host.threads == {}


def test_in_the_template_itself(make: Callable[[Path], Runner], releases: Path) -> None:
    """There is nothing to do."""
    made = make(releases)
    code, summary, log = made.run("schedule")
    assert code == 0, log
    assert "not set up" in summary and made.host.asked == []


def test_both_copies_of_the_file_are_the_same() -> None:
    """The template's own, from which the button makes repositories, and the one that is rendered."""
    rendered = ROOT / "template" / "{{ on_github }}" / ".github" / "workflows" / "update.yml"
    assert rendered.read_bytes() == UPDATE.read_bytes()
