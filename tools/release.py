"""Release the template: `nox -s release -- 1.0.0`, which first runs all tests, then this.

A release is an annotated tag on origin's main, whose name is a PEP 440 version without a prefix: by
it Copier finds what is newest. Its message is the version's section of CHANGELOG.md, headed
`## 1.0.0 (unreleased)` until this puts the day in place of the word, in a commit of its own.

What people may rely on across releases, the API law, stands here once, in `breaches`; tests/test_api.py
holds each change to it. Whatever is refused, nothing has changed, here or on origin.
"""

from __future__ import annotations

import argparse
import datetime
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).parent.parent
CHANGELOG = "CHANGELOG.md"
QUESTIONS = "copier.yml"
CATALOGUE = "extensions/catalogue.yml"
PART = "What an update does to a repository"
UNRELEASED = "unreleased"
HEADING = re.compile(rf"(\S+) \(({UNRELEASED}|\d{{4}}-\d{{2}}-\d{{2}})\)")


class Refusal(Exception):
    """Why there is no release: one sentence a line."""


# --- the API law ---------------------------------------------------------------------------------


def breaches(old: dict[str, str], new: dict[str, str], notes: str) -> list[str]:
    """Compare a released state of the template with a newer one.

    In: of each state the text of QUESTIONS and CATALOGUE by their path (one that is not there is
    left out), and what CHANGELOG.md says of the releases since the old one. Out: a sentence for each
    thing that would break the repositories of people, or their installations without a note.
    Raises yaml.YAMLError.
    """
    then, now = read(old, QUESTIONS), read(new, QUESTIONS)
    asked = {name: question for name, question in now.items() if not name.startswith("_")}
    words = {word.strip("._-") for word in re.findall(r"[A-Za-z0-9._-]+", notes)}
    found = []
    for name, question in then.items():
        if name.startswith("_"):
            continue
        if name not in asked:
            found.append(
                f'The question "{name}" is gone, and an update would drop its answer: keep it.'
            )
        elif isinstance(asked[name], dict) and "choices" in asked[name]:
            for value in missing(choices(question), choices(asked[name])):
                found.append(
                    f'The choice "{value}" of the question "{name}" is gone, and an update would'
                    " drop that answer: keep it."
                )
    for part in ("images", "families"):
        kept = read(new, CATALOGUE).get(part) or {}
        for key in missing(read(old, CATALOGUE).get(part) or {}, kept):
            found.append(
                f'"{key}" is gone from the {part} of {CATALOGUE}, and an update would drop that'
                " answer: keep it."
            )
    for name, question in asked.items():
        if isinstance(question, dict) and "default" not in question:
            found.append(
                f'The question "{name}" has no default, which an update without questions needs:'
                " give it one."
            )
    minimum = str(now.get("_min_copier_version", ""))
    if minimum != str(then.get("_min_copier_version", "")) and minimum not in words:
        found.append(
            f'_min_copier_version is now "{minimum}", which {CHANGELOG} does not say: name it there.'
        )
    told = {canonicalize_name(word) for word in words}
    for package in missing(packages(then), packages(now), added=True):
        if canonicalize_name(package) not in told:
            found.append(
                f'People must now install "{package}", which {CHANGELOG} does not say: name it there.'
            )
    return found


def read(state: dict[str, str], path: str) -> dict[str, Any]:
    """Out: a YAML file of a state; all values are texts, so that 9.20 stays what it is."""
    return yaml.load(state.get(path, ""), yaml.BaseLoader) or {}


def missing(before: Any, after: Any, added: bool = False) -> list[str]:
    """Out: what was there and is no longer; if `added`, what is there and was not."""
    one, other = (after, before) if added else (before, after)
    return [item for item in one if item not in other]


def choices(question: Any) -> list[str]:
    """Out: the values a question may have, where copier.yml lists them; none where Jinja makes them.
    copier.readthedocs.io, "Advanced prompt formatting", has the forms: values, pairs of a label and
    a value, values by label, and for each value more than the value."""
    listed = question.get("choices") if isinstance(question, dict) else None
    if isinstance(listed, dict):
        values = list(listed.values())
    elif isinstance(listed, list):
        values = [item[-1] if isinstance(item, list) else item for item in listed]
    else:
        values = []
    return [value["value"] if isinstance(value, dict) else value for value in values]


def packages(settings: dict[str, Any]) -> list[str]:
    """Out: the modules that the template's Jinja extensions come from, but for its own files."""
    named = settings.get("_jinja_extensions") or []
    return [name.partition(".")[0] for name in named if not re.search(r"\.py:", name)]


# --- CHANGELOG.md --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Section:
    """What CHANGELOG.md says of one release."""

    heading: str
    line: int  # of the heading, from 0
    body: str
    update: str  # its part about updates, without comments

    @property
    def version(self) -> str:
        return self.heading.partition(" ")[0]


def sections(text: str) -> list[Section]:
    """In: CHANGELOG.md. Out: its sections, the newest first."""
    tokens = MarkdownIt().parse(text)
    headings = [
        (token.map[0], token.map[1], token.tag, tokens[number + 1].content)
        for number, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]
    lines = text.split("\n")

    def until(first: int, tags: tuple[str, ...]) -> str:
        last = next(
            (start for start, _, tag, _ in headings if start >= first and tag in tags), None
        )
        return "\n".join(lines[first:last]).strip()

    found = []
    for start, end, tag, heading in headings:
        if tag == "h2":
            found.append(Section(heading, start, until(end, ("h1", "h2")), ""))
        elif tag == "h3" and heading == PART and found:
            part = re.sub(r"<!--.*?-->", "", until(end, ("h1", "h2", "h3")), flags=re.DOTALL)
            last = found.pop()
            found.append(Section(last.heading, last.line, last.body, last.update + part.strip()))
    return found


def notes_since(text: str, tag: str) -> str:
    """In: CHANGELOG.md and a released tag, or nothing. Out: what it says of all that came after."""
    newer = []
    for section in sections(text):
        if section.version == tag:
            break
        newer.append(section.body)
    return "\n".join(newer)


# --- git -----------------------------------------------------------------------------------------


def git(*arguments: str, root: Path, text: str | None = None) -> str:
    """Run git in a folder. In: its arguments, and what it reads. Out: what it printed. Raises
    Refusal with what it said."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=root,
            input=text,
            check=True,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
        )
    except FileNotFoundError as error:
        raise Refusal("There is no git here: install it.") from error
    except subprocess.CalledProcessError as error:
        lines = [line.strip() for line in error.stderr.splitlines()]
        said = "; ".join(line for line in lines if line and not line.startswith("hint:"))
        raise Refusal(f'"git {arguments[0]}" failed: {said}') from error
    return done.stdout


def released(root: Path) -> list[str]:
    """Out: the tags that Copier takes for releases and offers people, the newest first."""
    versions = [(version_of(tag), tag) for tag in git("tag", root=root).splitlines()]
    finals = [pair for pair in versions if pair[0] and not pair[0].is_prerelease]
    return [tag for _, tag in sorted(finals, reverse=True)]


def version_of(tag: str) -> Version | None:
    """Out: the version that a tag names, if it names one."""
    try:
        return Version(tag)
    except InvalidVersion:
        return None


def state(root: Path, revision: str) -> dict[str, str]:
    """Out: the files of a commit that the law is about, for `breaches`."""
    paths = git("ls-tree", "-r", "--name-only", revision, QUESTIONS, CATALOGUE, root=root)
    return {path: git("show", f"{revision}:{path}", root=root) for path in paths.splitlines()}


def broken_law(root: Path, new: dict[str, str], changelog: str) -> list[str]:
    """In: the repository, a newer state of its files, and its CHANGELOG.md. Out: what breaks the law
    against any release, each once, with the newest release it breaks with. The first release is held
    to what needs no other: a default everywhere, and a word of what to install. Raises Refusal."""
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
        raise Refusal(f"{QUESTIONS} or {CATALOGUE} is no YAML: {said}") from error
    return list(found.values())


# --- the release ---------------------------------------------------------------------------------


def check(version: str, root: Path = ROOT) -> Section:
    """Make sure that a version may be released from a clone of the template, and change nothing.
    Out: its section of CHANGELOG.md. Raises Refusal with what is wrong."""
    parsed = version_of(version)
    # A base version has no part of a pre-, post-, development or local release.
    if parsed is None or parsed.base_version != version:
        raise Refusal(
            f'"{version}" is no final version in the form of PEP 440: use one like 1.0.0.'
        )
    here = refs(git("for-each-ref", "--format=%(objectname) %(refname)", "refs/tags", root=root))
    there = refs(git("ls-remote", "origin", "refs/heads/main", "refs/tags/*", root=root))
    main = there.pop("refs/heads/main", "")
    for tags, where in ((here, "here"), (there, "on origin")):
        if f"refs/tags/{version}" in tags:
            raise Refusal(f"{version} is already a tag {where}: release a newer version.")
        for name in tags:
            tag = name.removeprefix("refs/tags/")
            if (other := version_of(tag)) and other >= parsed:
                raise Refusal(
                    f"{version} is not newer than the tag {tag} {where}: release a newer version."
                )
    for name, tagged in there.items():
        tag = name.removeprefix("refs/tags/")
        if here.get(name) != tagged and version_of(tag):
            raise Refusal(
                f"The tag {tag} of origin is not here, or another one: git fetch --tags origin."
            )

    if changed := git("status", "--porcelain", root=root).splitlines():
        raise Refusal(f"There are changes that are not committed: {changed[0][3:]}. Commit them.")
    branch = git("rev-parse", "--symbolic-full-name", "HEAD", root=root).strip()
    if branch != "refs/heads/main":
        now = branch.removeprefix("refs/heads/")
        raise Refusal(
            f"Releases are made from the branch main, and this is {now}: git switch main."
        )
    if main:
        try:
            git("merge-base", "--is-ancestor", main, "HEAD", root=root)
        except Refusal as error:  # it is elsewhere in the history, or not even here
            raise Refusal("main is behind origin/main: git pull.") from error

    path = root / CHANGELOG
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    section = next(iter(sections(text)), Section("", 0, "", ""))
    match = HEADING.fullmatch(section.heading)
    if section.version != version or not match or match[2] not in (UNRELEASED, today()):
        raise Refusal(
            f'The newest section of {CHANGELOG} is headed "{section.heading}": make it'
            f' "{version} ({UNRELEASED})", which a release dates by itself.'
        )
    if not section.update:
        raise Refusal(
            f'The section {version} of {CHANGELOG} has nothing under "### {PART}": say it there,'
            " be it that it does nothing."
        )
    if broken := broken_law(root, state(root, "HEAD"), text):
        raise Refusal("\n".join(broken))
    return section


def refs(text: str) -> dict[str, str]:
    """In: lines of an object and the name of a ref. Out: the objects by name."""
    pairs = [line.split(maxsplit=1) for line in text.splitlines()]
    # What an annotated tag points to is listed under its name with ^{}.
    return {name: value for value, name in pairs if not name.endswith("^{}")}


def today() -> str:
    return datetime.datetime.now(datetime.timezone.utc).date().isoformat()


def release(version: str, root: Path = ROOT) -> None:
    """Check all, date the section, tag the commit, and push both to origin, or neither. In: the
    version and a clone of the template. Raises Refusal, and leaves everything as it was."""
    section = check(version, root)
    before = git("rev-parse", "HEAD", root=root).strip()
    heading = f"{version} ({today()})"
    try:
        if section.heading != heading:
            path = root / CHANGELOG
            lines = path.read_text(encoding="utf-8").split("\n")
            lines[section.line] = f"## {heading}"
            path.write_text("\n".join(lines), encoding="utf-8", newline="\n")
            git("commit", "--quiet", f"--message=Release {version}", CHANGELOG, root=root)
        # By itself git would take lines that begin with "#", Markdown's headings, for comments.
        how = ("--annotate", "--cleanup=verbatim", "--file=-")
        git("tag", *how, version, root=root, text=f"{heading}\n\n{section.body}\n")
        # In full, as there may be a tag "main" or a branch of the version's name.
        both = ("refs/heads/main:refs/heads/main", f"refs/tags/{version}:refs/tags/{version}")
        git("push", "--quiet", "--atomic", "origin", *both, root=root)
    except BaseException:  # Ctrl-C too
        if git("tag", "--list", version, root=root):
            git("tag", "--delete", version, root=root)
        git("reset", "--quiet", "--soft", before, root=root)
        git("restore", "--staged", "--worktree", CHANGELOG, root=root)
        raise


def main() -> None:
    parser = argparse.ArgumentParser(description="Release the template, without running its tests.")
    parser.add_argument("version", nargs="?", default="", help="such as 1.0.0")
    parser.add_argument(
        "--check", action="store_true", help="see whether it may be, and stop there"
    )
    given = parser.parse_args()
    try:
        if given.check:
            check(given.version)
        else:
            release(given.version)
    except Refusal as refusal:
        sys.exit(str(refusal))
    done = "may be released" if given.check else "is released"
    print(f"{given.version} {done}.")


if __name__ == "__main__":
    main()
