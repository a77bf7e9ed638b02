"""What a repository's programs need, for Jinja: each pin is written once, in dependencies.toml.

Copier loads this file by its path and, in one update, in two versions: it imports no sibling.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from copier_template_extensions import ContextHook


@cache
def load() -> dict[str, list[str]]:
    """Return each program's requirements, with the names of answers in braces: the data file beside this one."""
    text = Path(__file__).with_name("dependencies.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    pins = data["pins"]
    return {
        program: [name + pins[name] for name in names]
        for program, names in data["programs"].items()
    }


@cache
def dependencies(jupyterhub_major: str, repo2docker_version: str) -> SimpleNamespace:
    """Return a list of requirements for each program.

    Args:
        jupyterhub_major: of the hub.
        repo2docker_version: as on PyPI.

    Returns:
        No dict, of which Jinja would take `dependencies.update` for the method.
    """
    answers = {"jupyterhub_major": jupyterhub_major, "repo2docker_version": repo2docker_version}
    return SimpleNamespace(
        **{
            program: [requirement.format(**answers) for requirement in requirements]
            for program, requirements in load().items()
        }
    )


class Dependencies(ContextHook):
    """Gives every template `dependencies`: a list of requirements for each program in `ci/`."""

    def hook(self, context: dict[str, Any]) -> None:
        """Add `dependencies`.

        Args:
            context: the answers so far.
        """
        names = ("jupyterhub_major", "repo2docker_version")
        context["dependencies"] = dependencies(*(str(context.get(name, "")) for name in names))
