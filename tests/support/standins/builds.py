"""Real, unmodified repo2docker on a machine that reaches less than usual."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from support.standins import engine, machine
from support.standins.building import ensure
from support.standins.references import BUILDPACK_DEPS, PLACES, ImageError


def _add_hosts() -> list[str]:
    """Write the options of docker build by which stand-ins answer a build."""
    return [f"--add-host={host}:{engine.gateway()}" for host in machine.hosts()]


def repo2docker_config(directory: Path) -> Path | None:
    """Write repo2docker_config.py into a folder, on a machine that cannot reach all hosts.

    Returns:
        Its path (repo2docker reads it from its working directory, or by --config), or None when
        all can be reached and nothing was written.
    """
    if not machine.hosts():
        return None
    file = Path(directory) / "repo2docker_config.py"
    file.write_text(
        '"""repo2docker on a machine that reaches neither anaconda.org nor Dataverse."""\n'
        "from repo2docker.contentproviders import Git, Local\n\n"
        "c.Repo2Docker.content_providers = [Local, Git]\n"
        f"c.DockerEngine.extra_buildx_build_args = {_add_hosts()!r}\n"
    )
    return file


@contextlib.contextmanager
def offline_environment() -> Iterator[dict[str, str]]:
    """Make environment variables for a program that runs repo2docker itself, in any repository.

    Nothing is written into that repository: a ``docker`` that comes first on PATH adds some
    options to ``docker buildx build``, and is otherwise the real one. A path given to
    repo2docker is taken by its Local provider, which is asked first, so no Dataverse is looked
    up. Where all hosts can be reached, the environment is the process's own.
    """
    if not machine.hosts():
        yield dict(os.environ)
        return
    with tempfile.TemporaryDirectory() as folder:
        shim = Path(folder) / "docker"
        shim.write_text(
            "#!/bin/sh\n# Every `docker buildx build` finds stand-ins for hosts.\n"
            f'if [ "$1 $2" = "buildx build" ]; then shift 2; set -- buildx build {" ".join(_add_hosts())} '
            f'"$@"; fi\nexec {shutil.which("docker")} "$@"\n'
        )
        shim.chmod(0o755)
        yield {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def build(repository: Path, image: str, *, target_repo_dir: str | None = "/srv/repo") -> str:
    """Build a repository with repo2docker, as its documentation says.

    Needs micromamba_server() around it, unless the repository holds a Dockerfile.

    Args:
        repository: a folder.
        image: the name to give.
        target_repo_dir: where the repository lies in the image; None leaves it to repo2docker,
            as Binder does.

    Returns:
        The log.

    Raises:
        ImageError: the build failed; with the log.
    """
    if not any((repository / place / "Dockerfile").exists() for place in PLACES):
        ensure(BUILDPACK_DEPS, "buildpack-deps")
    command = [sys.executable, "-m", "repo2docker", "--no-run"]
    command += ["--user-id", "1000", "--user-name", "jovyan"]
    if target_repo_dir:
        command += ["--target-repo-dir", target_repo_dir]
    with tempfile.TemporaryDirectory() as folder:
        config = repo2docker_config(Path(folder))
        if config:
            command += ["--config", str(config)]
        command += ["--image-name", image, "."]
        done = subprocess.run(
            command,
            cwd=repository,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if done.returncode:
        raise ImageError(f"{' '.join(command)} failed:\n{done.stdout}")
    return done.stdout
