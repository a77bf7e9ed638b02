"""What CI says of this run, and how a run hands results on."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """A run of GitHub Actions or GitLab CI; by hand there is none, and all is empty."""

    on: str = ""  # `github`, `gitlab` or nothing
    request: bool = False  # whether it tests a pull or merge request
    fresh: bool = False  # whether it was started weekly or by hand, and builds whatever has changed
    default_branch: bool = False  # whether it runs on the default branch
    tag: bool = False  # whether it runs on a tag
    fork: bool = False  # whether GitHub calls the repository a fork
    before: str = ""  # the commit that the changes of this run start from
    project: str = ""  # `owner/name`
    head_project: str = ""  # of a request: where it comes from; empty if that is gone
    head_commit: str = ""  # of a request: its commit
    url: str = ""  # the address of the run's page
    secrets_page: str = ""  # where secrets are set

    @property
    def publishes(self) -> bool:
        """Whether a run like this one may publish."""
        return (self.default_branch or self.tag) and not self.request

    @classmethod
    def current(cls, env: dict[str, str]) -> Run:
        """Return what variables say, those of GitHub Actions or GitLab CI."""
        if "GITHUB_ACTIONS" in env:
            return _on_github(env)
        return _on_gitlab(env) if "GITLAB_CI" in env else cls()


def _on_github(env: dict[str, str]) -> Run:
    """docs.github.com/actions/reference: "Variables", "Events that trigger workflows"."""
    event = json.loads(Path(env["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    name, project = env["GITHUB_EVENT_NAME"], env["GITHUB_REPOSITORY"]
    repository = event.get("repository") or {}
    head = (event.get("pull_request") or {}).get("head") or {}
    # a merge commit is checked out for a pull request: its first parent is the base
    before = "HEAD^1" if name == "pull_request" else event.get("before", "")
    page = f"{env['GITHUB_SERVER_URL']}/{project}"
    branch = env["GITHUB_REF_TYPE"] == "branch" and env["GITHUB_REF_NAME"]
    return Run(
        on="github",
        request=name == "pull_request",
        fresh=name in ("schedule", "workflow_dispatch"),
        # the schedule runs on the default branch only, and its event need not name it
        default_branch=name == "schedule" or branch == repository.get("default_branch"),
        tag=env["GITHUB_REF_TYPE"] == "tag",
        fork=bool(repository.get("fork")),
        before=before,
        project=project,
        head_project=(head.get("repo") or {}).get("full_name") or "",  # a fork may be gone
        head_commit=head.get("sha") or "",
        url=f"{page}/actions/runs/{env['GITHUB_RUN_ID']}",
        secrets_page=f"{page}/settings/secrets/actions",
    )


def _on_gitlab(env: dict[str, str]) -> Run:
    """docs.gitlab.com/ci/variables/predefined_variables."""
    source = env["CI_PIPELINE_SOURCE"]
    request = source == "merge_request_event"
    base = env.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")
    return Run(
        on="gitlab",
        request=request,
        fresh=source in ("schedule", "web", "api", "trigger"),
        default_branch=env.get("CI_COMMIT_BRANCH", "") == env["CI_DEFAULT_BRANCH"],
        tag=bool(env.get("CI_COMMIT_TAG")),
        before=base if request else env.get("CI_COMMIT_BEFORE_SHA", ""),
        project=env["CI_PROJECT_PATH"],
        head_project=env.get("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", ""),
        head_commit=env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or env["CI_COMMIT_SHA"],
        url=env.get("CI_JOB_URL", ""),
        secrets_page=f"{env['CI_PROJECT_URL']}/-/settings/ci_cd#js-cicd-variables-settings",
    )


def source_page(source: str) -> str:
    """Return the address of the code: CI's, which is right before the owner is answered, or `source`."""
    if "GITHUB_ACTIONS" in os.environ:
        return "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}".format_map(os.environ)
    return os.environ.get("CI_PROJECT_URL") or source


def set_outputs(**values: object) -> None:
    """Hand values to the jobs that follow: on GitHub as outputs, elsewhere on standard output.

    Args:
        values: texts as they are, all else as JSON.
    """
    lines = [
        f"{key}={value if isinstance(value, str) else json.dumps(value)}\n"
        for key, value in values.items()
    ]
    if file := os.environ.get("GITHUB_OUTPUT"):
        with Path(file).open("a", encoding="utf-8") as outputs:
            outputs.writelines(lines)
    print("".join(lines), end="", flush=True)


def summarize(markdown: str, root: Path) -> None:
    """Add a text to the run's summary, GitHub's page or GitLab's artifact, and print it.

    Args:
        markdown: the text.
        root: the repository's folder; GitLab keeps files of the checkout only.
    """
    place = os.environ.get("GITHUB_STEP_SUMMARY")
    if not place and "GITLAB_CI" in os.environ:
        folder = root / ".ci-summary"
        folder.mkdir(exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")  # the checkout stays clean
        place = str(folder / "summary.md")
    if place:
        with Path(place).open("a", encoding="utf-8") as summary:
            summary.write(f"{markdown}\n\n")
    print(markdown, file=sys.stderr, flush=True)
