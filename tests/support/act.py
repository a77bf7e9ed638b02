"""What it takes to run GitHub's workflows on this machine by `act`.

The registry is a real one that asks for a password; the runner is this machine; act answers
actions/checkout with the repository's folder. Only actions/attest is a stand-in, which notes what it
was asked, as it would sign by GitHub's own services. As the real one it takes no tag in a name, no digest
but SHA-256, and to push needs a login in Docker's configuration (actions/attest: README.md, src/subject.ts).
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.repositories import ROOT, git

WORKFLOW = ROOT / ".github" / "workflows" / "image.yml"
ADDRESS = "https://github.com/me/env.git"
ATTEST = """\
name: stand-in for actions/attest
description: notes what it was asked
inputs: {create-storage-record: {}, push-to-registry: {}, subject-digest: {}, subject-name: {}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {SUBJECT: "${{ inputs.subject-name }}@${{ inputs.subject-digest }}"}
      run: |
        [[ "$SUBJECT" =~ ^[^@]*/[^:@]+@sha256:[0-9a-f]{64}$ ]]
        grep --quiet --fixed-strings "${SUBJECT%%/*}" "$DOCKER_CONFIG/config.json" # of `docker login`
        echo "asked to sign $SUBJECT"
"""


# What GitHub reads since 2026 and act 0.2.89 refuses (nektos/act#6096): neither changes what one run does.
UNKNOWN = re.compile(r"(?m)^ +(queue: max|deployment: false)( #.*)?\n|, deployment: false(?=})")


@dataclass
class Outcome:
    """What a run of the workflow did: each job's result, the summaries of all, the steps' log."""

    code: int
    jobs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    log: str = ""


def readable(workflow: Path, folder: Path) -> Path:
    """Return a copy of a workflow, in a folder, without the keys that act does not know."""
    copy = folder / workflow.name
    copy.write_text(UNKNOWN.sub("", workflow.read_text(encoding="utf-8")), encoding="utf-8")
    return copy


def event(repository: Path, **more: Any) -> dict[str, Any]:
    """A payload as GitHub sends it, of which the last commit alone is new."""
    owner = {"login": "me", "type": "User"}
    about = {"full_name": "me/env", "default_branch": "main", "owner": owner, "fork": False}
    before = git("rev-list", "--max-count=2", "HEAD", cwd=repository).splitlines()[1:]
    push = {"ref": "refs/heads/main", "before": before[0] if before else "0" * 40}
    return push | {"repository": about | {"visibility": "public"}} | more


def programs(place: Path) -> str:
    """Make a PATH on which `pipx` is this Python, and `python3` one that has no package.

    Args:
        place: a folder; the tokens that `pipx` was started with are noted in its file `seen`.
    """
    folder = place / "bin"
    folder.mkdir()
    for name, line in {
        "pipx": f'shift; env | grep TOKEN > {place}/seen; exec {sys.executable} "$@"',
        "python3": f'exec {sys.executable} -S "$@"',
    }.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
