"""What an update must not run into: modules of the repository, an address that leads elsewhere, a full disk."""

from __future__ import annotations

import functools
import http.server
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub_image.update.look import PYTHON, run
from hub_image.update.plan import Plan
from hub_image.update.text import Change, describe
from support.repositories import ROOT, commit, git
from support.updates import Repository

Make = Callable[..., Repository]
WORKFLOWS = ROOT / "template" / "{{ on_github }}" / ".github" / "workflows"


def test_a_module_of_the_repository_is_not_imported(tmp_path: Path) -> None:
    """`python -m` would look in the folder where it is started first (issue 12, line 9)."""
    for name in ("calendar", "copier", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(9)\n", encoding="utf-8")
    assert re.search(r"\d+\.\d+", run([*PYTHON, "copier", "--version"], tmp_path))


def steps(name: str) -> list[str]:
    """Return the commands of all jobs of a workflow."""
    jobs = yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))["jobs"].values()
    return [step.get("run", "") for job in jobs for step in job["steps"]]


def test_the_disk_is_freed_before_images_are_pulled() -> None:
    """As image.yml does: two images of 10 GB and more do not fit beside what a runner brings."""
    frees, looks = "sudo rm -rf /usr/local/lib/android", "ci/update.py --what"
    commands = steps("update.yml")
    (free,) = [command for command in commands if frees in command]
    (look,) = [command for command in commands if looks in command]
    assert commands.index(free) < commands.index(look)
    assert free in steps("image.yml")


# --- a template that has moved ----------------------------------------------------------------------


class Moved(http.server.SimpleHTTPRequestHandler):
    """A host of git repositories, at which `old` has become `new`, as GitHub redirects after a move."""

    def do_GET(self) -> None:
        if self.path.startswith("/old/"):
            self.send_response(301)
            self.send_header("Location", self.path.replace("/old/", "/new/", 1))
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def host(make: Make, workshop: Any, tmp_path: Path) -> Iterator[str]:
    """The address of a host that has the template, at `new`."""
    folder = tmp_path / "host"
    git("clone", "--quiet", "--bare", str(workshop.template), str(folder / "new"), cwd=ROOT)
    git("update-server-info", cwd=folder / "new")
    handler = functools.partial(Moved, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("place", ["old", "new"])
def test_a_template_that_has_moved_is_said_in_bold(make: Make, host: str, place: str) -> None:
    """Git follows the redirect without a word to anybody (issue 12, Security)."""
    made = make("2.0.0")
    path = made.folder / ".copier-answers.yml"
    text = re.sub(r"_src_path: .*", f"_src_path: git+{host}/{place}", path.read_text("utf-8"))
    path.write_text(text, encoding="utf-8", newline="\n")
    commit(made.folder)
    made.push()
    done = made.run(again=True)
    assert done.code == 0, done.said
    said = f"**The template's address `{host}/old` leads to `{host}/new/` by now**"
    assert (said in made.request["body"]) is (place == "old")


def test_where_it_has_moved_to_is_shown_as_it_is() -> None:
    """Whatever a host answers."""
    plan = Plan(rows=[("the template", "1", "2")], moved=["https://a.test/x", "`<b>`\n# y"])
    assert "`https://a.test/x` leads to `?<b>??# y` by now" in describe(plan, Change("a", "b"), "")
