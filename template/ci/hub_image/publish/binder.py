"""Renew the branch `binder`, from which Binder starts the published image. No package is needed."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path

from hub_image.git import authorization, git, identity
from hub_image.runs import Run, summarize
from hub_image.settings import UserError

DOCKERFILE = """\
# Written by CI for Binder, which starts the published image instead of building it. Nothing to edit:
# the next publication renews this branch.
FROM {image}
COPY --chown=1000 . .
"""
CI = "CI"  # who commits to the branch
CI_FILES = [".binder", ".github", ".gitlab-ci.yml", "binder"]
SETTINGS = {
    "gitlab": "Settings, CI/CD, Job token permissions: allow Git push requests",
    "github": "Settings, Actions, General, Workflow permissions; and rules for branches",
}


def renew(root: Path, run: Run, image: str) -> None:
    """Commit this commit's files without CI's, and a Dockerfile that starts an image, to `binder`.

    The branch only ever moves on, so no force is needed. Never on the default branch: the Dockerfile
    would hide the repository's own files from Binder for good (contract B13). CI's files stay out, as the
    branch needs none and GitHub lets a run's own token not change its workflows. UserError: the image is
    no name with its digest, or the branch cannot be pushed.
    """
    if not re.fullmatch(r"[\w.:/-]+@sha256:[0-9a-f]{64}", image):
        raise UserError(f"Give name@sha256:...: '{image}' is no image with its digest.")
    if "binder" in (os.environ.get("GITHUB_REF_NAME"), os.environ.get("CI_COMMIT_BRANCH")):
        raise UserError("Rename this branch: 'binder' is one that CI overwrites.")
    rights, parents = _rights(run), []
    if git("ls-remote", "origin", "refs/heads/binder", cwd=root, env=rights):
        git("fetch", "--quiet", "--depth=1", "origin", "refs/heads/binder", cwd=root, env=rights)
        parents = ["-p", "FETCH_HEAD"]
        if git("log", "-1", "--format=%cn", "FETCH_HEAD", cwd=root) != CI:
            raise UserError(
                "Rename your branch 'binder', or answer binder=repository: CI did not make it."
            )
    made = ("commit-tree", _tree(root, image), *parents, "-m", f"Start {image}")
    commit = git(*made, cwd=root, env=identity(CI))
    try:
        git("push", "--quiet", "origin", f"{commit}:refs/heads/binder", cwd=root, env=rights)
    except subprocess.CalledProcessError as error:
        where = SETTINGS.get(run.on, "the rules for branches")
        last = (error.stderr.strip().splitlines() or ["git says nothing"])[-1]
        text = f"Let CI push the branch 'binder' ({where}): it could not be pushed ({last})."
        raise UserError(text) from None
    summarize(f"Binder starts `{image}` from the branch `binder`.", root)


def _tree(root: Path, image: str) -> str:
    """Return git's tree of the branch, written beside the work tree and its index."""
    blob = git("hash-object", "-w", "--stdin", cwd=root, text=DOCKERFILE.format(image=image))
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        for command in (
            ("read-tree", "HEAD"),
            ("rm", "-r", "--cached", "--quiet", "--ignore-unmatch", *CI_FILES),
            ("update-index", "--add", "--cacheinfo", f"100644,{blob},.binder/Dockerfile"),
        ):
            git(*command, cwd=root, env=index)
        return git("write-tree", cwd=root, env=index)


def _rights(run: Run) -> dict[str, str]:
    """Return the run's own token as variables for git."""
    user, token, server = "x-access-token", "GITHUB_TOKEN", "GITHUB_SERVER_URL"
    if run.on == "gitlab":
        user, token, server = "gitlab-ci-token", "CI_JOB_TOKEN", "CI_SERVER_URL"
    return authorization(os.environ.get(server, ""), user, os.environ.get(token, ""))
