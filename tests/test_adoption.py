"""`copier copy` over a repository that is there already: it keeps its files, and what they say is
not asked again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from repositories import ROOT, commit, git, text_of

MIT = (
    "MIT License\n\nCopyright (c) 2023 Ada Lovelace\n\n"
    "Permission is hereby granted, free of charge, to any person ...\n"
)
CONDA = "channels: [conda-forge]\ndependencies:\n  - python=3.11\n  - xarray\n  - pip:\n      - cowsay\n"
# Files of repositories as one finds them, and the answers to be read from them.
EXISTING: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "environment.yml": (
        {"environment.yml": CONDA, "README.md": "# Mine\n", "LICENSE": MIT, "postBuild": "true\n"},
        {
            "strategy": "repo2docker",
            "languages": ["python"],
            "packages_with": "conda",
            "python_version": "3.11",
            "license": "MIT",
            "author": "Ada Lovelace",
            "year": "2023",
        },
    ),
    "requirements.txt": (
        {"requirements.txt": "cowsay\n", "runtime.txt": "python-3.12\n", ".gitignore": "mine\n"},
        {"strategy": "repo2docker", "packages_with": "pip", "python_version": "3.12"},
    ),
    "binder/": (
        {"binder/environment.yml": CONDA, "binder/start": 'exec "$@"\n', "setup.py": ""},
        {"strategy": "repo2docker", "packages_with": "conda", "python_version": "3.11"},
    ),
    "R": (
        {"install.R": "install.packages('sf')\n", "runtime.txt": "r-4.4-2025-02-01\n"},
        {"strategy": "repo2docker", "languages": ["r"], "r_version": "4.4-2025-02-01"},
    ),
    "Julia": (
        {"Project.toml": '[deps]\n[compat]\njulia = "1.10"\n'},
        {"strategy": "repo2docker", "languages": ["julia"], "julia_version": "1.10"},
    ),
    "R from conda-forge": (
        {"environment.yml": "dependencies: \n  - python=3.12\n  - r-base=4.4\n"},
        {"strategy": "repo2docker", "languages": ["python", "r"]},
    ),
    "Dockerfile": (
        {"Dockerfile": "FROM quay.io/jupyter/base-notebook:2026-05-25\n", "environment.yml": CONDA},
        {"strategy": "dockerfile"},
    ),
    "binder/Dockerfile": (
        {".binder/Dockerfile": "FROM quay.io/jupyter/base-notebook:2026-05-25\n"},
        {"strategy": "dockerfile"},
    ),
}


@pytest.fixture
def existing(tmp_path: Path) -> Callable[..., Path]:
    """A function that makes a repository with a history and a remote. In: its files. Out: its folder."""

    def make(files: dict[str, str], url: str = "git@github.com:ada/My_Notes.git") -> Path:
        folder = tmp_path / "existing"
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
        commit(folder, "before")
        git("remote", "add", "origin", url, cwd=folder)
        return folder

    return make


def adopt(template: Path, folder: Path, **answers: Any) -> dict[str, Any]:
    """`copier copy --defaults` over a repository. Out: the stored answers."""
    settings = {"defaults": True, "unsafe": True}
    copier.run_copy(str(template), folder, data=answers, **settings)
    return yaml.safe_load((folder / ".copier-answers.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("files", "expected"), EXISTING.values(), ids=EXISTING)
def test_keeps_all_files_and_reads_the_answers(
    template: Path,
    existing: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    files: dict[str, str],
    expected: dict[str, Any],
) -> None:
    folder = existing(files)
    answers = adopt(template, folder)
    expected = expected | {"repository": "ada/My_Notes", "code_host": "github", "name": "my-notes"}
    assert {name: answers[name] for name in expected} == expected
    assert git("diff", "HEAD", cwd=folder) == ""
    made = set(text_of(folder))
    # nothing that would change or pretend to change what is installed
    assert not made - set(files) & {
        "Dockerfile",
        "environment.yml",
        "requirements.txt",
        "runtime.txt",
    }
    assert {"check_image.py", "image.env", "README.md", "tests/test_environment.py"} <= made
    message = capsys.readouterr().err
    for name in {"README.md", "LICENSE", "Dockerfile", "environment.yml"} & set(files):
        assert f"Yours, which stays as it is, now and in updates: {name}\n" in message


@pytest.mark.parametrize(("files", "expected"), EXISTING.values(), ids=EXISTING)
def test_stays_as_it_is_in_updates(
    template: Path, existing: Callable[..., Path], files: dict[str, str], expected: dict[str, Any]
) -> None:
    folder = existing(files)
    adopt(template, folder)
    commit(folder)
    before = text_of(folder)
    copier.run_update(
        folder,
        data={"description": "Another"},
        defaults=True,
        overwrite=True,
        unsafe=True,
        vcs_ref=copier.VcsRef.CURRENT,
    )
    after = text_of(folder)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert changed <= {".copier-answers.yml", "README.md"} - (set(files) & {"README.md"})


@pytest.mark.parametrize(
    ("url", "code_host", "repository"),
    [
        ("https://github.com/ada/notes", "github", "ada/notes"),
        ("https://gitlab.com/a/b/notes.git", "gitlab", "a/b/notes"),
        (
            "ssh://git@git.example.org/ada/notes.git",
            "other",
            "https://git.example.org/ada/notes.git",
        ),
    ],
)
def test_remotes(
    template: Path, existing: Callable[..., Path], url: str, code_host: str, repository: str
) -> None:
    folder = existing({"environment.yml": CONDA}, url)
    answers = adopt(template, folder)
    assert (answers["code_host"], answers["repository"]) == (code_host, repository)


def test_hostile_files_become_no_answers(template: Path, existing: Callable[..., Path]) -> None:
    """What is read from files is refused or passed over like any other answer."""
    files = {
        "LICENSE": MIT.replace("Ada Lovelace", "${{ github.token }} $(id) `id`"),
        "runtime.txt": "python-3.12; rm -rf /",
        "requirements.txt": "",
    }
    answers = adopt(template, existing(files, "https://github.com/$(id)/`id`"))
    assert "OWNER" in answers["repository"]
    assert answers["python_version"] == "3.13"


def test_an_empty_repository_says_nothing(template: Path, existing: Callable[..., Path]) -> None:
    """GitHub's new repository with a README: the strategy is asked for as ever."""
    folder = existing({"README.md": "# new\n"})
    with pytest.raises(SystemExit, match='The question "strategy" has no default'):
        adopt(template, folder)
    assert git("status", "--porcelain", cwd=folder) == ""


def test_questions_that_the_files_answer_are_not_asked(
    template: Path, existing: Callable[..., Path]
) -> None:
    """Each question whose answer may be found has `not in found` in its `ask`, or is never asked."""
    questions = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    readable = {name for _, expected in EXISTING.values() for name in expected} | {
        "repository",
        "code_host",
    }
    for name in readable - {"strategy", "year"}:
        assert f"'{name}' not in found" in str(questions[name]["ask"]), name


def test_kept_files_are_files_of_the_template(render: Callable[..., Path]) -> None:
    with pytest.raises(
        SystemExit, match=r'"READ.md" is no file of this template: use .*README\.md'
    ):
        render(strategy="inherit", kept_files=["READ.md"])


def test_a_strategy_that_would_pass_a_file_over_is_refused(
    template: Path, existing: Callable[..., Path]
) -> None:
    """A switch never leaves a file that says what is installed without effect."""
    folder = existing(
        {"install.R": "install.packages('sf')\n", "runtime.txt": "r-4.4-2025-02-01\n"}
    )
    adopt(template, folder)
    commit(folder)
    with pytest.raises(
        SystemExit, match=r"install\.R would install nothing by the strategy inherit"
    ):
        copier.run_update(
            folder,
            data={"strategy": "inherit"},
            defaults=True,
            overwrite=True,
            unsafe=True,
            vcs_ref=copier.VcsRef.CURRENT,
        )
    assert git("status", "--porcelain", cwd=folder) == ""
