"""Run the tests in the image, with pytest and nbmake lent by the host.

They run from a copy: the mount is read-only, and notebooks may write beside themselves.
"""

import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path

NEEDED = ("nbclient", "nbformat", "ipykernel")


def lend(folder: str) -> None:
    """Add what is lent to sys.path, last: the image's own packages win.

    But where the image has no pytest, pytest comes with the pluggy and iniconfig that it was released
    with: an old pluggy, as conda brings one, would break it.
    """
    if not importlib.util.find_spec("pytest"):
        sys.path.insert(0, folder)
        for name in ("pluggy", "iniconfig", "pytest"):
            importlib.import_module(name)
        sys.path.remove(folder)
    sys.path.append(folder)


def main(mount: str) -> int:
    """Return pytest's exit code, or end with a sentence where notebooks cannot run."""
    lend(mount + "/lent")
    import pytest

    tests = Path(tempfile.mkdtemp(), "tests")
    shutil.copytree(mount + "/tests", str(tests))
    absent = [name for name in NEEDED if not importlib.util.find_spec(name)]
    if absent and any(tests.rglob("*.ipynb")):
        names = ", ".join(absent)
        sys.exit(
            "Install jupyterlab in the environment of the python3 on PATH: there are notebooks "
            "among the tests, and it has no " + names + "."
        )
    nbmake = ["-p", "no:nbmake"] if absent else ["--nbmake"]
    return int(pytest.main([str(tests), "-p", "no:cacheprovider", "--color=no", *nbmake]))


if __name__ == "__main__":
    sys.path.pop(0)  # the folder it starts in: the user's home
    sys.exit(main(sys.argv[1]))
