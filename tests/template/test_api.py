"""What people may rely on between releases; tools/promises.py says what that is."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.repositories import ROOT, STRATEGIES, commit, git
from tools import changelog, promises, release

QUESTIONS = """\
way:
  choices:
    The one: one
    The other: other
  default: "{{ 'say which' | refuse }}"
size:
  choices: [5, 6]
  default: "5"
colour:
  choices:
    - [Red as a rose, red]
    - [Blue as the sea, {value: blue, validator: "{{ no }}"}]
  default: red
base:
  choices: "{{ base_choices | to_yaml }}"
  default: scipy
name: short form, with its default
_min_copier_version: 9.19.0
_jinja_extensions:
  - jinja2_time.TimeExtension
  - extensions/catalogue.py:Catalogue
"""
CATALOGUE = "families: {stacks: {}, rocket: {}}\nimages: {scipy: {}, minimal: {}}\n"
OLD = {"copier.yml": QUESTIONS, "extensions/catalogue.yml": CATALOGUE}


def changed(path: str, old: str, new: str) -> dict[str, str]:
    """The state OLD with other words in a file."""
    assert old in OLD[path]
    return OLD | {path: OLD[path].replace(old, new)}


def test_this_template_keeps_its_promises_to_every_release() -> None:
    """What lies here, committed or not; before the first release, to nothing."""
    paths = [promises.QUESTIONS, promises.CATALOGUE]
    now = {path: (ROOT / path).read_text(encoding="utf-8") for path in paths}
    text = (ROOT / changelog.CHANGELOG).read_text(encoding="utf-8")
    assert release.broken_promises(ROOT, now, text) == []


@pytest.fixture(scope="module")
def now() -> dict[str, str]:
    """This template, as committed."""
    return release.state(ROOT, "HEAD")


def test_the_choices_of_this_template_are_seen(now: dict[str, str]) -> None:
    """Of its first question."""
    questions = promises.read(now, promises.QUESTIONS)
    assert promises.choices(questions["strategy"]) == STRATEGIES


def test_the_packages_of_this_template_are_seen(now: dict[str, str]) -> None:
    """Extensions of its own are no packages."""
    questions = promises.read(now, promises.QUESTIONS)
    assert promises.packages(questions) == ["jinja2_time", "copier_template_extensions"]


@pytest.mark.parametrize(
    "sentence",
    [
        *(f'Keep the question "{name}"' for name in ("strategy", "base", "year")),
        'Keep "jupyter-scipy" among the images',
        'Keep "docker-stacks" among the families',
    ],
)
def test_what_goes_from_this_template_is_seen(now: dict[str, str], sentence: str) -> None:
    """Questions, images and families."""
    assert any(sentence in breach for breach in promises.breaches(now, {}, ""))


def test_no_change_breaks_nothing() -> None:
    """The same state."""
    assert promises.breaches(OLD, OLD, "") == []


def test_additions_with_defaults_break_nothing() -> None:
    """A choice, a question and an image more."""
    more = QUESTIONS.replace("[5, 6]", "[5, 6, 7]")
    more += "new:\n  choices: [a]\n  default: a\n"
    catalogue = CATALOGUE.replace("minimal: {}", "minimal: {}, more: {}")
    new = {"copier.yml": more, "extensions/catalogue.yml": catalogue}
    assert promises.breaches(OLD, new, "") == []


def test_a_free_answer_takes_each_former_choice() -> None:
    """Where all may be said, each choice still may."""
    free = changed("copier.yml", "  choices: [5, 6]\n", "")
    assert promises.breaches(OLD, free, "") == []


@pytest.mark.parametrize(
    ("path", "old", "new", "named"),
    [
        ("copier.yml", "size:", "sizes:", ['"size"']),
        ("copier.yml", "name: short", "title: short", ['"name"']),
        ("copier.yml", "The other: other", "The other: another", ['"other"']),
        ("copier.yml", "[5, 6]", "[5]", ['"6"']),
        ("copier.yml", "as a rose, red", "as a rose, rose", ['"red"']),
        ("copier.yml", "value: blue", "value: azure", ['"blue"']),
        ("copier.yml", "[5, 6]", '"{{ sizes }}"', ['"5"', '"6"']),
        ("extensions/catalogue.yml", ", minimal: {}", "", ['"minimal"']),
        ("extensions/catalogue.yml", "rocket: {}", "rockets: {}", ['"rocket"']),
        ("copier.yml", '  default: "5"\n', "", ['the question "size" a default']),
        (
            "copier.yml",
            "name: short form",
            "new: {type: str}\nname: short form",
            ['the question "new" a default'],
        ),
        ("copier.yml", "9.19.0", "9.20", ['"9.20"']),
        ("copier.yml", "  - jinja2_time", "  - other_time.X\n  - jinja2_time", ['"other_time"']),
    ],
)
def test_each_breach_is_rejected(path: str, old: str, new: str, named: list[str]) -> None:
    """With what it breaks in the sentence; numbers and names that resemble the right ones do not help."""
    note = "Takes 9.20.1, 19.20 and another_time."
    found = promises.breaches(OLD, changed(path, old, new), note)
    assert len(found) == len(named), found
    assert all(words in breach for words, breach in zip(named, found, strict=True))


def test_a_note_allows_a_newer_copier() -> None:
    """People read it before they update."""
    newer = changed("copier.yml", "9.19.0", "9.20.0")
    assert promises.breaches(OLD, newer, "It takes Copier 9.20.0.") == []


def test_a_note_allows_a_further_package() -> None:
    """By the name that PyPI has for it."""
    further = changed("copier.yml", "  - jinja2_time", "  - other_time.X\n  - jinja2_time")
    assert promises.breaches(OLD, further, "Install `other-time`, as PyPI calls it.") == []


NOTES = {"2.0.0": "None.", "1.1.0": "Install other-time.", "1.0.0": "."}
FURTHER = changed("copier.yml", "  - jinja2_time", "  - other_time.X\n  - jinja2_time")
WITHOUT = FURTHER | {"copier.yml": FURTHER["copier.yml"].replace("size:", "sizes:")}


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small history: a package came with a note and stayed, a question went unnoticed."""
    folder = tmp_path_factory.mktemp("history")
    history = {"1.0.0": OLD, "1.1.0": FURTHER, "2.0.0": WITHOUT, "not-a-release": {}, "3.0rc1": {}}
    for tag, files in history.items():
        for path in OLD:
            (folder / path).parent.mkdir(exist_ok=True)
            text = files.get(path, "")
            (folder / path).write_text(text, encoding="utf-8", newline="\n")
        commit(folder, tag)
        git("tag", tag, cwd=folder)
    return folder


def changes(notes: dict[str, str]) -> str:
    """A CHANGELOG.md with these notes."""
    return "\n".join(f"## {tag} (2026-01-01)\n\n{note}\n" for tag, note in notes.items())


def test_releases_are_tags_that_copier_offers(history: Path) -> None:
    """The newest first; neither other tags nor pre-releases."""
    assert release.released(history) == ["2.0.0", "1.1.0", "1.0.0"]


def test_promises_hold_to_all_releases_and_not_only_the_last(history: Path) -> None:
    """Each is named once, with the newest release that made it."""
    text = f"## 2.1.0 (unreleased)\n\nNone.\n{changes(NOTES)}"
    assert release.broken_promises(history, WITHOUT, text) == [
        'Against 1.1.0: Keep the question "size": without it an update drops its answer.'
    ]


def test_a_package_without_a_note_is_seen_later(history: Path) -> None:
    """Whoever comes from before it must install it still."""
    silent = changes(NOTES | {"1.1.0": "None."})
    found = release.broken_promises(history, WITHOUT, silent)
    assert any('Against 1.0.0: Name "other_time"' in breach for breach in found)


TEXT = (
    "# Changes\n\n## 2.0 (unreleased)\n\n```\n## 9.9 (in code)\n```\n\n"
    "### What an update does to a repository\n\n<!-- say it -->\n\n### More\n\nWords.\n\n"
    "## 1.0 (2026-01-01)\n\n### What an update does to a repository\n\nNothing.\n"
)


def test_each_section_of_the_changelog_is_read_to_its_end() -> None:
    """What looks like a heading in code is none."""
    newest, oldest = changelog.sections(TEXT)
    assert (newest.version, oldest.version) == ("2.0", "1.0")
    assert newest.body.startswith("```\n## 9.9") and newest.body.endswith("Words.")
    assert oldest.update == "Nothing."


def test_a_comment_in_the_changelog_says_nothing() -> None:
    """To people, who see none."""
    assert changelog.sections(TEXT)[0].update == ""


def test_notes_since_a_release_are_of_those_after_it() -> None:
    """And not its own."""
    assert "Words." in changelog.notes_since(TEXT, "1.0")
    assert "Nothing." not in changelog.notes_since(TEXT, "1.0")
