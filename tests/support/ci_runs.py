"""What GitHub Actions and GitLab CI say of their runs, by the documentation of their variables and events."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

NEW, OLD, TIP, NONE = 40 * "a", 40 * "b", 40 * "c", 40 * "0"
# the variables that decide where a program believes to run, and as which account
OURS = re.compile(r"CI$|CI_|GITHUB_|GITLAB_|REGISTRY_|UPDATE_TOKEN$|PYTHONPATH$")


def about(**more: Any) -> dict[str, Any]:
    """Return the repository, as GitHub's events have it."""
    owner = {"login": "me", "type": "User"}
    return {"full_name": "me/env", "default_branch": "main", "fork": False, "owner": owner} | more


def github(folder: Path, name: str, ref: str = "branch main", **event: Any) -> dict[str, str]:
    """Return the variables of GitHub Actions.

    Args:
        folder: where the event's payload goes.
        name: of the event.
        ref: its type and name.
        event: the payload, with the repository unless that is None.
    """
    payload = {key: value for key, value in ({"repository": about()} | event).items() if value}
    path = folder / "event.json"
    path.write_text(json.dumps(payload), encoding="utf-8")
    kind, _, ref_name = ref.partition(" ")
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": name,
        "GITHUB_EVENT_PATH": str(path),
        "GITHUB_REF_NAME": ref_name,
        "GITHUB_REF_TYPE": kind,
        "GITHUB_REPOSITORY": payload.get("repository", about())["full_name"],
        "GITHUB_RUN_ID": "7",
        "GITHUB_SERVER_URL": "https://github.com",
    }


def gitlab(source: str, **more: str) -> dict[str, str]:
    """Return the variables of GitLab CI; `more`: others, without CI_ before them."""
    env = {"PIPELINE_SOURCE": source, "COMMIT_SHA": NEW, "COMMIT_BEFORE_SHA": NONE}
    env |= {"DEFAULT_BRANCH": "main", "PROJECT_PATH": "me/env"}
    env |= {"PROJECT_URL": "https://gitlab.com/me/env", "SERVER_URL": "https://gitlab.com"}
    return {"GITLAB_CI": "true"} | {f"CI_{key}": value for key, value in (env | more).items()}


def pull(head: dict[str, Any] | None) -> dict[str, Any]:
    """Return what an event says of a pull request from a repository; None: it was deleted since."""
    return {"pull_request": {"head": {"sha": NEW, "repo": head}}}


READER = about(full_name="reader/env", fork=True)
MERGE = {"MERGE_REQUEST_DIFF_BASE_SHA": OLD}
FROM_READER = MERGE | {"MERGE_REQUEST_SOURCE_PROJECT_PATH": "reader/env"}
