"""Import what a repository asks for, as one cell of a Python kernel does.

It runs in the image: standard library only, and no newer than Python 3.8.
"""

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

LIMIT = 120  # seconds, for one interpreter
NO_MODULES = ("bin", "docs", "examples", "test", "tests")  # packages bring such folders by mistake


def normal(name: str) -> str:
    """Return a package's normalized name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def modules(found: "metadata.Distribution") -> "list[str]":
    """Return the names by which a package is imported; none for one that only brings programs."""
    text = found.read_text("top_level.txt")
    names = set((text or "").split())
    if text is None:
        files = [file for file in found.files or [] if file.suffix in (".py", ".so")]
        names = {file.parts[0].partition(".")[0] for file in files}
    own = normal(found.metadata["Name"]).replace("-", "_")
    usual = [name for name in sorted(names) if name.isidentifier() and name not in NO_MODULES]
    return [own] if own in usual else [name for name in usual if not name.startswith("_")]


def problem(names: "list[str]") -> str:
    """Import modules in an interpreter of their own: one that crashes is no kernel that dies."""
    if not names:
        return ""
    command = [sys.executable, "-c", "import " + ", ".join(names)]
    try:
        done = subprocess.run(
            command, timeout=LIMIT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
        )
    except subprocess.TimeoutExpired:
        return f"takes over {LIMIT} s"
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return (lines or [f"exit code {done.returncode}"])[-1] if done.returncode else ""


def tell(pip: "list[str]", conda: "list[str]") -> None:
    """Print what is absent and what cannot be imported, with the reason, as one marked line."""
    there = {normal(each.metadata["Name"] or ""): each for each in metadata.distributions()}
    meta = [path.name for path in Path(sys.prefix, "conda-meta").glob("*.json")]
    in_conda = {re.sub(r"(-[^-]*){2}$", "", name) for name in meta}
    absent = [name for name in pip if normal(name) not in there]
    absent += [name for name in conda if name not in in_conda and normal(name) not in there]
    wanted = {}
    for name in pip + conda:
        if normal(name) in there:
            wanted[name] = modules(there[normal(name)])
    broken = {}
    if problem(sorted({module for names in wanted.values() for module in names})):
        broken = {name: problem(names) for name, names in wanted.items()}
    broken = {name: why for name, why in broken.items() if why}
    answer = {"prefix": sys.prefix, "absent": absent, "broken": broken, "imported": len(wanted)}
    print("\nCHECK " + json.dumps(answer), flush=True)
