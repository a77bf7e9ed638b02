"""Where a program believes to run: by what GitHub Actions and GitLab CI say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub_image.runs import Run
from support.ci_runs import (
    FROM_READER,
    MERGE,
    NEW,
    NONE,
    OLD,
    READER,
    TIP,
    about,
    github,
    gitlab,
    pull,
)

# Event, ref and payload; what holds of the run; the commit before; where a request comes from.
ON_GITHUB = [
    ("push", "branch main", {"before": OLD}, "publishes", OLD, ""),
    ("push", "branch fix", {"before": OLD}, "", OLD, ""),
    ("push", "tag v1", {"before": NONE}, "publishes", NONE, ""),
    ("push", "tag main", {"before": NONE}, "publishes", NONE, ""),
    ("push", "branch main", {"before": OLD, "repository": READER}, "publishes fork", OLD, ""),
    ("pull_request", "branch 7/merge", pull(about()), "request", "HEAD^1", f"me/env {NEW}"),
    ("pull_request", "branch 7/merge", pull(READER), "request", "HEAD^1", f"reader/env {NEW}"),
    ("pull_request", "branch 7/merge", pull(None), "request", "HEAD^1", ""),
    # one that was merged
    ("pull_request", "branch main", pull(READER), "request", "HEAD^1", f"reader/env {NEW}"),
    ("schedule", "branch main", {"repository": None}, "publishes fresh", "", ""),
    ("workflow_dispatch", "branch main", {}, "publishes fresh", "", ""),
    ("workflow_dispatch", "branch fix", {}, "fresh", "", ""),
]
# The same, of GitLab: source and variables.
ON_GITLAB = [
    ("push", {"COMMIT_BRANCH": "main", "COMMIT_BEFORE_SHA": OLD}, "publishes", OLD, ""),
    ("push", {"COMMIT_BRANCH": "fix"}, "", NONE, ""),
    ("push", {"COMMIT_TAG": "v1"}, "publishes", NONE, ""),
    ("merge_request_event", FROM_READER, "request", OLD, f"reader/env {NEW}"),
    (
        "merge_request_event",  # of a merged result, which is a commit of its own
        FROM_READER | {"MERGE_REQUEST_SOURCE_BRANCH_SHA": TIP},
        "request",
        OLD,
        f"reader/env {TIP}",
    ),
    ("merge_request_event", MERGE, "request", OLD, ""),  # the fork was deleted
    ("schedule", {"COMMIT_BRANCH": "main"}, "publishes fresh", NONE, ""),
    ("schedule", {"COMMIT_BRANCH": "fix"}, "fresh", NONE, ""),
    ("web", {"COMMIT_BRANCH": "main"}, "publishes fresh", NONE, ""),
]


def seen(made: Run) -> tuple[str, str, str]:
    """Return what the tables say of a run."""
    words = ("publishes", "fresh", "request", "fork")
    head = f"{made.head_project} {made.head_commit}" if made.request and made.head_project else ""
    return " ".join(word for word in words if getattr(made, word)), made.before, head


@pytest.mark.parametrize(("name", "ref", "event", "words", "before", "head"), ON_GITHUB)
def test_run_on_github(
    tmp_path: Path,
    name: str,
    ref: str,
    event: dict[str, Any],
    words: str,
    before: str,
    head: str,
) -> None:
    made = Run.current(github(tmp_path, name, ref, **event))
    assert seen(made) == (words, before, head)
    assert made.url == f"https://github.com/{made.project}/actions/runs/7"
    assert made.secrets_page == f"https://github.com/{made.project}/settings/secrets/actions"


@pytest.mark.parametrize(("source", "more", "words", "before", "head"), ON_GITLAB)
def test_run_on_gitlab(
    source: str, more: dict[str, str], words: str, before: str, head: str
) -> None:
    made = Run.current(gitlab(source, **more))
    assert seen(made) == (words, before, head)
    assert made.secrets_page.startswith("https://gitlab.com/me/env/-/settings/ci_cd#")


def test_run_by_hand() -> None:
    by_hand = Run.current({})
    assert (seen(by_hand), by_hand.on) == (("", "", ""), "")
