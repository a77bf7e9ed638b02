"""Renders of the template that many tests look at, each made once in a test run."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import copier

from support.repositories import FIXED, once, text_of


class Renders:
    """Repositories by their answers. Nobody writes into them: `copy` gives one to change.

    Attributes:
        template: a git repository.
        shared: the folder that all processes of a test run share.
        release: the template's tag; none for the newest.
    """

    def __init__(self, template: Path, shared: Path, release: str | None = None) -> None:
        self.template = template
        self.shared = shared
        self.release = release
        self._known: dict[str, str] = {}
        self._texts: dict[Path, dict[str, str]] = {}

    def folder(self, **answers: Any) -> Path:
        """Render the template with these answers, unless that was done already.

        Args:
            answers: as `copier copy -d` would take them.

        Returns:
            The folder, to read only.

        Raises:
            SystemExit: an answer is refused; its code is the sentence.
        """
        key = json.dumps([str(self.template), self.release, answers], sort_keys=True)
        name = hashlib.sha256(key.encode()).hexdigest()[:16]
        return once(self.shared / "renders" / name, lambda path: self.new(path, **answers))

    def files(self, **answers: Any) -> dict[str, str]:
        """Read a render.

        Args:
            answers: as for `folder`.

        Returns:
            The text of each file by its path.
        """
        folder = self.folder(**answers)
        if folder not in self._texts:
            # most files are the same in all repositories: one string each
            texts = text_of(folder)
            self._texts[folder] = {
                name: self._known.setdefault(text, text) for name, text in texts.items()
            }
        return dict(self._texts[folder])

    def copy(self, path: Path, **answers: Any) -> Path:
        """Copy a render.

        Args:
            path: where to; an existing folder is rendered into.
            answers: as for `folder`.

        Returns:
            The path.
        """
        if path.exists():
            self.new(path, **answers)
        else:
            shutil.copytree(self.folder(**answers), path)
        return path

    def new(self, path: Path, **answers: Any) -> None:
        """Render the template with these answers.

        Args:
            path: where to.
            answers: as for `folder`.
        """
        copier.run_copy(
            str(self.template),
            path,
            data=answers,
            user_defaults=FIXED,
            vcs_ref=self.release,
            defaults=True,
            overwrite=True,
            quiet=True,
            unsafe=True,
        )
