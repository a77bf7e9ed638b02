"""A history of made-up releases (0.x), made backwards from the template as it stands.

So what is promised of updates is tested over many releases before there are many. Each step says what a
release changed; the history undoes it for all releases before. A step whose words are no longer in the
template fails loudly: reword it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from support.repositories import CATALOGUE, ROOT, commit, git

TODAY = "99999.0.0"
Step = Callable[[Path], object]


def reworded(path: str, today: str, before: str) -> Step:
    """A step: the file said something else before."""

    def undo(template: Path) -> None:
        text = (template / path).read_text(encoding="utf-8")
        assert today in text, f"{path} has no {today!r} any more"
        changed = text.replace(today, before)
        (template / path).write_text(changed, encoding="utf-8", newline="\n")

    return undo


def added(path: str) -> Step:
    """A step: the file is new."""
    return lambda template: (template / path).unlink()


def dropped(path: str, text: str) -> Step:
    """A step: the file was given up."""
    return lambda template: (template / path).write_text(text, encoding="utf-8", newline="\n")


def moved(path: str, before: str) -> Step:
    """A step: the file lay elsewhere before."""
    return lambda template: (template / path).rename(template / before)


# The tag at which the catalogue pins most of Jupyter's images.
JUPYTER = CATALOGUE["images"]["jupyter-scipy"]["tags"][5]
# What each release did, the oldest first; the release before the first is 0.1.0.
STEPS: dict[str, list[Step]] = {
    "0.2.0": [  # names in comments
        reworded(
            "template/{{ inherit }}/Dockerfile.jinja",
            "# Your files lie in",
            "# What is yours lies in",
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
        reworded("template/README.md.jinja", "## Try it", "## Trying it"),
        reworded(
            "template/{{ tests_folder }}/test_environment.py", "# Add what your", "# List what your"
        ),
    ],
    "0.3.0": [
        added("template/.dockerignore"),
        moved("template/ci/check.py.jinja", "template/check_image.py.jinja"),
    ],
    "0.4.0": [dropped("template/CONTRIBUTING.md", "# Contributing\n\nAsk first.\n")],
    "0.5.0": [  # other defaults, and a newer tag of all Jupyter images
        reworded("copier.yml", "default: 2026.4.0", "default: 2026.2.0"),
        reworded(
            "copier.yml", "get('python_version') or '3.13'", "get('python_version') or '3.12'"
        ),
        # what was an answer then, and is none any more
        reworded("extensions/versions.yml", 'python: ["3.10"', 'python: ["3.9", "3.10"'),
        reworded("extensions/names.py", "LONGEST_NAME = 40", "LONGEST_NAME = 50"),
        reworded("extensions/catalogue.yml", "  jupyter-base:\n", "  jupyter-small:\n"),
        reworded("copier.yml", "    MIT: MIT\n", "    MIT: MIT\n    ISC: ISC\n"),
        reworded("extensions/catalogue.yml", f'5: "{JUPYTER}"', '5: "2024-10-07"'),
    ],
}
RELEASES = ["0.1.0", *STEPS]
# Real releases too, once there are any; the tests' own tag of what is here is none.
REAL = [
    tag
    for tag in git("tag", cwd=ROOT).splitlines()
    if re.fullmatch(r"\d+(\.\d+)*", tag) and tag != TODAY
]


def history(template: Path, folder: Path) -> None:
    """Make a template with releases before today's.

    Args:
        template: a git repository whose one commit is the template as it stands, with the tag TODAY.
        folder: where; it gets a tag for each of RELEASES, in a history before that, and for each of REAL.
    """
    shutil.copytree(template, folder, dirs_exist_ok=True)
    for tag in REAL:
        git("fetch", "--quiet", str(ROOT), f"refs/tags/{tag}:refs/tags/{tag}", cwd=folder)
    today = git("rev-parse", "HEAD", cwd=folder)
    git("checkout", "--quiet", "--orphan", "history", cwd=folder)
    for number, release in enumerate(RELEASES):
        git("rm", "--quiet", "-r", "--force", ".", cwd=folder)
        git("checkout", "--quiet", today, "--", ".", cwd=folder)
        for steps in list(STEPS.values())[number:]:
            for undo in steps:
                undo(folder)
        commit(folder, release)
        git("tag", release, cwd=folder)
    git("checkout", "--quiet", "main", cwd=folder)
