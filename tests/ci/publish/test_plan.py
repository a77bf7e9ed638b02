"""What a run has to do: build, publish, renew the branch `binder`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import responses

from hub_image.publish.main import main
from hub_image.publish.plan import changed_since
from hub_image.runs import Run
from hub_image.settings import Settings
from support.ci_runs import FROM_READER, NEW, NONE, OLD, READER, about, github, gitlab, pull
from support.repositories import commit, git
from support.strict_registry import StrictRegistry

Plan = Callable[[dict[str, str]], tuple[str, list[str]]]
Change = Callable[..., Settings]
REVISION = "org.opencontainers.image.revision"
ALL = "build publish binder"

ONLY_DOCS = ["README.md", "docs/x.png", "docs/deep/y.md", "CODE_OF_CONDUCT.md", "LICENSE"]
CHANGED = {
    "documentation": (ONLY_DOCS, False),
    "what git reads": ([".gitignore", ".gitattributes", ".pre-commit-config.yaml"], False),
    "a lesson in Markdown": (["lessons/01.md"], True),
    "a lesson in Markdown at the root": (["01-lesson.md"], True),
    "a notebook in docs": (["docs/y.ipynb"], True),
    "what a list of packages may name": (["docs/requirements.txt"], True),
    "documentation and packages": ([*ONLY_DOCS, "environment.yml"], True),
    "the workflow": ([".github/workflows/image.yml"], True),
    "the pipeline": ([".gitlab-ci.yml"], True),
    "a folder named alike": (["docs-data/x.csv"], True),
    "a folder deeper down": (["tests/docs/x.csv"], True),
}
PACKAGES = ["environment.yml"]
OWN = {"SOURCE": "https://github.com/Reader/Env"}
POINTER = {
    "STRATEGY": "community-image",
    "IMAGE": "",
    "BASE_IMAGE": "quay.io/jupyter/base-notebook:2026-07-28",
    "PLATFORMS": "",
    "BINDER": "repository",
}
# Event, ref and payload; what changed; other values in image.env; what is to be done.
PLANS = [
    ("push", "branch main", {"before": OLD}, ["README.md"], {}, ALL),
    ("push", "branch main", {"before": NONE}, ["README.md"], {}, ALL),
    ("push", "branch main", {}, PACKAGES, {"BINDER": "repository"}, "build publish"),
    ("push", "branch main", {}, PACKAGES, POINTER, "build"),
    ("push", "branch main", {"repository": READER}, PACKAGES, {}, "build fork"),
    ("push", "branch main", {"repository": READER}, PACKAGES, OWN, ALL),
    ("push", "tag v1", {"before": NONE}, ["README.md"], {}, "build publish"),
    ("push", "tag v1", {}, ["README.md"], {}, "build publish"),  # a tag that was moved
    ("push", "tag v1", {"repository": READER}, PACKAGES, {}, "build fork"),
    ("pull_request", "branch 7/merge", pull(about()), ["README.md"], {}, ""),
    ("pull_request", "branch 7/merge", pull(about()), PACKAGES, {}, "build"),
    ("pull_request", "branch 7/merge", pull(READER), PACKAGES, {}, "build"),
    ("workflow_dispatch", "branch main", {}, ["README.md"], {}, ALL),  # as update.yml does weekly
    ("workflow_dispatch", "branch main", {}, ["README.md"], POINTER, "build"),
    ("workflow_dispatch", "branch fix", {}, ["README.md"], {}, "build"),
]
PLANS_ON_GITLAB = [
    ("push", {"COMMIT_BRANCH": "main"}, PACKAGES, ALL),
    ("push", {"COMMIT_BRANCH": "main", "PROJECT_PATH": "reader/env"}, PACKAGES, "build fork"),
    ("push", {"COMMIT_TAG": "v1"}, PACKAGES, "build publish"),
    ("schedule", {"COMMIT_BRANCH": "main"}, ["README.md"], ALL),
    ("merge_request_event", FROM_READER, PACKAGES, "build"),
    ("merge_request_event", {"MERGE_REQUEST_DIFF_BASE_SHA": "HEAD^"}, ["README.md"], ""),
]


@pytest.fixture
def plan(
    repository: Path,
    web: responses.RequestsMock,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Plan:
    """A function that plans, where no registry answers.

    It returns what is to be done, and "fork" if the summary tells of one; and the platforms.
    """

    def plan(env: dict[str, str]) -> tuple[str, list[str]]:
        files = {key: repository.parent / key for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for key, value in (env | {key: str(path) for key, path in files.items()}).items():
            monkeypatch.setenv(key, value)
        assert main(["plan"], repository) == 0
        lines = files["GITHUB_OUTPUT"].read_text(encoding="utf-8")
        assert capsys.readouterr().out == lines, "GitLab reads what is printed"
        found = {
            key: json.loads(value) for key, value in (x.split("=", 1) for x in lines.splitlines())
        }
        assert list(found) == ["build", "publish", "binder", "platforms"]
        path = files["GITHUB_STEP_SUMMARY"]
        summary = path.read_text(encoding="utf-8") if path.exists() else ""
        assert ("Only documentation changed" in summary) is not found["build"]
        words = [word for word in ("build", "publish", "binder") if found[word] is True]
        return " ".join(words + ["fork"] * ("This is a fork of " in summary)), found["platforms"]

    return plan


def write(repository: Path, *names: str) -> str:
    """Commit a new line in each of these files, and return the commit before."""
    before = commit(repository)
    for name in names:
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        with (repository / name).open("a", encoding="utf-8", newline="\n") as file:
            file.write("new\n")
    commit(repository)
    return before


@pytest.mark.parametrize(("names", "builds"), CHANGED.values(), ids=CHANGED)
def test_plan(repository: Path, plan: Plan, tmp_path: Path, names: list[str], builds: bool) -> None:
    """A push of nothing but documentation builds nothing; any other does, the workflow's as well."""
    env = github(tmp_path, "push", before=write(repository, *names))
    assert plan(env) == (ALL if builds else "", ["linux/amd64"])


@pytest.mark.parametrize(("name", "ref", "event", "names", "values", "done"), PLANS)
def test_plan_of_each_run(
    repository: Path,
    plan: Plan,
    change: Change,
    tmp_path: Path,
    name: str,
    ref: str,
    event: dict[str, Any],
    names: list[str],
    values: dict[str, str],
    done: str,
) -> None:
    change(**values)
    before = {"before": write(repository, *names)}
    env = github(tmp_path, name, ref, **((before if name == "push" else {}) | event))
    assert plan(env) == (done, ["linux/amd64"])


@pytest.mark.parametrize(("source", "more", "names", "done"), PLANS_ON_GITLAB)
def test_plan_on_gitlab(
    repository: Path,
    plan: Plan,
    change: Change,
    source: str,
    more: dict[str, str],
    names: list[str],
    done: str,
) -> None:
    change(SOURCE="https://gitlab.com/me/env")
    env = gitlab(source, COMMIT_BEFORE_SHA=write(repository, *names))
    assert plan(env | gitlab(source, **more))[0] == done


def test_plan_of_a_request_looks_at_the_request(
    repository: Path, plan: Plan, tmp_path: Path
) -> None:
    """Not at what was merged into the default branch meanwhile."""
    env = github(tmp_path, "pull_request", "branch 7/merge", **pull(READER))
    commit(repository)
    git("switch", "--quiet", "--create=request", cwd=repository)
    write(repository, "README.md")
    git("switch", "--quiet", "-", cwd=repository)
    write(repository, "environment.yml")
    git("merge", "--quiet", "--no-edit", "request", cwd=repository)
    assert plan(env)[0] == ""


@pytest.mark.parametrize(("old", "new"), [("docs/x.csv", "x.csv"), ("x.csv", "docs/x.csv")])
def test_plan_of_a_move(repository: Path, plan: Plan, tmp_path: Path, old: str, new: str) -> None:
    """Into docs/ or out of it: both places changed, though git would name the new one alone."""
    write(repository, old, "docs/y.csv")
    before = git("rev-parse", "HEAD", cwd=repository)
    git("mv", old, new, cwd=repository)
    commit(repository)
    assert plan(github(tmp_path, "push", before=before))[0] == ALL


@pytest.mark.skipif(sys.platform != "linux", reason="a file's name is Unicode there")
def test_plan_reads_any_name(repository: Path, plan: Plan, tmp_path: Path) -> None:
    before = commit(repository)
    (repository / "docs").mkdir()
    for name in (
        b"caf\xe9.png",
        "caf\N{LATIN SMALL LETTER E WITH ACUTE}.png".encode(),
        b"a\n|`.md",
    ):
        (repository / "docs" / os.fsdecode(name)).touch()
    commit(repository)
    assert plan(github(tmp_path, "push", before=before))[0] == ""


def test_plan_of_several_platforms(
    repository: Path, plan: Plan, change: Change, tmp_path: Path
) -> None:
    change(PLATFORMS="linux/amd64,linux/arm64")
    commit(repository)
    env = github(tmp_path, "workflow_dispatch")
    assert plan(env)[1] == ["linux/amd64", "linux/arm64"]


# --- since which commit changes count ---------------------------------------------------------------


@pytest.fixture
def registry(web: responses.RequestsMock) -> StrictRegistry:
    return StrictRegistry(web, "ghcr.io/me/env", public=True)


@pytest.mark.parametrize(("labels", "since"), [({REVISION: OLD}, OLD), ({}, ""), (None, "")])
def test_changes_count_since_the_last_published_image(
    registry: StrictRegistry, change: Change, labels: dict[str, str] | None, since: str
) -> None:
    """Not since the push before: that one's run may have failed, or been ended by this one."""
    registry.hold_image("2026-11-22", labels=labels)
    registry.hold_image("2026-11-21", "latest", labels={REVISION: NEW})
    assert changed_since(change(), Run(before=NEW)) == since


def test_everything_is_new_until_an_image_is_published(
    registry: StrictRegistry, change: Change
) -> None:
    registry.hold_image("latest", labels={REVISION: OLD})
    assert changed_since(change(), Run(before=NEW)) == ""


def test_requests_and_pointers_ask_no_registry(registry: StrictRegistry, change: Change) -> None:
    registry.hold_image("2026-11-22", labels={REVISION: OLD})
    assert changed_since(change(), Run(request=True, before=NEW)) == NEW
    assert changed_since(change(**POINTER), Run(before=NEW)) == NEW
    assert registry.asked == []


def test_without_a_registry_that_can_be_read_the_event_counts(
    registry: StrictRegistry, change: Change
) -> None:
    registry.hold_image("2026-11-22", labels={REVISION: OLD})
    registry.public = False
    assert changed_since(change(), Run(before=NEW)) == NEW
