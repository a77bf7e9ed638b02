"""Make a repository of a copy of the template. It runs the template's code, so it gets no token.

In such a copy this renders the template, from where the template lives and never from the copy, so that
`copier update` knows its way; replaces the template's own files by what it rendered; and keeps what a
person added.

The release is the newest whose workflows are the copy's, byte for byte, as GitHub lets no run's own token
create or change a workflow. Where main has moved on since, it is the newest such commit of main.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from hub_image.git import git
from hub_image.runs import set_outputs
from tools.button.commit import ANSWERS, Made, Place, make_commit, render
from tools.button.report import summary
from tools.button.saved import BUNDLE, SUMMARY, TIP
from tools.button.source import KNOWN_BY, clone, files, state_of


@dataclass(frozen=True)
class Copy:
    """A copy of the template on GitHub, checked out.

    Attributes:
        root: its folder.
        repository: what the run's event says of it.
        about: what GitHub's API says of it (docs.github.com/rest/repos/repos, "Get a repository").
    """

    root: Path
    repository: dict[str, Any]
    about: dict[str, Any]

    @property
    def project(self) -> str:
        """The repository on GitHub, `owner/name`."""
        return os.environ["GITHUB_REPOSITORY"]

    @property
    def page(self) -> str:
        """Its address."""
        return f"{os.environ['GITHUB_SERVER_URL']}/{self.project}"

    @property
    def home(self) -> str:
        """The address of the template, by the one place of it that says so."""
        questions = yaml.safe_load((self.root / "copier.yml").read_text(encoding="utf-8"))
        return str(questions["template_url"]["default"])


def reason_to_stop(copy: Copy) -> str:
    """Return why there is nothing to set up, a sentence; or nothing."""
    press = (
        'press "Use this template" on its page, and run this in the repository which that makes.'
    )
    if ANSWERS in files(copy.root, "HEAD", ANSWERS):
        update = f"{copy.page}/actions/workflows/update.yml"
        return (
            f"This repository is set up already. [Update]({update}) switches to another strategy."
        )
    if copy.repository.get("is_template") or copy.page == copy.home:
        return f"This is the template itself: {press}"
    if copy.repository.get("fork"):
        return (
            f"This is a fork of the template, for work on the template. For an environment, {press}"
        )
    return ""


def given(copy: Copy, form: dict[str, str]) -> dict[str, Any]:
    """Return the answers in the form's fields, by question; fields left as they were give none."""
    workflow = yaml.safe_load((copy.root / KNOWN_BY[1]).read_text(encoding="utf-8"))
    fields = workflow[True]["workflow_dispatch"]["inputs"]  # YAML reads `on` so
    answers: dict[str, Any] = {}
    for name, said in form.items():
        field = fields.get(name, {})
        if said == field.get("default", "") and name != "strategy":
            continue
        answers[name] = said.partition(": ")[0] if "options" in field else said.strip()
        if name == "languages":
            answers[name] = answers[name].split(", ")
    return answers


def save(copy: Copy, form: dict[str, str], place: Path) -> str:
    """Make it, and save it for `push.push`.

    Args:
        copy: of what.
        form: the form's fields.
        place: an empty folder to save in.

    Returns:
        Why there is nothing to do; nothing if it was made.

    Raises:
        UserError: it cannot be done.
    """
    if why := reason_to_stop(copy):
        return why
    # the one whose button was pressed, if GitHub says so
    home = (copy.about.get("template_repository") or {}).get("html_url") or copy.home
    answers = given(copy, form) | {"code_host": "github", "repository": copy.project}
    if copy.about.get("description"):
        answers["description"] = copy.about["description"]
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        folder = work / "made" / copy.project.partition("/")[2]
        folder.mkdir(parents=True)
        tip = git("rev-parse", "HEAD", cwd=copy.root)
        here = Place(work / "template", copy.root, tip, work, folder)
        state, made = _make(home, here, answers)
        origin = f"[{state[:12]} of the template]({home}/tree/{quote(state)})"
        text = summary(copy.project, copy.page, origin, here, made)
    _bundle(made.commit, here, place / BUNDLE)
    (place / TIP).write_text(tip, encoding="utf-8", newline="\n")
    (place / SUMMARY).write_text(text, encoding="utf-8", newline="\n")
    set_outputs(made="true")
    return ""


def _make(home: str, place: Place, answers: dict[str, Any]) -> tuple[str, Made]:
    """Make the commit from the template at an address; return the state of it that was rendered, too."""
    # as Copier knows an address of git by
    known = home.startswith(("https://github.com/", "https://gitlab.com/"))
    source = home if known else f"{home}.git"
    clone(source, place.template)
    state = state_of(place.template, place.copy, place.tip)
    return state, make_commit(place, lambda: render(source, state, place, answers))


def _bundle(commit: str, place: Place, path: Path) -> None:
    """Write what a commit adds to the copy's as git's bundle, whose one ref is HEAD."""
    # a work tree has a HEAD of its own: the checkout's stays where it is
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "made"
        add = ("worktree", "add", "--quiet", "--no-checkout", "--detach", str(folder), commit)
        git(*add, cwd=place.copy)
        try:
            git("bundle", "create", "--quiet", str(path), "HEAD", f"^{place.tip}", cwd=folder)
        finally:
            git("worktree", "remove", "--force", str(folder), cwd=place.copy)
