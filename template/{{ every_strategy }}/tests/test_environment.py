"""Yours: tests of the environment, run inside the image by check_image.py before it is published.

Every test_*.py and every notebook in this folder is run, with an empty home as on a hub.
"""

import importlib

import pytest

# Add what your notebooks import.
MODULES = [
    "jupyterlab",
]


@pytest.mark.parametrize("module", MODULES)
def test_import(module):
    importlib.import_module(module)
