"""The registry that other tests push to refuses and allows what GHCR, Quay and Docker Hub do."""

import io
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
import requests

from support import registry as registries
from support import standins

Docker = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(registry: registries.Registry, tmp_path: Path) -> Docker:
    """Return a function that runs the real docker, with a configuration of its own."""

    def run(
        *command: str, logged_in: bool = False, text: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        folder = registry.docker_config(tmp_path / f"config-{logged_in}", logged_in=logged_in)
        program = ["docker", "--config", str(folder), *command]
        return subprocess.run(program, input=text, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A repository of the test's own."""
    return f"me/{request.node.name.replace('_', '-')}"


@pytest.fixture
def image(
    registry: registries.Registry, docker_client: docker.DockerClient, name: str
) -> Iterator[str]:
    """A tiny image from scratch, here and not yet in the registry; it is removed at the end."""
    empty = io.BytesIO()
    tarfile.open(fileobj=empty, mode="w").close()
    reference = f"{registry.host}/{name}:one"
    docker_client.api.import_image_from_data(
        empty.getvalue(), repository=f"{registry.host}/{name}", tag="one"
    )
    yield reference
    standins.forget_images([reference])


@pytest.fixture
def pushed(image: str, run: Docker) -> str:
    """The same image, in the registry, and no more here."""
    done = run("push", image, logged_in=True)
    assert done.returncode == 0, done.stderr
    run("rmi", image)
    return image


def test_only_the_account_pushes(
    registry: registries.Registry, run: Docker, image: str, name: str
) -> None:
    assert "denied" in run("push", image).stderr
    registry.publish(name)
    assert "denied" in run("push", image).stderr
    assert registry.tags(name) == []
    assert run("push", image, logged_in=True).returncode == 0
    assert registry.tags(name) == ["one"]


def test_login_needs_the_password(registry: registries.Registry, run: Docker) -> None:
    login = ("login", registry.host, "--username", registry.username, "--password-stdin")
    assert "unauthorized" in run(*login, text="wrong").stderr
    assert run(*login, text=registry.password).returncode == 0


def test_anyone_pulls_what_is_public(
    registry: registries.Registry, run: Docker, pushed: str, name: str
) -> None:
    assert "denied" in run("pull", pushed).stderr
    registry.publish(name)
    assert run("pull", pushed).returncode == 0
    run("rmi", pushed)
    registry.hide(name)
    assert "denied" in run("pull", pushed).stderr
    assert run("pull", pushed, logged_in=True).returncode == 0


def test_buildx_builds_from_it(
    registry: registries.Registry, run: Docker, pushed: str, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {pushed}\nCOPY Dockerfile /\n")
    out = tmp_path / "out"  # a folder: no image is left here
    build = ("buildx", "--builder", "default", "build", "--no-cache", f"--output={out}")
    assert "authoriz" in run(*build, str(tmp_path)).stderr
    done = run(*build, str(tmp_path), logged_in=True)
    assert done.returncode == 0, done.stderr
    assert (out / "Dockerfile").exists()


def test_tags_and_manifest(registry: registries.Registry, pushed: str, name: str) -> None:
    digest, manifest = registry.manifest(name, "one")
    assert digest.startswith("sha256:") and len(manifest["layers"]) == 1
    assert registry.manifest(name, digest) == (digest, manifest)
    assert registry.tags(name) == ["one"]
    assert registry.tags("me/unknown") == []
    with pytest.raises(requests.HTTPError, match="404"):
        registry.manifest(name, "two")


def test_what_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(standins.ImageError, match="no docker-registry"), registries.running():
        pass
    program = tmp_path / "docker-registry"
    program.write_text("#!/bin/sh\necho out of order\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(standins.ImageError, match="out of order"), registries.running():
        pass
