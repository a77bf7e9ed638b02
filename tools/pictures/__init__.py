"""The pictures of docs/, taken of what works: `nox -s pictures`.

They show a person's whole way. The repository that the command of docs/<strategy>.md makes is built and
tested by its own ci/check.py and started by a real JupyterHub behind its own proxy, where a user logs in with
headless Chromium. Where a registry cannot be reached, the base image is the stand-in that the tests have, and
it says so. Where GitHub's own page cannot be had, its form is drawn from setup.yml.
"""

from __future__ import annotations

import sys

from tools import ROOT

sys.path.append(str(ROOT / "tests"))  # where the stand-ins are

DOCS = ROOT / "docs"
TIMEOUT = 120  # seconds, for each step but the build


class Problem(Exception):
    """There is nothing to take a picture of: a sentence."""
