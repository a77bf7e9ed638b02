"""What the person's folder holds already, for Jinja: answers that can be read, and files that stay as they are.

It only reads, and needs what extensions/dockerfile.py, license.py, origin.py, switch.py and versions.py add.
Copier loads this file by its path, anew for each render: it imports no sibling, and what it has once read of
a folder it keeps for that render.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from copier_template_extensions import ContextHook

ANSWERS = ".copier-answers.yml"
# What says which packages an environment has. Where a repository has any of these, or a Dockerfile,
# the template seeds none: a second one would be passed over, or change the first one's environment.
ENVIRONMENT_FILES = (
    "Project.toml",
    "apt.txt",
    "environment.yml",
    "install.R",
    "requirements.txt",
    "runtime.txt",
)
# By these, repo2docker knows an environment too; the template never writes them.
ALSO_ENVIRONMENT = (
    "JuliaProject.toml",
    "Pipfile",
    "Pipfile.lock",
    "default.nix",
    "environment.yaml",
    "postBuild",
    "start",
)
# In the root only, packages that repo2docker installs (its buildpacks/python and r.py).
PYTHON_PACKAGE = ("setup.py", "pyproject.toml")
R_PACKAGE = "DESCRIPTION"
DOCKERFILES = (".binder/Dockerfile", "Dockerfile")
# Where the tests of an image lie, if tests/ is taken: as in 2i2c's and Berkeley's repositories.
IMAGE_TESTS = "image-tests"
BY_PYTEST = (IMAGE_TESTS, "conftest.py", "pytest.ini", "tests", "tox.ini")
TESTS = ("conftest.py", "example.ipynb", "test_environment.py")
README = re.compile(r"readme(\.\w+)?", re.IGNORECASE)
# Where CI is told what to do, and what publishes an image from there.
CI = (".circleci/config.y*ml", ".github/workflows/*.y*ml", ".travis.yml", "azure-pipelines.yml")
PUBLISHES = re.compile(
    r"repo2docker-action|build-(and-)?push|(docker|podman|buildah) push|--push\b|skopeo copy"
    r"|docker login|docker/login-action|\bDOCKER\w*_(TOKEN|PASSWORD)"
)
WORKFLOW = ".github/workflows/image.yml"  # the one of ours that publishes

Answers = dict[str, Any]


def text(path: Path) -> str:
    """Return a file's text, or nothing where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


@cache
def template_files() -> tuple[str, ...]:
    """Return the files that the template may write, below a repository's root, answers file apart."""
    top = Path(__file__).parent.parent / "template"
    names = set()
    for path in top.rglob("*"):
        # The folder of a strategy or host is laid over the root; a name may stand between {% if ... %}
        # and {% endif %}.
        name = path.relative_to(top).as_posix()
        for tests in ("tests", IMAGE_TESTS):
            one = name.replace("{{ tests_folder }}", tests)
            one = re.sub(r"^{{ \w+ }}/|{%.*?%}", "", one)
            if path.is_file() and "{{" not in one and "__pycache__" not in one:
                names.add(one.removesuffix(".jinja"))
    return tuple(sorted(names))


@cache
def is_foreign(folder: Path) -> bool:
    """Return whether a destination holds files, none of which this template made."""
    if not folder.is_dir() or (folder / ANSWERS).exists():
        return False
    return any(path.name != ".git" for path in folder.iterdir())


@cache
def packages_of_its_own(folder: Path) -> list[str]:
    """Return the files by which repo2docker takes a repository for a package that it installs."""
    names = [name for name in (R_PACKAGE, "setup.py") if (folder / name).is_file()]
    try:
        project = tomllib.loads(text(folder / "pyproject.toml"))
    except tomllib.TOMLDecodeError:  # repo2docker will say so
        project = {}
    return names + (["pyproject.toml"] if {"project", "build-system"} <= project.keys() else [])


def environment_names(folder: Path, where: Path) -> set[str]:
    """Return the files that say what is installed, Dockerfile apart."""
    listed = {n for n in ENVIRONMENT_FILES + ALSO_ENVIRONMENT if (where / n).is_file()}
    return listed | set(packages_of_its_own(folder) if where == folder else [])


@cache
def publishing_workflows(folder: Path) -> list[str]:
    """Return the files by which a repository's CI publishes an image, sorted."""
    paths = [path for pattern in CI for path in folder.glob(pattern)]
    return sorted(
        path.relative_to(folder).as_posix() for path in paths if PUBLISHES.search(text(path))
    )


def kept(folder: Path, where: Path, has_license: bool) -> list[str]:
    """Return which of the template's files stay the person's for good or do not come in, sorted.

    Args:
        folder: the destination.
        where: the folder in it where repo2docker looks.
        has_license: whether there is a licence, under whichever name.
    """
    # Without a .dockerignore of its own a repository's image had all files, .git too: so it has them now.
    # And hooks that nobody asked for would change the files of the person.
    paths = {name: folder / name for name in template_files()}
    names = {name for name, path in paths.items() if path.exists() or path.is_symlink()}
    names |= {".dockerignore", ".pre-commit-config.yaml"}
    if any(README.fullmatch(path.name) for path in folder.iterdir()):
        names.add("README.md")
    if has_license:
        names.add("LICENSE")
    if where != folder or environment_names(folder, where) or (where / "Dockerfile").exists():
        names |= set(ENVIRONMENT_FILES)
    if (where / "Dockerfile").exists():
        names |= set(DOCKERFILES)
    if publishing_workflows(folder):
        names.add(WORKFLOW)
    if any((folder / IMAGE_TESTS).glob("**/*.*")):
        names |= {f"{IMAGE_TESTS}/{name}" for name in TESTS}
    return sorted(names)


def tests_folder(folder: Path) -> Answers:
    """Return `tests_folder` where the template's tests may not lie in tests/, as pytest would run them elsewhere."""
    taken = packages_of_its_own(folder) or any((folder / name).exists() for name in BY_PYTEST)
    return {"tests_folder": IMAGE_TESTS} if taken else {}


def environment(folder: Path, where: Path, named: Callable[..., Answers]) -> Answers:
    """Return `strategy`, and what files say of languages, their versions and the tool that installs packages.

    Args:
        folder: the destination, which has no Dockerfile.
        where: the folder in it where repo2docker looks.
        named: finds versions in the texts of environment.yml, runtime.txt and Project.toml.
    """
    there = environment_names(folder, where)
    if not there and where == folder:
        return {}
    conda = text(where / "environment.yml") or text(where / "environment.yaml")
    runtime = text(where / "runtime.txt").strip()
    by_conda = bool({"environment.yml", "environment.yaml"} & there)
    r_by_conda = re.search(r"^\s*- *r-base\b", conda, re.MULTILINE)
    r = bool({R_PACKAGE, "install.R"} & there) or runtime.startswith("r-")
    julia = bool({"Project.toml", "JuliaProject.toml"} & there)
    python = by_conda or {"Pipfile", "requirements.txt", *PYTHON_PACKAGE} & there
    has = {
        "python": (python and not runtime.startswith("r-")) or not (r or julia),
        "r": r or r_by_conda,
        "julia": julia,
    }
    return {
        "strategy": "repo2docker",
        "packages_with": "conda" if by_conda else "pip",
        "languages": [language for language, is_there in has.items() if is_there],
    } | named(conda, runtime, text(where / "Project.toml"))


class Folder(ContextHook):
    """Gives every template and question these names.

    - `environment_files`: what says which packages an environment has
    - `existing_files`: which of the template's files an existing repository keeps as they are
    - `found`: the answers that an existing repository's files give, by question; in updates, those that are as stored
    - `is_adopted`: whether the folder holds files, none of which this template made
    - `is_there`: a function; whether the folder has the file of that name
    - `keeps_environment`: whether the person's own files say what is installed
    - `own_packages`, `publishing_workflows`: of an existing repository, the files of a package that is itself
      installed, and those of its CI that publishes images
    - `template_files`: every file that the template may write
    """

    def __init__(self, environment: Any) -> None:
        """Remember what is found once: files that are written during the render are none of the person's."""
        super().__init__(environment)
        self._found: Answers | None = None
        self._kept: list[str] = []

    def hook(self, context: dict[str, Any]) -> None:
        """Add the names above.

        Args:
            context: Copier's, with the answers so far.
        """
        folder = Path(context["_copier_conf"]["dst_path"])
        if self._found is None:
            self._look(context, folder)
        context["environment_files"] = ENVIRONMENT_FILES
        context["existing_files"] = self._kept
        context["found"] = self._found
        context["is_adopted"] = is_foreign(folder)
        context["is_there"] = lambda name: (folder / name).exists()
        context["keeps_environment"] = "environment.yml" in (context.get("kept_files") or [])
        context["own_packages"] = packages_of_its_own(folder)
        context["publishing_workflows"] = publishing_workflows(folder)
        context["template_files"] = template_files()

    def _look(self, context: dict[str, Any], folder: Path) -> None:
        """Look what an existing repository holds; in updates, what of it is as it was then."""
        self._found, stored = {}, context["stored_answers"]
        names = context["_copier_conf"]["data"].get("kept_files", stored.get("kept_files")) or []
        if is_foreign(folder):
            where, licence = context["environment_folder"], context["license_found"](folder)
            names = self._kept = kept(folder, where, bool(licence))
        elif not stored or not names:
            return
        found = context["origin"] | self._read(context, folder, names)
        self._found = {n: v for n, v in found.items() if not stored or stored.get(n) == v}

    def _read(self, context: dict[str, Any], folder: Path, names: list[str]) -> Answers:
        """Return the answers of those files that are the person's: what the template wrote says nothing new."""
        where, theirs = context["environment_folder"], {}
        if "Dockerfile" in names:
            theirs = context["dockerfile_found"]()
        if "environment.yml" in names and not theirs:
            theirs = environment(folder, where, self.environment.filters["language_versions"])
        licence = context["license_found"](folder) if "LICENSE" in names else {}
        return licence | theirs | tests_folder(folder)
