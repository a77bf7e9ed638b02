"""What lies where in a repository: the person's files at the root, the machinery in ci/, and no more."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

import copier
import pytest

from support.renders import Renders
from support.repositories import ROOT, STRATEGIES, commit, text_of

PACKAGE = ROOT / "template" / "ci" / "hub_image"
PROGRAMS = ["check", "publish", "update"]
HOSTS = {
    "github": {".github/workflows/image.yml", ".github/workflows/update.yml"},
    "gitlab": {".gitlab-ci.yml"},
    "other": set[str](),
}
# What every repository has, the package and its host's files apart.
SHARED = {
    ".copier-answers.yml",
    ".dockerignore",
    ".gitattributes",
    ".gitignore",
    ".pre-commit-config.yaml",
    "LICENSE",
    "README.md",
    "ci/image.env",
    "tests/example.ipynb",
    "tests/test_environment.py",
    *(f"ci/{program}.py" for program in PROGRAMS),
}
# What each strategy adds when nothing else is answered.
OWN = {
    "community-image": {".binder/Dockerfile"},
    "inherit": {"Dockerfile", "environment.yml"},
    "repo2docker": {"environment.yml"},
    "dockerfile": {"Dockerfile", "environment.yml"},
}
MOST_LINES = 250
BUDGET = 5862  # lines of machinery in a repository on GitHub: it may shrink (the goal is 2,500), not grow


def package() -> dict[str, bytes]:
    """The files of ci/hub_image in the template, by their paths in a repository."""
    return {
        f"ci/hub_image/{path.relative_to(PACKAGE).as_posix()}": path.read_bytes()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("code_host", HOSTS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_whole_tree(renders: Renders, strategy: str, code_host: str) -> None:
    """Neither more nor less: what the README and docs/ show."""
    names = set(renders.files(strategy=strategy, code_host=code_host))
    assert names - set(package()) == SHARED | OWN[strategy] | HOSTS[code_host]


def test_no_machinery_at_the_root(files: dict[str, str]) -> None:
    """Whatever is answered, programs and what they read are in ci/, and where code hosts want them."""
    top = {name for name in files if "/" not in name}
    assert not [name for name in top if name.endswith((".py", ".env", ".sh", ".toml.jinja"))]
    folders = {name.partition("/")[0] for name in files} - top
    assert folders <= {".binder", ".github", "ci", "tests"}


@pytest.mark.parametrize("code_host", HOSTS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_package_has_the_same_bytes_everywhere(
    renders: Renders, strategy: str, code_host: str
) -> None:
    """Who reads or mends it once knows all repositories'."""
    folder = renders.folder(strategy=strategy, code_host=code_host) / "ci" / "hub_image"
    here = {
        f"ci/hub_image/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert here == package()


def test_the_package_is_python_and_no_jinja() -> None:
    """Linters, type checkers and unit tests see what is shipped."""
    for name, content in package().items():
        assert name.endswith(".py"), name
        ast.parse(content)


def test_no_module_is_long() -> None:
    """Or nobody reads it."""
    lengths = {name: len(content.splitlines()) for name, content in package().items()}
    assert not {name: length for name, length in lengths.items() if length > MOST_LINES}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_machinery_is_small(renders: Renders, strategy: str) -> None:
    """Programs and workflows together."""
    machinery = {
        name: len(text.splitlines())
        for name, text in renders.files(strategy=strategy).items()
        if re.fullmatch(r"ci/.*\.py|\.github/workflows/.*", name)
    }
    assert sum(machinery.values()) <= BUDGET, machinery


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_is_short(renders: Renders, program: str) -> None:
    """What one runs: its dependencies (PEP 723) and one import."""
    text = renders.files(strategy="dockerfile")[f"ci/{program}.py"]
    assert len(text.splitlines()) <= 25
    assert f'start("{program}")' in text


def test_the_programs_are_the_only_jinja_among_python() -> None:
    """No other Python is made from answers."""
    found = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("template/**/*.py.jinja")}
    assert found == {f"template/ci/{program}.py.jinja" for program in PROGRAMS}


@pytest.mark.parametrize("program", PROGRAMS)
def test_jinja_stays_in_comments(program: str) -> None:
    """So that the file is Python before it is rendered."""
    text = (ROOT / "template" / "ci" / f"{program}.py.jinja").read_text(encoding="utf-8")
    ast.parse(text)
    code = [line for line in text.splitlines() if not line.startswith("#")]
    assert not [line for line in code if re.search("{{|{%|{#", line)]


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_differ_in_dependencies_only(renders: Renders, program: str) -> None:
    """Whatever is answered, what they do is the same."""

    def code(**answers: str) -> list[str]:
        lines = renders.files(**answers)[f"ci/{program}.py"].splitlines()
        return [line for line in lines if not line.startswith('#   "')]

    one = code(strategy="community-image")
    assert one == code(strategy="repo2docker", jupyterhub_major="6", repo2docker_version="2026.2.0")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_one_screen_of_ls(renders: Renders, strategy: str) -> None:
    """At most 15 names at the root, hidden ones included, and no empty folder."""
    folder = renders.folder(strategy=strategy)
    assert len(list(folder.iterdir())) <= 15
    assert not [path for path in folder.rglob("*") if path.is_dir() and not any(path.iterdir())]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_nothing_of_the_template_leaks(renders: Renders, strategy: str) -> None:
    """Its own files stay its own."""
    names = {name.partition("/")[0] for name in renders.files(strategy=strategy)}
    assert not names & {"copier.yml", "noxfile.py", "pyproject.toml", "extensions", "template"}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_no_image_needs_the_machinery(renders: Renders, strategy: str) -> None:
    """Docker leaves ci/ out of whatever a Dockerfile copies, so no home and no /srv/repo has it."""
    assert "ci/" in renders.files(strategy=strategy)[".dockerignore"].splitlines()


@pytest.mark.parametrize("code_host", HOSTS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_requests_fold_the_machinery_away(
    renders: Renders, tmp_path: Path, strategy: str, code_host: str
) -> None:
    """By git's own reading of .gitattributes; what people edit is shown."""
    folder = renders.copy(tmp_path / "new", strategy=strategy, code_host=code_host)
    commit(folder)
    names = sorted(text_of(folder))
    command = ["git", "check-attr", "-z", "linguist-generated", "--", *names]
    said = subprocess.run(command, cwd=folder, check=True, capture_output=True, encoding="utf-8")
    values = said.stdout.split("\0")
    generated = {
        name
        for name, value in zip(values[::3], values[2::3], strict=False)
        if value != "unspecified"
    }
    assert {name for name in names if name.startswith("ci/")} <= generated
    assert not generated & (OWN[strategy] | {"README.md", "LICENSE", "tests/test_environment.py"})


def test_what_python_leaves_behind_is_no_file_of_the_template(tmp_path: Path) -> None:
    """Whoever imports the package here has __pycache__; a plain folder as template has it as well."""
    source, new = tmp_path / "source", tmp_path / "new"
    for name in ("extensions", "template"):
        shutil.copytree(ROOT / name, source / name)
    shutil.copy(ROOT / "copier.yml", source)
    cache = source / "template" / "ci" / "hub_image" / "__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "git.cpython-311.pyc").write_bytes(b"\0")
    answers = {"strategy": "inherit"}
    copier.run_copy(str(source), new, data=answers, defaults=True, quiet=True, unsafe=True)
    assert (new / "ci" / "hub_image" / "git.py").exists()
    assert not list(new.rglob("*.pyc")) and not list(new.rglob("__pycache__"))


def test_the_tests_template_holds_no_bytecode(template: Path) -> None:
    """It is what a clone would be."""
    names = subprocess.run(
        ["git", "ls-files"], cwd=template, check=True, capture_output=True, encoding="utf-8"
    ).stdout
    assert "copier.yml" in names and "__pycache__" not in names
