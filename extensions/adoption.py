"""What an existing repository cannot become, for Jinja.

It only reads, and needs what extensions/dockerfile.py and folder.py add. Copier loads this file by its path and,
in one update, in two versions: it imports no sibling.
"""

from __future__ import annotations

import re
from pathlib import Path
from reprlib import Repr
from typing import Any

import yaml
from copier_template_extensions import ContextHook

SHORT = Repr()  # a bad value: its control characters escaped, and at most a line of it
SHORT.maxstring = SHORT.maxother = 80
FOLDER = re.compile(r"(?!ci$)[A-Za-z0-9_][A-Za-z0-9_.-]*")
LEGACY = "andrewosh/binder-base"  # repo2docker removed its build pack in January 2020
# By file, what else would install its packages: the strategies with a Dockerfile of ours do not read it.
INSTEAD = {
    "DESCRIPTION": "install the package in install.R",
    "JuliaProject.toml": "rename it to Project.toml",
    "Pipfile": "write its packages into requirements.txt",
    "Pipfile.lock": "write its packages into requirements.txt",
    "default.nix": "write its packages into environment.yml",
    "environment.yaml": "rename it to environment.yml",
    "pyproject.toml": "let postBuild run `python3 -m pip install .`",
    "setup.py": "let postBuild run `python3 -m pip install .`",
}
HERE = re.compile(
    r"^[ -]*(?:-e *)?\.(?:\[[^]]*\])? *$", re.MULTILINE
)  # pip installs the package itself
PACKAGE = ("DESCRIPTION", "pyproject.toml", "setup.py")  # which stay, whoever installs them
# What in a subfolder is an environment's.
SIGNS = ("Dockerfile", "environment.yml", "install.R")
OTHERS = re.compile(r"(\.|docs?/|tests?/)")  # whose environments are for pages, tests, an editor

Context = dict[str, Any]


def text(path: Path) -> str:
    """Return a file's text, or nothing where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def tests_folder_error(value: str) -> str:
    """Refuse what is no folder for tests; return a sentence, or nothing."""
    if FOLDER.fullmatch(value):
        return ""
    return f"Name one folder in the root that is not ci, as tests: {SHORT.repr(value)} is none."


def home_error(value: str) -> str:
    """Refuse what is no home of a user; return a sentence, or nothing."""
    if re.fullmatch(r"(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*", value):
        return ""
    return f"Write an absolute path, as /home/rstudio: {SHORT.repr(value)} is none."


def not_utf_8(folder: Path) -> str:
    """Return a name below a folder that is no UTF-8, or nothing; git's own files are not looked at."""
    for path in folder.iterdir():
        try:
            path.name.encode()
        except UnicodeEncodeError:
            return path.name
        below = path.name != ".git" and path.is_dir() and not path.is_symlink()
        if below and (name := not_utf_8(path)):
            return name
    return ""


def hopeless(context: Context, folder: Path) -> str:
    """Refuse an existing repository that repo2docker would not build, whatever came in.

    Args:
        context: Copier's, with the answers that were given.
        folder: the destination.

    Returns:
        A sentence, or nothing.
    """
    if not context["is_adopted"]:
        return ""
    where = context["environment_folder"]
    if all((folder / name).is_dir() for name in ("binder", ".binder")):
        return "Remove binder/ or .binder/: repo2docker refuses a repository that has both."
    if re.search(rf"(?im)^FROM +{LEGACY}", text(folder / "Dockerfile")):
        return (
            "Start Dockerfile from another image, as quay.io/jupyter/base-notebook with a tag: "
            f"repo2docker builds nothing from '{LEGACY}' any more."
        )
    new = ("Project.toml", "JuliaProject.toml", "Dockerfile")
    if (where / "REQUIRE").is_file() and not any((where / name).exists() for name in new):
        return "Write the packages of REQUIRE into a Project.toml: repo2docker installs none from 'REQUIRE' any more."
    runtime = where / "runtime.txt"
    if runtime.is_file() and "-" not in text(runtime) and not (where / "Dockerfile").exists():
        words = SHORT.repr(text(runtime).strip())
        return f"Write it as python-3.13 into runtime.txt, or remove that: repo2docker refuses {words}."
    if said := _no_yaml(where):
        return said
    if name := next((one for one in context["existing_files"] if one.startswith("ci/")), ""):
        return f"Rename {name}: the template has a program of that name, which CI runs."
    if name := not_utf_8(folder):
        return f"Rename {SHORT.repr(name)}, whose name is no UTF-8: Copier could not update the repository."
    return _in_subfolders(context, folder)


def _no_yaml(where: Path) -> str:
    """Refuse an environment.yml from which nothing can be installed."""
    if (where / "Dockerfile").is_file():  # which is what is built
        return ""
    try:
        yaml.safe_load(text(where / "environment.yml"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else "a character"
        return f"Mend environment.yml at {place}: conda could not read it as YAML, {SHORT.repr(str(error).splitlines()[0])}."
    return ""


def _in_subfolders(context: Context, folder: Path) -> str:
    """Refuse a repository whose environments lie where repo2docker does not look, unless a new one is wanted."""
    if context["found"].get("strategy") or context["_copier_conf"]["data"].get("strategy"):
        return ""
    # no deeper, where node_modules and the like lie
    places = [f"{depth}/{sign}" for depth in ("*", "*/*") for sign in SIGNS]
    paths = [path for place in places for path in folder.glob(place)]
    names = sorted(path.relative_to(folder).as_posix() for path in paths)
    if first := next((name for name in names if not OTHERS.match(name)), None):
        return (
            "Adopt each environment in a repository of its own, as docs/adopt.md shows, or give -d strategy=... "
            f"for a new one in the root: repo2docker looks there, and not for '{first}'."
        )
    return ""


def before(context: Context) -> str:
    """Return the strategy that the files of the folder are for, or nothing where it is new."""
    return str(context["stored_answers"].get("strategy") or context["found"].get("strategy") or "")


def unfit(context: Context, folder: Path) -> str:
    """Refuse a strategy whose files would have no effect beside those that are the person's.

    Args:
        context: the answers so far.
        folder: the destination.

    Returns:
        A sentence, or nothing.
    """
    strategy, was, where = context["strategy"], before(context), context["environment_folder"]
    kept = context.get("kept_files") or []
    theirs = where.name == "binder" and (where / "Dockerfile").is_file()
    if was and theirs and "Dockerfile" not in kept:
        return (
            "Remove binder/Dockerfile, or answer kept_files with 'Dockerfile': as long as it is there it is what is "
            f"built, whatever '{strategy}' writes."
        )
    if not was or strategy == was:
        return ""
    here = (
        where.relative_to(folder).as_posix().removeprefix(".")
        if where == folder
        else f"{where.name}/"
    )
    if "Dockerfile" in kept and (where / "Dockerfile").is_file():
        fits = context["dockerfile_found"]()["strategy"]
        possible = {"community-image": ("inherit",), "inherit": (), "dockerfile": ()}[fits]
        if strategy in (fits, "dockerfile", *possible):
            return ""
        return (
            f"Use -d strategy={fits}, or remove {here}Dockerfile and answer kept_files without it: as long as it "
            f"is there it is what is built, whatever '{strategy}' writes."
        )
    if where != folder and was == "repo2docker":
        return (
            f"Move the files of {where.name}/ to the root, remove it and commit, then take '{strategy}': "
            "repo2docker looks at nothing else while it is there."
        )
    return "" if strategy in ("community-image", "repo2docker") else _not_installed(context, folder)


def other_base(context: Context) -> str:
    """Refuse a base image that a Dockerfile of the person's does not start from, when it comes to the template."""
    theirs, given = context["dockerfile_from"](), context["base_facts"]["reference"]
    from_base = context["strategy"] in ("community-image", "inherit")
    if not from_base or not context["is_adopted"] or theirs in ("", given):
        return ""
    return (
        "Leave base, base_tag and base_reference out, or change FROM of the Dockerfile first: "
        f"it starts from '{theirs}', and not from {SHORT.repr(given)}."
    )


def _not_installed(context: Context, folder: Path) -> str:
    """Refuse a strategy with a Dockerfile of ours that would install nothing from a file."""
    strategy = context["strategy"]
    lists = text(folder / "environment.yml") + text(folder / "requirements.txt")
    installed = HERE.search(lists) or re.search(r"pip\S* install", text(folder / "postBuild"))
    own = [] if installed else context["own_packages"]
    for name, instead in INSTEAD.items():
        if name in own if name in PACKAGE else (folder / name).is_file():
            remove = "" if name in PACKAGE or instead.startswith("rename") else " and remove it"
            return f"Use -d strategy=repo2docker, or {instead}{remove}: '{strategy}' would install nothing from {name}."
    runtime = text(folder / "runtime.txt").strip()
    if runtime and "runtime.txt" in (context.get("kept_files") or []):
        version = str(context.get("python_version") or context["found"].get("python_version", ""))
        if strategy == "inherit" or not re.fullmatch(
            rf"python-{re.escape(version)}(\.\d+)?", runtime
        ):
            return (
                f"Use -d strategy=repo2docker, or remove runtime.txt: with '{strategy}' "
                f"nothing would follow its {SHORT.repr(runtime)}."
            )
    return ""


class Adoption(ContextHook):
    """Gives every template and question these names, and the filters `home_error` and `tests_folder_error`.

    - `hopeless`, `other_base`, `unfit`: functions; a sentence on what cannot be adopted, or nothing
    """

    def __init__(self, environment: Any) -> None:
        """Add the filters.

        Args:
            environment: Copier's.
        """
        super().__init__(environment)
        environment.filters |= {"home_error": home_error, "tests_folder_error": tests_folder_error}

    def hook(self, context: Context) -> None:
        """Add the names above.

        Args:
            context: Copier's, with the answers so far.
        """
        folder = Path(context["_copier_conf"]["dst_path"])
        context["hopeless"] = lambda: hopeless(context, folder)
        context["other_base"] = lambda: other_base(context)
        context["unfit"] = lambda: unfit(context, folder)
