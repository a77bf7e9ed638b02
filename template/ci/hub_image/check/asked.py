"""What the repository's own files ask for, by name."""

from __future__ import annotations

import contextlib
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from packaging.requirements import InvalidRequirement, Requirement

# the first argument of what installs from CRAN or Bioconductor: names, not addresses
R_CALL = re.compile(
    r"""\binstall(?:\.packages|_version|)?\s*\(\s*(?:c\(([^)]*)\)|(["'][\w.]+["']))"""
)
R_VECTOR = re.compile(r"([\w.]+)\s*(?:<-|=)\s*(c\([^)]*\))")
R_NAME = re.compile(r"(\binstall[\w.]*\s*\(\s*)([\w.]+)(?=\s*[,)])")

# What the image runs on, whatever this machine does.
LINUX = {"os_name": "posix", "platform_system": "Linux", "sys_platform": "linux"}


@dataclass
class Asked:
    """Packages by the tool that installs them, each without its version.

    Attributes:
        pip: those of requirements.txt and the pip section of environment.yml.
        conda: those of environment.yml, but for R's.
        r: those of install.R, and r-* of environment.yml.
        julia: those of Project.toml.
    """

    pip: list[str] = field(default_factory=list)
    conda: list[str] = field(default_factory=list)
    r: list[str] = field(default_factory=list)
    julia: list[str] = field(default_factory=list)

    @classmethod
    def by(cls, root: Path, python: str) -> Asked:
        """Read the files of a repository, where repo2docker looks for them.

        Args:
            root: its folder.
            python: the image's version, as 3.13, for lines that depend on it.
        """
        binder = (root / name for name in ("binder", ".binder"))
        folder = next((each for each in binder if each.is_dir()), root)
        asked = cls(pip=_pip(["-r requirements.txt"], folder, python))
        with contextlib.suppress(FileNotFoundError):
            found = yaml.safe_load((folder / "environment.yml").read_text(encoding="utf-8")) or {}
            for each in found.get("dependencies") or []:
                if isinstance(each, dict):
                    more = _pip(each.get("pip") or [], folder, python)
                    asked.pip = list(dict.fromkeys(asked.pip + more))
                elif name := re.match(r"(?:\S+::)?([\w.-]+)", each):
                    of_r = re.fullmatch(
                        r"r-(?!base$|essentials$|irkernel$|recommended$)(.+)", name[1]
                    )
                    (asked.r if of_r else asked.conda).append((of_r or name)[1])
        with contextlib.suppress(FileNotFoundError):
            text = re.sub(r"#.*", "", (folder / "install.R").read_text(encoding="utf-8"))
            known = dict(R_VECTOR.findall(text))  # as in the template's own install.R
            text = R_NAME.sub(lambda call: f"{call[1]}{known.get(call[2], call[2])}", text)
            for several, one in R_CALL.findall(text):
                asked.r += re.findall(r"""["']([\w.]+)["']""", several or one)
        with contextlib.suppress(FileNotFoundError):
            project = tomllib.loads((folder / "Project.toml").read_text(encoding="utf-8"))
            asked.julia = list(project.get("deps", {}))
        return asked


def _pip(lines: list[str], folder: Path, python: str, seen: tuple[Path, ...] = ()) -> list[str]:
    """Return the packages that lines of a file of pip's ask for, and files that they include."""
    names = []
    for line in lines:
        if other := re.match(r"\s*(?:-r|--requirement)[ =]*(\S+)", line):
            path = folder / other[1]
            if path.is_file() and path not in seen:
                more = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
                names += _pip(more, path.parent, python, (*seen, path))
            continue
        # neither options, paths nor what is for another Python
        with contextlib.suppress(InvalidRequirement):
            wanted = Requirement(re.sub(r"(^|\s)#.*|\s--\w.*", "", line))
            if wanted.marker is None or wanted.marker.evaluate({**LINUX, "python_version": python}):
                names.append(wanted.name)
    return names
