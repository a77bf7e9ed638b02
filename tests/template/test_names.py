"""Names of files: everyone's computer can write them, and each is in the repositories it is for."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import copier
import pytest

from support.repositories import FIXED, commit, git

# No file there may be called so, whatever comes after a dot.
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def fault_on_windows(path: str) -> str:
    """Find what Windows refuses.

    Args:
        path: of a file, with slashes.

    Returns:
        What is wrong with it, or nothing
        (learn.microsoft.com, "Naming Files, Paths, and Namespaces").
    """
    for part in path.split("/"):
        if re.search(r'["\':<>|?*\\\x00-\x1f]', part):
            return "forbidden sign"
        if part.endswith((".", " ")):
            return "dot or space at the end"
        if RESERVED.fullmatch(part):
            return "reserved name"
    # Of 260 characters, 120 stay for the temporary folder that Copier clones into.
    return "too long" if len(path) > 140 else ""


def test_names_that_windows_can_write(template: Path) -> None:
    """`copier copy` works there."""
    paths = git("ls-files", "-z", cwd=template).split("\0")
    assert not {path: fault for path in paths if (fault := fault_on_windows(path))}


def test_names_that_differ_in_more_than_case(template: Path) -> None:
    """On Windows and macOS others are one."""
    paths = git("ls-files", "-z", cwd=template).split("\0")
    assert len({path.lower() for path in paths}) == len(paths)


def test_no_symbolic_links(template: Path) -> None:
    """Windows makes them for few people."""
    paths = git("ls-files", "-z", cwd=template).split("\0")
    assert not [path for path in paths if (template / path).is_symlink()]


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("template/{% if a == 'b' %}x{% endif %}", "forbidden sign"),
        ("template/a:b/x", "forbidden sign"),
        ("template/apt.txt.", "dot or space at the end"),
        ("template/a /x", "dot or space at the end"),
        ("template/Aux.yml", "reserved name"),
        ("template/com1", "reserved name"),
        ("template/" + 140 * "a", "too long"),
        ("template/{% if with_pip_file %}requirements.txt{% endif %}.jinja", ""),
        ("template/console.txt", ""),
    ],
)
def test_names_that_windows_refuses(path: str, fault: str) -> None:
    """The tests above would see each."""
    assert fault_on_windows(path) == fault


@pytest.fixture(scope="module")
def with_marks(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with a file in the folder of each code host."""
    path = tmp_path_factory.mktemp("marked") / "template"
    shutil.copytree(template, path)
    for host in ("github", "gitlab"):
        folder = path / "template" / f"{{{{ on_{host} }}}}"
        folder.mkdir(exist_ok=True)
        (folder / f"only-on-{host}").write_text("\n", encoding="utf-8", newline="\n")
    commit(path)
    return path


@pytest.mark.parametrize("code_host", ["github", "gitlab", "other"])
def test_folders_of_code_hosts(with_marks: Path, tmp_path: Path, code_host: str) -> None:
    """What is in a code host's folder is in its repositories and in no other's."""
    answers = {"strategy": "dockerfile", "code_host": code_host}
    copier.run_copy(
        str(with_marks),
        tmp_path / "new",
        data=answers,
        user_defaults=FIXED,
        vcs_ref="HEAD",
        defaults=True,
        quiet=True,
        unsafe=True,
    )
    found = {path.name.removeprefix("only-on-") for path in (tmp_path / "new").glob("only-on-*")}
    assert found == {code_host} - {"other"}
