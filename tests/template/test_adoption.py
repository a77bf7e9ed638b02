"""What `copier copy` over a repository says, refuses and leaves out: each line of what its owner would object to.

tests/template/test_existing.py takes repositories of each build pack through their life; here is what needs no life, and in test_found.py
what is read.
"""

from __future__ import annotations

import io
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from support.adopting import adopt, adopted, stored
from support.existing import BASE, CIRCLE, CONDA, MIT, PASSWORD, POINTS, PUBLISHES, make, what_runs
from support.repositories import ROOT, commit, git

PINNED = {"environment.yml": CONDA}


# 3: another CI's pointer -------------------------------------------------------------------------


def answers_of_command(said: str) -> dict[str, Any]:
    """The answers of the `copier update` that a message tells."""
    (line,) = [one for one in said.splitlines() if one.startswith("  copier update ")]
    words = [word.partition("=") for word in shlex.split(line) if "=" in word and word[0] != "-"]
    return {name: yaml.safe_load(value) for name, _, value in words}


def git_rm(folder: Path, name: str) -> None:
    """Commit what came in, and then that a file is gone."""
    commit(folder)
    git("rm", "--quiet", name, cwd=folder)
    commit(folder)


def test_a_pointer_of_another_ci_is_named(
    template: Path, update: Callable[..., str], tmp_path: Path
) -> None:
    """With what it hides, and what makes that count again."""
    files = {"binder/Dockerfile": POINTS, **PINNED}
    _, said = adopted(template, tmp_path / "mine", files)
    assert "binder/Dockerfile is another CI's: Binder starts its image" in said
    assert "installed from environment.yml." in said
    git_rm(tmp_path / "mine", "binder/Dockerfile")
    update(tmp_path / "mine", **answers_of_command(said))
    assert "STRATEGY=repo2docker\n" in (tmp_path / "mine/ci/image.env").read_text()
    assert what_runs(tmp_path / "mine")[0] == "CondaBuildPack"


# 4, 5: strategies that would have no effect ------------------------------------------------------

DEAD_ENDS: dict[str, tuple[dict[str, str], dict[str, str], str]] = {
    "a second folder": (
        {"binder/environment.yml": CONDA},
        {"strategy": "community-image"},
        r"^Move the files of binder/ to the root, .* 'community-image'",
    ),
    "the same folder": (
        {".binder/environment.yml": CONDA},
        {"strategy": "community-image"},
        r"^Move the files of \.binder/ to the root",
    ),
    "an image that Binder does not start": (
        {".binder/Dockerfile": BASE + "RUN true\n"},
        {"strategy": "community-image"},
        r"^Use -d strategy=inherit, or remove \.binder/Dockerfile",
    ),
    "another base image": (
        {"Dockerfile": BASE},
        {"base": "jupyter-scipy"},
        r"^Leave base, base_tag and base_reference out, or change FROM of the Dockerfile first: .*/scipy-notebook:",
    ),
    "files beside a Dockerfile": (
        {"Dockerfile": "FROM debian:13\n"},
        {"strategy": "repo2docker"},
        r"^Use -d strategy=dockerfile, or remove Dockerfile",
    ),
    "a Pipfile": (
        {"Pipfile": "[packages]\n"},
        {"strategy": "inherit"},
        r"^Use -d strategy=repo2docker, or write its packages into requirements\.txt and remove it: .* Pipfile",
    ),
    "Nix": (
        {"default.nix": "{}\n"},
        {"strategy": "dockerfile"},
        r"^Use -d strategy=repo2docker, or .*: 'dockerfile' would install nothing from default\.nix",
    ),
    "another Python": (
        {"requirements.txt": "", "runtime.txt": "python-3.12"},
        {"strategy": "dockerfile", "python_version": "3.13"},
        r"^Use -d strategy=repo2docker, or remove runtime\.txt: .* 'python-3\.12'",
    ),
    "conda's file, with pip": (
        PINNED,
        {"strategy": "dockerfile", "packages_with": "pip"},
        r"^Use -d packages_with=conda, or .* environment\.yml",
    ),
}


@pytest.mark.parametrize("name", DEAD_ENDS)
def test_a_strategy_without_effect_is_refused(template: Path, tmp_path: Path, name: str) -> None:
    """With what would do, and nothing is written."""
    files, answers, sentence = DEAD_ENDS[name]
    folder = make(tmp_path / "mine", files)
    with pytest.raises(SystemExit, match=sentence):
        adopt(template, folder, **answers)
    assert git("status", "--porcelain", cwd=folder) == ""


def test_a_python_beside_that_of_the_base_is_named(template: Path, tmp_path: Path) -> None:
    """Most lists of packages have one, and the build ends at it."""
    _, said = adopted(template, tmp_path / "mine", PINNED, strategy="inherit")
    assert "Remove the line on python from environment.yml" in said
    lists = {"environment.yml": "dependencies:\n  - python-graphviz # python=3\n"}
    _, said = adopted(template, tmp_path / "other", lists, strategy="inherit")
    assert "Remove the line on python" not in said


@pytest.mark.parametrize(("tag", "strategy"), [("", "dockerfile"), (":2026-05-25", "inherit")])
def test_a_base_without_a_tag_gets_a_hint(
    template: Path, tmp_path: Path, tag: str, strategy: str
) -> None:
    """Many write none, and nobody can tell which image that was."""
    files = {"Dockerfile": f"FROM quay.io/jupyter/scipy-notebook{tag}\nRUN pip install cowsay\n"}
    stored, said = adopted(template, tmp_path / "mine", files)
    assert stored["strategy"] == strategy
    assert ("put a tag behind it and do this again" in said) is (not tag)


def test_what_is_built_from_is_not_passed_over(
    template: Path, update: Callable[..., str], tmp_path: Path
) -> None:
    """binder/Dockerfile is, as long as it is there: a Dockerfile of ours beside it would have no effect."""
    files = {"binder/Dockerfile": "FROM debian:trixie-slim\nRUN true\n"}
    adopted(template, tmp_path / "mine", files)
    commit(tmp_path / "mine")
    with pytest.raises(SystemExit, match=r"^Remove binder/Dockerfile, or answer kept_files"):
        update(tmp_path / "mine", kept_files="[]")
    assert git("status", "--porcelain", cwd=tmp_path / "mine") == ""
    git_rm(tmp_path / "mine", "binder/Dockerfile")
    update(tmp_path / "mine", kept_files="[]")
    assert (tmp_path / "mine" / "Dockerfile").is_file()


INSTALLS_IT = {
    "postBuild": "#!/bin/bash\npython3 -m pip install .\n",
    "requirements.txt": "numpy\n-e .\n",
    "environment.yml": "dependencies:\n  - python=3.13\n  - pip:\n      - .[all]\n",
}


@pytest.mark.parametrize("name", INSTALLS_IT)
def test_a_package_that_a_file_installs_may_have_any_strategy(
    template: Path, tmp_path: Path, name: str
) -> None:
    """As the refusal says, and as repo2docker's documentation does."""
    files = {"setup.py": "", name: INSTALLS_IT[name]}
    adopted(template, tmp_path / "mine", files, strategy="dockerfile")
    assert (tmp_path / "mine" / "Dockerfile").exists()


def test_a_dockerfile_of_theirs_installs_what_it_says(template: Path, tmp_path: Path) -> None:
    """Whatever the strategy: no file beside it is passed over by that."""
    files = PINNED | {"Dockerfile": BASE + "RUN Rscript install.R\n", "install.R": "1\n"}
    stored, said = adopted(template, tmp_path / "mine", files, strategy="dockerfile")
    assert stored["strategy"] == "dockerfile" and "which no answer can name" not in said


# 9: workflows, READMEs ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".github/workflows/b.yml", PUBLISHES),
        (".github/workflows/b.yml", PASSWORD),
        (".circleci/config.yml", CIRCLE),
    ],
)
def test_never_two_workflows_that_publish(
    template: Path, update: Callable[..., str], tmp_path: Path, name: str, text: str
) -> None:
    """The template's stays out, and the message gives the choice."""
    _, said = adopted(template, tmp_path / "mine", PINNED | {name: text})
    assert not (tmp_path / "mine/.github/workflows/image.yml").exists()
    assert (tmp_path / "mine/.github/workflows/update.yml").exists()
    assert f"{name} publishes an image, so image.yml stays out." in said
    assert "CI will" not in said
    readme = (tmp_path / "mine/README.md").read_text(encoding="utf-8")
    assert "Your own CI is as it was" in readme and "image.yml" not in readme
    git_rm(tmp_path / "mine", name)
    update(tmp_path / "mine", **answers_of_command(said))
    assert (tmp_path / "mine/.github/workflows/image.yml").exists()
    assert not (tmp_path / "mine/.dockerignore").exists()


def test_files_that_git_ignores_are_named(template: Path, tmp_path: Path) -> None:
    """By *.env for one: without ci/image.env CI would have nothing to do, and say so to nobody."""
    folder = tmp_path / "mine"
    files = {".gitignore": "*.env\n*.ipynb\nmine.txt\n", "tests/test_mine.py": ""}
    _, said = adopted(template, folder, PINNED | files)
    (line,) = [one.strip() for one in said.splitlines() if "git add --force" in one]
    assert line == "git add --force ci/image.env image-tests/example.ipynb"
    git(*shlex.split(line)[1:], cwd=folder)
    commit(folder)
    assert (folder / "ci/image.env").exists()
    assert "ci/image.env" in git("ls-files", cwd=folder).splitlines()


def test_many_workflows_that_publish_are_one_line(template: Path, tmp_path: Path) -> None:
    """Of sixteen the person knows."""
    files = {f".github/workflows/{number}.yml": PUBLISHES for number in range(16)}
    _, said = adopted(template, tmp_path / "mine", PINNED | files)
    assert "/0.yml and 15 more publish images, so image.yml stays" in said and "/1.yml" not in said


def test_hooks_of_the_person_s_are_kept_off_the_programs(template: Path, tmp_path: Path) -> None:
    """They would change them, and each update would be a conflict."""
    files = {".pre-commit-config.yaml": "repos: []\n"}
    _, said = adopted(template, tmp_path / "mine", PINNED | files)
    assert "by this line in .pre-commit-config.yaml:\n  exclude: ^ci/\n" in said


@pytest.mark.parametrize(
    ("name", "url"),
    [(".github/workflows/image.yml", ""), (".gitlab-ci.yml", "https://gitlab.com/ada/notes")],
)
def test_a_workflow_of_our_name_is_told(
    template: Path, tmp_path: Path, name: str, url: str
) -> None:
    """It stays, and is not taken for the template's."""
    _, said = adopted(template, tmp_path / "mine", PINNED | {name: "on: push\n"}, url)
    assert (
        f"{name} is yours, so the template's stays out.\nTo have that too, commit this, rename"
        in said
    )
    assert name not in answers_of_command(said)["kept_files"]


@pytest.mark.parametrize("name", ["README.rst", "README", "readme.md", "Readme.txt"])
def test_one_readme_is_enough(template: Path, tmp_path: Path, name: str) -> None:
    """However it is called."""
    adopted(template, tmp_path / "mine", PINNED | {name: "Mine\n"})
    names = [path.name for path in (tmp_path / "mine").iterdir() if "readme" in path.name.lower()]
    assert names == [name]


# 10: what is asked and said --------------------------------------------------------------------------------


def asked(run: Callable[..., Any], *arguments: Any, strategy: str = "") -> set[str]:
    """Answer all prompts by Enter, and return the questions that were asked, of those with a fixed text.

    Args:
        run: Copier's function.
        arguments: what it works on.
        strategy: the keys that choose another one than is offered.
    """
    screen = io.StringIO()
    output = Vt100_Output(screen, lambda: Size(rows=24, columns=200), enable_cpr=False)
    with create_pipe_input() as keys, create_app_session(input=keys, output=output):
        keys.send_text(2 * "\r" + strategy + 40 * "\r")
        run(*arguments, overwrite=True, unsafe=True, quiet=True)
    questions = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    helps = {
        name: one["help"] for name, one in questions.items() if name[0] != "_" and "help" in one
    }
    return {name for name, text in helps.items() if text.splitlines()[0] in screen.getvalue()}


def test_nothing_is_asked_that_a_file_answers(template: Path, tmp_path: Path) -> None:
    """Nor what would have no effect; what no file can say is asked for."""
    conda = make(tmp_path / "conda", PINNED | {"LICENSE": MIT})
    wanted = {"strategy", "name", "description", "jupyterhub_major", "interface", "image"}
    assert asked(copier.run_copy, str(template), conda) == wanted | {"platforms", "binder"}
    pointer = make(tmp_path / "pointer", {"Dockerfile": BASE})
    wanted = {"strategy", "name", "description", "jupyterhub_major", "interface", "license"}
    assert asked(copier.run_copy, str(template), pointer) == wanted


def test_nor_is_it_asked_in_updates(template: Path, tmp_path: Path) -> None:
    """As long as the files say what is stored; what another strategy must know besides is asked."""
    folder = tmp_path / "mine"
    adopted(template, folder, PINNED | {"LICENSE": MIT})
    commit(folder)
    wanted = {"strategy", "name", "description", "jupyterhub_major", "interface", "image"}
    wanted |= {"platforms", "binder"}
    assert asked(copier.run_update, folder) == wanted
    assert git("status", "--porcelain", cwd=folder) == ""
    git("remote", "set-url", "origin", "https://gitlab.com/ada/moved", cwd=folder)
    wanted |= {"base", "community", "code_host"}
    assert asked(copier.run_update, folder, strategy="\x1b[A") == wanted
    assert stored(folder)["strategy"] == "inherit"


def test_an_update_says_that_from_is_the_persons(
    template: Path, update: Callable[..., str], tmp_path: Path
) -> None:
    """ci/update.py changes it; by copier alone it stays."""
    folder = tmp_path / "mine"
    adopted(template, folder, {"Dockerfile": BASE})
    commit(folder)
    said = update(folder, base_tag="2026-07-28")
    wanted = "let its FROM be\n              quay.io/jupyter/base-notebook:2026-07-28"
    assert wanted in said and (folder / "Dockerfile").read_text() == BASE


def test_the_closing_message_fits(template: Path, tmp_path: Path) -> None:
    """It leads to docs/adopt.md, not to a README that is the person's own; each kept file is named."""
    _, said = adopted(
        template, tmp_path / "mine", PINNED | {"README.md": "# Mine\n", "LICENSE": MIT}
    )
    assert "/docs/adopt.md" in said and "its README.md says how" not in said
    assert "from the default branch publish\n  ghcr.io/ada/my_notes\n" in said
    for name in ("README.md", "LICENSE", "environment.yml"):
        assert f"Yours, which stays as it is, now and in updates: {name}\n" in said


@pytest.mark.parametrize(
    "files",
    [
        {"environment.yml": "dependencies:\n- python=3.8\n"},
        {"runtime.txt": "python-3.8\n", "requirements.txt": ""},
    ],
)
def test_what_cannot_be_expressed_is_said(
    template: Path, tmp_path: Path, files: dict[str, str]
) -> None:
    """An old Python stays, though no answer names it."""
    _, said = adopted(template, tmp_path / "mine", files)
    assert f"{next(iter(files))} keeps Python 3.8, which no answer can name." in said


# 12, and where there is nothing to read ----------------------------------------------------------


def test_one_of_several_environments_in_a_repository_of_its_own(
    template: Path, tmp_path: Path
) -> None:
    """As docs/adopt.md shows."""
    folder = make(tmp_path / "many", {"images/one/environment.yml": CONDA, "x/y.txt": ""})
    git("subtree", "split", "--prefix=images/one", "--branch=one", cwd=folder)
    git("clone", "--quiet", "--branch=one", ".", "../one", cwd=folder)
    assert adopt(template, tmp_path / "one")["strategy"] == "repo2docker"
    assert (tmp_path / "one" / "environment.yml").read_text() == CONDA


def test_a_new_environment_beside_others_in_subfolders(template: Path, tmp_path: Path) -> None:
    """With a strategy, as the refusal says."""
    files = {"images/one/environment.yml": CONDA}
    _, said = adopted(template, tmp_path / "mine", files, strategy="repo2docker")
    assert (tmp_path / "mine" / "environment.yml").exists()
    assert "which no answer can name" not in said


@pytest.mark.parametrize(
    "name", ["docs/environment.yml", "app/requirements.txt", ".devcontainer/Dockerfile"]
)
def test_what_is_no_environment_of_an_image(template: Path, tmp_path: Path, name: str) -> None:
    """A page's, a program's or an editor's is no reason to refuse: the strategy is asked for."""
    folder = make(tmp_path / "mine", {name: "cowsay\n"})
    with pytest.raises(SystemExit, match=r"^Add -d strategy=community-image"):
        adopt(template, folder)


def test_an_empty_repository_says_nothing(template: Path, tmp_path: Path) -> None:
    """GitHub's new repository with a README: the strategy is asked for as ever."""
    folder = make(tmp_path / "mine", {"README.md": "# new\n"})
    with pytest.raises(SystemExit, match=r'Add -d strategy=.*: the question "strategy" has no'):
        adopt(template, folder)
    assert git("status", "--porcelain", cwd=folder) == ""


def test_kept_files_are_files_of_the_template(render: Callable[..., Path]) -> None:
    """Another name is refused, with the nearest that is."""
    wanted = r"Use README\.md: 'READ\.md' is no file of this template\."
    with pytest.raises(SystemExit, match=wanted):
        render(strategy="inherit", kept_files=["READ.md"])


def test_the_template_s_version_of_a_file(
    template: Path, update: Callable[..., str], tmp_path: Path
) -> None:
    """As docs/adopt.md says: off the list it comes in, and where both differ there is a conflict."""
    folder = tmp_path / "mine"
    adopted(template, folder, PINNED | {"README.md": "# Mine\n"})
    commit(folder)
    update(folder, kept_files=[])
    assert (folder / ".dockerignore").exists()
    assert "<<<<<<<" in (folder / "README.md").read_text()
