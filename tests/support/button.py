"""What "Use this template" makes, at a stand-in for GitHub, and the two halves of setup.yml there.

The copy is as the button makes it: the files of a commit, no history, no tags.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import copier
import plumbum
import pytest
import requests
import yaml
from copier._cli import CopierApp

from support import ci_runs, code_hosts
from support.code_hosts import TOKEN
from support.repositories import ROOT, commit, git, text_of
from tools.button import commit as button_commit
from tools.button.main import main

UPSTREAM = "https://github.com/acme/copier-hub-image"
ADDRESS = "https://github.com/me/env.git"
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/setup.yml").read_text(encoding="utf-8"))
FIELDS: dict[str, Any] = WORKFLOW[True]["workflow_dispatch"]["inputs"]  # YAML reads `on` so
UNTOUCHED = "Nothing was changed here"


def option(name: str, answer: str) -> str:
    """Return the option of a field of the form that gives an answer."""
    (found,) = [one for one in FIELDS[name]["options"] if one.partition(": ")[0] == answer]
    return str(found)


def form(**answers: str) -> dict[str, str]:
    """Return the whole form, as GitHub hands it over, from what a person chooses or types."""
    chosen = {
        name: option(name, answer) if name in FIELDS and "options" in FIELDS[name] else answer
        for name, answer in answers.items()
    }
    return {name: field["default"] for name, field in FIELDS.items()} | chosen


def make_upstream(template: Path, folder: Path) -> Path:
    """Make the repository where the template lives: an older release, and today's with the same workflows."""
    git("clone", "--quiet", str(template), str(folder), cwd=template)
    git("tag", "--delete", "99999.0.0", cwd=folder)
    git("tag", "1.0.0", cwd=folder)
    (folder / "docs" / "new.md").write_text("new\n", encoding="utf-8", newline="\n")
    commit(folder)
    git("tag", "2.0.0", cwd=folder)
    return folder


@dataclass
class Copy:
    """A copy at its host.

    Attributes:
        folder: a checkout.
        remote: the repository.
        host: the stand-in for GitHub.
        env: what GitHub Actions says of a run.
    """

    folder: Path
    remote: Path
    host: code_hosts.Server
    env: dict[str, str]

    @property
    def place(self) -> Path:
        """The test's folder."""
        return self.folder.parent

    @property
    def main(self) -> str:
        """The commit of the default branch."""
        return git("rev-parse", "main", cwd=self.remote)

    def event(self, **repository: Any) -> None:
        """Say what the run's event says of the repository."""
        about = ci_runs.about(**{"is_template": False, **repository})
        payload = json.dumps({"repository": about})
        Path(self.env["GITHUB_EVENT_PATH"]).write_text(payload, encoding="utf-8")

    def edit(self, name: str, text: str) -> None:
        """Make a person's change in front of a file, on the default branch."""
        path = self.folder / name
        path.write_bytes(text.encode() + (path.read_bytes() if path.is_file() else b""))
        self.push()

    def push(self) -> None:
        """Commit what there is on the default branch, as a person."""
        commit(self.folder)
        may = self.remote / "hooks" / "may-change-workflows"
        may.touch()
        git("push", "--quiet", "--force", str(self.remote), "HEAD:main", cwd=self.folder)
        may.unlink()

    def run(self, *arguments: str, **env: str) -> tuple[int, str]:
        """Run the program in this process, as a step of CI does; return its exit code and the summary."""
        summary, out = self.place / "summary.md", io.StringIO()
        summary.unlink(missing_ok=True)
        (self.place / "outputs").unlink(missing_ok=True)
        with pytest.MonkeyPatch.context() as patch:
            variables = {
                "GITHUB_OUTPUT": str(self.place / "outputs"),
                "GITHUB_STEP_SUMMARY": str(summary),
            }
            for name, value in (self.env | variables | env).items():
                patch.setenv(name, value)
            patch.setattr(button_commit, "last_words", _in_this_process)
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                code = main([*arguments], self.folder)
        print(out.getvalue())
        said = summary.read_text(encoding="utf-8") if summary.exists() else ""
        assert TOKEN not in out.getvalue() + said
        assert not list(self.place.rglob("pwned"))
        return code, said

    def set_up(self, filled: dict[str, str] | None = None, **answers: str) -> tuple[int, str]:
        """Run both halves, as the workflow's jobs do, each from a checkout of the default branch.

        Args:
            filled: the whole form, if not from answers.
            answers: what is chosen or typed.

        Returns:
            The exit code and the summary. If it is not 0, nothing has changed.
        """
        before, saved = self.main, self.place / "saved"
        shutil.rmtree(saved, ignore_errors=True)
        self.checkout()
        about = self.place / "about.json"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = requests.get(
            f"{self.host.url}/repos/{self.env['GITHUB_REPOSITORY']}", headers=headers, timeout=30
        )
        about.write_text(answer.text, encoding="utf-8")
        self.host.asked.clear()
        chosen = json.dumps(form(**answers) if filled is None else filled)
        code, said = self.run("--about", str(about), "--save", str(saved), FORM=chosen)
        assert git("status", "--porcelain", cwd=self.folder) == ""
        assert "GITHUB_TOKEN" not in self.env and self.host.asked == []
        if (self.place / "outputs").exists():
            assert (code, said) == (0, "") and self.main == before
            self.checkout()
            code, said = self.run("--push", str(saved), GITHUB_TOKEN=TOKEN)
        assert code == 0 or (UNTOUCHED in said and self.main == before)
        return code, said

    def checkout(self) -> None:
        """Check the default branch out anew, with its last commit alone."""
        shutil.rmtree(self.folder)
        source = f"file://{self.remote.as_posix()}"
        options = ("--quiet", "--depth=1", "--branch=main", source, str(self.folder))
        git("clone", *options, cwd=self.place)
        git("remote", "set-url", "origin", ADDRESS, cwd=self.folder)

    def result(self) -> Path:
        """Return a clone of the repository as it is now at its host."""
        folder = self.place / "result"
        git("clone", "--quiet", str(self.remote), str(folder), cwd=self.remote)
        return folder


def _in_this_process(command: list[str]) -> str:
    """Stand in for `tools.button.source.last_words`: Copier, in a fraction of the time."""
    said = io.StringIO()
    try:
        # plumbum, by which Copier starts git, has taken the variables when it was imported
        with (
            plumbum.local.env(**os.environ),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):
            _, code = CopierApp.run(["copier", *command[4:]], exit=False)
    except SystemExit as refused:
        code = 1
        print(refused, file=said)
    return (said.getvalue().strip() or "no word").splitlines()[-1] if code else ""


@contextlib.contextmanager
def pressing(
    upstream: Path, place: Path, state: str = "2.0.0", template: str = UPSTREAM
) -> Iterator[Copy]:
    """Press the button.

    Args:
        upstream: where the template lives.
        place: an empty folder.
        state: the release, branch or commit of the template that is copied.
        template: its address, by what GitHub says.

    Yields:
        The copy at its host.
    """
    remote = code_hosts.make_remote(place / "remote.git")
    addresses = {UPSTREAM: upstream, f"{UPSTREAM}.git": upstream, ADDRESS: remote}
    lines = [f'[url "{path}"]\ninsteadOf = {url}\n' for url, path in addresses.items()]
    (place / "gitconfig").write_text("".join(lines), encoding="utf-8")
    folder = place / "env"
    git("clone", "--quiet", "--branch", state, str(upstream), str(folder), cwd=upstream)
    shutil.rmtree(folder / ".git")
    with code_hosts.running(code_hosts.GitHub, remote) as server:
        server.repository = {
            "full_name": "me/env",
            "description": "Waves & tides",
            "template_repository": {"html_url": template},
        }
        env = ci_runs.github(place, "workflow_dispatch") | {
            "COPIER_CACHE_DIR": str(place / "cache"),
            "GIT_CONFIG_GLOBAL": str(place / "gitconfig"),
            "GITHUB_API_URL": server.url,
        }
        made = Copy(folder, remote, server, env)
        made.event()
        commit(folder, "Initial commit")
        git("push", "--quiet", str(remote), "HEAD:main", cwd=folder)
        yield made


def fresh(place: Path, upstream: Path, **answers: Any) -> dict[str, str]:
    """Return what `copier copy` makes of the same answers, as if from the template's address."""
    folder = place / "fresh" / "env"
    data = {"repository": "me/env", "description": "Waves & tides"} | answers
    copier.run_copy(
        str(upstream), folder, data=data, vcs_ref="2.0.0", defaults=True, quiet=True, unsafe=True
    )
    text = text_of(folder)
    text[".copier-answers.yml"] = text[".copier-answers.yml"].replace(str(upstream), UPSTREAM)
    return text


def answers_of(project: Path) -> dict[str, Any]:
    """Return a repository's stored answers."""
    text = (project / ".copier-answers.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def change_both_workflows(upstream: Path, name: str = "image.yml") -> None:
    """Change a workflow at the template's root and in what it renders, which must be the same bytes."""
    for folder in ("", "template/{{ on_github }}/"):
        path = upstream / f"{folder}.github/workflows/{name}"
        path.write_text(path.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")


# --- by act ---------------------------------------------------------------------------------------

CHECKOUT = f"""\
name: stand-in for actions/checkout
description: checks a branch out
inputs: {{persist-credentials: {{}}, fetch-depth: {{}}, ref: {{default: main}}}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {{REF: "${{{{ inputs.ref }}}}"}}
      run: git init --quiet && git fetch --quiet --depth=1 {ADDRESS} "$REF" && git checkout --quiet FETCH_HEAD
"""
UPLOAD = """\
name: stand-in for actions/upload-artifact
description: keeps a folder
inputs: {name: {}, path: {}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {NAME: "${{ inputs.name }}", WHERE: "${{ inputs.path }}"}
      run: cp -r "$WHERE" "$ARTIFACTS/$NAME"
"""
DOWNLOAD = """\
name: stand-in for actions/download-artifact
description: brings a folder
inputs: {name: {}, path: {}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {NAME: "${{ inputs.name }}", WHERE: "${{ inputs.path }}"}
      run: cp -r "$ARTIFACTS/$NAME" "$WHERE"
"""
ACTIONS = {
    "actions/checkout": CHECKOUT,
    "actions/upload-artifact": UPLOAD,
    "actions/download-artifact": DOWNLOAD,
}


def local_actions(place: Path, workflow: str) -> list[str]:
    """Write stand-ins for the actions that a workflow uses; return act's options that name them."""
    options = []
    for name, text in ACTIONS.items():
        folder = place / name.replace("/", "-")
        folder.mkdir()
        (folder / "action.yml").write_text(text, encoding="utf-8")
        commit(folder)
        for sha in set(re.findall(rf"uses: {name}@(\w+)", workflow)):
            options += ["--local-repository", f"{name}@{sha}={folder}"]
    return options
