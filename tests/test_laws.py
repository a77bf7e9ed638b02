"""What an update and a switch promise: the result is what a fresh copy would be, and no line of a
person's is lost silently. Over every release, every strategy and all pairs of strategies."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from releases import RELEASES, TODAY, add_releases
from repositories import FIXED, ROOT, STRATEGIES, commit, git, text_of

# Real releases too, once there are any; the tests' own tag of what is here is none.
REAL = [tag for tag in git("tag", cwd=ROOT).splitlines() if re.fullmatch(r"\d+(\.\d+)*", tag)]
TAGS = RELEASES + [tag for tag in REAL if tag != TODAY]
OWN = ["inherit", "repo2docker", "dockerfile"]
# Answers besides the strategy, to which a switch must be true as well.
SETS: dict[str, dict[str, Any]] = {
    "as proposed": {},
    "packages": {
        "conda_packages": "xarray zarr>=2",
        "pip_packages": "cowsay",
        "apt_packages": "tree",
    },
    "with pip": {"packages_with": "pip", "pip_packages": "nbgitpuller", "python_version": "3.12"},
}


@pytest.fixture(scope="session")
def history(template: Path) -> Path:
    """The template with releases before today's."""
    for tag in TAGS[len(RELEASES) :]:
        git("fetch", "--quiet", str(ROOT), f"refs/tags/{tag}:refs/tags/{tag}", cwd=template)
    add_releases(template)
    return template


@pytest.fixture
def made(history: Path, tmp_path: Path) -> Callable[..., Path]:
    """A function that makes a repository and commits it. In: the release, and answers. Out: its
    folder."""

    def make(release: str | None = None, folder: str = "my-environment", **answers: Any) -> Path:
        path = tmp_path / folder
        settings = {"defaults": True, "quiet": True, "unsafe": True, "vcs_ref": release}
        copier.run_copy(str(history), path, data=FIXED | answers, **settings)
        commit(path)
        return path

    return make


def update(repository: Path, **answers: Any) -> None:
    """`copier update --defaults`, or, with answers, `--vcs-ref=:current: -d ...`."""
    ref = copier.VcsRef.CURRENT if answers else None
    copier.run_update(
        repository, data=answers, defaults=True, overwrite=True, unsafe=True, vcs_ref=ref
    )


def stored(repository: Path) -> dict[str, Any]:
    """Out: the repository's answers, without where it comes from."""
    answers = yaml.safe_load((repository / ".copier-answers.yml").read_text(encoding="utf-8"))
    return {name: value for name, value in answers.items() if not name.startswith("_")}


def unmerged(repository: Path) -> list[str]:
    return sorted(
        {line.partition("\t")[2] for line in git("ls-files", "-u", cwd=repository).splitlines()}
    )


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("tag", TAGS)
def test_update_law(made: Callable[..., Path], tag: str, strategy: str) -> None:
    """Made from any release, unedited, then updated: byte for byte what a fresh copy would be."""
    repository = made(tag, strategy=strategy)
    before = text_of(repository)
    update(repository)
    after = text_of(repository)
    assert after != before  # the release was another
    assert after == text_of(made(folder="fresh", **stored(repository)))
    assert unmerged(repository) == []


@pytest.mark.parametrize(
    ("old", "new", "answers"),
    [(*pair, SETS["as proposed"]) for pair in permutations(STRATEGIES, 2)]
    + [(*pair, SETS[name]) for pair in permutations(OWN, 2) for name in ("packages", "with pip")],
)
def test_switch_law(made: Callable[..., Path], old: str, new: str, answers: dict[str, Any]) -> None:
    """From each strategy to each other and back: byte for byte what a fresh copy would be."""
    repository = made(strategy=old, **answers)
    before = text_of(repository)
    update(repository, strategy=new)
    assert text_of(repository) == text_of(made(folder="fresh", **stored(repository)))
    commit(repository)
    update(repository, strategy=old)
    assert text_of(repository) == before
    assert unmerged(repository) == []


# Edits -------------------------------------------------------------------------------------------


def insert(path: Path, before: str, line: str) -> None:
    """Write a line before the first one that begins so, at the end if there is none."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    at = next((n for n, text in enumerate(lines) if before and text.startswith(before)), len(lines))
    lines.insert(at, line)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def edit(repository: Path) -> dict[str, list[str]]:
    """What people do to a repository. Out: what they wrote, by file."""
    written: dict[str, list[str]] = {}

    def write(name: str, line: str, before: str = "") -> None:
        insert(repository / name, before, line)
        written.setdefault(name, []).append(line)

    write("README.md", "A sentence of mine, above.", before="<!-- Above")
    write("README.md", "A section of mine, at the end.")
    write("apt.txt", "my-debian-package")
    write("postBuild", "echo my-post-build")
    write("start", "echo my-start")
    write("tests/test_mine.py", "def test_mine(): assert True")
    write("tests/test_environment.py", '    "my_module",', before="]")
    write("tests/mine.ipynb", '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    (repository / "notes").mkdir()
    write("notes/data.csv", "my,data")
    if (repository / "environment.yml").exists():
        write("environment.yml", "  - my-package-in-the-middle", before="  # ")
        write("environment.yml", "  - my-package-at-the-end")
        # a pin changed
        text = (repository / "environment.yml").read_text(encoding="utf-8")
        text = re.sub(r"- python=3\.\d+", "- python=3.11", text)
        (repository / "environment.yml").write_text(text, encoding="utf-8", newline="\n")
        written["environment.yml"].append("  - python=3.11")
    if (repository / "requirements.txt").exists():
        write("requirements.txt", "my-package-at-the-top", before="#")
        write("requirements.txt", "my-package-at-the-end")
    if (repository / "runtime.txt").exists():
        write("runtime.txt", "# mine")
    for name, before in (("Dockerfile", "WORKDIR"), (".binder/Dockerfile", "FROM")):
        if (repository / name).exists():
            write(name, "# a comment of mine", before=before)
            write(name, "LABEL mine=at-the-end")
    if (repository / "Dockerfile").exists():
        text = (repository / "Dockerfile").read_text(encoding="utf-8")
        (repository / "Dockerfile").write_text(
            text.replace("ARG NB_UID=1000", "ARG NB_UID=2000"), encoding="utf-8", newline="\n"
        )
        written["Dockerfile"].append("ARG NB_UID=2000")
    (repository / "figure.png").write_bytes(b"\x89PNG\0\xff")
    # a file of the template, deleted on purpose
    (repository / "tests" / "example.ipynb").unlink()
    commit(repository)
    return written


def fates(repository: Path, written: dict[str, list[str]], message: str) -> list[str]:
    """In: a repository after an update, what was written before, what the update said. Out: for each
    line whether it was kept, is in a conflict, is named by the message, or was lost."""
    conflicts = unmerged(repository)
    result = []
    for name, lines in written.items():
        path = repository / name
        now = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        for line in lines:
            if line in now:
                result.append("conflict" if name in conflicts else "kept")
            elif f"git checkout HEAD -- {name}" in message:
                result.append("named")
            else:
                result.append(f"lost: {line} of {name}")
    return result


def judge(repository: Path, written: dict[str, list[str]], message: str) -> None:
    result = fates(repository, written, message)
    print({fate: result.count(fate) for fate in sorted(set(result))})
    assert set(result) <= {"kept", "conflict", "named"}, message
    for name in unmerged(repository):
        assert f"conflict    {name}:" in message
    assert (repository / "figure.png").read_bytes() == b"\x89PNG\0\xff"
    assert not (repository / "tests" / "example.ipynb").exists()
    assert not list(repository.rglob("*.rej"))


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("tag", [TAGS[0], TAGS[-1]])
def test_edits_law_of_updates(
    made: Callable[..., Path], capsys: pytest.CaptureFixture[str], tag: str, strategy: str
) -> None:
    """No line is lost silently by an update, and what the template did not change is kept."""
    repository = made(tag, strategy=strategy)
    written = edit(repository)
    update(repository)
    judge(repository, written, capsys.readouterr().err)


@pytest.mark.parametrize(("old", "new"), list(permutations(STRATEGIES, 2)))
def test_edits_law_of_switches(
    made: Callable[..., Path], capsys: pytest.CaptureFixture[str], old: str, new: str
) -> None:
    """No line is lost silently by a switch, and where a strategy installs them environment files
    come through untouched."""
    repository = made(strategy=old, packages_with="conda", apt_packages="tree")
    written = edit(repository)
    before = text_of(repository)
    update(repository, strategy=new)
    message = capsys.readouterr().err
    judge(repository, written, message)
    after = text_of(repository)
    for name in ("environment.yml", "apt.txt", "postBuild", "start"):
        if old in OWN and new in OWN:
            assert after[name] == before[name]
        elif new == "community-image":
            assert name in message  # what is taken away, or waits


def test_a_deleted_line_of_the_message_would_be_noticed(
    made: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """`fates` tells a loss: without what the message says, an edited Dockerfile is one."""
    repository = made(strategy="dockerfile")
    written = edit(repository)
    update(repository, strategy="repo2docker")
    assert "named" in fates(repository, written, capsys.readouterr().err)
    assert "lost: LABEL mine=at-the-end of Dockerfile" in fates(repository, written, "")
