"""List what the python3 on PATH sees.

It runs in the image: standard library only, and no newer than Python 3.8, the oldest of JupyterHub 5.
"""

import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from subprocess import DEVNULL, PIPE
from urllib.parse import unquote, urlparse

R_PACKAGES = "p <- installed.packages(); cat(paste('installed', p[, 1], p[, 3]), sep='\\n')"
LIST_KERNELS = ["jupyter", "kernelspec", "list", "--json"]
J_PACKAGES = """for depot in DEPOT_PATH
    folder = joinpath(depot, "packages")
    isdir(folder) && foreach(name -> println("installed $name $depot"), readdir(folder))
end"""
VERSIONS = {
    "apt": ["dpkg-query", "--show", "--showformat=${db:Status-Status} ${Package} ${Version}\\n"],
    "R": ["Rscript", "-e", R_PACKAGES],
    "julia": ["julia", "--startup-file=no", "-e", J_PACKAGES],
}


def system() -> str:
    """Return the distribution, as debian."""
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    return str(re.findall(r"^ID=\W?(\w+)", release, re.MULTILINE)[0])


def moved(origin: str) -> bool:
    """Return whether a package was installed in the place of its source (`-e`), which is not there."""
    url = str(json.loads(origin).get("url", ""))
    editable = json.loads(origin).get("dir_info", {}).get("editable")
    return bool(editable) and not Path(unquote(urlparse(url).path)).exists()


def below(folders: "list[str]", homes: "list[str]") -> "dict[str, str]":
    """Return what lies in those of the folders that are in a home, by name; hidden files do not count."""
    found = {}  # type: dict[str, str]
    for folder in folders:
        if any((folder + "/").startswith(home + "/") for home in homes) and Path(folder).is_dir():
            for path in Path(folder).iterdir():
                if not path.name.startswith((".", "__pycache__")):
                    found.setdefault(path.name, folder)
    return found


def pip() -> "dict[str, str]":
    """Return Python's packages by their normalized names; the first on sys.path counts."""
    packages = {}  # type: dict[str, str]
    for found in metadata.distributions():
        name = found.metadata["Name"]
        if name and not moved(found.read_text("direct_url.json") or "{}"):
            packages.setdefault(re.sub(r"[-_.]+", "-", name).lower(), found.version)
    return packages


def lost() -> "list[str]":
    """Return the scripts of JupyterLab and its extensions that packages brought, and that are gone."""
    brought = r"(?m)^(\S+share/jupyter/lab\S+\.js),"
    paths = [
        Path(os.path.normpath(str(found.locate_file(name))))
        for found in metadata.distributions()
        for name in re.findall(brought, found.read_text("RECORD") or "")
    ]
    return [str(path) for path in paths if path.parent.is_dir() and not path.exists()]


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


def main(homes: "list[str]") -> None:
    """Print all of it as one marked line; of homes the programs and modules as well."""
    seen = {
        "python": list(sys.version_info[:2]),
        "os": system(),
        "pip": pip(),
        "conda": conda(sys.prefix),
        "kernels": kernels(),
        "lost": lost(),
        "programs": below(os.environ["PATH"].split(":"), homes),
        "modules": below(sys.path[1:], homes),  # the first is where this runs
    }
    seen.update((tool, installed(command)) for tool, command in VERSIONS.items())
    print("\nCHECK " + json.dumps(seen), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
