"""Yours: tests of the environment, run inside the image by ci/check.py before it is published.

Every test_*.py and every notebook in this folder is run, with an empty home as on a hub.
"""

import importlib

import pytest

# Add what your notebooks import.
MODULES = [
    "jupyterlab",
]


@pytest.mark.parametrize("module", MODULES)
def test_import(module: str) -> None:
    """Each module is there and works so far that it can be imported."""
    importlib.import_module(module)
