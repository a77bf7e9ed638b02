"""What is asked for: one spec, or a file of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

# Of an explicit list (a lock file of URLs), these are installed, at exactly the locked version.
LOCKED = {
    "ipykernel",
    "ipywidgets",
    "jupyter-offlinenotebook",
    "jupyter-resource-usage",
    "jupyter_server",
    "jupyterhub-singleuser",
    "jupyterlab",
    "nbclassic",
    "nbgitpuller",
    "nodejs",
    "notebook",
    "numpy",
    "pandas",
    "python",
}


class Problem(Exception):
    """What stops a command: one message for people."""


@dataclass
class Wanted:
    """What a file asks for, or several files.

    Attributes:
        specs: of conda packages.
        pip: lines of the pip section.
        explicit: whether a file was a list of URLs.
        name: of the environment, where a file gives it.
    """

    specs: list[str] = field(default_factory=list)
    pip: list[str] = field(default_factory=list)
    explicit: bool = False
    name: str | None = None

    def add(self, other: Wanted) -> None:
        """Take what another file asks for, too."""
        self.specs += other.specs
        self.pip += other.pip
        self.explicit = other.explicit
        self.name = other.name


def requirement(spec: str) -> tuple[str, str]:
    """Read a conda spec.

    Returns:
        The name and a PEP 440 specifier: ``numpy=2.1`` is ``("numpy", "==2.1.*")``.

    Raises:
        Problem: it is no such spec.
    """
    match = re.fullmatch(r"(?:[\w./-]+::)?([\w.-]+)\s*([^\[\]|]*)", spec.strip())
    if not match:
        raise Problem(f"cannot read the spec {spec!r}")
    name, version = match[1].lower(), match[2].strip()
    if not version or version == "*":
        return name, ""
    if re.match(r"[\d.]", version):  # "numpy 2.1 build"
        return name, f"=={version.split()[0]}"
    if re.fullmatch(r"=[^=<>!~,\s]+=[^=<>!~,\s]+", version):  # "numpy=2.1.0=build"
        return name, f"=={version.split('=')[1]}"
    if re.fullmatch(r"=\s*[^=<>!~,\s]+", version):  # "numpy=2.1", "numpy=2.1.*"
        return name, "==" + re.sub(r"(\.\*|\*)$", "", version[1:].strip()) + ".*"
    return name, version.replace(" ", "")


def read_file(path: Path) -> Wanted:
    """Read a file of specs: environment.yml, a list of specs, or an explicit list of URLs.

    Raises:
        Problem: it cannot be read, or asks for something that is not known.
    """
    try:
        text = path.read_text()
    except OSError as error:
        raise Problem(f"cannot read {path}: {error}") from None
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    if "@EXPLICIT" in lines:
        return _explicit(path, [line for line in lines if "://" in line])
    if path.suffix not in (".yml", ".yaml"):
        return Wanted([line for line in lines if line])
    data = yaml.safe_load(text) or {}
    unknown = set(data) - {"name", "prefix", "channels", "dependencies", "platforms"}
    if unknown:
        raise Problem(f"do not know {sorted(unknown)} in {path}")
    wanted = Wanted(name=data.get("name"))
    for item in data.get("dependencies") or []:
        if isinstance(item, dict):
            if set(item) != {"pip"}:
                raise Problem(f"do not know {sorted(item)} in {path}")
            wanted.pip += item["pip"] or []
        else:
            wanted.specs.append(item)
    return wanted


def _explicit(path: Path, urls: list[str]) -> Wanted:
    """Read a list of the packages' URLs, of which only LOCKED matter here."""
    specs = []
    for url in urls:
        match = re.search(r"/([^/]+)-([^-/]+)-[^-/]+\.(?:conda|tar\.bz2)$", url)
        if match is None:
            raise Problem(f"cannot read {url} in {path}")
        name, version = match[1], match[2]
        if name == "python":
            specs.append("python=" + version.rsplit(".", 1)[0])
        elif name in LOCKED:
            specs.append(f"{name}=={version}")
    print(f"stand-in: {len(specs)} of the {len(urls)} packages of {path} matter here")
    return Wanted(specs, explicit=True)
