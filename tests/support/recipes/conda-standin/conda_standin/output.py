"""What the program prints: code for shells, and the packages of an environment."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

from conda_standin.environments import installed


def hook(program: str, root: Path) -> str:
    """Write shell code that defines the program's activate.

    It must survive ``eval $(...)``: it is one line.
    """
    me = Path(sys.argv[0]).absolute() if os.sep in sys.argv[0] else shutil.which(sys.argv[0])
    return (
        f"export MAMBA_ROOT_PREFIX='{root}'; "
        f'{program}() {{ case "$1" in '
        f'activate) shift; eval "$(\'{me}\' stand-in-activate "$@")"; ;; '
        'deactivate) if [ -n "${CONDA_PREFIX:-}" ]; then '
        'PATH="${PATH#"$CONDA_PREFIX/bin:"}"; unset CONDA_PREFIX CONDA_DEFAULT_ENV; fi; ;; '
        f"*) '{me}' \"$@\"; ;; esac; }};"
    )


def activation(prefix: Path, name: str, *, stack: bool) -> str:
    """Write shell code that puts an environment on PATH.

    Args:
        prefix: the environment's path.
        name: what it is called.
        stack: whether the active one stays on PATH behind it.
    """
    if not (prefix / "conda-meta").is_dir() and not prefix.is_dir():
        return f"echo 'Cannot activate, prefix does not exist at: {prefix}' >&2; false;"
    strip = "" if stack else 'PATH="${PATH#"${CONDA_PREFIX:-/nothing}/bin:"}"; '
    return (
        f"{strip}export PATH='{prefix}/bin':\"$PATH\"; export CONDA_PREFIX='{prefix}'; "
        f"export CONDA_DEFAULT_ENV='{name}'; export CONDA_SHLVL=1;"
    )


def listing(prefix: Path, pattern: str | None, *, as_json: bool, full_name: bool) -> str:
    """Write the packages of an environment, conda's and pip's.

    Args:
        prefix: the environment's path.
        pattern: a regular expression for their names.
        as_json: whether programs shall read it.
        full_name: whether the pattern is the whole name.
    """
    facts = {}
    for name, version in installed(prefix).items():
        facts[name] = {"name": name, "version": version, "channel": "pypi"}
    for file in (prefix / "conda-meta").glob("*.json"):
        fact = json.loads(file.read_text())
        if facts.get(fact["name"], fact)["version"] == fact["version"]:
            facts[fact["name"]] = fact
    if pattern:
        match = re.fullmatch if full_name else re.search
        facts = {name: fact for name, fact in facts.items() if match(pattern, name)}
    rows = [{"build_string": "0", **facts[name]} for name in sorted(facts)]
    if as_json:
        return json.dumps(rows, indent=2)
    lines = [
        f"{row['name']:<30} {row['version']:<16} {row['build_string']} {row['channel']}"
        for row in rows
    ]
    return "\n".join([f"# packages in environment at {prefix}:", "#", *lines])
