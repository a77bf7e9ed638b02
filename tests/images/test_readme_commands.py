"""The README's first two commands, as they stand, in a fresh checkout on a bare machine.

The machine is a container that has Python, venv and git, and no Docker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
MAKE, TEST, *_ = re.findall(r"^    (.+)$", README, re.MULTILINE)
# Of all tests: a few that need no Docker, and a few that do. Every test module is still imported.
SELECTION = "test_trust or test_standin_facts"


@pytest.fixture(scope="module")
def machine(
    docker_client: docker.DockerClient, bare_image: str, template: Path
) -> Iterator[Container]:
    """A bare machine with a checkout of this template in /root/checkout."""
    container = docker_client.containers.run(
        bare_image,
        ["sleep", "infinity"],
        init=True,
        detach=True,
        working_dir="/root",
        # the folder that git clones from is the tests' own
        environment={
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        },
        volumes={str(template): {"bind": "/template.git", "mode": "ro"}},
    )
    try:
        run(container, "git clone --quiet /template.git checkout", "/root")
        yield container
    finally:
        container.remove(force=True, v=True)


def run(
    container: Container, command: str, folder: str = "/root/checkout", **environment: str
) -> str:
    """Run a command in a container as a newcomer's shell would; return all that it printed."""
    code, printed = container.exec_run(
        ["bash", "-c", command], workdir=folder, environment=environment
    )
    assert isinstance(printed, bytes)
    text = printed.decode()
    assert code == 0, text[-20000:]
    return text


@pytest.mark.parametrize("strategy", ["inherit", "community-image", "repo2docker", "dockerfile"])
def test_the_first_command_makes_a_finished_repository(machine: Container, strategy: str) -> None:
    """With the strategy as the only answer, beside a checkout that stays clean.

    For `inherit` it is the command as it stands.
    """
    command = MAKE
    if strategy != "inherit":
        assert "strategy=inherit" in MAKE and MAKE.endswith("../my-environment")
        command = command.replace("strategy=inherit", f"strategy={strategy}")
        command = command.replace("../my-environment", f"../{strategy}/my-environment")
    printed = run(machine, command)
    assert f"Made my-environment with the strategy {strategy}." in printed
    parent = "/root" if strategy == "inherit" else f"/root/{strategy}"
    facts = run(machine, "cat ci/image.env", f"{parent}/my-environment")
    assert f"STRATEGY={strategy}\n" in facts
    assert run(machine, "git status --porcelain") == ""


def test_the_second_command_passes_the_tests(machine: Container) -> None:
    """The command as it stands: it installs all, lints all, and collects all tests.

    pytest's own variable PYTEST_ADDOPTS has it run a few of them, as the run that this test is part
    of has run the others already.
    """
    printed = run(machine, TEST, PYTEST_ADDOPTS=f"-k '{SELECTION}'")
    assert re.search(r"\d+ passed", printed)
    assert re.search(r"SKIPPED .*no Docker engine with buildx here", printed)
    assert run(machine, "git status --porcelain") == ""
