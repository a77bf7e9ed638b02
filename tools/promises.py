"""What people may rely on from one release to the next, and what would break it.

`nox -s release` holds each release to it, and tests/template/test_api.py each change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import yaml
from packaging.utils import canonicalize_name

from tools.changelog import CHANGELOG

QUESTIONS = "copier.yml"
CATALOGUE = "extensions/catalogue.yml"


def breaches(old: dict[str, str], new: dict[str, str], notes: str) -> list[str]:
    """Compare a released state of the template with a newer one.

    Args:
        old: the texts of QUESTIONS and CATALOGUE by their path; one that is not there is left out.
        new: the same of the newer state.
        notes: what CHANGELOG.md says of the releases since the old one.

    Returns:
        A sentence for each thing that would break people's repositories, or their installations
        without a note.

    Raises:
        yaml.YAMLError: a file is no YAML.
    """
    then, now = read(old, QUESTIONS), read(new, QUESTIONS)
    return [
        *_lost_answers(then, now),
        *_lost_images(read(old, CATALOGUE), read(new, CATALOGUE)),
        *_no_default(now),
        *_untold(then, now, notes),
    ]


def _lost_answers(then: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Questions and choices that are gone."""
    for name, question in _asked(then).items():
        if name not in now:
            yield f'Keep the question "{name}": without it an update drops its answer.'
            continue
        if not isinstance(now[name], dict) or "choices" not in now[name]:
            continue
        for value in _without(choices(question), choices(now[name])):
            yield (
                f'Keep the choice "{value}" of the question "{name}": without it an update drops'
                " that answer."
            )


def _lost_images(then: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Images and families of the catalogue that are gone."""
    for part in ("images", "families"):
        for key in _without(then.get(part) or {}, now.get(part) or {}):
            yield (
                f'Keep "{key}" among the {part} of {CATALOGUE}: without it an update drops that'
                " answer."
            )


def _no_default(now: dict[str, Any]) -> Iterator[str]:
    """Questions that an update without questions cannot answer."""
    for name, question in _asked(now).items():
        if isinstance(question, dict) and "default" not in question:
            yield (f'Give the question "{name}" a default: an update without questions needs one.')


def _untold(then: dict[str, Any], now: dict[str, Any], notes: str) -> Iterator[str]:
    """What people must install, and the notes do not say."""
    words = {word.strip("._-") for word in re.findall(r"[A-Za-z0-9._-]+", notes)}
    minimum = str(now.get("_min_copier_version", ""))
    if minimum != str(then.get("_min_copier_version", "")) and minimum not in words:
        yield f'Name "{minimum}" in {CHANGELOG}: _min_copier_version is that now.'
    named = {canonicalize_name(word) for word in words}
    for package in _without(packages(now), packages(then)):
        if canonicalize_name(package) not in named:
            yield f'Name "{package}" in {CHANGELOG}: people must now install it.'


def read(state: dict[str, str], path: str) -> dict[str, Any]:
    """Return a YAML file of a state; all values are texts, so that 9.20 stays what it is."""
    return yaml.load(state.get(path, ""), yaml.BaseLoader) or {}


def choices(question: Any) -> list[str]:
    """Return the values that a question may have; none where Jinja makes them.

    copier.readthedocs.io, "Advanced prompt formatting", has the forms: values, pairs of a label and a
    value, values by label, and for each value more than the value.
    """
    listed = question.get("choices") if isinstance(question, dict) else None
    if isinstance(listed, dict):
        values = list(listed.values())
    elif isinstance(listed, list):
        values = [item[-1] if isinstance(item, list) else item for item in listed]
    else:
        values = []
    return [value["value"] if isinstance(value, dict) else value for value in values]


def packages(settings: dict[str, Any]) -> list[str]:
    """Return the modules that the template's Jinja extensions come from, but for its own files."""
    named = settings.get("_jinja_extensions") or []
    return [name.partition(".")[0] for name in named if not re.search(r"\.py:", name)]


def _asked(questions: dict[str, Any]) -> dict[str, Any]:
    """Return the questions without Copier's own settings."""
    return {name: one for name, one in questions.items() if not name.startswith("_")}


def _without(ours: Iterable[str], theirs: Iterable[str]) -> list[str]:
    """Return those of ours that are not theirs, in their order."""
    return [one for one in ours if one not in set(theirs)]
