"""Environments: what makes them, what is in them, and what brings packages into them."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.specifiers import SpecifierSet

from conda_standin.specs import Problem, Wanted, requirement

HOME = Path("/opt/stand-in")
PROGRAM = HOME / "program.py"
VERSIONS = {"conda": "25.9.1", "mamba": "2.3.3", "micromamba": "2.3.3"}
PYTHON = "{}.{}.{}".format(*sys.version_info)
PYPI = {  # conda's name: the requirements that bring the same from PyPI
    "dask-core": ["dask"],
    "jupyterhub-base": ["jupyterhub"],
    # jsonschema 4.25 takes each server a second of processor time more: its rfc3987-syntax compiles a grammar
    "jupyterhub-singleuser": ["jupyterhub", "jupyterlab", "jsonschema<4.25"],
    "matplotlib-base": ["matplotlib"],
    "msgpack-python": ["msgpack"],
    "pytables": ["tables"],
    "python-graphviz": ["graphviz"],
    "pytorch": ["torch"],
}
# What an environment has anyway, or has no use for here.
SKIPPED = {"ca-certificates", "compilers", "c-compiler", "cxx-compiler", "openssl", "pip"}
NPM = """#!/bin/sh
# A stand-in for npm: it keeps a setting, and can do nothing else.
case "$*" in
    "config --global set "*) shift 3; mkdir -p "$(dirname "$NPM_CONFIG_GLOBALCONFIG")"
        echo "$1=$2" >> "$NPM_CONFIG_GLOBALCONFIG" ;;
    --version) echo 10.0.0 ;;
    *) echo "npm stand-in: do not know: npm $*" >&2; exit 1 ;;
esac
"""


def make(prefix: Path) -> None:
    """Make a new environment at this path: Python, pip, conda-meta."""
    prefix.mkdir(parents=True, exist_ok=True)
    for folder in (HOME / "python").iterdir():
        shutil.copytree(folder, prefix / folder.name, symlinks=True, dirs_exist_ok=True)
    for script in prefix.glob("bin/pip*"):
        lines = script.read_text().splitlines(keepends=True)
        script.write_text(f"#!{prefix}/bin/python3\n" + "".join(lines[1:]))
    (prefix / "conda-meta").mkdir(exist_ok=True)
    (prefix / "conda-meta/history").touch()
    record(prefix, "python", PYTHON)


def record(prefix: Path, name: str, version: str) -> None:
    """Write what conda would know of a package, in place of what it knew before."""
    meta = prefix / "conda-meta"
    for old in meta.glob("*.json"):
        if json.loads(old.read_text())["name"] == name:
            old.unlink()
    fact = {
        "name": name,
        "version": version,
        "build": "0",
        "build_number": 0,
        "channel": "conda-forge",
    }
    (meta / f"{name}-{version}-0.json").write_text(json.dumps(fact) + "\n")


def installed(prefix: Path) -> dict[str, str]:
    """List what lies in the environment's site-packages: each name's version."""
    places = [str(place) for place in prefix.glob("lib/python3.*/site-packages")]
    return {
        dist.metadata["Name"].lower(): dist.version
        for dist in importlib.metadata.distributions(path=places)
    }


def install(prefix: Path, wanted: Wanted, folder: Path | None, *, no_deps: bool) -> None:
    """Bring specs, and then a pip section, into an existing environment.

    Args:
        prefix: the environment's path.
        wanted: what is asked for.
        folder: that of the file which has the pip section.
        no_deps: whether dependencies are left out.
    """
    asked = []
    for spec in wanted.specs:
        name, version = requirement(spec)
        if not _not_of_pypi(prefix, name, version):
            first, *others = PYPI.get(name, [name])
            asked += [first + version, *others]
    if asked:
        _install_from_pypi(prefix, asked, [requirement(spec)[0] for spec in wanted.specs], no_deps)
    if wanted.pip:
        quiet = [] if Path(sys.argv[0]).name == "conda" else ["--quiet"]  # libmamba: pip_utils.cpp
        place = folder if folder and os.access(folder, os.W_OK) else None
        with tempfile.NamedTemporaryFile("w", dir=place, suffix=".requirements.txt") as file:
            file.write("".join(f"{line}\n" for line in wanted.pip))
            file.flush()
            pip(prefix, "install", "-U", *quiet, "-r", file.name, own=True, cwd=folder)


def pip(prefix: Path, *arguments: str, own: bool, cwd: Path | None = None) -> None:
    """Run the environment's pip.

    Args:
        prefix: the environment's path.
        arguments: of pip.
        own: whether pip works as itself (the pip section), and not on conda's behalf.
        cwd: the working directory.

    Raises:
        Problem: pip failed.
    """
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH")}
    environment |= {"PYTHONNOUSERSITE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    if not own:
        for name in ("CONSTRAINT", "DRY_RUN", "NO_DEPS", "REQUIREMENT", "USER", "TARGET", "PREFIX"):
            environment.pop(f"PIP_{name}", None)
    cache = [] if "PIP_CACHE_DIR" in environment else ["--no-cache-dir"]
    command = [str(prefix / "bin/python3"), "-m", "pip", *arguments]
    command[4:4] = ["--no-input", "--root-user-action=ignore", *cache]
    sys.stdout.flush()
    if subprocess.run(command, env=environment, cwd=cwd, check=False).returncode:
        raise Problem(
            "pip failed to install packages" if own else "Could not solve for environment specs"
        )


def _install_from_pypi(prefix: Path, asked: list[str], names: list[str], no_deps: bool) -> None:
    """Bring requirements by pip, held to conda-meta/pinned, and record them as conda's own."""
    pinned = prefix / "conda-meta/pinned"
    lines = pinned.read_text().splitlines() if pinned.exists() else []
    pins = [requirement(line) for line in lines if line.split("#")[0].strip()]
    before = installed(prefix)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.write("".join(f"{n}{v}\n" for n, v in pins if n != "python"))
        constraints.flush()
        options = ["--no-deps"] if no_deps else []
        pip(prefix, "install", *options, "-c", constraints.name, *asked, own=False)
    after = installed(prefix)
    for name, version in after.items():
        if before.get(name) != version:
            record(prefix, name, version)
    for name in names:
        if name in PYPI:
            record(prefix, name, after[PYPI[name][0]])


def _not_of_pypi(prefix: Path, name: str, version: str) -> bool:
    """Install what is no package of PyPI, and say whether it was one of these."""
    if name in SKIPPED:
        print(f"stand-in: nothing to do for {name}")
    elif name == "python":
        if version and PYTHON not in SpecifierSet(version):
            raise Problem(
                "Could not solve for environment specs\n"
                "The following packages are incompatible\n"
                f"├─ pin on python {PYTHON} (the environment's own, which is not changed)\n"
                f"└─ python {version} is requested, and cannot be installed beside it"
            )
    elif name in ("conda", "mamba"):
        _install_itself(prefix)
    elif name == "nodejs":
        (prefix / "bin/npm").write_text(NPM)
        (prefix / "bin/npm").chmod(0o755)
    elif (HOME / "bin" / name).exists():
        shutil.copy(HOME / "bin" / name, prefix / "bin" / name)
        record(prefix, name, "0")
    else:
        return False
    return True


def _install_itself(prefix: Path) -> None:
    """Put conda and mamba, and their hooks for shells, into an environment."""
    for program in ("conda", "mamba"):
        shutil.copy(PROGRAM, prefix / "bin" / program)
        record(prefix, program, VERSIONS[program])
    profile = prefix / "etc/profile.d"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "conda.sh").write_text(f'eval "$({prefix}/bin/conda shell.posix hook)"\n')
    (profile / "mamba.sh").write_text(f'eval "$({prefix}/bin/mamba shell hook)"\n')
