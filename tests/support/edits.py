"""What people do to a repository, and what became of each of their lines after an update."""

from __future__ import annotations

import re
from pathlib import Path

from support.repositories import commit, git

PICTURE = b"\x89PNG\0\xff"


def insert(path: Path, before: str, line: str) -> None:
    """Write a line before the first one that begins so, at the end if there is none."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    at = next((n for n, text in enumerate(lines) if before and text.startswith(before)), len(lines))
    lines.insert(at, line)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def replace(path: Path, pattern: str, text: str) -> None:
    """Replace what a pattern finds."""
    changed = re.sub(pattern, text, path.read_text(encoding="utf-8"))
    path.write_text(changed, encoding="utf-8", newline="\n")


class Edits:
    """A repository that a person works on, and every line that the person wrote, by file."""

    def __init__(self, repository: Path) -> None:
        self.repository = repository
        self.lines: dict[str, list[str]] = {}

    def write(self, name: str, line: str, before: str = "") -> None:
        """Write a line into a file, which may be new."""
        insert(self.repository / name, before, line)
        self.lines.setdefault(name, []).append(line)

    def everywhere(self) -> None:
        """Edit each kind of file at each kind of place, and commit."""
        self._files_of_every_strategy()
        self._environment_files()
        self._dockerfiles()
        (self.repository / "figure.png").write_bytes(PICTURE)
        # a file of the template, deleted on purpose
        (self.repository / "tests" / "example.ipynb").unlink()
        commit(self.repository)

    def _files_of_every_strategy(self) -> None:
        self.write("README.md", "A sentence of mine, above.", before="<!-- Above")
        self.write("README.md", "A section of mine, at the end.")
        self.write("apt.txt", "my-debian-package")
        self.write("postBuild", "echo my-post-build")
        self.write("start", "echo my-start")
        self.write("tests/test_mine.py", "def test_mine(): assert True")
        self.write("tests/test_environment.py", '    "my_module",', before="]")
        notebook = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
        self.write("tests/mine.ipynb", notebook)
        (self.repository / "notes").mkdir()
        self.write("notes/data.csv", "my,data")

    def _environment_files(self) -> None:
        path = self.repository / "environment.yml"
        if path.exists():
            self.write("environment.yml", "  - my-package-in-the-middle", before="  # ")
            self.write("environment.yml", "  - my-package-at-the-end")
            if "- python=" in path.read_text(encoding="utf-8"):  # a pin changed
                replace(path, r"- python=3\.\d+", "- python=3.11")
                self.lines["environment.yml"].append("  - python=3.11")
        if (self.repository / "requirements.txt").exists():
            self.write("requirements.txt", "my-package-at-the-top", before="#")
            self.write("requirements.txt", "my-package-at-the-end")
        if (self.repository / "runtime.txt").exists():
            self.write("runtime.txt", "# mine")

    def _dockerfiles(self) -> None:
        for name, before in (("Dockerfile", "WORKDIR"), (".binder/Dockerfile", "FROM")):
            if (self.repository / name).exists():
                self.write(name, "# a comment of mine", before=before)
                self.write(name, "LABEL mine=at-the-end")
        if (self.repository / "Dockerfile").exists():
            replace(self.repository / "Dockerfile", "ARG NB_UID=1000", "ARG NB_UID=2000")
            self.lines["Dockerfile"].append("ARG NB_UID=2000")

    def fates(self, message: str) -> list[str]:
        """Look at each line after an update.

        Args:
            message: what the update said.

        Returns:
            For each line whether it was kept, is in a conflict, is named by the message, or was lost.
        """
        conflicts = unmerged(self.repository)
        result = []
        for name, lines in self.lines.items():
            path = self.repository / name
            now = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
            for line in lines:
                if line in now:
                    result.append("conflict" if name in conflicts else "kept")
                elif re.search(rf"git (checkout HEAD -- |show HEAD:){re.escape(name)}", message):
                    result.append("named")
                else:
                    result.append(f"lost: {line} of {name}")
        return result


def unmerged(repository: Path) -> list[str]:
    """The files that an update left in conflict, sorted."""
    lines = git("ls-files", "-u", cwd=repository).splitlines()
    return sorted({line.partition("\t")[2] for line in lines})
