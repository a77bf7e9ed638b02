"""Repositories with what people add to them, and the check that each of them carries."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from support import standins

POST_BUILD = '#!/bin/bash\nset -e\necho "by uid $(id -u)" > made-by-postBuild\n'
START = '#!/bin/bash\nexport SET_BY_START="and kept"\nexec "$@"\n'
# What was asked for must be there.
TESTS = """
import importlib.util, os, pathlib, shutil
def test_apt(): assert shutil.which("file"), "apt.txt"
def test_python(): assert importlib.util.find_spec("cowsay"), "conda_packages or pip_packages"
def test_pip(): assert importlib.util.find_spec("xlsxwriter"), "pip_packages"
def test_post_build():
    made = pathlib.Path(os.environ["REPO_DIR"], "made-by-postBuild")
    assert made.read_text() == "by uid 1000\\n"
def test_start(): assert os.environ["SET_BY_START"] == "and kept", "start wraps every command"
def test_repository(): assert pathlib.Path(os.environ["REPO_DIR"], "README.md").exists()
"""
# What lies in the repository and is installed from there.
PACKAGE = """[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[tool.setuptools]
py-modules = ["{0}"]
[project]
name = "{0}"
version = "1"
"""
LOCAL_TESTS = """
import beside, mine, os, pyfiglet
def test_editable(): assert mine.__file__ == os.environ["REPO_DIR"] + "/mine.py"
"""
# Answers that ask for all of it, by pip and by conda.
BY_PIP = {"apt_packages": "file", "pip_packages": "cowsay XlsxWriter"}
BY_CONDA = {"apt_packages": "file", "conda_packages": "cowsay", "pip_packages": "XlsxWriter"}
# JupyterLab's and RStudio's terminals are login shells, VS Code's is none; each has the server's PATH.
TERMINALS = """
set -o pipefail
look='for each in python3 pip jupyter; do command -v $each; done; echo "$PATH" | tr : "\\n" | sort --unique'
sh -c "$look" > /tmp/server
for shell in "bash -lc" "bash -ic" "sh -lc" "zsh -lc"; do
    command -v "${shell% *}" > /dev/null || continue
    $shell "$look" 2> /dev/null | grep ^/ | diff /tmp/server - || { echo "in the terminal of $shell"; exit 1; }
done
"""
# The home volume, empty, of a container.
HOME = {"/home/jovyan": "uid=1000,exec"}
# A package with a program: it is kept in the home volume, where other packages stay hidden.
USER_INSTALL = """
pip install --user --quiet --no-deps tabulate && echo a b | tabulate && python3 -c "import tabulate; print(tabulate.__file__)"
"""


def with_extras(repository: Path) -> Path:
    """Write postBuild, start and tests into a repository, as people do, and return it."""
    (repository / "postBuild").write_text(POST_BUILD)
    (repository / "start").write_text(START)
    (repository / "tests" / "test_extras.py").write_text(TESTS)
    return repository


def with_local_packages(repository: Path) -> Path:
    """Let a repository install what lies in it, as pip and repo2docker allow, and return it."""
    files = {
        "other.txt": "pyfiglet\n",
        "mine.py": "",
        "pyproject.toml": PACKAGE.format("mine") + 'readme = "README.md"\n',
        "beside/beside.py": "",
        "beside/pyproject.toml": PACKAGE.format("beside"),
        "tests/test_local.py": LOCAL_TESTS,
    }
    for name, text in files.items():
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_text(text)
    listed = next(path for path in _lists(repository) if path.exists())
    indent = "      - " if listed.suffix == ".yml" else ""
    with listed.open("a") as file:
        file.writelines(f"{indent}{line}\n" for line in ("-r other.txt", "-e .", "./beside"))
    return repository


def _lists(repository: Path) -> list[Path]:
    """Name the files that list Python packages; the first of them is used."""
    return [repository / name for name in ("environment.yml", "requirements.txt")]


def check(
    repository: Path,
    environment: dict[str, str],
    command: tuple[str, ...] = (sys.executable, "ci/check.py"),
) -> str:
    """Build and check a repository by its own program, as its README says; it must pass.

    Args:
        repository: its folder.
        environment: variables of the program, as the fixture `environment` gives them.
        command: that starts the program.

    Returns:
        What it printed.
    """
    standins.ensure_bases(repository)
    result = subprocess.run(
        command,
        cwd=repository,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(result.stdout)
    assert result.returncode == 0, (
        re.findall("(?m)^FAIL: .*", result.stdout) or result.stdout[-6000:]
    )
    assert "PASSED" in result.stdout
    if built := re.search(r"^Built (\S+) in", result.stdout, re.MULTILINE):
        check_terminals(built[1])
    return result.stdout


def check_terminals(image: str) -> None:
    """Look for the server's programs in each kind of terminal of an image, whose home is empty."""
    code, said = standins.run(image, "bash", "-c", TERMINALS, user="1000", tmpfs=HOME)
    assert code == 0, said


def check_user_installs(image: str) -> None:
    """Let a person install for themselves in a terminal, where the image's own environment is not touched."""
    code, said = standins.run(image, "bash", "-lc", USER_INSTALL, user="1000", tmpfs=HOME)
    assert code == 0, said
    assert "/home/jovyan/.local/lib" in said and "WARNING" not in said
