"""Stand-ins for GitHub and GitLab: the part of their REST APIs that updates and the button use, and a remote.

They answer as docs.github.com/rest and docs.gitlab.com/api say, record what they are asked, and refuse what the
real ones refuse:

- a remote refuses workflow files by a run's token, though not their removal (docs, "workflows" permission);
- a run's token, and a token that may write contents, pull requests and workflows, each have only their rights;
- a file with a schedule is disabled after 60 days without a commit, and a disabled one cannot be started
  (docs, "Disabling and enabling a workflow"; benc-uk/workflow-dispatch#72);
- the checks of a pull request by a run's token wait for approval (docs, "Triggering a workflow");
- what is started by `workflow_dispatch` is no check of a pull request;
- who does not say which program it is, gets 403 (docs, "User agent"); a title has 256 characters at most, 255 on
  GitLab, and GitHub's texts have 65,536;
- GitLab has one open merge request for a branch, which must be there;
- GitLab lists merge requests of forks whose branch has the same name, too (docs, "Merge requests API").
"""

from __future__ import annotations

import contextlib
import http.server
import json
import re
import subprocess
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from support.repositories import git

BRANCH = "update-by-template"
TOKEN = "a-token-that-no-program-should-print"  # a run's own; on GitLab the one that was given
UPDATE_TOKEN = "another-token-that-no-program-should-print"
DAYS = 60  # without a commit, after which GitHub disables a schedule

# GitHub's own words, for what a run's token may not do; a file beside the hook stands for a token that may.
HOOK = """\
#!/bin/sh
[ ! -e hooks/may-change-workflows ] || exit 0
[ "$(git rev-parse --verify --quiet refs/heads/main)" ] || exit 0
case "$3" in *[!0]*) ;; *) exit 0 ;; esac
changed=$(git diff --name-only --diff-filter=d refs/heads/main "$3" -- .github/workflows)
[ -z "$changed" ] || {
    echo "refusing to allow a GitHub App to create or update workflow \\`$changed\\`" \\
        "without \\`workflows\\` permission" >&2
    exit 1
}
"""


def make_remote(folder: Path) -> Path:
    """Make a bare repository that refuses workflow files as GitHub does; return its folder."""
    git("init", "--quiet", "--bare", "--initial-branch=main", str(folder), cwd=folder.parent)
    hook = folder / "hooks" / "update"
    hook.write_text(HOOK, encoding="utf-8", newline="\n")
    hook.chmod(0o755)
    return folder


class Server(http.server.ThreadingHTTPServer):
    """What is there: requests and issues by number, comments, workflows and what was started of them."""

    def __init__(self, handler: type[Handler], remote: Path) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), handler)
        self.remote = remote
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.threads: dict[int, dict[str, Any]] = {}
        self.comments: list[tuple[int, str]] = []
        self.started: list[str] = []  # the branches on which image.yml was started
        self.asked: list[str] = []  # as "POST pulls"
        self.waiting: list[int] = []  # requests whose checks wait for "Approve and run"
        self.states: dict[str, str] = {}  # of workflow files, unless active
        self.active: dict[str, int] = {}  # on which day a file was enabled last
        self.today = 0  # days since the last commit
        self.may_open_requests = True
        self.workflow_is_there = True  # image.yml
        self.expired: set[str] = set()
        self.repository: dict[str, Any] = {}  # what it says of the repository itself

    def requests(self, state: str = "open") -> list[dict[str, Any]]:
        """Return the pull or merge requests in a state."""
        return [one for one in self.threads.values() if one["is_request"] and one["state"] == state]

    def issues(self, state: str = "open") -> list[dict[str, Any]]:
        """Return the issues in a state."""
        kept = self.threads.values()
        return [one for one in kept if not one["is_request"] and one["state"] == state]

    @property
    def writes(self) -> list[str]:
        """What was asked that is no question."""
        return [asked for asked in self.asked if not asked.startswith("GET ")]

    def has_branch(self, name: str) -> bool:
        """Return whether the remote has a branch."""
        command = ["git", "rev-parse", "--verify", "--quiet", f"refs/heads/{name}"]
        done = subprocess.run(command, cwd=self.remote, capture_output=True, check=False)
        return not done.returncode

    def wait(self, days: int) -> None:
        """Let days pass without a commit: whatever has a schedule and was not enabled since, is disabled."""
        self.today += days
        listed = git("ls-tree", "--name-only", "main", ".github/workflows/", cwd=self.remote)
        for path in listed.splitlines():
            text, name = git("show", f"main:{path}", cwd=self.remote), path.rpartition("/")[2]
            idle = self.today - self.active.get(name, 0)
            if idle > DAYS and re.search(r"^  schedule:", text, re.MULTILINE):
                self.states[name] = "disabled_inactivity"


class Handler(http.server.BaseHTTPRequestHandler):
    """What both have in common."""

    server: Server
    prefix = ""
    longest: ClassVar[dict[str, int]]

    def is_known(self) -> bool:
        """Return whether who asks is somebody."""
        raise NotImplementedError

    def route(self, path: str, query: dict[str, str], content: dict[str, Any]) -> None:
        """Answer somebody."""
        raise NotImplementedError

    def answer(self, status: int, content: Any = None) -> None:
        """Answer with JSON."""
        data = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def refuse(self, status: int, message: str) -> None:
        """Answer as GitHub and GitLab do when they refuse."""
        self.answer(status, {"message": message, "status": str(status)})

    def handle_one(self) -> None:
        """Answer whoever asks."""
        url = urllib.parse.urlsplit(self.path)
        query = {key: values[0] for key, values in urllib.parse.parse_qs(url.query).items()}
        content = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        path = f"{url.path}/".removeprefix(self.prefix).rstrip("/")
        self.server.asked.append(f"{self.command} {path}")
        if not self.is_known() or not f"{url.path}/".startswith(self.prefix):
            self.refuse(401, "Bad credentials")
        elif not self.headers.get("User-Agent"):
            self.refuse(403, "Request forbidden by administrative rules.")
        elif any(len(str(content.get(key, ""))) > most for key, most in self.longest.items()):
            self.refuse(422, "Validation Failed")
        else:
            self.route(path, query, content)

    do_GET = do_POST = do_PATCH = do_PUT = handle_one

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class GitHub(Handler):
    """docs.github.com/rest: pulls, issues, comments, actions/workflows, repos."""

    prefix = "/repos/me/env/"
    longest: ClassVar = {"title": 256, "body": 65_536}

    @property
    def token(self) -> str:
        """By which it is asked: both words before it are known."""
        return re.sub("^(Bearer|token) ", "", self.headers.get("Authorization", ""))

    def is_known(self) -> bool:
        """Return whether the token is one that there is."""
        return self.token in {TOKEN, UPDATE_TOKEN} - self.server.expired

    def route(self, path: str, query: dict[str, str], content: dict[str, Any]) -> None:
        """Answer somebody, within the rights of the token."""
        workflow = re.fullmatch(r"actions/workflows/([\w.-]+)(?:/(enable|dispatches))?", path)
        found = re.fullmatch(r"(pulls|issues)(?:/(\d+))?(/comments)?", path)
        if self.token == UPDATE_TOKEN and not path.startswith("pulls"):
            self.refuse(403, "Resource not accessible by personal access token")
        elif workflow:
            self.workflow(workflow[1], workflow[2], content)
        elif self.command == "GET" and not path:
            self.answer(200, self.server.repository)
        elif not found:
            self.refuse(404, "Not Found")
        elif self.command == "GET":
            self.listed(found[1], query)
        elif found[3]:
            self.server.comments.append((int(found[2]), content["body"]))
            self.answer(201, {"id": 1})
        elif found[2]:
            self.server.threads[int(found[2])].update(content)
            self.answer(200, self.server.threads[int(found[2])])
        else:
            self.made(found[1], content)

    def workflow(self, name: str, what: str | None, content: dict[str, Any]) -> None:
        """Answer about a workflow, enable it, or start it on a branch."""
        state = self.server.states.get(name, "active")
        if name == "image.yml" and not self.server.workflow_is_there:
            self.refuse(404, "Not Found")
        elif what is None:
            self.answer(200, {"path": f".github/workflows/{name}", "state": state})
        elif what == "enable" and self.command == "PUT":
            self.server.states[name] = "active"
            self.server.active[name] = self.server.today
            self.answer(204)
        elif state != "active":
            self.refuse(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
        elif not self.server.has_branch(content["ref"]):
            self.refuse(422, f"No ref found for: {content['ref']}")
        else:
            self.server.started.append(content["ref"])
            self.answer(204)

    def listed(self, kind: str, query: dict[str, str]) -> None:
        """Answer with requests or issues: of issues, GitHub lists requests as well."""
        state = query.get("state", "open")
        kept = []
        for one in reversed(self.server.threads.values()):
            if state not in ("all", one["state"]):
                continue
            if kind == "pulls" and one["is_request"] and query["head"] == one["head"]["label"]:
                kept.append(one)
            elif kind == "issues" and query["labels"] in [label["name"] for label in one["labels"]]:
                kept.append(one | ({"pull_request": {}} if one["is_request"] else {}))
        self.answer(200, kept)

    def made(self, kind: str, content: dict[str, Any]) -> None:
        """Open a request or an issue."""
        number = len(self.server.threads) + 1
        if kind == "pulls":
            label = f"me:{content['head']}"
            if not self.server.may_open_requests:
                said = "GitHub Actions is not permitted to create or approve pull requests."
                self.refuse(403, said)
                return
            twice = any(one["head"]["label"] == label for one in self.server.requests())
            if twice or not self.server.has_branch(content["head"]):
                self.refuse(422, "Validation Failed")
                return
            self.server.waiting += [number] if self.token == TOKEN else []
        page = f"https://github.com/me/env/{'pull' if kind == 'pulls' else kind}/{number}"
        self.server.threads[number] = {
            "number": number,
            "is_request": kind == "pulls",
            "title": content["title"],
            "body": content["body"],
            "state": "open",
            "html_url": page,
            "head": {"label": f"me:{content.get('head', '')}"},
            "labels": [{"name": label} for label in content.get("labels", [])],
            "merged_at": None,
        }
        self.answer(201, self.server.threads[number])


class GitLab(Handler):
    """docs.gitlab.com/api: merge_requests, notes."""

    prefix = "/projects/me%2Fenv/"
    longest: ClassVar = {"title": 255, "description": 1_048_576, "body": 1_000_000}

    def is_known(self) -> bool:
        """Return whether the token is the one that was given, and has not expired."""
        return self.headers.get("PRIVATE-TOKEN") == TOKEN and TOKEN not in self.server.expired

    def route(self, path: str, query: dict[str, str], content: dict[str, Any]) -> None:
        """Answer somebody."""
        found = re.fullmatch(r"merge_requests(?:/(\d+))?(/notes)?", path)
        if not found:
            self.refuse(404, "404 Not Found")
        elif self.command == "GET":
            state = {"opened": "open"}.get(query["state"], query["state"])
            requests = reversed(self.server.requests(state))
            self.answer(200, [one for one in requests if one["branch"] == query["source_branch"]])
        elif found[2]:
            self.server.comments.append((int(found[1]), content["body"]))
            self.answer(201, {"id": 1})
        elif found[1]:
            one = self.server.threads[int(found[1])]
            if content.pop("state_event", "") == "close":
                one["state"] = "closed"
            one.update(content, body=content["description"])
            self.answer(200, one)
        elif not self.server.has_branch(content["source_branch"]):
            self.refuse(400, "source_branch does not exist")
        elif any(
            one["branch"] == content["source_branch"] and one["source_project_id"] == 1
            for one in self.server.requests()
        ):
            self.refuse(409, "Another open merge request already exists for this source branch")
        else:
            self.answer(201, open_merge_request(self.server, content))


def open_merge_request(
    server: Server, content: dict[str, Any], fork: bool = False
) -> dict[str, Any]:
    """Open a merge request on GitLab; of a fork, if asked, of which any member of the public may."""
    number = len(server.threads) + 1
    server.threads[number] = {
        "iid": number,
        "is_request": True,
        "title": content["title"],
        "description": content["description"],
        "body": content["description"],
        "state": "open",
        "branch": content["source_branch"],
        "source_project_id": 2 if fork else 1,
        "target_project_id": 1,
        "web_url": f"https://gitlab.com/me/env/-/merge_requests/{number}",
    }
    return server.threads[number]


@contextlib.contextmanager
def running(handler: type[Handler], remote: Path) -> Iterator[Server]:
    """Run a stand-in on a free port."""
    with Server(handler, remote) as server:
        # a test ends as soon as it may: the server looks for that every 10 ms, not every 500
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()
