"""Release the template: `nox -s release -- 1.0.0`, which first runs all tests, then this.

A release is an annotated tag on origin's main, whose name is a PEP 440 version without a prefix: by
it Copier finds what is newest. Its message is the version's section of CHANGELOG.md, headed
`## 1.0.0 (unreleased)` until this puts the day in place of the word, in a commit of its own.

Whatever is refused, nothing has changed, here or on origin.
"""

from __future__ import annotations

import argparse
import datetime
import subprocess
import sys
from pathlib import Path

import yaml
from packaging.version import InvalidVersion, Version

from hub_image import git as repository
from hub_image.settings import UserError
from tools import ROOT
from tools.changelog import CHANGELOG, HEADING, PART, UNRELEASED, Section, notes_since, sections
from tools.promises import CATALOGUE, QUESTIONS, breaches


def git(*arguments: str, root: Path, text: str | None = None) -> str:
    """Run git in a folder; arguments and result as of `hub_image.git.git`.

    Raises:
        UserError: it fails, with what it said.
    """
    try:
        return repository.git(*arguments, cwd=root, text=text)
    except FileNotFoundError:
        raise UserError("Install git: there is none here.") from None
    except subprocess.CalledProcessError as error:
        lines = [line.strip() for line in error.stderr.splitlines()]
        said = "; ".join(line for line in lines if line and not line.startswith("hint:"))
        raise UserError(f'Mend what git says: "git {arguments[0]}" failed: {said}') from None


def version_of(tag: str) -> Version | None:
    """Return the version that a tag names, if it names one."""
    try:
        return Version(tag)
    except InvalidVersion:
        return None


def released(root: Path) -> list[str]:
    """Return the tags that Copier takes for releases and offers people, the newest first."""
    versions = {tag: version_of(tag) for tag in git("tag", root=root).splitlines()}
    finals = [(one, tag) for tag, one in versions.items() if one and not one.is_prerelease]
    return [tag for _, tag in sorted(finals, reverse=True)]


def state(root: Path, revision: str) -> dict[str, str]:
    """Return the files of a commit that `breaches` compares, by their path."""
    paths = git("ls-tree", "-r", "--name-only", revision, QUESTIONS, CATALOGUE, root=root)
    return {path: git("show", f"{revision}:{path}", root=root) for path in paths.splitlines()}


def broken_promises(root: Path, new: dict[str, str], changelog: str) -> list[str]:
    """Compare a newer state with every release.

    The first release is held to what needs no other: a default everywhere, and a word on what to
    install.

    Args:
        root: a clone of the template.
        new: the state of its files, as `state` returns it.
        changelog: its CHANGELOG.md.

    Returns:
        What breaks a promise, each once, with the newest release that made it.

    Raises:
        UserError: a file is no YAML.
    """
    found: dict[str, str] = {}
    try:
        for tag in released(root):
            old = state(root, f"refs/tags/{tag}")
            for breach in breaches(old, new, notes_since(changelog, tag)):
                found.setdefault(breach, f"Against {tag}: {breach}")
        if not released(root):
            found = {breach: breach for breach in breaches({}, new, notes_since(changelog, ""))}
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())
        raise UserError(f"Write YAML in {QUESTIONS} and {CATALOGUE}: {said}") from None
    return list(found.values())


def check(version: str, root: Path = ROOT) -> Section:
    """Make sure that a version may be released, and change nothing.

    Args:
        version: such as 1.0.0.
        root: a clone of the template.

    Returns:
        Its section of CHANGELOG.md.

    Raises:
        UserError: it may not.
    """
    parsed = version_of(version)
    # a base version has no part of a pre-, post-, development or local release
    if parsed is None or parsed.base_version != version:
        raise UserError(f'Use a version like 1.0.0: "{version}" is no final version of PEP 440.')
    main = _check_tags(parsed, root)
    _check_branch(main, root)
    path = root / CHANGELOG
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    section = _check_section(version, text)
    if broken := broken_promises(root, state(root, "HEAD"), text):
        raise UserError("\n".join(broken))
    return section


def _check_tags(version: Version, root: Path) -> str:
    """Compare with the tags here and on origin; return the commit of origin's main, if it has one."""
    here = refs(git("for-each-ref", "--format=%(objectname) %(refname)", "refs/tags", root=root))
    there = refs(git("ls-remote", "origin", "refs/heads/main", "refs/tags/*", root=root))
    main = there.pop("refs/heads/main", "")
    for tags, where in ((here, "here"), (there, "on origin")):
        if f"refs/tags/{version}" in tags:
            raise UserError(f"Release a newer version: {version} is already a tag {where}.")
        for name in tags:
            tag = name.removeprefix("refs/tags/")
            if (other := version_of(tag)) and other >= version:
                raise UserError(
                    f"Release a newer version: {version} is not newer than the tag {tag} {where}."
                )
    for name, tagged in there.items():
        tag = name.removeprefix("refs/tags/")
        if here.get(name) != tagged and version_of(tag):
            raise UserError(
                f"Type git fetch --tags origin: the tag {tag} of origin is not here, or differs."
            )
    return main


def _check_branch(main: str, root: Path) -> None:
    """Make sure that all is committed, on main, with all of origin's main."""
    if changed := git("status", "--porcelain", root=root).splitlines():
        name = changed[0].split(maxsplit=1)[1]
        raise UserError(f"Commit all changes: {name} has some.")
    branch = git("rev-parse", "--symbolic-full-name", "HEAD", root=root)
    if branch != "refs/heads/main":
        now = branch.removeprefix("refs/heads/")
        raise UserError(f"Type git switch main: releases are made there, and this is {now}.")
    if main:
        try:
            git("merge-base", "--is-ancestor", main, "HEAD", root=root)
        except UserError:  # it is elsewhere in the history, or not even here
            raise UserError("Type git pull: main is behind origin/main.") from None


def _check_section(version: str, text: str) -> Section:
    """Return the newest section of CHANGELOG.md, if it is this version's and complete."""
    section = next(iter(sections(text)), Section())
    match = HEADING.fullmatch(section.heading)
    if section.version != version or not match or match[2] not in (UNRELEASED, today()):
        raise UserError(
            f'Head the newest section of {CHANGELOG} "{version} ({UNRELEASED})", which a release'
            f' dates by itself: it is headed "{section.heading}".'
        )
    if not section.update:
        raise UserError(
            f'Say under "### {PART}" in {CHANGELOG} what {version} does, be it nothing: nothing is'
            " there."
        )
    return section


def refs(text: str) -> dict[str, str]:
    """Return objects by the name of their ref, from lines of both."""
    pairs = [line.split(maxsplit=1) for line in text.splitlines()]
    # what an annotated tag points to is listed under its name with ^{}
    return {name: value for value, name in pairs if not name.endswith("^{}")}


def today() -> str:
    """Return the day, in UTC, as 2026-01-31."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def release(version: str, root: Path = ROOT) -> None:
    """Check all, date the section, tag the commit, and push both to origin, or neither.

    Args:
        version: such as 1.0.0.
        root: a clone of the template.

    Raises:
        UserError: it cannot be done, and everything is as it was.
    """
    section = check(version, root)
    before = git("rev-parse", "HEAD", root=root)
    heading = f"{version} ({today()})"
    try:
        if section.heading != heading:
            path = root / CHANGELOG
            lines = path.read_text(encoding="utf-8").split("\n")
            lines[section.line] = f"## {heading}"
            path.write_text("\n".join(lines), encoding="utf-8", newline="\n")
            git("commit", "--quiet", f"--message=Release {version}", CHANGELOG, root=root)
        # by itself git would take lines that begin with "#", Markdown's headings, for comments
        how = ("--annotate", "--cleanup=verbatim", "--file=-")
        git("tag", *how, version, root=root, text=f"{heading}\n\n{section.body}\n")
        # in full, as there may be a tag "main" or a branch of the version's name
        both = ("refs/heads/main:refs/heads/main", f"refs/tags/{version}:refs/tags/{version}")
        git("push", "--quiet", "--atomic", "origin", *both, root=root)
    except BaseException:  # Ctrl-C too
        if git("tag", "--list", version, root=root):
            git("tag", "--delete", version, root=root)
        git("reset", "--quiet", "--soft", before, root=root)
        git("restore", "--staged", "--worktree", CHANGELOG, root=root)
        raise


def main(argv: list[str] | None = None) -> int:
    """Run the program; return 0 if it is done, 1 if it may not be."""
    parser = argparse.ArgumentParser(
        prog="release", description="Release the template, without running its tests."
    )
    parser.add_argument("version", nargs="?", default="", help="such as 1.0.0")
    parser.add_argument(
        "--check", action="store_true", help="say whether it may be, and stop there"
    )
    given = parser.parse_args(argv)
    try:
        (check if given.check else release)(given.version)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{given.version} {'may be released' if given.check else 'is released'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
