"""Links and lines to paste, for Jinja: functions that the programs of a repository use as well.

They stand in template/ci/hub_image/links.py. Copier loads this file by its path and, in one update, in two
versions: it imports nothing of the template, but executes that file by its path.
"""

from __future__ import annotations

import runpy
from pathlib import Path

from jinja2 import Environment
from jinja2.ext import Extension

PATH = Path(__file__).parent.parent / "template" / "ci" / "hub_image" / "links.py"
FILTERS = ("binder_link", "git_pull", "hub_link", "web_page")
FUNCTIONS = ("dockerspawner", "profile", "z2jh")


class Links(Extension):
    """Makes these functions known to Jinja, under their own names."""

    def __init__(self, environment: Environment) -> None:
        """Add the filters and functions.

        Args:
            environment: Copier's.
        """
        super().__init__(environment)
        names = runpy.run_path(str(PATH))
        environment.filters.update({name: names[name] for name in FILTERS})
        environment.globals.update({name: names[name] for name in FUNCTIONS})
