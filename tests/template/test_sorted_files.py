"""The stage `files` of both Dockerfiles sorts a repository's files: here by the shell of this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.renders import Renders

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it uses GNU's sed, grep and find")


def sort(renders: Renders, folder: Path, strategy: str, files: dict[str, str]) -> Path:
    """Run the command of the stage on some files; return the folder with all that it has made.

    Args:
        renders: of the template.
        folder: an empty one.
        strategy: whose Dockerfile is meant.
        files: the text of each, by name.
    """
    _, _, command = renders.files(strategy=strategy)["Dockerfile"].partition("\nRUN ")
    command = command.partition("\n\n" if strategy == "dockerfile" else "\nFROM ")[0]
    for name, text in files.items():
        path = folder / "repo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    subprocess.run(["/bin/sh", "-c", command], cwd=folder / "repo", check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("strategy", ["inherit", "dockerfile"])
def test_line_ends_of_windows_reach_no_program(
    renders: Renders, strategy: str, tmp_path: Path
) -> None:
    """As repo2docker takes them away: apt knows no package whose name ends with one."""
    files = {"apt.txt": "less # a comment\r\n\r\nfile\r\n", "environment.yml": "- python=3.12\r\n"}
    made = sort(renders, tmp_path, strategy, files)
    assert (made / "apt.txt").read_bytes().split() == [b"less", b"file"]
    assert b"\r" not in (made / "apt.txt").read_bytes()
    if strategy == "dockerfile":
        assert (made / "python.txt").read_bytes() == b"python=3.12\n"


LATE = {"README.md": "Mine", "LICENSE": "Yours", "tests/test_it.py": "1", "lesson.ipynb": "README"}


@pytest.mark.parametrize("files", [{}, {"CONTRIBUTING.md": "Read README.md"}])
def test_what_no_file_names_comes_late(
    renders: Renders, files: dict[str, str], tmp_path: Path
) -> None:
    """A change to it builds no package anew."""
    made = sort(renders, tmp_path, "dockerfile", LATE | files)
    assert {path.name for path in (made / "late").iterdir()} == {"README.md", "LICENSE", "tests"}


@pytest.mark.parametrize(
    "files",
    [
        {"postBuild": "cat tests/test_it.py"},
        {"postBuild": "make", "Makefile": "all:\n\tcp tests/test_it.py out"},
        {"postBuild": "scripts/all.sh", "scripts/all.sh": "cat README.md"},
        {"pyproject.toml": 'readme = "README.md"'},
    ],
)
def test_what_a_file_names_is_there(
    renders: Renders, files: dict[str, str], tmp_path: Path
) -> None:
    """repo2docker has all files there when it runs postBuild or installs the repository."""
    made = sort(renders, tmp_path, "dockerfile", LATE | files)
    assert not list((made / "late").iterdir())
    assert (made / "repo" / "README.md").is_file() and (made / "repo" / "tests").is_dir()


OTHERS = [
    ("requirements.txt", "-r more.txt"),
    ("requirements.txt", "--requirement=more.txt"),
    ("requirements.txt", "-e ."),
    ("requirements.txt", "./sub"),
    ("requirements.txt", "mine-1.0-py3-none-any.whl"),
    ("requirements.txt", "mine @ file:sub"),
    ("environment.yml", "  - pip:\n    - '-r more.txt'"),
    ("environment.yml", '  - pip: ["-r more.txt"]'),
]
NONE = [
    ("requirements.txt", "xarray[io]>=2025.1 # see docs/x"),
    ("requirements.txt", "--extra-index-url https://example.org/whl/cpu\ntorch"),
    ("requirements.txt", "--require-hashes"),
    ("requirements.txt", "mine @ https://example.org/mine-1.0-py3-none-any.whl"),
    ("requirements.txt", "git+https://example.org/mine.git"),
    ("environment.yml", "channels: [conda-forge]\ndependencies:\n  - python=3.13"),
]


@pytest.mark.parametrize(("name", "text"), OTHERS)
def test_packages_that_name_files_get_them(
    renders: Renders, name: str, text: str, tmp_path: Path
) -> None:
    """Whatever a list of packages names lies beside it."""
    made = sort(renders, tmp_path, "dockerfile", {name: f"{text}\n", "more.txt": "cowsay\n"})
    assert (made / "packages" / "more.txt").is_file()


@pytest.mark.parametrize(("name", "text"), NONE)
def test_packages_that_name_none_are_alone(
    renders: Renders, name: str, text: str, tmp_path: Path
) -> None:
    """Or each change of any file would install all of them again."""
    made = sort(renders, tmp_path, "dockerfile", {name: f"{text}\n", "more.txt": "cowsay\n"})
    assert [path.name for path in (made / "packages").iterdir()] == [name]
