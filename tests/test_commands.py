"""Every command that a README shows is run: here, or by the test that is named beside it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT, STRATEGIES
from repositories import commit, git_settings, text_of

README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = re.search(r"https://\S+/copier-hub-image", README)[0]
COPIER = f'"{sys.executable}" -m copier'

# Run elsewhere, as they install things or need Docker.
ELSEWHERE = {
    r"python3 -m venv copier && .*": "tests/images/test_readme_commands.py",
    r"git clone .*": "tests/images/test_readme_commands.py",
    r"pip install copier copier-template-extensions jinja2-time": "the same, in its first command",
    r"pipx run check_image\.py": "tests/images/test_strategies.py",
    r"nox( -s (lint|tests|images|readme))?": ".ci/run, and tests/test_readme.py",
    r"copier update -d": "no command, but how answers are changed",
    r"copier (update|copy)": "no command, but the name of one",
}


def commands(text: str) -> list[str]:
    """In: a README. Out: the commands it shows, in a line of their own or in the text."""
    found = re.findall(
        r"^    (\S.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE
    )
    inline = r"`((?:copier|git|nox|pip|pipx|python3?) [^`]+)`"
    return [*found, *re.findall(inline, text)]


def mine(text: str) -> list[str]:
    """In: a README. Out: the commands that this module must run."""
    return [
        command
        for command in commands(text)
        if not any(re.fullmatch(pattern, command) for pattern in ELSEWHERE)
    ]


def shell(command: str, folder: Path, template: Path) -> None:
    """Type a command into a shell; git finds this checkout at the template's address."""
    if command.startswith("copier "):
        command = COPIER + command.removeprefix("copier")
    environment = os.environ | git_config(template)
    result = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stderr


def git_config(template: Path) -> dict[str, str]:
    """Out: the variables by which git takes the template from a folder, and has an identity."""
    return git_settings(
        (f"url.{template.as_posix()}.insteadOf", ADDRESS),
        (f"url.{template.as_posix()}.insteadOf", f"{ADDRESS}.git"),
        ("user.name", "Test"),
        ("user.email", "test@example.org"),
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there is no terminal to answer in")
def test_create_update_switch_undo(template: Path, tmp_path: Path) -> None:
    """The table "One line per verb", line by line; the first one is answered at its prompts."""
    import pexpect

    create, update, switch, undo, show = mine(README)
    session = pexpect.spawn(
        COPIER + create.removeprefix("copier"),
        cwd=str(tmp_path),
        env=os.environ | git_config(template) | {"TERM": "xterm"},
        timeout=60,
        encoding="utf-8",
        dimensions=(60, 200),
    )
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
    shell(show, project, template)
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
        shell(command, project, template)
        commit(project)
