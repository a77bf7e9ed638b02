"""Stand-ins for GitHub and GitLab: the part of their REST APIs that update_repository.py and set_up.py
use, and a remote that refuses what GitHub refuses.

They answer as docs.github.com/rest and docs.gitlab.com/api document it, and record what they were asked.
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
from typing import Any

from repositories import git

BRANCH = "update-by-template"
TOKEN = "a-token-that-no-program-should-print"

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
    """Make a bare repository that refuses workflow files as GitHub does. Out: its folder."""
    git("init", "--quiet", "--bare", "--initial-branch=main", str(folder), cwd=folder.parent)
    hook = folder / "hooks" / "update"
    hook.write_text(HOOK, encoding="utf-8", newline="\n")
    hook.chmod(0o755)
    return folder


class Server(http.server.ThreadingHTTPServer):
    """What is there: requests and issues by number, comments, workflows that were started."""

    def __init__(self, handler: type[http.server.BaseHTTPRequestHandler], remote: Path) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.remote = remote
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.threads: dict[int, dict[str, Any]] = {}
        self.comments: list[tuple[int, str]] = []
        self.started: list[str] = []
        self.asked: list[str] = []  # as "POST pulls"
        self.may_open_requests = True
        self.workflow_is_there = True
        self.repository: dict[str, Any] = {}  # what it says of the repository itself

    def requests(self, state: str = "open") -> list[dict[str, Any]]:
        return [one for one in self.threads.values() if one["is_request"] and one["state"] == state]

    def issues(self, state: str = "open") -> list[dict[str, Any]]:
        return [
            one for one in self.threads.values() if not one["is_request"] and one["state"] == state
        ]

    @property
    def writes(self) -> list[str]:
        return [asked for asked in self.asked if not asked.startswith("GET ")]

    def has_branch(self, name: str) -> bool:
        command = ["git", "rev-parse", "--verify", "--quiet", f"refs/heads/{name}"]
        return not subprocess.run(
            command, cwd=self.remote, capture_output=True, check=False
        ).returncode


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def answer(self, status: int, content: Any = None) -> None:
        data = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def handle_one(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        query = {key: values[0] for key, values in urllib.parse.parse_qs(url.query).items()}
        content = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        path = f"{url.path}/".removeprefix(self.prefix).rstrip("/")
        self.server.asked.append(f"{self.command} {path}")
        if not self.is_known() or not f"{url.path}/".startswith(self.prefix):
            self.answer(401, {"message": "Bad credentials", "status": "401"})
        else:
            self.route(path, query, content)

    do_GET = do_POST = do_PATCH = do_PUT = handle_one

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class GitHub(Handler):
    """docs.github.com/rest: pulls/pulls, issues/issues, issues/comments, actions/workflows, repos/repos."""

    prefix = "/repos/me/env/"

    def is_known(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def route(self, path: str, query: dict[str, str], content: dict[str, Any]) -> None:
        found = re.fullmatch(r"(pulls|issues)(?:/(\d+))?(/comments)?", path)
        if self.command == "POST" and path == "actions/workflows/image.yml/dispatches":
            there = self.server.workflow_is_there and self.server.has_branch(content["ref"])
            if there:
                self.server.started.append(content["ref"])
                self.answer(204)
            else:
                self.answer(404, {"message": "Not Found"})
        elif self.command == "GET" and not path:
            self.answer(200, self.server.repository)
        elif not found:
            self.answer(404, {"message": "Not Found"})
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

    def listed(self, kind: str, query: dict[str, str]) -> None:
        """Of issues, GitHub lists requests as well, with the key `pull_request`."""
        state = query.get("state", "open")
        kept = []
        for one in reversed(self.server.threads.values()):
            if state != "all" and one["state"] != state:
                continue
            if kind == "pulls" and one["is_request"] and query["head"] == one["head"]["label"]:
                kept.append(one)
            elif kind == "issues" and query["labels"] in [label["name"] for label in one["labels"]]:
                kept.append(one | ({"pull_request": {}} if one["is_request"] else {}))
        self.answer(200, kept)

    def made(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "pulls":
            label = f"me:{content['head']}"
            if not self.server.may_open_requests:
                said = "GitHub Actions is not permitted to create or approve pull requests."
                self.answer(403, {"message": said, "status": "403"})
                return
            twice = any(one["head"]["label"] == label for one in self.server.requests())
            if twice or not self.server.has_branch(content["head"]):
                self.answer(422, {"message": "Validation Failed", "status": "422"})
                return
        number = len(self.server.threads) + 1
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

    def is_known(self) -> bool:
        return self.headers.get("PRIVATE-TOKEN") == TOKEN

    def route(self, path: str, query: dict[str, str], content: dict[str, Any]) -> None:
        found = re.fullmatch(r"merge_requests(?:/(\d+))?(/notes)?", path)
        if not found:
            self.answer(404, {"message": "404 Not Found"})
        elif self.command == "GET":
            states = {"opened": "open"}
            state = states.get(query["state"], query["state"])
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
        else:
            number = len(self.server.threads) + 1
            self.server.threads[number] = {
                "iid": number,
                "is_request": True,
                "title": content["title"],
                "description": content["description"],
                "body": content["description"],
                "state": "open",
                "branch": content["source_branch"],
                "web_url": f"https://gitlab.com/me/env/-/merge_requests/{number}",
            }
            self.answer(201, self.server.threads[number])


@contextlib.contextmanager
def running(handler: type[Handler], remote: Path) -> Iterator[Server]:
    """Run a stand-in on a free port."""
    with Server(handler, remote) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
