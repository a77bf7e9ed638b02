"""Releases this template: `nox -s release -- 1.0.0`. Checks what a release promises, then tags and pushes.

A release is a tag, a version by PEP 440, to which `copier update` brings every repository. What an update
must never break is the API law, `breaches` below: tests/test_api.py holds it over all released tags.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parent.parent
EFFECTS = "### What an update does to a repository"


class Refused(Exception):
    """There is no release, for the reason in one sentence."""


def git(*arguments: str, cwd: Path) -> str:
    """Run git. In: its arguments and folder. Out: what it printed. Raises Refused with its words."""
    done = subprocess.run(
        ["git", *arguments], cwd=cwd, check=False, capture_output=True, encoding="utf-8"
    )
    if done.returncode:
        raise Refused(f"git {arguments[0]} says: {' '.join(done.stderr.split())}")
    return done.stdout.strip()


@dataclass
class Interface:
    """What repositories and people rely on: questions, with the values of their choices, by name;
    which have a default; images and families; the oldest Copier; packages that people install."""

    questions: dict[str, set[str]]
    defaults: set[str]
    bases: set[str]
    families: set[str]
    minimum: str
    packages: set[str]

    @classmethod
    def of(cls, copier: str, catalogue: str) -> Interface:
        """In: the texts of copier.yml and extensions/catalogue.yml."""
        settings, images = yaml.safe_load(copier), yaml.safe_load(catalogue)
        questions = {name: one for name, one in settings.items() if not name.startswith("_")}
        return cls(
            {name: values(one) for name, one in questions.items()},
            {name for name, one in questions.items() if "default" in one},
            set(images["images"]),
            set(images["families"]),
            str(settings["_min_copier_version"]),
            {
                one.partition(".")[0]
                for one in settings["_jinja_extensions"]
                if not one.startswith("extensions/")
            },
        )

    @classmethod
    def at(cls, tag: str, folder: Path) -> Interface:
        """In: a tag, or nothing for the work tree, and the template's folder."""
        names = ("copier.yml", "extensions/catalogue.yml")
        if tag:
            return cls.of(*(git("show", f"{tag}:{name}", cwd=folder) for name in names))
        return cls.of(*((folder / name).read_text(encoding="utf-8") for name in names))


def values(question: dict[str, Any]) -> set[str]:
    """In: a question. Out: its choices, if they are written there and not computed."""
    choices = question.get("choices", [])
    if isinstance(choices, str):
        return set()
    return {str(one) for one in (choices.values() if isinstance(choices, dict) else choices)}


def breaches(old: Interface, new: Interface, notes: str) -> list[str]:
    """What would break repositories, or surprise people.

    In: the interfaces of an older release and of the one to come; what CHANGELOG.md says of the latter.
    Out: a sentence each. A stored answer whose question or value is gone, Copier drops without a word.
    """
    found = [
        f'The question "{name}" is gone.'
        for name in sorted(set(old.questions) - set(new.questions))
    ]
    for name, choices in old.questions.items():
        gone = sorted(choices - new.questions.get(name, choices))
        found += [f'"{value}" is no choice of "{name}" any more.' for value in gone]
    found += [f'The base image "{name}" is gone.' for name in sorted(old.bases - new.bases)]
    found += [f'The family "{name}" is gone.' for name in sorted(old.families - new.families)]
    without = sorted(set(new.questions) - new.defaults)
    found += [f'The question "{name}" has no default.' for name in without]
    if old.minimum != new.minimum and f"Copier {new.minimum}" not in notes:
        found.append(
            f'It needs Copier {new.minimum}, and CHANGELOG.md does not say "Copier {new.minimum}".'
        )
    for name in sorted(new.packages - old.packages):
        if name not in notes and name.replace("_", "-") not in notes:
            found.append(f'It needs the package "{name}", and CHANGELOG.md does not name it.')
    return found


def released(folder: Path) -> list[str]:
    """In: the template's folder. Out: its tags that are versions, oldest first."""
    found = []
    for tag in git("tag", cwd=folder).splitlines():
        try:
            found.append((Version(tag), tag))
        except InvalidVersion:  # Copier passes it over, too
            continue
    return [tag for _, tag in sorted(found)]


def section(text: str, version: str) -> str:
    """In: CHANGELOG.md and a version. Out: what its newest section says. Raises Refused if that is
    another's, is not of today, or does not say what an update does."""
    today = datetime.now(timezone.utc).date().isoformat()
    newest = re.split(r"(?m)^(?=## )", text)[1:2]
    head, _, body = (newest[0] if newest else "").partition("\n")
    if head != f"## {version} - {today}":
        raise Refused(
            f'CHANGELOG.md begins with "{head}": its newest section must be "## {version} - {today}".'
        )
    effects = re.split(r"(?m)^#", body.partition(EFFECTS)[2])[0].strip()
    if not effects:
        raise Refused(f'CHANGELOG.md says of {version} nothing under "{EFFECTS}": say it there.')
    return body.strip()


def check(version: str, folder: Path) -> str:
    """Check all that needs no run of tests. In: the version and the template's folder. Out: what
    CHANGELOG.md says of it. Raises Refused."""
    try:
        number = Version(version)
    except InvalidVersion:
        raise Refused(f'"{version}" is no version: write three numbers, as in 1.2.0.') from None
    if str(number) != version or number.is_prerelease or number.is_postrelease or number.local:
        raise Refused(f'"{version}" is no final version: write three numbers, as in 1.2.0.')
    if changes := git("status", "--porcelain", cwd=folder):
        raise Refused(
            f"There are changes that no commit has, as in {changes.split()[-1]}: commit them."
        )
    if (branch := git("branch", "--show-current", cwd=folder)) != "main":
        raise Refused(f'This is the branch "{branch}": releases are made on main.')
    git("fetch", "--quiet", "--tags", "origin", "main", cwd=folder)
    if git("rev-list", "HEAD..FETCH_HEAD", cwd=folder):
        raise Refused("origin has commits on main that are not here: pull them.")
    tags = released(folder)
    if tags and Version(tags[-1]) >= number:
        raise Refused(f"{version} is not newer than {tags[-1]}: Copier updates to the newest only.")
    notes = section((folder / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    new = Interface.at("", folder)
    for tag in tags:
        # what older releases did, was said then
        said = (
            notes if tag == tags[-1] else f"{notes} Copier {new.minimum} {' '.join(new.packages)}"
        )
        if found := breaches(Interface.at(tag, folder), new, said):
            raise Refused(f"Repositories made from {tag} would break: {' '.join(found)}")
    return notes


def release(version: str, folder: Path) -> None:
    """Tag and push, both or neither. In: as `check`. Raises Refused."""
    notes = check(version, folder)
    git(
        "tag",
        "--annotate",
        "--cleanup=verbatim",
        "--message",
        f"{version}\n\n{notes}",
        version,
        cwd=folder,
    )
    try:
        git("push", "--quiet", "--atomic", "origin", "main", f"refs/tags/{version}", cwd=folder)
    except Refused:
        git("tag", "--delete", version, cwd=folder)
        raise


def main(arguments: list[str]) -> int:
    """In: `check` or `release`, and the version. Out: the exit code."""
    try:
        if len(arguments) != 2:
            raise Refused("Say which version: nox -s release -- 1.2.0")
        {"check": check, "release": release}[arguments[0]](arguments[1], ROOT)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
