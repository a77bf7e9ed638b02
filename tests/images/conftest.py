"""Fixtures of the tests that build and start images; all of them need a Docker engine.

Without one they are skipped, with one reason; where HUB_IMAGE_REQUIRE_DOCKER=1 is set (as in
CI), they fail instead.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import docker.errors
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import registry as registries
import standins


@pytest.fixture(scope="session", autouse=True)
def docker_client() -> docker.DockerClient:
    """The Docker engine, with buildx, which repo2docker needs too."""
    try:
        standins.client().ping()
        subprocess.run(["docker", "buildx", "version"], check=True, capture_output=True)
    except (docker.errors.DockerException, OSError, subprocess.CalledProcessError) as error:
        standins.left_out(f"no Docker engine with buildx here, which these tests need: {error}")
    return standins.client()


@pytest.fixture(scope="session")
def base_image() -> str:
    """The tag of an image with Debian trixie and Python 3.13, and little else."""
    return standins.ensure_base("base")


@pytest.fixture(scope="session")
def bare_image() -> str:
    """The tag of a bare machine: Debian, Python, venv and git, to try a README's commands in."""
    return standins.ensure_base("bare")


@pytest.fixture(scope="session")
def micromamba_server() -> Iterator[None]:
    """The stand-in for anaconda.org, where the real one cannot be reached."""
    with standins.micromamba_server():
        yield


@pytest.fixture(scope="session")
def repo2docker_build(micromamba_server: None) -> Iterator[Callable[..., str]]:
    """standins.build(): unmodified repo2docker; the images are removed at the end.

    HUB_IMAGE_KEEP=1 keeps them, to look at.
    """
    built = []

    def build(repository: Path, image: str, **options: object) -> str:
        built.append(image)
        # repo2docker builds nothing where an image of that name exists, of an aborted run for one.
        with contextlib.suppress(docker.errors.ImageNotFound):
            standins.client().images.remove(image, force=True)
        return standins.build(repository, image, **options)

    yield build
    if os.environ.get("HUB_IMAGE_KEEP") != "1":
        for image in built:
            with contextlib.suppress(docker.errors.ImageNotFound):  # it did not build
                standins.client().images.remove(image, force=True)


@pytest.fixture(scope="session")
def environment(micromamba_server: None) -> Iterator[dict[str, str]]:
    """Variables with which check_image.py builds here, where repo2docker reaches less than usual."""
    with standins.offline_environment() as variables:
        yield variables


@pytest.fixture(scope="session")
def registry() -> Iterator[registries.Registry]:
    """A real registry that asks for a password; Debian's and Ubuntu's package docker-registry."""
    if not shutil.which("docker-registry"):
        standins.left_out("no docker-registry here, which the tests of publishing need")
    with registries.running() as running:
        yield running
