"""What the person's folder holds already, for Jinja: answers that can be read, and files that stay as they are.

It only reads. Copier loads this file by its path, anew for each render and, in one update, in two
versions: it imports no sibling, and what it has once read of a folder it keeps for that render.
"""

from __future__ import annotations

import re
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
HOSTS = {"github.com": "github", "gitlab.com": "gitlab"}

Answers = dict[str, Any]


def text(path: Path) -> str:
    """Return a file's text, or nothing where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


@cache
def versions(language: str) -> str:
    """Return a pattern of a language's versions that answers may name; others only speak of kept files."""
    known = yaml.safe_load(text(Path(__file__).with_name("versions.yml")))[language]
    return "|".join(re.escape(version) for version in known)


@cache
def template_files() -> tuple[str, ...]:
    """Return the files that the template may write, below a repository's root, answers file apart."""
    top = Path(__file__).parent.parent / "template"
    names = set()
    for path in top.rglob("*"):
        # The folder of a strategy or host is laid over the root; a name may stand between {% if ... %}
        # and {% endif %}.
        name = re.sub(r"^{{ \w+ }}/|{%.*?%}", "", path.relative_to(top).as_posix())
        if path.is_file() and "{{" not in name and "__pycache__" not in name:
            names.add(name.removesuffix(".jinja"))
    return tuple(sorted(names))


@cache
def environment_folder(folder: Path) -> Path:
    """Return where repo2docker looks for a repository's configuration files."""
    return next((folder / name for name in BINDER_FOLDERS if (folder / name).is_dir()), folder)


@cache
def is_foreign(folder: Path) -> bool:
    """Return whether a destination holds files, none of which this template made."""
    if not folder.is_dir() or (folder / ANSWERS).exists():
        return False
    return any(path.name != ".git" for path in folder.iterdir())


@cache
def kept(folder: Path) -> list[str]:
    """Return which of the template's files stay the person's for good, sorted."""
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
def found(folder: Path) -> Answers:
    """Return the answers that an existing repository gives, by question."""
    if not is_foreign(folder):
        return {}
    return origin(folder) | license_of(folder) | environment(environment_folder(folder))


def origin(folder: Path) -> Answers:
    """Return `code_host`, `repository` and `name` of a repository, from git's remote "origin"."""
    config = text(folder / ".git" / "config")
    match = re.search(r'^\[remote "origin"\]$([^\[]*)', config, re.MULTILINE)
    url = re.search(r"^\s*url = (\S+)$", match[1], re.MULTILINE) if match else None
    parts = url and re.fullmatch(
        r"(?:https://|ssh://git@|git@)([\w.-]+)[:/]([\w.-]+(?:/[\w.-]+)*/[\w.-]+?)(?:\.git)?/?",
        url[1],
    )
    if not parts:
        return {}
    host, path = parts[1], parts[2]
    code_host = HOSTS.get(host, "other")
    repository = path if code_host != "other" else f"https://{host}/{path}.git"
    return {"code_host": code_host, "repository": repository, "name": path.rpartition("/")[2]}


def license_of(folder: Path) -> Answers:
    """Return `license`, `author` and `year` of a repository, from its file LICENSE."""
    words = text(folder / "LICENSE")
    name = next((key for key, pattern in LICENSES.items() if re.search(pattern, words)), None)
    known = {"license": name} if name else {}
    notice = r"^Copyright (?:\(c\) )?(20\d\d)(?:[-\d, ]*) (\S.{,150})$"
    holder = re.search(notice, words, re.MULTILINE)
    if known and holder and holder[2].strip().isprintable():
        author = re.sub(r",? *All rights reserved\.?$", "", holder[2].strip())
        known |= {"year": holder[1], "author": author}
    return known


def environment(where: Path) -> Answers:
    """Return `strategy`, and what files say of languages, their versions and the tool that installs packages.

    Args:
        where: the folder in which repo2docker looks.
    """
    if (where / "Dockerfile").exists():
        return {"strategy": "dockerfile"}
    there = {n for n in ENVIRONMENT_FILES + ALSO_ENVIRONMENT if (where / n).exists()}
    if not there:
        return {}
    conda, runtime = text(where / "environment.yml"), text(where / "runtime.txt").strip()
    r_by_conda = re.search(r"^\s*- *r-base\b", conda, re.MULTILINE)
    r = bool({"DESCRIPTION", "install.R"} & there) or runtime.startswith("r-")
    python = bool(conda or {"Pipfile", "requirements.txt", "environment.yaml"} & there)
    has = {
        "python": (python and not runtime.startswith("r-")) or not (r or "Project.toml" in there),
        "r": r or r_by_conda,
        "julia": "Project.toml" in there,
    }
    return {
        "strategy": "repo2docker",
        "packages_with": "conda" if conda or "environment.yaml" in there else "pip",
        "languages": [language for language, is_there in has.items() if is_there],
    } | language_versions(conda, runtime, text(where / "Project.toml"))


def language_versions(conda: str, runtime: str, project: str) -> Answers:
    """Return `python_version`, `r_version` and `julia_version`, as far as files name them.

    Args:
        conda: the text of environment.yml.
        runtime: that of runtime.txt.
        project: that of Project.toml.
    """
    answers = {}
    python, r = versions("python"), versions("r")
    if version := (
        re.search(rf"^\s*- *python *=+ *({python})\b", conda, re.MULTILINE)
        or re.fullmatch(rf"python-({python})(?:\.\d+)?", runtime)
    ):
        answers["python_version"] = version[1]
    if match := re.fullmatch(rf"r-({r})(?:\.\d+)?-(\d{{4}}-\d\d-\d\d)", runtime):
        answers["r_version"] = f"{match[1]}-{match[2]}"
    if match := re.search(r'^julia *= *"[~^]?(1\.\d+)', project, re.MULTILINE):
        answers["julia_version"] = match[1]
    return answers


class Folder(ContextHook):
    """Gives every template and question these names.

    - `environment_files`: what says which packages an environment has
    - `environment_folder`: where repo2docker looks for such files
    - `existing_files`: which of the template's files an existing repository keeps as they are
    - `found`: the answers that can be read from an existing repository, by question
    - `is_there`: a function; whether the folder has the file of that name
    - `template_files`: every file that the template may write
    """

    def hook(self, context: dict[str, Any]) -> None:
        """Add the names above.

        Args:
            context: Copier's, with the answers so far.
        """
        folder = Path(context["_copier_conf"]["dst_path"])
        context["environment_files"] = ENVIRONMENT_FILES
        context["environment_folder"] = environment_folder(folder)
        context["existing_files"] = kept(folder)
        context["found"] = found(folder)
        context["is_there"] = lambda name: (folder / name).exists()
        context["template_files"] = template_files()
