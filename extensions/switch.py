"""What a switch to another strategy would pass over, for Jinja.

It only reads. It needs what extensions/environment.py and extensions/folder.py add. Copier loads this file by
its path, anew for each render and, in one update, in two versions: it imports no sibling, and what it has once
read of a folder it keeps for that render.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from copier_template_extensions import ContextHook

ANSWERS = ".copier-answers.yml"
# As the Dockerfile of inherit looks for it: in a list of lines, or between brackets.
PYTHON = re.compile(r"""(^\s*-|[\[,])\s*["']?([^\s"':]+::)?python(?![\w.-])""", re.MULTILINE)
# By file and strategy, what installs from it where the strategy alone would not.
INSTEAD = {
    "Project.toml": {
        "dockerfile": "the strategies repo2docker, or inherit with a base that has Julia",
        "inherit": "a base with Julia, as in -d base=jupyter-julia",
        "repo2docker": "-d 'languages=[python, julia]'",
    },
    "environment.yml": {
        "dockerfile": "-d packages_with=conda",
        "inherit": "a base with conda, as in -d base=jupyter-scipy",
        "repo2docker": "-d 'languages=[python, r]'",
    },
    "install.R": {
        "dockerfile": "-d 'apt_packages=r-base', or a strategy with R",
        "inherit": "a base with R, as in -d base=jupyter-r",
        "repo2docker": "-d 'languages=[r]', or R packages as r-... in environment.yml",
    },
}


@cache
def text(path: Path) -> str:
    """Return a file's text, or nothing where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


@cache
def stored(folder: Path) -> dict[str, Any]:
    """Return the answers stored in a folder before this render, none where it is new."""
    try:
        answers = yaml.safe_load(text(folder / ANSWERS))
    except yaml.YAMLError:
        return {}
    return answers if isinstance(answers, dict) else {}


def passed_over(context: dict[str, Any], folder: Path) -> str:
    """Refuse a switch to a strategy that would not install from a file that says what is installed.

    Args:
        context: the answers so far.
        folder: the destination.

    Returns:
        A sentence, or nothing.
    """
    strategy = context.get("strategy")
    before = stored(folder).get("strategy") or context["found"].get("strategy")
    if before is None or strategy in (before, "community-image"):
        return ""
    # the person's own installs what it says
    if "Dockerfile" in (context.get("kept_files") or []):
        return ""
    by_apt = f"{text(folder / 'apt.txt')}\n{context.get('apt_packages', '')}"
    r_by_apt = re.search(r"(?:^|\s)r-base\b", by_apt)
    taken = {
        "Project.toml": strategy != "dockerfile" and context["with_julia"],
        "environment.yml": context["takes_conda_file"],
        "install.R": context["takes_r_file"] or (strategy == "dockerfile" and r_by_apt),
    }
    for name, instead in INSTEAD.items():
        if (folder / name).exists() and not taken[name]:
            return (
                f"Use {instead[str(strategy)]}, or move the packages of {name} elsewhere and remove it: "
                f"the strategy '{strategy}' would install nothing from it."
            )
    return ""


class Switch(ContextHook):
    """Gives every template and question these names.

    - `asks_for_python`: a function; whether the text of an environment.yml says which Python
    - `passed_over`: a function; a sentence on a file that the new strategy would not install from, or nothing
    - `stored_answers`: the answers of before, in an update
    """

    def hook(self, context: dict[str, Any]) -> None:
        """Add the names above.

        Args:
            context: Copier's, with the answers so far.
        """
        folder = Path(context["_copier_conf"]["dst_path"])
        context["asks_for_python"] = lambda lists: bool(PYTHON.search(re.sub("#.*", "", lists)))
        context["passed_over"] = lambda: passed_over(context, folder)
        context["stored_answers"] = stored(folder)
