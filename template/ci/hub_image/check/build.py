"""Build the repository's image with repo2docker, as CI and Binder do."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
import time

import docker
from docker.errors import ImageNotFound

from hub_image import engine
from hub_image.check.report import Failed
from hub_image.git import revision
from hub_image.runs import source_page
from hub_image.settings import Settings

OPTIONS = "--no-run --user-id 1000 --user-name jovyan --target-repo-dir /srv/repo"
INLINE_CACHE = "BUILDKIT_INLINE_CACHE=1"  # in the image itself: a build elsewhere can use it


def build(settings: Settings, client: docker.DockerClient, cache_from: str) -> str:
    """Build the image.

    repo2docker does not build where there is an image of the name, however old (find_image() in its
    app.py). So each build has a name of its own, until it is there and gets the lasting one.

    Args:
        settings: of the repository.
        client: of the Docker engine.
        cache_from: an image whose layers are used where they are the same; may be empty.

    Returns:
        The image's name.

    Raises:
        Failed: repo2docker fails.
    """
    with contextlib.suppress(ImageNotFound):  # what an earlier run has tested is not this one
        client.images.remove(settings.tested_image)
    name, started = settings.local_name, time.monotonic()
    passing = f"{name}:check-{secrets.token_hex(6)}"
    print(f"Building {name}:check with repo2docker ...", flush=True)
    options = [*OPTIONS.split(), "--build-arg", INLINE_CACHE]
    labels = {engine.REVISION: revision(settings.root), engine.SOURCE: source_page(settings.source)}
    for label, value in labels.items():
        options += ["--label", f"{label}={value}"] if value else []
    options += ["--cache-from", cache_from] if cache_from else []
    # -P: a module of the repository is never imported
    command = [sys.executable, "-P", "-m", "repo2docker", *options, "--image-name", passing, "."]
    # an attestation of the build would make of the image an index, which cannot be tagged anew
    environment = os.environ | {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    if subprocess.run(command, cwd=settings.root, env=environment, check=False).returncode:
        raise Failed("repo2docker cannot build the image; what it says stands above.", row="build")
    client.images.get(passing).tag(name, "check")
    client.images.remove(passing)  # the name only
    print(f"Built {name}:check in {time.monotonic() - started:.0f} s.", flush=True)
    return f"{name}:check"
