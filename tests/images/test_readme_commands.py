"""The README's two commands, as written there, on a bare machine: a fresh container that has Python,
venv and git, and no Docker. The template's address, not known yet, leads git to this checkout."""

from __future__ import annotations

import re
from pathlib import Path

import docker
import pytest

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
MAKE, TEST = re.findall(r"^    (.+)$", README, re.MULTILINE)
(ADDRESS,) = set(re.findall(r"https://\S+/copier-hub-image", MAKE + TEST))


def run(client: docker.DockerClient, image: str, template: Path, command: str) -> str:
    """Run a command in a fresh container as a newcomer's shell would. Out: all it printed."""
    container = client.containers.run(
        image,
        ["bash", "-c", command],
        detach=True,
        working_dir="/root",
        environment={
            "GIT_CONFIG_COUNT": "3",
            "GIT_CONFIG_KEY_0": "url./template.git.insteadOf",
            "GIT_CONFIG_VALUE_0": ADDRESS,
            "GIT_CONFIG_KEY_1": "url./template.git.insteadOf",
            "GIT_CONFIG_VALUE_1": f"{ADDRESS}.git",  # as Copier asks for it
            "GIT_CONFIG_KEY_2": "safe.directory",
            "GIT_CONFIG_VALUE_2": "*",
        },
        volumes={str(template): {"bind": "/template.git", "mode": "ro"}},
    )
    try:
        code = container.wait(timeout=2700)["StatusCode"]
        printed = container.logs().decode()
    finally:
        container.remove(force=True, v=True)
    assert code == 0, printed[-20000:]
    return printed


@pytest.mark.parametrize("strategy", ["community-image", "inherit", "repo2docker", "dockerfile"])
def test_one_command_makes_a_finished_repository(
    docker_client: docker.DockerClient, bare_image: str, template: Path, strategy: str
) -> None:
    """With the strategy as the only answer, as the README says of `inherit`."""
    command = MAKE.replace("strategy=inherit", f"strategy={strategy}")
    printed = run(docker_client, bare_image, template, f"{command} && cat my-environment/image.env")
    assert f"STRATEGY={strategy}\n" in printed
    assert f"Made my-environment by the strategy {strategy}." in printed


def test_one_command_passes_the_tests(
    docker_client: docker.DockerClient, bare_image: str, template: Path
) -> None:
    printed = run(docker_client, bare_image, template, TEST)
    assert re.search(r"\d+ passed", printed)
    assert re.search(r"SKIPPED .*no Docker engine with buildx here", printed)
