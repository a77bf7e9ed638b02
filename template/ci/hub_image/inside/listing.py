"""List what the python3 on PATH sees.

It runs in the image: standard library only, and no newer than Python 3.8, the oldest of JupyterHub 5.
"""

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from subprocess import DEVNULL, PIPE

R_PACKAGES = "p <- installed.packages(); cat(paste('installed', p[, 1], p[, 3]), sep='\\n')"
LIST_KERNELS = ["jupyter", "kernelspec", "list", "--json"]
VERSIONS = {
    "apt": ["dpkg-query", "--show", "--showformat=${db:Status-Status} ${Package} ${Version}\\n"],
    "R": ["Rscript", "-e", R_PACKAGES],
}


def system() -> str:
    """Return the distribution, as debian."""
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    return str(re.findall(r"^ID=\W?(\w+)", release, re.MULTILINE)[0])


def pip() -> "dict[str, str]":
    """Return Python's packages by their normalized names; the first on sys.path counts."""
    packages = {}  # type: dict[str, str]
    for found in metadata.distributions():
        name = found.metadata["Name"]
        if name:
            packages.setdefault(re.sub(r"[-_.]+", "-", name).lower(), found.version)
    return packages


def conda(prefix: str) -> "dict[str, str]":
    """Return the packages of a conda environment."""
    paths = Path(prefix, "conda-meta").glob("*.json")
    packages = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    return {package["name"]: package["version"] for package in packages}


def kernels() -> "dict[str, str]":
    """Return each kernelspec's folder; none where there is no Jupyter."""
    try:
        out = subprocess.run(LIST_KERNELS, stdout=PIPE, check=False).stdout
        specs = json.loads(out.decode())["kernelspecs"]
        return {name: spec["resource_dir"] for name, spec in specs.items()}
    except (OSError, ValueError, KeyError):
        return {}


def installed(command: "list[str]") -> "dict[str, str]":
    """Return what a package manager has; nothing where there is none."""
    try:
        done = subprocess.run(command, stdout=PIPE, stderr=DEVNULL, check=False)
    except OSError:
        return {}
    rows = [line.split() for line in done.stdout.decode().splitlines()]
    return {row[1]: row[2] for row in rows if len(row) == 3 and row[0] == "installed"}


def main() -> None:
    """Print all of it as one marked line."""
    seen = {
        "python": list(sys.version_info[:2]),
        "os": system(),
        "pip": pip(),
        "conda": conda(sys.prefix),
        "kernels": kernels(),
    }
    seen.update((tool, installed(command)) for tool, command in VERSIONS.items())
    print("\nCHECK " + json.dumps(seen), flush=True)


if __name__ == "__main__":
    main()
