"""GitHub and GitLab: requests and issues, by their REST APIs, and git at the remote.

By Python's own library: the process that holds the tokens installs no package, as none of PyGithub's or
python-gitlab's dozen would be pinned by its hash.
"""

from __future__ import annotations

import contextlib
import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from hub_image.git import authorization, git
from hub_image.runs import Run
from hub_image.settings import UserError
from hub_image.update.plan import BRANCH

IMAGE = ".github/workflows/image.yml"
CLOSED = "\n<!-- closed: nothing to do -->"  # closed by this program, the same may come back


class HostError(Exception):
    """GitHub or GitLab refuses something, in its words."""


@dataclass
class Thread:
    """A request, or an issue, that this program has opened."""

    number: int
    title: str
    text: str
    url: str


class Host:
    """Where the repository lives: its project and default branch there, and how to ask its API.

    For each kind of thread, `request` or `issue`: where they are, those of this program, and what a new
    one is given. The rest are the API's words.
    """

    paths: ClassVar[dict[str, str]]
    ours: dict[str, str]
    new: dict[str, dict[str, Any]]
    user = number = url = text = change = comments = opened = ""
    closed: dict[str, str]
    tests = "Its pipeline builds and tests the image."  # what a request says of them

    def __init__(self, root: Path, run: Run, branch: str, token: str) -> None:
        """Prepare to ask, with a token by which to push and to open requests."""
        self.root, self.project, self.branch, self.token = root, run.project, branch, token
        self.api = self.server = ""

    def headers(self, path: str) -> dict[str, str]:
        """Return who asks for a path, and how."""
        return {"PRIVATE-TOKEN": self.token}

    def ask(self, method: str, path: str, **content: Any) -> Any:
        """Return what the API answers; HostError if it refuses, OSError if it does not answer."""
        data = json.dumps(content).encode() if content else None
        request = urllib.request.Request(f"{self.api}/{path}", data, method=method)
        for key, value in (self.headers(path) | {"Content-Type": "application/json"}).items():
            request.add_unredirected_header(key, value)  # another host gets no token
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            said = f"{method} {path}: {error.code}"
            with contextlib.suppress(ValueError, KeyError, TypeError, OSError):
                said = str(json.loads(error.read())["message"])[:300]
            if error.code in (401, 403) and self.token == os.environ.get("UPDATE_TOKEN"):
                said += f" ({error.code}): renew UPDATE_TOKEN if it has expired or lacks a right"
            raise HostError(said) from None

    def threads(self, kind: str, state: str) -> list[Thread]:
        """Return our own requests or issues, newest first, none that is merged or a fork's."""
        state = self.opened if state == "open" else state
        where = f"{self.paths[kind]}?{self.ours[kind]}&state={state}&per_page=100"
        return [
            Thread(one[self.number], one["title"], one[self.text] or "", one[self.url])
            for one in self.ask("GET", where)
            if not one.get("merged_at")
            and one.get("source_project_id") == one.get("target_project_id")  # GitLab lists forks'
            and "pull_request" not in one  # which GitHub lists as issues, too
        ]

    def write(self, kind: str, old: Thread | None, title: str, text: str) -> str:
        """Open a request or an issue, or renew it; return its address."""
        method, path = (self.change, f"/{old.number}") if old else ("POST", "")
        content = {"title": title, self.text: text} | ({} if old else self.new[kind])
        return str(self.ask(method, f"{self.paths[kind]}{path}", **content)[self.url])

    def close(self, kind: str, old: Thread, sentence: str) -> None:
        """Close a request or an issue, with a comment."""
        content = {self.text: old.text + CLOSED, **self.closed}
        self.ask(self.change, f"{self.paths[kind]}/{old.number}", **content)
        self.ask("POST", self.comments.format(old.number), body=sentence)

    def remote(self, command: str, *arguments: str) -> str:
        """Run git on the repository at its host: no hook gets the token, and no file."""
        no_hooks = ("-c", f"core.hooksPath={os.devnull}", command, "--quiet")
        where = f"{self.server}/{self.project}.git"
        env = authorization(self.server, self.user, self.token)
        return git(*no_hooks, where, *arguments, cwd=self.root, env=env)

    def keep_going(self) -> None:
        """Do what else must be done weekly."""

    def start_tests(self) -> None:
        """Start the tests of the request's branch, where pushing to it does not."""


class GitHub(Host):
    """GitHub, asked with GITHUB_TOKEN; with UPDATE_TOKEN, if there is one, for requests only.

    docs.github.com/rest: pulls, issues, actions/workflows. Only who may triage gives labels, so no issue of
    others is taken for one of ours.
    """

    user, number, url, text, change = "x-access-token", "number", "html_url", "body", "PATCH"
    paths: ClassVar = {"request": "pulls", "issue": "issues"}
    opened, closed, comments = "open", {"state": "closed"}, "issues/{}/comments"

    def __init__(self, root: Path, run: Run, branch: str, token: str) -> None:
        """Prepare to ask, and say where the tests are: a request by the run's own token has none."""
        super().__init__(root, run, branch, token or os.environ["GITHUB_TOKEN"])
        self.api = f"{os.environ['GITHUB_API_URL']}/repos/{self.project}"
        self.server, self.own = os.environ["GITHUB_SERVER_URL"], os.environ["GITHUB_TOKEN"]
        owner = self.project.partition("/")[0]
        self.ours = {"request": f"head={owner}:{BRANCH}", "issue": f"labels={BRANCH}"}
        self.new = {"request": {"head": BRANCH, "base": branch}, "issue": {"labels": [BRANCH]}}
        page = f"{self.server}/{self.project}/actions/workflows/image.yml?query=branch%3A{BRANCH}"
        # it is kept out where a workflow of the person's publishes instead; a copy that is set up has no answers yet
        stored = root / ".copier-answers.yml"
        self.has_image = not stored.exists() or f"- {IMAGE}\n" not in stored.read_text("utf-8")
        if self.token == self.own:
            tests = f"""The [workflow Image]({page}) builds and tests the image of this branch, which
the status of its last commit shows. """
            waits = 'The checks of a request like this one wait: press "Approve and run".'
            self.tests = tests * self.has_image + waits

    def headers(self, path: str) -> dict[str, str]:
        """Return who asks for a path, and how."""
        token = self.token if path.startswith("pulls") else self.own
        accept = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        return accept | {"Authorization": f"Bearer {token}"}

    def start_tests(self) -> None:
        """Start the image's workflow on the branch: what a run's own token pushes starts none."""
        if self.token == self.own and self.has_image:
            self.ask("POST", "actions/workflows/image.yml/dispatches", ref=BRANCH)

    def keep_going(self) -> None:
        """Enable both workflows again, and weekly start the image's.

        GitHub disables a file with a schedule after 60 days without a commit, for pushes and requests too
        (docs, "Disabling and enabling a workflow"), so image.yml has none. That enabling a file starts the
        60 days anew is what others have seen (gautamkrishnar/keepalive-workflow#56).
        """
        for name in ("update.yml", *["image.yml"] * self.has_image):
            if self.ask("GET", f"actions/workflows/{name}")["state"] != "disabled_manually":
                self.ask("PUT", f"actions/workflows/{name}/enable")
        if os.environ["GITHUB_EVENT_NAME"] == "schedule" and self.has_image:
            self.ask("POST", "actions/workflows/image.yml/dispatches", ref=self.branch)


class GitLab(Host):
    """GitLab, asked with UPDATE_TOKEN: docs.gitlab.com/api/merge_requests.

    It lets workflow files be pushed, so there are no issues.
    """

    user, number, url, text, change = "oauth2", "iid", "web_url", "description", "PUT"
    paths: ClassVar = {"request": "merge_requests"}
    opened, closed, comments = "opened", {"state_event": "close"}, "merge_requests/{}/notes"

    def __init__(self, root: Path, run: Run, branch: str, token: str) -> None:
        """Prepare to ask."""
        super().__init__(root, run, branch, token)
        self.api = f"{os.environ['CI_API_V4_URL']}/projects/{quote(self.project, safe='')}"
        self.server = os.environ["CI_SERVER_URL"]
        new = {"source_branch": BRANCH, "target_branch": branch, "remove_source_branch": True}
        self.ours, self.new = {"request": f"source_branch={BRANCH}"}, {"request": new}


def host_of(run: Run, root: Path) -> Host:
    """Return where this run's repository lives; UserError where nothing can be proposed."""
    if not run.default_branch:
        raise UserError(
            "Run this in CI, on the default branch: by hand, `git diff` shows what is new."
        )
    host = GitHub if run.on == "github" else GitLab
    branch = os.environ["GITHUB_REF_NAME" if run.on == "github" else "CI_DEFAULT_BRANCH"]
    return host(root, run, branch, os.environ.get("UPDATE_TOKEN", ""))
