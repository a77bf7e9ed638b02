"""The API law: what people may rely on across releases. tools/release.py says what that is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from repositories import commit, git

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import release

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
    """Out: the state OLD with other words in a file."""
    assert old in OLD[path]
    return OLD | {path: OLD[path].replace(old, new)}


def test_this_template_keeps_the_law_against_every_release() -> None:
    """What lies here, committed or not; before the first release, against nothing."""
    paths = [release.QUESTIONS, release.CATALOGUE]
    now = {path: (ROOT / path).read_text(encoding="utf-8") for path in paths}
    changelog = (ROOT / release.CHANGELOG).read_text(encoding="utf-8")
    assert release.broken_law(ROOT, now, changelog) == []


def test_the_law_sees_the_questions_choices_and_images_of_this_template() -> None:
    now = release.state(ROOT, "HEAD")
    questions = release.read(now, release.QUESTIONS)
    strategies = ["community-image", "inherit", "repo2docker", "dockerfile"]
    assert release.choices(questions["strategy"]) == strategies
    assert release.packages(questions) == ["jinja2_time", "copier_template_extensions"]
    found = release.breaches(now, {}, "")
    for name in ("strategy", "base", "year"):
        assert any(f'The question "{name}" is gone' in breach for breach in found)
    assert any('"jupyter-scipy" is gone from the images' in breach for breach in found)
    assert any('"docker-stacks" is gone from the families' in breach for breach in found)


def test_no_change_and_additions_with_defaults_break_nothing() -> None:
    more = QUESTIONS.replace("[5, 6]", "[5, 6, 7]")
    more += "new:\n  choices: [a]\n  default: a\n"
    catalogue = CATALOGUE.replace("minimal: {}", "minimal: {}, more: {}")
    assert release.breaches(OLD, OLD, "") == []
    new = {"copier.yml": more, "extensions/catalogue.yml": catalogue}
    assert release.breaches(OLD, new, "") == []
    free = changed("copier.yml", "  choices: [5, 6]\n", "")
    assert release.breaches(OLD, free, "") == [], "where all may be said, each choice still may"


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
        ("copier.yml", '  default: "5"\n', "", ['"size" has no default']),
        ("copier.yml", "name: short form", "new: {type: str}\nname: short form", ['"new" has no']),
        ("copier.yml", "9.19.0", "9.20", ['"9.20"']),
        ("copier.yml", "  - jinja2_time", "  - other_time.X\n  - jinja2_time", ['"other_time"']),
    ],
)
def test_each_breach_is_rejected(path: str, old: str, new: str, named: list[str]) -> None:
    found = release.breaches(OLD, changed(path, old, new), "Takes 9.20.1, 19.20 and another_time.")
    assert len(found) == len(named), found
    assert all(words in breach for words, breach in zip(named, found, strict=True))


def test_a_note_allows_a_newer_copier_and_a_further_package() -> None:
    newer = changed("copier.yml", "9.19.0", "9.20.0")
    assert release.breaches(OLD, newer, "It takes Copier 9.20.0.") == []
    further = changed("copier.yml", "  - jinja2_time", "  - other_time.X\n  - jinja2_time")
    assert release.breaches(OLD, further, "Install `other-time`, as PyPI calls it.") == []


def test_the_law_holds_against_all_releases_and_not_only_the_last(tmp_path: Path) -> None:
    """A small history: a package came with a note and stayed, a question went unnoticed."""
    further = changed("copier.yml", "  - jinja2_time", "  - other_time.X\n  - jinja2_time")
    without = further | {"copier.yml": further["copier.yml"].replace("size:", "sizes:")}
    history = {"1.0.0": OLD, "1.1.0": further, "2.0.0": without, "not-a-release": {}, "3.0rc1": {}}
    for tag, files in history.items():
        for path in OLD:
            (tmp_path / path).parent.mkdir(exist_ok=True)
            text = files.get(path, "")
            (tmp_path / path).write_text(text, encoding="utf-8", newline="\n")
        commit(tmp_path, tag)
        git("tag", tag, cwd=tmp_path)
    changelog = "\n".join(
        f"## {tag} (2026-01-01)\n\n{note}\n"
        for tag, note in {"2.0.0": "None.", "1.1.0": "Install other-time.", "1.0.0": "."}.items()
    )
    assert release.released(tmp_path) == ["2.0.0", "1.1.0", "1.0.0"]
    found = release.broken_law(tmp_path, without, f"## 2.1.0 (unreleased)\n\nNone.\n{changelog}")
    assert found == [
        'Against 1.1.0: The question "size" is gone, and an update would drop its answer: keep it.'
    ]
    silent = changelog.replace("Install other-time.", "None.")
    found = release.broken_law(tmp_path, without, silent)
    assert any("Against 1.0.0: People must now install" in breach for breach in found)


def test_each_section_of_the_changelog_is_read_to_its_end() -> None:
    text = (
        "# Changes\n\n## 2.0 (unreleased)\n\n```\n## 9.9 (in code)\n```\n\n"
        "### What an update does to a repository\n\n<!-- say it -->\n\n### More\n\nWords.\n\n"
        "## 1.0 (2026-01-01)\n\n### What an update does to a repository\n\nNothing.\n"
    )
    newest, oldest = release.sections(text)
    assert (newest.version, oldest.version) == ("2.0", "1.0")
    assert newest.update == "", "a comment says nothing to people"
    assert newest.body.startswith("```\n## 9.9") and newest.body.endswith("Words.")
    assert oldest.update == "Nothing."
    assert "Words." in release.notes_since(text, "1.0")
    assert "Nothing." not in release.notes_since(text, "1.0")
