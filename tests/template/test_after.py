"""After an update or a switch: undone or kept by the commands that its message ends with, in every state."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.edits import unmerged
from support.repositories import commit, git, git_settings, text_of

IDENTITY = git_settings(("user.name", "Test"), ("user.email", "test@example.org"))
BASH = shutil.which("bash")
# What is done before, what is edited, and by which answers it is updated then.
STATES: dict[str, tuple[dict[str, str], dict[str, str], dict[str, str]]] = {
    "a changed line": ({"strategy": "inherit"}, {}, {"base_tag": "2024-10-07"}),
    "new files": ({"strategy": "dockerfile"}, {}, {"apt_packages": "tree"}),
    "a switch": ({"strategy": "inherit"}, {}, {"strategy": "repo2docker"}),
    "a switch to nothing": (
        {"strategy": "repo2docker"},
        {"environment.yml": "  - mine\n"},
        {"strategy": "community-image"},
    ),
    "a conflict": (
        {"strategy": "inherit"},
        {"Dockerfile": "# mine\n"},
        {"strategy": "dockerfile"},
    ),
}
CONFLICT = "a conflict"


def shell(command: str, cwd: Path) -> int:
    """Run a line as a person types it; return its exit code."""
    assert BASH is not None
    done = subprocess.run([BASH, "-c", command], cwd=cwd, env=os.environ | IDENTITY, check=False)
    return done.returncode


def list_more(path: Path, package: str) -> None:
    """Commit a line more in environment.yml."""
    with (path / "environment.yml").open("a", encoding="utf-8", newline="\n") as file:
        file.write(f"  - {package}\n")
    commit(path)


def commands(message: str) -> tuple[str, list[str]]:
    """Return what keeps an update, and what undoes it, as its message ends."""
    lines = [line.strip() for line in message.splitlines() if re.match(r"  git ", line)]
    keep, *undo = lines[-3:]
    assert keep.startswith("git diff HEAD --check && git add --all && git commit"), message
    return keep, undo


@pytest.fixture
def updated(
    made: Callable[..., Path], update: Callable[..., str], tmp_path: Path
) -> Callable[[str], tuple[Path, dict[str, str], str]]:
    """A function that brings a repository into a state: its folder, its files before, the message."""

    def updated(state: str) -> tuple[Path, dict[str, str], str]:
        answers, edits, new = STATES[state]
        path = made(tmp_path / "my-environment", **answers)
        for name, line in edits.items():
            text = (path / name).read_text(encoding="utf-8")
            after = re.sub(r"^(FROM .*\n)", rf"\1{line}", text, flags=re.MULTILINE)
            (path / name).write_text(
                after if after != text else text + line, encoding="utf-8", newline="\n"
            )
        commit(path)
        before = text_of(path)
        return path, before, update(path, **new)

    return updated


@pytest.mark.parametrize("added", [False, True], ids=["", "after-git-add"])
@pytest.mark.parametrize("state", STATES)
def test_it_is_undone(updated: Callable[..., Any], state: str, added: bool) -> None:
    """All files are as they were, and the changes are kept aside."""
    path, before, message = updated(state)
    assert text_of(path) != before
    assert (state == CONFLICT) == bool(unmerged(path))
    if added:
        git("add", "--all", cwd=path)
    for command in commands(message)[1]:
        assert shell(command, path) == 0, command
    assert text_of(path) == before and git("status", "--porcelain", cwd=path) == ""
    assert git("stash", "list", cwd=path)


def test_what_was_said_before_undoes_no_conflict(updated: Callable[..., Any]) -> None:
    """`git stash --include-untracked` alone fails: the state is the one that it must be."""
    path, before, _ = updated(CONFLICT)
    assert shell("git stash --include-untracked", path) != 0
    assert text_of(path) != before


@pytest.mark.parametrize("state", [state for state in STATES if state != CONFLICT])
def test_it_is_kept(updated: Callable[..., Any], state: str) -> None:
    """Everything is committed."""
    path, _, message = updated(state)
    after = text_of(path)
    assert shell(commands(message)[0], path) == 0
    assert text_of(path) == after and git("status", "--porcelain", cwd=path) == ""


@pytest.mark.parametrize("added", [False, True], ids=["", "after-git-add"])
def test_markers_are_never_committed(updated: Callable[..., Any], added: bool) -> None:
    """Not before each conflict is settled, whether it was added or not."""
    path, _, message = updated(CONFLICT)
    head, keep = git("rev-parse", "HEAD", cwd=path), commands(message)[0]
    assert "Next: in each conflict" in message
    if added:
        git("add", "--all", cwd=path)
    assert shell(keep, path) != 0
    assert git("rev-parse", "HEAD", cwd=path) == head
    for name in [name for name, text in text_of(path).items() if "<<<<<<< " in text]:
        text = (path / name).read_text(encoding="utf-8")
        settled = re.sub(r"<<<<<<< .*\n(?s:.*?)=======\n((?s:.*?))>>>>>>> .*\n", r"\1", text)
        (path / name).write_text(settled, encoding="utf-8", newline="\n")
    assert shell(keep, path) == 0
    assert git("rev-parse", "HEAD~1", cwd=path) == head


def test_nothing_changed_is_said(
    made: Callable[..., Path], update: Callable[..., str], tmp_path: Path
) -> None:
    """Instead of "Updated", and without commands."""
    path = made(tmp_path / "env", strategy="inherit", apt_packages="tree")
    for answers in ({}, {"apt_packages": "tree"}):
        message = update(path, **answers)
        assert "Nothing changed" in message and "Updated" not in message
        assert "git add" not in message


def test_what_a_switch_took_is_named_after_a_commit(
    made: Callable[..., Path], update: Callable[..., str], tmp_path: Path
) -> None:
    """There, committed, and back: the command of the message brings the lines back."""
    path = made(tmp_path / "env", strategy="inherit")
    list_more(path, "mine")
    before = text_of(path)
    assert "taken away  environment.yml" in update(path, strategy="community-image")
    commit(path)
    message = update(path, strategy="inherit")
    found = re.search(
        r"new         environment\.yml; as it was: (git checkout \w+~1 -- .*)", message
    )
    assert found and "mine" not in text_of(path)["environment.yml"], message
    assert shell(found[1], path) == 0
    assert text_of(path)["environment.yml"] == before["environment.yml"]


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("inherit", "repo2docker", "Dockerfile"),
        ("dockerfile", "repo2docker", "Dockerfile"),
        ("community-image", "repo2docker", ".binder/Dockerfile"),
    ],
)
def test_no_command_hands_the_build_back(
    made: Callable[..., Path],
    update: Callable[..., str],
    tmp_path: Path,
    old: str,
    new: str,
    name: str,
) -> None:
    """repo2docker would build from that file and pass the others over: the message only shows it."""
    path = made(tmp_path / "env", strategy=old)
    message = update(path, strategy=new)
    assert f"checkout HEAD -- {name}" not in message
    assert f"git show HEAD:{name}" in message
    assert shell(f"git show HEAD:{name}", path) == 0


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"strategy": "dockerfile"}, "it would end the build: move its packages to requirements"),
        ({"strategy": "repo2docker"}, "the image would be built from it, and not from your other"),
        (
            {"strategy": "inherit", "base": "jupyter-scipy"},
            "it would end the build: move its packages to requirements",
        ),
    ],
)
def test_no_command_brings_conda_s_list_back_to_pip(
    made: Callable[..., Path],
    update: Callable[..., str],
    tmp_path: Path,
    answers: dict[str, str],
    said: str,
) -> None:
    """Where pip installs, that file ends the build, or turns it: the message only shows it."""
    path = made(tmp_path / "env", **answers)
    list_more(path, "seaborn")
    pip = {"base": "b-data-scipy"} if answers["strategy"] == "inherit" else {}
    message = update(path, packages_with="pip", **pip)
    assert f"taken away  environment.yml; for {said}" in message, message
    assert "checkout HEAD -- environment.yml" not in message
    assert shell("git show HEAD:environment.yml | grep seaborn", path) == 0


@pytest.mark.parametrize(
    ("first", "between", "name"),
    [
        ("repo2docker", "community-image", "environment.yml"),  # with a Python of its own
        ("inherit", "repo2docker", "Dockerfile"),
    ],
)
def test_what_would_end_the_build_does_not_come_back(
    made: Callable[..., Path],
    update: Callable[..., str],
    tmp_path: Path,
    first: str,
    between: str,
    name: str,
) -> None:
    """Two switches on, the message shows a file that fits no more, and no command that brings it back."""
    path = made(tmp_path / "env", strategy=first)
    if name == "environment.yml":
        list_more(path, "seaborn")
    update(path, strategy=between)
    commit(path)
    message = update(path, strategy="inherit" if first != "inherit" else "dockerfile")
    found = re.search(rf"new         {name}; to see it as it was: (git show .*)", message)
    assert found and f"-- {name}" not in message, message
    assert shell(found[1], path) == 0


def test_a_python_beside_that_of_the_base_is_named(
    made: Callable[..., Path], update: Callable[..., str], tmp_path: Path
) -> None:
    """The build would end at it."""
    path = made(tmp_path / "env", strategy="inherit")
    list_more(path, "python=3.11")
    assert "environment.yml: remove its line on python" in update(path, apt_packages="tree")


def test_a_missing_python_is_named(
    made: Callable[..., Path], update: Callable[..., str], tmp_path: Path
) -> None:
    """An environment.yml of one's own without the line has whatever Python repo2docker takes."""
    path = made(tmp_path / "env", strategy="inherit")
    text = "dependencies:\n  - xarray\n"
    (path / "environment.yml").write_text(text, encoding="utf-8", newline="\n")
    commit(path)
    message = update(path, strategy="repo2docker")
    there = "python=3.13" in text_of(path)["environment.yml"]
    assert there or "incomplete  environment.yml: add the line - python=3.13" in message
