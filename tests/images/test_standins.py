"""Stand-ins are built when they must be, and real repo2docker builds from them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import docker
import pytest
from repo2docker.app import Repo2Docker

from support import standins
from support.standins import building, engine, machine


def test_registry() -> None:
    """The host of a reference, by Docker's rules, and the recipe that stands in for it."""
    assert standins.registry("debian:trixie-slim") == "registry-1.docker.io"
    assert standins.registry("docker.io/library/debian:trixie-slim") == "registry-1.docker.io"
    assert standins.registry("rocker/binder:4.4") == "registry-1.docker.io"
    assert standins.registry("quay.io/jupyter/base-notebook:x") == "quay.io"
    assert standins.registry("localhost:5000/x:1") == "localhost:5000"
    assert standins.recipe_of("python:3.13-slim-trixie") == "python-slim"
    assert standins.recipe_of("mambaorg/micromamba:2.9.0-debian13-slim") == "micromamba"
    with pytest.raises(standins.ImageError, match=r"no stand-in for quay\.io/else/where:1"):
        standins.recipe_of("quay.io/else/where:1")
    assert Repo2Docker().base_image == standins.BUILDPACK_DEPS


def test_stand_in_is_reused_until_its_recipe_changes(
    docker_client: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same recipe gives the same image; another one is built anew."""
    monkeypatch.setattr(building, "RECIPES", tmp_path)
    monkeypatch.setattr(machine, "can_reach", lambda host: False)
    monkeypatch.setitem(standins.PARENTS, "tiny", [])
    reference = f"registry.example/hub-image-tests/tiny:{os.getpid()}"
    (tmp_path / "tiny").mkdir()
    recipe = tmp_path / "tiny/Dockerfile"
    try:
        recipe.write_text("FROM scratch\nLABEL hub-image.standin=true\n")
        assert standins.ensure(reference, "tiny") is False
        first = docker_client.images.get(reference).id
        assert standins.ensure(reference, "tiny") is False
        assert docker_client.images.get(reference).id == first
        recipe.write_text("FROM scratch\nLABEL hub-image.standin=true changed=yes\n")
        standins.ensure(reference, "tiny")
        assert docker_client.images.get(reference).labels["changed"] == "yes"
    finally:
        docker_client.images.remove(reference, force=True)


def test_real_image_is_left_alone(
    docker_client: docker.DockerClient, base_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is here under the name, and is no stand-in, is the real image."""
    monkeypatch.setattr(engine, "find", lambda reference: type("Image", (), {"labels": {}}))
    assert standins.ensure("registry.example/real:1", "debian-slim") is True


def repository(folder: Path) -> Path:
    """A repository for repo2docker whose files each leave a trace."""
    files = {
        "environment.yml": "dependencies: [python=3.13, cowpy, pip, {pip: [pyfiglet]}]\n",
        "apt.txt": "hello\n",
        "postBuild": '#!/bin/bash\nset -e\necho built > "$REPO_DIR/built.txt"\n',
        "start": '#!/bin/bash\nexport STARTED=yes\nexec "$@"\n',
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


EFFECTS = """
python3 -c 'import cowpy, pyfiglet, jupyterlab, sys; print(sys.prefix)' &&
hello && cat "$REPO_DIR/built.txt" && echo "started: $STARTED, $REPO_DIR" && ls -A "$REPO_DIR"
"""


def test_repo2docker(repo2docker_build: Callable[..., str], tmp_path: Path) -> None:
    """Unmodified repo2docker: environment.yml, its pip section, apt.txt, postBuild and start."""
    image = f"hub-image-tests/repo2docker:{os.getpid()}"
    repo2docker_build(repository(tmp_path), image)
    code, said = standins.run(image, "bash", "-c", EFFECTS, user="1000")
    assert code == 0, said
    for effect in (
        "/srv/conda/envs/notebook",
        "Hello, world!",
        "built",
        "started: yes, /srv/repo",
    ):
        assert effect in said
    assert "repo2docker_config" not in said


def test_repo2docker_started_by_another_program(
    micromamba_server: None, tmp_path: Path, tag: str
) -> None:
    """A program that runs repo2docker in the repository needs an environment, and no file."""
    command = [sys.executable, "-m", "repo2docker", "--no-run", "--user-id", "1000"]
    command += ["--user-name", "jovyan", "--image-name", tag, "."]
    with standins.offline_environment() as environment:
        done = subprocess.run(
            command,
            cwd=repository(tmp_path),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    code, said = standins.run(tag, "bash", "-c", EFFECTS)
    assert code == 0, said
    assert "started: yes, /home/jovyan" in said
    assert "repo2docker_config" not in said


def test_failing_build_shows_why(repo2docker_build: Callable[..., str], tmp_path: Path) -> None:
    """A repository that does not build fails with the reason in the message."""
    (tmp_path / "environment.yml").write_text("dependencies: [python=3.13, cowpy=99]\n")
    with pytest.raises(standins.ImageError, match="cowpy==99"):
        repo2docker_build(tmp_path, f"hub-image-tests/fails:{os.getpid()}")


def test_without_engine() -> None:
    """Without an engine these tests are skipped; where one is required, they fail."""
    command = [sys.executable, "-m", "pytest", "-q", "-rsE", "-p", "no:cacheprovider"]
    command += [__file__, "-k", "test_registry"]
    environment = {**os.environ, "DOCKER_HOST": "unix:///nowhere/docker.sock"}
    environment.pop("HUB_IMAGE_REQUIRE_DOCKER", None)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "1 skipped" in done.stdout, done.stdout
    environment["HUB_IMAGE_REQUIRE_DOCKER"] = "1"
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "1 error" in done.stdout, done.stdout
    assert "no Docker engine" in done.stdout


def test_server_is_shared(docker_client: docker.DockerClient) -> None:
    """The stand-in's own: two test runs answer for anaconda.org at the same time."""
    if standins.can_reach("anaconda.org"):
        pytest.skip("the real anaconda.org can be reached")
    with standins.micromamba_server():
        with standins.micromamba_server():
            pass
        socket.create_connection((standins.gateway(), 443), timeout=5).close()
