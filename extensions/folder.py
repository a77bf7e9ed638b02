"""What the person's folder holds already, for Jinja: answers that can be read from an existing
repository, files that stay that person's, and what an update took away or left open.

It only reads. Copier loads this file by its path, anew for each render and, in one update, in two
versions: it imports no sibling, and what it has once read of a folder it keeps for that render.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from copier_template_extensions import ContextHook

ANSWERS = ".copier-answers.yml"
# Where repo2docker looks instead of the root, once such a folder is there
# (repo2docker.readthedocs.io, "Configuration Files").
BINDER_FOLDERS = ("binder", ".binder")
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
ALSO_ENVIRONMENT = ("DESCRIPTION", "Pipfile", "Pipfile.lock", "default.nix", "environment.yaml")
# The first words of the licences that one may choose.
LICENSES = {
    "Apache-2.0": r"Apache License\s+Version 2\.0",
    "BSD-3-Clause": r"Redistribution and use in source and binary forms(?s:.*)Neither the name",
    "MIT": r"Permission is hereby granted, free of charge",
}
# Other versions are no answers, which only speak of files that the template writes.
PYTHON = r"3\.1[0-4]"
HOSTS = {"github.com": "github", "gitlab.com": "gitlab"}


def text(path: Path) -> str:
    """In: a file. Out: its text, or nothing where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


@cache
def template_files() -> tuple[str, ...]:
    """Out: the files that the template may write, below the repository's root, answers file apart."""
    rooms = Path(__file__).parent.parent / "template"
    names = set()
    for path in rooms.rglob("*"):
        parts = path.relative_to(rooms).parts[1:]  # without its room
        if parts and path.is_file():
            # a file's name may stand between {% if ... %} and {% endif %}
            name = re.sub(r"{%.*?%}", "", "/".join(parts))
            names.add(name.removesuffix(".jinja"))
    return tuple(sorted(names))


def environment_folder(folder: Path) -> Path:
    """In: a repository. Out: where repo2docker looks for its configuration files."""
    return next((folder / name for name in BINDER_FOLDERS if (folder / name).is_dir()), folder)


@cache
def is_foreign(folder: Path) -> bool:
    """In: the destination. Out: whether it holds files, none of which this template made."""
    if not folder.is_dir() or (folder / ANSWERS).exists():
        return False
    return any(path.name != ".git" for path in folder.iterdir())


@cache
def kept(folder: Path) -> list[str]:
    """In: the destination. Out: which of the template's files stay that person's for good, sorted."""
    if not is_foreign(folder):
        return []
    names = {name for name in template_files() if (folder / name).exists()}
    where = environment_folder(folder)
    has_dockerfile = (where / "Dockerfile").exists()
    if has_dockerfile or any((where / n).exists() for n in ENVIRONMENT_FILES + ALSO_ENVIRONMENT):
        names |= set(ENVIRONMENT_FILES)
    if has_dockerfile:
        names.add("Dockerfile")
    return sorted(names)


@cache
def found(folder: Path) -> dict[str, Any]:
    """In: the destination. Out: the answers that an existing repository gives, by question."""
    if not is_foreign(folder):
        return {}
    return origin(folder) | license_of(folder) | environment(environment_folder(folder))


def origin(folder: Path) -> dict[str, Any]:
    """In: a repository. Out: `code_host`, `repository` and `name`, from git's remote "origin"."""
    match = re.search(
        r'^\[remote "origin"\]$([^\[]*)', text(folder / ".git" / "config"), re.MULTILINE
    )
    url = re.search(r"^\s*url = (\S+)$", match[1], re.MULTILINE) if match else None
    parts = url and re.fullmatch(
        r"(?:https://|ssh://git@|git@)([\w.-]+)[:/]([\w.-]+(?:/[\w.-]+)*/[\w.-]+?)(?:\.git)?/?",
        url[1],
    )
    if not parts:
        return {}
    host, path = parts[1], parts[2]
    name = re.sub(r"[^a-z0-9]+", "-", path.rpartition("/")[2].lower()).strip("-")[:40].strip("-")
    code_host = HOSTS.get(host, "other")
    repository = path if code_host != "other" else f"https://{host}/{path}.git"
    return {"code_host": code_host, "repository": repository} | ({"name": name} if name else {})


def license_of(folder: Path) -> dict[str, Any]:
    """In: a repository. Out: `license`, `author` and `year`, from its file LICENSE."""
    words = text(folder / "LICENSE")
    name = next((key for key, pattern in LICENSES.items() if re.search(pattern, words)), None)
    known = {"license": name} if name else {}
    holder = re.search(
        r"^Copyright (?:\(c\) )?(20\d\d)(?:[-\d, ]*) (\S.{,150})$", words, re.MULTILINE
    )
    if known and holder and holder[2].strip().isprintable():
        known |= {
            "year": holder[1],
            "author": re.sub(r",? *All rights reserved\.?$", "", holder[2].strip()),
        }
    return known


def environment(where: Path) -> dict[str, Any]:
    """In: where repo2docker looks. Out: `strategy`, and what its files say of languages, their
    versions and the tool that installs packages."""
    if (where / "Dockerfile").exists():
        return {"strategy": "dockerfile"}
    there = {n for n in ENVIRONMENT_FILES + ALSO_ENVIRONMENT if (where / n).exists()}
    if not there:
        return {}
    conda = text(where / "environment.yml")
    runtime = text(where / "runtime.txt").strip()
    answers: dict[str, Any] = {"strategy": "repo2docker"}
    answers["packages_with"] = "conda" if conda or "environment.yaml" in there else "pip"
    r = bool({"DESCRIPTION", "install.R"} & there) or runtime.startswith("r-")
    r_by_conda = bool(re.search(r"^\s*- *r-base\b", conda, re.MULTILINE))
    julia = "Project.toml" in there
    python = bool(conda or {"Pipfile", "requirements.txt", "environment.yaml"} & there)
    python = (python and not runtime.startswith("r-")) or not (r or julia)
    answers["languages"] = [
        *(["python"] if python else []),
        *(["r"] if r or r_by_conda else []),
        *(["julia"] if julia else []),
    ]
    version = re.search(rf"^\s*- *python *=+ *({PYTHON})\b", conda, re.MULTILINE) or re.fullmatch(
        rf"python-({PYTHON})(?:\.\d+)?", runtime
    )
    if version:
        answers["python_version"] = version[1]
    if match := re.fullmatch(r"r-(4\.[0-5])(?:\.\d+)?-(\d{4}-\d\d-\d\d)", runtime):
        answers["r_version"] = f"{match[1]}-{match[2]}"
    if match := re.search(r'^julia *= *"[~^]?(1\.\d+)', text(where / "Project.toml"), re.MULTILINE):
        answers["julia_version"] = match[1]
    return answers


@cache
def stored(folder: Path) -> dict[str, Any]:
    """In: the destination. Out: the answers stored there before this render, none where it is new."""
    try:
        answers = yaml.safe_load(text(folder / ANSWERS))
    except yaml.YAMLError:
        return {}
    return answers if isinstance(answers, dict) else {}


def passed_over(context: dict[str, Any], folder: Path) -> str:
    """In: the answers and the destination. Out: a sentence if it is switched to a strategy that would
    pass over, or not manage, a file that says what is installed; else nothing."""
    strategy, before = context.get("strategy"), stored(folder).get("strategy")
    if before is None or strategy in (before, "community-image"):
        return ""
    wanted = {
        "Project.toml": (
            strategy != "dockerfile" and context["with_julia"],
            {
                "dockerfile": "the strategies repo2docker, or inherit with a base that has Julia",
                "inherit": "a base with Julia, as in -d base=jupyter-julia",
                "repo2docker": "-d 'languages=[python, julia]'",
            },
        ),
        "environment.yml": (
            context["takes_conda_file"],
            {
                "dockerfile": "-d packages_with=conda",
                "inherit": "a base with conda, as in -d base=jupyter-scipy",
                "repo2docker": "-d 'languages=[python, r]'",
            },
        ),
        "install.R": (
            context["takes_r_file"]
            or (
                strategy == "dockerfile"
                and re.search(r"^[\s-]*r-base\b", text(folder / "apt.txt"), re.MULTILINE)
            ),
            {
                "dockerfile": "a line r-base in apt.txt, or a strategy with R",
                "inherit": "a base with R, as in -d base=jupyter-r",
                "repo2docker": "-d 'languages=[r]', or R packages as r-... in environment.yml",
            },
        ),
    }
    for name, (taken, instead) in wanted.items():
        if (folder / name).exists() and not taken:
            return (
                f"{name} would install nothing by the strategy {strategy}: use {instead[strategy]}, "
                "or move its packages and remove it."
            )
    if (where := environment_folder(folder)) != folder and before != "community-image":
        return (
            f"{where.name}/ is all that repo2docker looks at: move its files to the root, remove it "
            "and commit, then switch."
        )
    return ""


def listed(folder: Path, *options: str) -> list[str]:
    """In: a repository and what to list. Out: its files of that kind, from `git ls-files`."""
    command = ["git", "ls-files", "-z", *options]
    names = subprocess.run(command, cwd=folder, check=False, capture_output=True).stdout
    return sorted(set(names.decode(errors="replace").split("\0")) - {""})


def update_notes(folder: Path, strategy: str) -> list[str]:
    """In: a repository that has just been updated, and was clean before; its strategy. Out: a line
    for each file that needs a person, and for each that was taken away the command that brings it
    back."""
    stages = {line.partition("\t")[2] for line in listed(folder, "--unmerged")}
    notes = [
        f"  conflict    {shlex.quote(name)}: keep what is right between the markers, then git add it"
        for name in sorted(stages)
    ]
    notes += [
        f"  conflict    {shlex.quote(name)} has the lines of yours that did not fit"
        for name in listed(folder, "--others", "--", "*.rej")
    ]
    notes += [
        f"  taken away  {shlex.quote(name)}; to have it back: git checkout HEAD -- {shlex.quote(name)}"
        for name in listed(folder, "--deleted")
        if name not in stages  # which git lists as well
    ]
    if strategy == "community-image":
        waiting = [
            name for name in (*ENVIRONMENT_FILES, "postBuild", "start") if (folder / name).exists()
        ]
        notes += [f"  waits       {name}: community-image installs nothing" for name in waiting]
    return notes


class Folder(ContextHook):
    """Gives every template and question these names:

    - `existing_files`: which of the template's files an existing repository keeps as they are
    - `found`: the answers that can be read from an existing repository, by question
    - `from_local_path`: the template lies on this machine
    - `is_there`: a function; whether the folder has the file of that name
    - `passed_over`: a function; a sentence on a file that the new strategy would not install from, or nothing
    - `stored_answers`: the answers of before, in an update
    - `template_files`: every file that the template may write
    - `update_notes`: a function; the lines on conflicts and files that are gone after an update
    """

    def hook(self, context: dict[str, Any]) -> None:
        folder = Path(context["_copier_conf"]["dst_path"])
        source = str(context.get("_copier_answers", {}).get("_src_path", ""))
        context["existing_files"] = kept(folder)
        context["from_local_path"] = not re.match(
            r"(git\+)?(https?|ssh|git)://|g[hl]:|[\w.-]+@", source
        )
        context["found"] = found(folder)
        context["passed_over"] = lambda: passed_over(context, folder)
        context["is_there"] = lambda name: (folder / name).exists()
        context["stored_answers"] = stored(folder)
        context["template_files"] = template_files()
        context["update_notes"] = lambda: update_notes(folder, context["strategy"])
