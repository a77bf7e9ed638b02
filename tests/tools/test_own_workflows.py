"""This template's own workflows but for test.yml: their scripts, run as a runner runs them.

A stand-in for GitHub's program `gh` notes what it is asked.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.repositories import ROOT, commit, git

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the workflows' runners are Linux")
GH = """\
#!/bin/sh
# Stands in for GitHub's program: notes what it is asked, and knows the open requests in a file.
printf '%s\\n' "$*" >> "$RUNNER_TEMP/asked"
case "$1 $2" in
"pr list") cat "$RUNNER_TEMP/open" ;;
"pr create") echo 7 > "$RUNNER_TEMP/open" ;;
esac
for last; do :; done
case "$1 $2" in "pr create" | "pr edit") cp "$last" "$RUNNER_TEMP/said" ;; esac
"""
TITLE = "Renew the tags of the community images"


def workflow(name: str) -> dict[Any, Any]:
    text = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
    found: dict[Any, Any] = yaml.safe_load(text)
    return found


def script(file: str, job: str, name: str) -> str:
    steps = workflow(file)["jobs"][job]["steps"]
    return "".join(step["run"] for step in steps if step["name"] == name)


class Runner:
    """A runner's job after its checkout, and the repository that it came from."""

    def __init__(self, folder: Path) -> None:
        self.origin, self.temp, self.folder = folder / "origin", folder / "temp", folder
        self.temp.mkdir()
        (self.temp / "open").touch()
        (folder / "bin").mkdir()
        (folder / "bin" / "gh").write_text(GH)
        (folder / "bin" / "gh").chmod(0o755)
        seed = folder / "seed"
        seed.mkdir()
        (seed / "catalogue.yml").write_text("one: 1\n")
        commit(seed)
        git("clone", "--quiet", "--bare", str(seed), str(self.origin), cwd=folder)

    def clone(self, name: str) -> Path:
        git("clone", "--quiet", str(self.origin), name, cwd=self.folder)
        return self.folder / name

    def run(self, text: str, checkout: Path, **more: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        env = os.environ | {"PATH": path, "RUNNER_TEMP": str(self.temp)} | more
        # as GitHub runs it
        command = ["bash", "--noprofile", "--norc", "-e", "-c", text]
        return subprocess.run(
            command, cwd=checkout, env=env, capture_output=True, encoding="utf-8", check=False
        )

    def propose(self, name: str, new: str, report: str) -> subprocess.CompletedProcess[str]:
        """Run the workflow's two jobs: keep what a program changed and said, then propose it."""
        checkout = self.clone(f"{name}-look")
        (checkout / "catalogue.yml").write_text(new)
        (self.temp / "report.txt").write_text(report)
        output = self.temp / f"{name}-output"
        done = self.run(
            script("catalogue", "look", "Keep what has changed"),
            checkout,
            GITHUB_OUTPUT=str(output),
        )
        assert done.returncode == 0, done.stderr
        change, start, *lines, end = output.read_text().splitlines()
        assert start == f"report<<{end}" and "\n".join(lines) == report.rstrip("\n")
        env = {"CHANGE": change.removeprefix("change="), "REPORT": report, "BASE": "main"}
        text = script("catalogue", "propose", "Open or renew the pull request")
        return self.run(text, self.clone(name), RUN="https://example.org/run", **env)

    def asked(self) -> list[str]:
        """What the stand-in was asked since the last time, without the names of files."""
        lines = (self.temp / "asked").read_text().splitlines()
        (self.temp / "asked").write_text("")
        return [line.partition(" --body-file")[0] for line in lines]


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_one_request_is_opened_and_then_renewed(runner: Runner) -> None:
    hostile = "env: LEFT: $(touch pwned) ``` ${{ github.token }} EOF\nEOF\n"
    done = runner.propose("first", "one: 2\n", f"{hostile}For CHANGELOG.md: x.\n")
    assert done.returncode == 0, done.stderr
    listing = "pr list --head catalogue --base main --state open --json number --jq .[0].number"
    create = f"pr create --head catalogue --base main --title {TITLE}"
    assert runner.asked() == ["auth setup-git", listing, create]
    text = (runner.temp / "said").read_text()
    assert f"\n````text\n{hostile}For CHANGELOG.md: x.\n\n````\n" in text
    assert "https://example.org/run" in text and not (runner.folder / "first" / "pwned").exists()
    assert git("show", "catalogue:catalogue.yml", cwd=runner.origin) == "one: 2"
    done = runner.propose("second", "one: 3\n", "one: broken o")
    assert done.returncode == 0, done.stderr
    assert runner.asked() == ["auth setup-git", listing, f"pr edit 7 --title {TITLE}"]
    assert git("show", "catalogue:catalogue.yml", cwd=runner.origin) == "one: 3"
    assert git("rev-list", "--count", "main..catalogue", cwd=runner.origin) == "1"


def test_nothing_newer_asks_nothing_of_github(runner: Runner) -> None:
    done = runner.propose("first", "one: 1\n", "one: is current\n")
    assert (done.returncode, done.stdout) == (0, "Nothing is newer.\n")
    assert not (runner.temp / "asked").exists()
    assert git("branch", "--list", "catalogue", cwd=runner.origin) == ""


def test_a_persons_commits_on_the_branch_stay(runner: Runner) -> None:
    assert runner.propose("first", "one: 2\n", "x\n").returncode == 0
    theirs = runner.clone("theirs")
    git("switch", "--quiet", "catalogue", cwd=theirs)
    (theirs / "catalogue.yml").write_text("one: mine\n")
    commit(theirs, "mine")
    git("push", "--quiet", cwd=theirs)
    done = runner.propose("second", "one: 3\n", "x\n")
    assert done.returncode == 1 and "left alone" in done.stdout
    assert git("show", "catalogue:catalogue.yml", cwd=runner.origin) == "one: mine"


# --- the schedule -----------------------------------------------------------------------------------


def weekly(runner: Runner, day: str) -> list[str]:
    """Run the steps of weekly.yml on a day of the month; return what GitHub is asked."""
    (runner.folder / "bin" / "date").write_text(f"#!/bin/sh\necho {day}\n")
    (runner.folder / "bin" / "date").chmod(0o755)
    for step in workflow("weekly")["jobs"]["start"]["steps"]:
        done = runner.run(
            step["run"], runner.folder, BRANCH="main", GITHUB_REPOSITORY="me/template"
        )
        assert done.returncode == 0, done.stderr
    return runner.asked()


def test_each_week_the_tests_are_started_and_all_stays_enabled(runner: Runner) -> None:
    """GitHub disables a file that has a schedule after 60 days without activity, as a whole."""
    asked = weekly(runner, "8")
    put = "api --method PUT repos/me/template/actions/workflows/{}/enable"
    files = ["weekly.yml", "test.yml", "catalogue.yml"]
    assert asked[:3] == [put.format(name) for name in files]
    assert asked[3:] == ["workflow run test.yml --repo me/template --ref main"]
    assert all((ROOT / ".github" / "workflows" / name).is_file() for name in files)


def test_each_month_the_catalogue_is_looked_through(runner: Runner) -> None:
    started = "workflow run catalogue.yml --repo me/template --ref main"
    assert weekly(runner, "7")[-1] == started
    assert started not in weekly(runner, "28")


@pytest.mark.parametrize("name", ["test", "catalogue", "setup", "image"])
def test_no_other_file_has_a_schedule(name: str) -> None:
    """A scheduled file is lost to its other events with the schedule."""
    assert "schedule" not in workflow(name)[True]  # YAML reads `on` so


@pytest.mark.parametrize("name", ["test", "catalogue"])
def test_what_is_started_can_be_started(name: str) -> None:
    assert "workflow_dispatch" in workflow(name)[True]


@pytest.mark.parametrize("name", ["weekly", "catalogue"])
def test_it_runs_in_the_template_only(name: str) -> None:
    """Neither in a fork nor in what "Use this template" makes."""
    conditions = {job.get("if") for job in workflow(name)["jobs"].values()}
    assert conditions == {"github.event.repository.is_template"}
