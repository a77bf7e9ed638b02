"""The API law: whatever a released tag asked and stored, today's template still knows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import release

COPIER = (ROOT / "copier.yml").read_text(encoding="utf-8")
CATALOGUE = (ROOT / "extensions" / "catalogue.yml").read_text(encoding="utf-8")
TODAY = release.Interface.of(COPIER, CATALOGUE)
NOTES = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def changed(old: str, new: str, catalogue: bool = False) -> release.Interface:
    """Today's interface with a change. In: what is replaced, by what, and where."""
    texts = [COPIER, CATALOGUE]
    assert old in texts[catalogue]
    texts[catalogue] = texts[catalogue].replace(old, new, 1)
    return release.Interface.of(*texts)


@pytest.mark.parametrize("tag", release.released(ROOT) or ["none is released yet"])
def test_today_knows_what_was_released(tag: str) -> None:
    old = TODAY if " " in tag else release.Interface.at(tag, ROOT)
    assert release.breaches(old, TODAY, NOTES) == []


def test_the_four_strategies_are_frozen() -> None:
    strategies = {"community-image", "dockerfile", "inherit", "repo2docker"}
    assert TODAY.questions["strategy"] == strategies


BREACHES: dict[str, tuple[Callable[[], release.Interface], str]] = {
    "renamed question": (
        lambda: changed("\npython_version:\n", "\npython:\n"),
        'The question "python_version" is gone.',
    ),
    "renamed choice": (
        lambda: changed("offers: inherit", "offers: inherit-image"),
        '"inherit" is no choice of "strategy" any more.',
    ),
    "dropped image": (
        lambda: changed("\n  pangeo-ml:\n", "\n  pangeo-learning:\n", catalogue=True),
        'The base image "pangeo-ml" is gone.',
    ),
    "dropped family": (
        lambda: changed("\n  py-rocket:\n", "\n  rocket:\n", catalogue=True),
        'The family "py-rocket" is gone.',
    ),
    "no default": (
        lambda: changed("\nlicense:\n", "\nhub:\n  type: str\n\nlicense:\n"),
        'The question "hub" has no default.',
    ),
    "newer Copier": (
        lambda: changed("_min_copier_version: 9.19.0", "_min_copier_version: 9.20.0"),
        'It needs Copier 9.20.0, and CHANGELOG.md does not say "Copier 9.20.0".',
    ),
    "further package": (
        lambda: changed(
            "  - jinja2_time.TimeExtension", "  - jinja2_time.TimeExtension\n  - a_b.C"
        ),
        'It needs the package "a_b", and CHANGELOG.md does not name it.',
    ),
}


@pytest.mark.parametrize(("new", "sentence"), BREACHES.values(), ids=BREACHES)
def test_a_breach_is_found(new: Callable[[], release.Interface], sentence: str) -> None:
    assert release.breaches(TODAY, new(), "") == [sentence]


def test_what_the_changelog_says_is_no_breach() -> None:
    newer = changed("_min_copier_version: 9.19.0", "_min_copier_version: 9.20.0")
    assert release.breaches(TODAY, newer, "Update Copier first: Copier 9.20.0 is needed.") == []
    package = changed("  - jinja2_time.TimeExtension", "  - jinja2_time.TimeExtension\n  - a_b.C")
    assert release.breaches(TODAY, package, "Install a-b too.") == []


def test_an_older_release_is_read_from_its_tag(template: Path) -> None:
    assert release.Interface.at("99999.0.0", template) == TODAY
