"""`copier copy` over a repository that is there already.

It keeps its files, and what they say is not asked again.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml

from support.repositories import ROOT, commit, git, text_of

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


ENVIRONMENT = {"Dockerfile", "environment.yml", "requirements.txt", "runtime.txt"}
FOUND = {"repository": "ada/My_Notes", "code_host": "github", "name": "my-notes"}


def repository(
    folder: Path, files: dict[str, str], url: str = "git@github.com:ada/My_Notes.git"
) -> Path:
    """Make a repository with a history and a remote.

    Args:
        folder: where.
        files: the text of each, by its path.
        url: of the remote.

    Returns:
        The folder.
    """
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    commit(folder, "before")
    git("remote", "add", "origin", url, cwd=folder)
    return folder


def stored(folder: Path) -> dict[str, Any]:
    """The answers in a repository."""
    text = (folder / ".copier-answers.yml").read_text(encoding="utf-8")
    answers: dict[str, Any] = yaml.safe_load(text)
    return answers


def adopt(template: Path, folder: Path, **answers: Any) -> dict[str, Any]:
    """`copier copy --defaults` over a repository.

    Args:
        template: a git repository.
        folder: the repository.
        answers: as `copier copy -d` would take them.

    Returns:
        The stored answers.
    """
    copier.run_copy(str(template), folder, data=answers, defaults=True, unsafe=True)
    return stored(folder)


def change(folder: Path, **answers: Any) -> None:
    """Change answers by `copier update --defaults --vcs-ref=:current:`."""
    copier.run_update(
        folder,
        data=answers,
        defaults=True,
        overwrite=True,
        unsafe=True,
        vcs_ref=copier.VcsRef.CURRENT,
    )


@dataclass(frozen=True)
class Adopted:
    """A repository that came to the template: its files of before, and what came of it."""

    folder: Path
    files: dict[str, str]
    expected: dict[str, Any]
    message: str
    adopted: dict[str, str]
    updated: dict[str, str]

    @property
    def answers(self) -> dict[str, Any]:
        """The stored answers."""
        answers: dict[str, Any] = yaml.safe_load(self.adopted[".copier-answers.yml"])
        return answers


@pytest.fixture(scope="module", params=EXISTING)
def adopted(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Adopted:
    """Each of EXISTING, after `copier copy` and, committed, after an update of one answer."""
    files, expected = EXISTING[request.param]
    folder = repository(tmp_path_factory.mktemp("adopted") / "existing", files)
    with contextlib.redirect_stderr(io.StringIO()) as said:
        adopt(template, folder)
    before = text_of(folder)
    commit(folder)
    change(folder, description="Another")
    return Adopted(folder, files, expected | FOUND, said.getvalue(), before, text_of(folder))


def test_the_answers_are_read(adopted: Adopted) -> None:
    """From the files and from git's remote."""
    assert {name: adopted.answers[name] for name in adopted.expected} == adopted.expected


def test_each_file_stays_as_it_is(adopted: Adopted) -> None:
    """The person's are the person's."""
    assert {name: adopted.adopted[name] for name in adopted.files} == adopted.files


def test_nothing_changes_what_is_installed(adopted: Adopted) -> None:
    """No file comes in that would, or that would be passed over."""
    assert not (set(adopted.adopted) - set(adopted.files)) & ENVIRONMENT


def test_what_the_template_is_for_comes_in(adopted: Adopted) -> None:
    """Programs, their facts, and files that the repository lacked."""
    wanted = {"ci/check.py", "ci/image.env", "README.md", "tests/test_environment.py"}
    assert wanted <= set(adopted.adopted)


def test_the_message_says_what_stays(adopted: Adopted) -> None:
    """For the files that the template would have written."""
    for name in {"README.md", "LICENSE", "Dockerfile", "environment.yml"} & set(adopted.files):
        sentence = f"Yours, which stays as it is, now and in updates: {name}\n"
        assert sentence in adopted.message


def test_each_file_stays_as_it_is_in_updates(adopted: Adopted) -> None:
    """An answer changes what the template wrote, and no more."""
    names = set(adopted.adopted) | set(adopted.updated)
    changed = {name for name in names if adopted.adopted.get(name) != adopted.updated.get(name)}
    assert changed <= {".copier-answers.yml", "README.md"} - set(adopted.files)


@pytest.mark.parametrize(
    ("url", "code_host", "repository_"),
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
    template: Path, tmp_path: Path, url: str, code_host: str, repository_: str
) -> None:
    """Where it lives is read from git, however the address is written."""
    answers = adopt(template, repository(tmp_path / "existing", {"environment.yml": CONDA}, url))
    assert (answers["code_host"], answers["repository"]) == (code_host, repository_)


def test_hostile_files_become_no_answers(template: Path, tmp_path: Path) -> None:
    """What is read from files is refused or passed over like any other answer."""
    files = {
        "LICENSE": MIT.replace("Ada Lovelace", "${{ github.token }} $(id) `id`"),
        "runtime.txt": "python-3.12; rm -rf /",
        "requirements.txt": "",
    }
    folder = repository(tmp_path / "existing", files, "https://github.com/$(id)/`id`")
    answers = adopt(template, folder)
    assert "OWNER" in answers["repository"]
    assert answers["python_version"] == "3.13"


def test_an_empty_repository_says_nothing(template: Path, tmp_path: Path) -> None:
    """GitHub's new repository with a README: the strategy is asked for as ever."""
    folder = repository(tmp_path / "existing", {"README.md": "# new\n"})
    with pytest.raises(
        SystemExit, match=r'Add -d strategy=.*: the question "strategy" has no default'
    ):
        adopt(template, folder)
    assert git("status", "--porcelain", cwd=folder) == ""


def test_questions_that_the_files_answer_are_not_asked() -> None:
    """Each question whose answer may be found has `not in found` in its `ask`, or is never asked."""
    questions = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    readable = {name for _, expected in EXISTING.values() for name in expected} | set(FOUND)
    for name in readable - {"name", "strategy", "year"}:
        assert f"'{name}' not in found" in str(questions[name]["ask"]), name


def test_kept_files_are_files_of_the_template(render: Callable[..., Path]) -> None:
    """Another name is refused, with the nearest that is."""
    wanted = r"Use README\.md: 'READ\.md' is no file of this template\."
    with pytest.raises(SystemExit, match=wanted):
        render(strategy="inherit", kept_files=["READ.md"])


def test_a_strategy_that_would_pass_a_file_over_is_refused(template: Path, tmp_path: Path) -> None:
    """A switch never leaves a file that says what is installed without effect."""
    files = {"install.R": "install.packages('sf')\n", "runtime.txt": "r-4.4-2025-02-01\n"}
    folder = repository(tmp_path / "existing", files)
    adopt(template, folder)
    commit(folder)
    wanted = r"install\.R elsewhere .*: the strategy 'inherit' would install nothing from it"
    with pytest.raises(SystemExit, match=wanted):
        change(folder, strategy="inherit")
    assert git("status", "--porcelain", cwd=folder) == ""
