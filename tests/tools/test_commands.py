"""Every command that a README or a page shows is run: here, or by the test that is named beside it."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import plumbum
import pytest
import yaml
from copier._cli import CopierApp

from support.repositories import ROOT, STRATEGIES, commit, git, git_settings, text_of

README = (ROOT / "README.md").read_text(encoding="utf-8")
QUESTIONS = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
ADDRESS = QUESTIONS["template_url"]["default"]
COPIER = f'"{sys.executable}" -m copier'

# Run elsewhere, as they install things or need Docker.
ELSEWHERE = {
    r"python3 -m venv \.venv && .*": "tests/images/test_readme_commands.py, and the first below",
    r"pip install copier copier-template-extensions jinja2-time": "the same, in its first command",
    r"pipx install copier|pipx inject copier copier-template-extensions jinja2-time": "the same",
    r"pipx install copier && pipx inject .*|uv tool install copier .*|conda (create|run) .*": (
        "by hand, as they install into the home"
    ),
    r"copier copy --trust --defaults": "test_recipes.py, with each recipe",
    r"(pipx|uv) run ci/check\.py": "tests/images/test_strategies.py",
    r"(pipx|uv) run ci/publish\.py|docker login \S+": "tests/images/test_registry.py",
    r"(pipx|uv) run ci/update\.py": "tests/ci/update/",
    r"nox( -s (lint|tests|images|readme|pictures|catalogue))?": ".ci/run, and test_readme.py",
    r"nox -s bench( -- --quick render)?": "test_bench.py, what it measures in little",
    r"nox -s release -- 1\.0\.0": "test_release.py, without the tests in between",
    r"pip install --user NAME": "no command here, but one for a server's terminal",
    r"copier update -d": "no command, but how answers are changed",
    r"copier (update|copy)": "no command, but the name of one",
}


def commands(text: str) -> list[str]:
    """Return the commands that a README shows, in a line of their own or in the text."""
    found = re.findall(
        r"^    (\S.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE
    )
    inline = r"`((?:copier|docker|git|nox|pip|pipx|python3?|uv) [^`]+)`"
    return [*found, *re.findall(inline, text)]


def mine(text: str) -> list[str]:
    """Return the commands of a README that this module must run."""
    return [
        command
        for command in commands(text)
        if not any(re.fullmatch(pattern, command) for pattern in ELSEWHERE)
    ]


def shell(command: str, folder: Path, template: Path) -> str:
    """Type a command into a shell; git finds this checkout at the template's address.

    Returns:
        What it said besides its output.
    """
    if command.startswith("copier "):
        command = COPIER + command.removeprefix("copier")
    result = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=os.environ | git_config(template),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stderr


def typed(command: str, folder: Path, template: Path) -> str:
    """Do what `shell` does, but run Copier in this process, which takes a fraction of the time.

    tests/template/test_lifecycle.py holds that both do the same.
    """
    if not command.startswith("copier "):
        return shell(command, folder, template)
    said = io.StringIO()
    with (
        # plumbum, by which Copier starts git, has taken the variables when it was imported
        plumbum.local.env(**(os.environ | git_config(template))),
        contextlib.chdir(folder),
        contextlib.redirect_stderr(said),
    ):
        _, code = CopierApp.run(shlex.split(command), exit=False)
    assert code == 0, said.getvalue()
    return said.getvalue()


def git_config(template: Path) -> dict[str, str]:
    """Return the variables by which git takes the template from a folder, and has an identity."""
    return git_settings(
        (f"url.{template.as_posix()}.insteadOf", ADDRESS),
        (f"url.{template.as_posix()}.insteadOf", f"{ADDRESS}.git"),
        ("user.name", "Test"),
        ("user.email", "test@example.org"),
    )


def test_the_first_command_makes_a_repository_beside_a_fresh_checkout(
    template: Path, tmp_path: Path
) -> None:
    """As it stands, but for installing Copier; and the checkout stays as it was."""
    checkout = tmp_path / "checkout"
    git("clone", "--quiet", "--no-tags", str(template), str(checkout), cwd=tmp_path)
    make = commands(README)[0]
    assert make.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    command = make.rpartition(" && ")[2].removeprefix(".venv/bin/")
    said = shell(command, checkout, template)
    assert "Made my-environment with the strategy inherit." in said
    project = tmp_path / "my-environment"
    assert "Dockerfile" in text_of(project)
    assert git("status", "--porcelain", cwd=checkout) == ""
    commit(project)
    shell("copier update --trust --defaults", project, template)
    assert git("status", "--porcelain", cwd=project) == ""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no terminal to answer in")
def test_create_update_switch_undo(template: Path, tmp_path: Path) -> None:
    """The table "One line per verb", line by line; the first one is answered at its prompts."""
    import pexpect

    create, update, switch, undo, _adopt = mine(README)  # to adopt: see docs/adopt.md below
    session = pexpect.spawn(
        COPIER + create.removeprefix("copier"),
        cwd=str(tmp_path),
        env=os.environ | git_config(template) | {"TERM": "xterm"},
        timeout=60,
        encoding="utf-8",
        dimensions=(60, 200),
    )
    for first in ("What is the environment called", "What is it for"):
        session.expect(first)
        session.send("\r")
    session.expect("Which of these is true first")
    session.send("\x1b[B")  # the second: a few packages more
    for _ in range(40):  # Enter takes what is offered
        session.send("\r")
        if session.expect([r"\? *\S|🎤", "Made my-environment", pexpect.EOF]):
            break
    session.expect(pexpect.EOF)
    session.close()
    assert session.exitstatus == 0, session.before
    project = tmp_path / "my-environment"
    assert "strategy: inherit" in (project / ".copier-answers.yml").read_text(encoding="utf-8")
    commit(project)
    before = text_of(project)
    shell(update, project, template)
    assert text_of(project) == before
    shell(switch, project, template)
    assert not (project / "Dockerfile").exists()
    shell(undo, project, template)
    assert text_of(project) == before


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_commands_of_a_generated_readme(
    render: Callable[..., Path], template: Path, strategy: str
) -> None:
    project = render(strategy=strategy)
    commit(project)
    found = mine((project / "README.md").read_text(encoding="utf-8"))
    assert len(found) >= 2
    for command in found:
        typed(command, project, template)
        commit(project)


@pytest.mark.parametrize("page", ["adopt", "switch", "undo", "update"])
def test_commands_of_a_page(
    render: Callable[..., Path], template: Path, tmp_path: Path, page: str
) -> None:
    """Each page of docs/ on a verb, its commands one after the other in one repository."""
    project = tmp_path / "my-environment"
    if page == "adopt":
        project.mkdir()
        (project / "README.md").write_text("# Mine\n", encoding="utf-8", newline="\n")
        (project / "requirements.txt").write_text("cowsay\n", encoding="utf-8", newline="\n")
        one = project / "images" / "one" / "apt.txt"
        one.parent.mkdir(parents=True)
        one.write_text("file\n", encoding="utf-8", newline="\n")
    else:
        render(strategy="inherit")
    commit(project, "before")
    if page == "undo":  # something to undo: for `git stash`, and a commit for `git revert`
        (project / "README.md").write_text("# Mine\n", encoding="utf-8", newline="\n")
        commit(project, "mine")
        (project / "LICENSE").write_text("nothing\n", encoding="utf-8", newline="\n")
    if page == "switch":
        with (project / "README.md").open("a", encoding="utf-8", newline="\n") as readme:
            readme.write("A line of mine.\n")
        commit(project, "mine")
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    for command in mine(text):
        # there may be nothing to commit, as the release is the newest already
        command = command.replace("git commit", "git commit --allow-empty")
        command = command.replace("--trust", "--trust --defaults", "--defaults" not in command)
        typed(command, project, template)
    files = text_of(project)
    answers = files[".copier-answers.yml"]
    if page == "adopt":
        assert "cowsay\n" in files["requirements.txt"] and "kept_files: []" in answers
        assert "README.md" in git("ls-files", "--unmerged", cwd=project)
        assert text_of(tmp_path / "one") == {"apt.txt": "file\n"}
    if page == "switch":
        assert "strategy: inherit" in answers and "A line of mine.\n" in files["README.md"]
    if page == "undo":
        reverted = git("show", "HEAD:README.md", cwd=project)
        assert "Above this line is yours" in reverted and files["README.md"] == "# Mine\n"
        assert files["LICENSE"].startswith("BSD 3-Clause")


TABLE = re.compile(r"^\| `([^`]+)` \| .* \| (all|`.+`) \|$", re.MULTILINE)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_page_of_a_strategy(template: Path, tmp_path: Path, strategy: str) -> None:
    """Its command makes what docs/repository.md names, and what depends on its answers."""
    (command,) = mine((ROOT / "docs" / f"{strategy}.md").read_text(encoding="utf-8"))
    typed(command, tmp_path, template)
    text = (ROOT / "docs" / "repository.md").read_text(encoding="utf-8")
    table = dict(TABLE.findall(text))
    shown = {name for name, own in table.items() if own == "all" or f"`{strategy}`" in own}
    there = {
        next((name for name in table if name.endswith("/") and path.startswith(name)), path)
        for path in text_of(tmp_path / "my-environment")
    }
    assert len(table) > 10 and there - shown <= {"apt.txt"} and shown <= there
    assert not [name for name in there - shown if f"`{name}`" not in text]


def test_a_repository_from_a_local_path_is_pointed_to_the_address(
    template: Path, tmp_path: Path
) -> None:
    """No other machine could update it: it says so when made, with the one command that helps."""
    make = "copier copy --trust --defaults -d strategy=dockerfile"
    said = typed(f"{make} {template} mine", tmp_path, template)
    project = tmp_path / "mine"
    commit(project)
    answers = (project / ".copier-answers.yml").read_text(encoding="utf-8")
    assert f"_src_path: {template}" in answers
    (address,) = re.findall(r"To update it on other machines too, put this .*\n.*: (\S+)", said)
    changed = answers.replace(str(template), address)
    (project / ".copier-answers.yml").write_text(changed, encoding="utf-8", newline="\n")
    commit(project)
    typed("copier update --trust --defaults", project, template)
    assert address == ADDRESS and git("status", "--porcelain", cwd=project) == ""
    assert "on other machines" not in typed(f"{make} {ADDRESS} other", tmp_path, template)
