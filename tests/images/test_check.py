"""ci/check.py against images that start: what it prints, builds, names and leaves behind."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from hub_image.check.main import main
from support import checked
from support.checked import Checked, Remains
from support.repositories import ROOT

Check = Callable[..., Checked]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return checked.write_repository(tmp_path)


@pytest.fixture
def check(repository: Path, capfd: pytest.CaptureFixture[str], signals_as_before: None) -> Check:
    """The check of that repository, in this process."""

    def run(*arguments: str) -> Checked:
        capfd.readouterr()
        code = main(list(arguments), repository)
        out, err = capfd.readouterr()
        return Checked(code, out + err)

    return run


@pytest.fixture
def remains() -> Remains:
    return Remains()


def test_a_good_image_passes_every_row(
    good: str, repository: Path, check: Check, remains: Remains
) -> None:
    checked.write_notebook(repository)
    found = check(good)
    assert found.code == 0
    rows = re.findall(r"^ *(\d+)\. .* ok \(\d+\.\d s\)", found.text, re.MULTILINE)
    assert [int(each) for each in rows] == list(range(1, 22))
    assert "2 passed" in found.text
    lived = re.search(r"ok \(.* s\): after (\d+) s, with \d{2,3} MB of memory", found.text)
    assert lived and int(lived[1]) >= 60  # more on a machine with other work
    assert "nbgitpuller will not work" in found.text
    assert "/opt/venv; what pip installs is kept" in found.text
    assert re.search(r"ok \(.* s\): it asks for none", found.text)
    assert "PASSED: 21 rows" in found.text
    assert found.text.splitlines()[-1] == f"What the rows mean: {checked.CONTRACT}"
    assert remains.found() == set()


def test_a_start_that_takes_too_long_is_rejected(good: str, check: Check) -> None:
    text = '#!/bin/sh\n[ "$*" = jupyterhub-singleuser ] && sleep 600\nexec "$@"'
    slow = checked.script("/entry", text)
    image = checked.build("slow", f'FROM {good}\n{slow}\nENTRYPOINT ["/entry"]')
    row, sentence = check(image, "--timeout", "15").failure
    assert row == "K12"
    assert "within 15 s" in sentence


def test_a_default_interface_that_is_not_there_is_rejected(
    good: str, repository: Path, check: Check
) -> None:
    checked.write_settings(repository, DEFAULT_URL="/rstudio")
    row, sentence = check(good).failure
    assert row == "interface"
    assert sentence.startswith("The default interface /rstudio answers 404")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "holds no test_*.py"),
        ({"helper.py": "def test_it(): pass"}, "holds no test_*.py"),
        ({"test_none.py": "def check_it(): pass"}, "collected no test"),
        ({"test_fails.py": "def test_sum():\n    assert 1 + 1 == 3"}, "do not pass"),
    ],
    ids=["empty", "no-tests", "none-collected", "failing"],
)
def test_tests_that_test_nothing_or_fail_are_rejected(
    files: dict[str, str], words: str, good: str, repository: Path, check: Check
) -> None:
    (repository / "tests" / "test_home.py").unlink()
    for name, text in files.items():
        (repository / "tests" / name).write_text(text)
    found = check(good)
    row, sentence = found.failure
    assert row == "tests"
    assert words in sentence
    if words == "do not pass":
        assert "assert (1 + 1) == 3" in found.text


def test_the_image_is_built_and_what_moved_is_said(
    good: str, repository: Path, check: Check, docker_client: docker.DockerClient
) -> None:
    checked.write_settings(repository, STRATEGY="inherit", BASE_IMAGE=good)
    (repository / "Dockerfile").write_text(
        f"FROM {good}\nUSER root\nRUN pip install --no-cache-dir 'idna==3.6'\nUSER jovyan\n"
    )
    # a module of the repository's under a name that repo2docker imports
    for name in ("calendar.py", "docker.py", "tests/docker.py"):
        (repository / name).write_text("raise SystemExit('this module is the repository's own')\n")
    found = check()
    assert found.code == 0, found.text
    assert re.search(r"^Built checked-built:check in \d+ s\.$", found.text, re.MULTILINE)
    moved = re.findall(r"note +moved by (.*)", found.text)
    assert moved == [f"pip: idna {version_of('idna', good)} -> 3.6"]
    tested = docker_client.images.get("checked-built:tested")
    assert tested.id == docker_client.images.get("checked-built:check").id


def version_of(package: str, image: str) -> str:
    program = f"import importlib.metadata; print(importlib.metadata.version('{package}'))"
    command = ["docker", "run", "--rm", image, "python3", "-c", program]
    return subprocess.check_output(command, text=True).strip()


def test_an_edited_repository_is_built_again(
    good: str, repository: Path, check: Check, docker_client: docker.DockerClient
) -> None:
    """repo2docker itself would take the image that is there by that name."""
    docker_client.images.get(good).tag("checked-built", "tested")  # by an earlier run
    (repository / "Dockerfile").write_text(f"FROM {good}\nUSER root\n")
    assert check().failure[0] == "B6"
    with pytest.raises(docker.errors.ImageNotFound):
        docker_client.images.get("checked-built:tested")
    (repository / "Dockerfile").write_text(f"FROM {good}\nRUN exit 3\n")
    assert check().failure[0] == "build"


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "cancelled"])
def test_an_interrupted_check_cleans_up(
    sent: signal.Signals, good: str, repository: Path, remains: Remains
) -> None:
    """The program as people start it: with the template's stub."""
    shutil.copytree(ROOT / "template" / "ci" / "hub_image", repository / "ci" / "hub_image")
    shutil.copy(ROOT / "template" / "ci" / "check.py.jinja", repository / "ci" / "check.py")
    command = [sys.executable, "-u", "ci/check.py", good]
    # what runs in the background may have been told to ignore Ctrl-C
    with subprocess.Popen(
        command,
        cwd=repository,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads
    ) as run:
        assert run.stdout is not None
        for line in iter(run.stdout.readline, ""):
            if line.startswith(" 8."):  # the next row starts the hub
                time.sleep(3)
                run.send_signal(sent)
                break
        run.stdout.read()
        assert run.wait(timeout=60) == 130
    assert remains.found() == set()


def test_an_image_that_cannot_be_had_is_said_in_one_sentence(check: Check) -> None:
    found = check("localhost:1/no/such-image:1")
    assert found.code == 2
    assert "localhost:1/no/such-image:1" in found.text.splitlines()[-1]
