"""A history of made-up releases (0.x), made backwards from the template as it stands, so that what is promised of
updates is tested over many releases before there are many.

Each step says what a release changed; the fixture undoes it for all releases before. A step whose
words are no longer in the template fails loudly: reword it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import yaml
from repositories import commit, git

TODAY = "99999.0.0"


def reworded(path: str, today: str, before: str) -> Callable[[Path], None]:
    """A step: the file said something else before."""

    def undo(template: Path) -> None:
        text = (template / path).read_text(encoding="utf-8")
        assert today in text, f"{path} has no {today!r} any more"
        changed = text.replace(today, before)
        (template / path).write_text(changed, encoding="utf-8", newline="\n")

    return undo


def added(path: str) -> Callable[[Path], None]:
    """A step: the file is new."""
    return lambda template: (template / path).unlink()


def dropped(path: str, text: str) -> Callable[[Path], None]:
    """A step: the file was given up."""
    return lambda template: (
        (template / path).write_text(text, encoding="utf-8", newline="\n") and None
    )


# The tag at which the catalogue pins most of Jupyter's images.
CATALOGUE = Path(__file__).parent.parent / "extensions" / "catalogue.yml"
JUPYTER = yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))["images"]["jupyter-scipy"]["tags"][
    5
]
EVERY = "template/{{ every_strategy }}"
# What each release did, the oldest first; the release before the first is 0.1.0.
STEPS: dict[str, list[Callable[[Path], None]]] = {
    "0.2.0": [  # names in comments
        reworded(
            "template/{{ inherit }}/Dockerfile.jinja",
            "# apt.txt. A name",
            "# System packages. A name",
        ),
        reworded(
            "template/{{ dockerfile }}/Dockerfile.jinja",
            "# Lines of your own: from",
            "# Your lines: from",
        ),
        reworded(
            "template/{{ own_image }}/{% if with_conda_file %}environment.yml{% endif %}.jinja",
            "# Your packages, one a line.",
            "# What you need, one a line.",
        ),
        reworded(f"{EVERY}/README.md.jinja", "## Try it", "## Trying it"),
        reworded(f"{EVERY}/tests/test_environment.py", "# Add what your", "# List what your"),
    ],
    "0.3.0": [added(f"{EVERY}/.dockerignore")],
    "0.4.0": [dropped(f"{EVERY}/CONTRIBUTING.md", "# Contributing\n\nAsk first.\n")],
    "0.5.0": [  # other defaults, and a newer tag of all Jupyter images
        reworded("copier.yml", "default: 2026.4.0", "default: 2026.2.0"),
        reworded(
            "copier.yml", "get('python_version') or '3.13'", "get('python_version') or '3.12'"
        ),
        reworded("extensions/catalogue.yml", f'5: "{JUPYTER}"', '5: "2024-10-07"'),
    ],
}
RELEASES = ["0.1.0", *STEPS]


def add_releases(template: Path) -> None:
    """Give a template a history. In: a git repository whose one commit is the template as it stands,
    with the tag TODAY. Out: the same with a tag for each of RELEASES, in a history before it."""
    today = git("rev-parse", "HEAD", cwd=template)
    git("checkout", "--quiet", "--orphan", "history", cwd=template)
    for number, release in enumerate(RELEASES):
        git("rm", "--quiet", "-r", "--force", ".", cwd=template)
        git("checkout", "--quiet", today, "--", ".", cwd=template)
        for steps in list(STEPS.values())[number:]:
            for undo in steps:
                undo(template)
        commit(template, release)
        git("tag", release, cwd=template)
    git("checkout", "--quiet", "main", cwd=template)
