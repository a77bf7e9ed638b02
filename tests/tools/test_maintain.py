"""docs/maintain.md shows a conflict as Copier writes it, and what to make of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import copier

from support.edits import insert
from support.repositories import ROOT, commit, git

BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_conflict_is_as_shown(render: Callable[..., Path]) -> None:
    conflict, solved = BLOCK.findall((ROOT / "docs" / "maintain.md").read_text(encoding="utf-8"))
    before, after = re.findall(r"scipy-notebook:(\S+)", conflict)
    repository = render(strategy="inherit", base="jupyter-scipy", base_tag=before)
    dockerfile = repository / "Dockerfile"
    commit(repository)
    insert(dockerfile, "ARG NB_UID", 'LABEL maintainer="me"')
    commit(repository, "mine")
    answers = {"base_tag": after}
    options: dict[str, Any] = {"defaults": True, "overwrite": True, "quiet": True, "unsafe": True}
    copier.run_update(repository, data=answers, vcs_ref=copier.VcsRef.CURRENT, **options)
    text = dockerfile.read_text(encoding="utf-8")
    assert conflict in text
    dockerfile.write_text(text.replace(conflict, solved), encoding="utf-8", newline="\n")
    git("add", "Dockerfile", cwd=repository)
    commit(repository, "solved")
    assert git("status", "--porcelain", cwd=repository) == ""
