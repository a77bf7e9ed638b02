"""check_image.py against real images: one that is good, and one for each way of being broken.

Needs Docker, and in this Python what check_image.py's header asks for. The broken images derive
from the good one, so they share its layers and most are built in a second.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "template" / "{{ every_strategy }}" / "check_image.py.jinja"
NAME = "checked"  # images made here are called checked/...

GOOD = """
RUN apt-get update \\
 && apt-get install -y --no-install-recommends git tini && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 1000 --gid 100 --create-home --shell /bin/bash jovyan
RUN python3 -m venv /opt/venv \\
 && /opt/venv/bin/pip install --no-cache-dir 'jupyterhub==5.*' jupyterlab notebook
ENV PATH=/opt/venv/bin:$PATH
USER jovyan
WORKDIR /home/jovyan
ENTRYPOINT ["tini", "--"]
"""

CONFIG = "/opt/venv/etc/jupyter/jupyter_server_config.d"

CRASHING_KERNEL = """
import os
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel
class Crashing(Kernel):
    implementation = banner = implementation_version = "crashing"
    language_info = dict(name="python", mimetype="text/x-python", file_extension=".py")
    def do_execute(self, *args, **kwargs):
        os._exit(1)
IPKernelApp.launch_instance(kernel_class=Crashing)
"""


def as_root(command: str) -> str:
    """Return Dockerfile lines that run a command as root."""
    return f"USER root\nRUN {command}\nUSER jovyan"


def kernel(argv: list[str]) -> str:
    """Return Dockerfile lines that add a kernelspec named `broken`."""
    spec = json.dumps({"argv": argv, "display_name": "broken", "language": "python"})
    where = "/opt/venv/share/jupyter/kernels/broken"
    return as_root(f"mkdir {where} && printf %s {quoted(spec)} > {where}/kernel.json")


def quoted(text: str) -> str:
    """Quote a text for a one-line RUN in a Dockerfile."""
    return "'" + text.replace("'", "'\\''") + "'"


def script(path: str, text: str) -> str:
    """Return Dockerfile lines that write an executable file."""
    lines = text.replace("\n", "\\n")
    return as_root(f"printf '{lines}\\n' > {path} && chmod 755 {path}")


# name: what is done to the good image, the row that must fail, words of the sentence
REJECTED = {
    "entrypoint-drops-arguments": (
        'ENTRYPOINT ["sh", "-c", "echo hello"]',
        "K2",
        'exec "$@"',
    ),
    "entrypoint-keeps-sigterm": (
        """ENTRYPOINT ["sh", "-c", "\\"$@\\"; exit $?", "sh"]""",
        "K2",
        "SIGTERM",
    ),
    "root": ("USER root", "B6", "'root'"),
    "other-uid": ("USER root\nRUN useradd --uid 1001 other\nUSER other", "B6", "uid 1001"),
    "no-bash": (as_root("rm /bin/bash"), "K20", "`bash`"),
    "no-jupyterhub": (
        as_root("pip uninstall -y jupyterhub"),
        "K1",
        "`jupyterhub-singleuser`",
    ),
    "other-hub-major": (
        as_root("pip install --no-cache-dir 'jupyterhub==4.*'"),
        "K11",
        "jupyterhub is 4.",
    ),
    "packages-in-home": (
        as_root("sed -i s/false/true/ /opt/venv/pyvenv.cfg")
        + "\nRUN pip install --user --no-cache-dir cowsay",
        "K7",
        "packages in $HOME: cowsay",
    ),
    "kernel-in-home": (
        "RUN python3 -m ipykernel install --user --name mine",
        "K10",
        "kernelspecs in $HOME: mine",
    ),
    "start-in-home": (
        "ENV REPO_DIR=/home/jovyan\n" + script("/home/jovyan/start", '#!/bin/sh\nexec "$@"'),
        "C8",
        "/home/jovyan/start",
    ),
    "server-ends": (
        script(
            "/opt/venv/bin/jupyterhub-singleuser",
            '#!/bin/sh\nif [ "$1" = --version ]; then echo 5.0.0; else echo lost; exit 3; fi',
        ),
        "K1",
        "exit code 3",
    ),
    "workdir-not-writable": ("WORKDIR /opt/venv", "K9", "/opt/venv"),
    "kernel-does-not-start": (kernel(["sh", "-c", "exit 1"]), "kernels", "'broken'"),
    "kernel-crashes": (
        kernel(["python3", "-c", CRASHING_KERNEL, "-f", "{connection_file}"]),
        "kernels",
        "'broken' died",
    ),
    "nbgitpuller-disabled": (
        as_root("pip install --no-cache-dir nbgitpuller")
        + "\n"
        + as_root(f"sed -i s/true/false/ {CONFIG}/nbgitpuller.json"),
        "K19",
        "not enabled",
    ),
    "python3-without-jupyterlab": (
        as_root("cd /opt/venv/bin && ln -s $PWD/jupyterhub-singleuser $PWD/jupyter /usr/local/bin/")
        + "\nENV PATH=/usr/local/bin:/usr/bin:/bin",
        "B3",
        "cannot import jupyterlab",
    ),
}


def build(tag: str, dockerfile: str) -> str:
    """Build an image from a Dockerfile without context; return its name."""
    subprocess.run(
        ["docker", "build", "--quiet", "--tag", f"{NAME}/{tag}", "-"],
        input=dockerfile.encode(),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return f"{NAME}/{tag}"


@pytest.fixture(scope="session")
def good(base_image: str) -> str:
    return build("good:1", f"FROM {base_image}\n{GOOD}")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with check_image.py, image.env and one test."""
    (tmp_path / "check_image.py").write_text(PROGRAM.read_text())
    write_env(tmp_path)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_home.py").write_text(
        "import os\n"
        "def test_home():\n"
        "    assert os.getuid() == 1000 and 100 in os.getgroups()\n"
        "    assert not os.path.exists('/home/jovyan/.bashrc')  # the image's home is hidden\n"
        "    open('/home/jovyan/written', 'w').close()\n"
    )
    return tmp_path


def write_env(folder: Path, **changes: str) -> None:
    values = {
        "STRATEGY": "dockerfile",
        "IMAGE": "ghcr.io/owner/checked-built",
        "BASE_IMAGE": "",
        "JUPYTERHUB_MAJOR": "5",
        "DEFAULT_URL": "/lab",
        "HOME_DIR": "/home/jovyan",
        "WORKING_DIR": "",
    }
    text = "".join(f"{key}={value}\n" for key, value in (values | changes).items())
    (folder / "image.env").write_text(text)


def check(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the check; whatever comes of it, it must not show a traceback of its own."""
    run = subprocess.run(
        [sys.executable, "check_image.py", *arguments],
        cwd=folder,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
    )
    print(run.stdout)
    assert f'File "{folder}/check_image.py"' not in run.stdout
    return run


def left_behind() -> str:
    """Return what the check has not removed, leaving out what checks beside it still use."""
    containers = "docker ps --all --quiet --filter label=hub-image-check --filter ancestor="
    volumes = "docker volume ls --quiet --filter label=hub-image-check --filter dangling=true"
    found = ""
    for _ in range(30):
        commands = (f"{containers}{NAME}/good:1", volumes)
        found = "".join(subprocess.check_output(each.split(), text=True) for each in commands)
        if not found:
            break
        time.sleep(1)
    return found


@pytest.fixture
def notebook(repository: Path) -> Path:
    """A notebook that writes a file beside itself, among the repository's tests."""
    cell = {
        "cell_type": "code",
        "id": "one",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": "import sys\nopen('written.txt', 'w').close()\nassert '/opt/venv' in sys.prefix",
    }
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = repository / "tests" / "example.ipynb"
    path.write_text(
        json.dumps(
            {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": spec}, "cells": [cell]}
        )
    )
    return path


def test_a_good_image_passes_every_row(good: str, repository: Path, notebook: Path) -> None:
    run = check(repository, good)
    assert run.returncode == 0
    rows = re.findall(r"^ *(\d+)\. .* ok \(\d+\.\d s\)", run.stdout, re.MULTILINE)
    assert [int(each) for each in rows] == list(range(1, 15))
    assert "2 passed" in run.stdout
    assert re.search("note +nbgitpuller is not installed", run.stdout)
    assert "PASSED: 14 rows" in run.stdout
    assert left_behind() == ""


@pytest.mark.parametrize("name", REJECTED)
def test_a_broken_image_is_rejected_for_its_own_row(name: str, good: str, repository: Path) -> None:
    lines, row, words = REJECTED[name]
    run = check(repository, build(name, f"FROM {good}\n{lines}"))
    assert run.returncode == 1
    failure = re.search(r"^FAIL: (\S+) (.*)$", run.stdout, re.MULTILINE)
    assert failure is not None
    assert failure[1] == row
    assert words in failure[2]


def test_a_start_that_takes_too_long_is_rejected(good: str, repository: Path) -> None:
    slow = script("/entry", '#!/bin/sh\n[ "$*" = jupyterhub-singleuser ] && sleep 600\nexec "$@"')
    run = check(
        repository, build("slow", f'FROM {good}\n{slow}\nENTRYPOINT ["/entry"]'), "--timeout", "8"
    )
    assert run.returncode == 1
    assert "FAIL: K12 " in run.stdout
    assert "within 8 s" in run.stdout


def test_a_default_interface_that_is_not_there_is_rejected(good: str, repository: Path) -> None:
    write_env(repository, DEFAULT_URL="/rstudio")
    run = check(repository, good)
    assert run.returncode == 1
    assert "FAIL: interface The default interface /rstudio answers 404" in run.stdout


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
def test_tests_that_prove_nothing_or_fail_are_rejected(
    files: dict[str, str], words: str, good: str, repository: Path
) -> None:
    (repository / "tests" / "test_home.py").unlink()
    for name, text in files.items():
        (repository / "tests" / name).write_text(text)
    run = check(repository, good)
    assert run.returncode == 1
    failure = re.search(r"^FAIL: tests (.*)$", run.stdout, re.MULTILINE)
    assert failure is not None
    assert words in failure[1]
    if words == "do not pass":
        assert "assert (1 + 1) == 3" in run.stdout


def test_the_image_is_built_and_what_moved_is_told(good: str, repository: Path) -> None:
    write_env(repository, STRATEGY="inherit", BASE_IMAGE=good)
    (repository / "Dockerfile").write_text(
        f"FROM {good}\nUSER root\nRUN pip install --no-cache-dir 'idna==3.6'\nUSER jovyan\n"
    )
    run = check(repository)
    assert run.returncode == 0
    assert re.search(r"^Built checked-built:check in \d+ s\.$", run.stdout, re.MULTILINE)
    assert re.findall(r"moved by (.*)", run.stdout) == [f"pip: idna {idna(good)} -> 3.6"]


def idna(image: str) -> str:
    program = "import importlib.metadata; print(importlib.metadata.version('idna'))"
    command = ["docker", "run", "--rm", image, "python3", "-c", program]
    return subprocess.check_output(command, text=True).strip()


def test_an_edited_repository_is_built_again(good: str, repository: Path) -> None:
    """repo2docker itself would take the image that is there by that name."""
    (repository / "Dockerfile").write_text(f"FROM {good}\nUSER root\n")
    assert "FAIL: B6 " in check(repository).stdout
    (repository / "Dockerfile").write_text(f"FROM {good}\nRUN exit 3\n")
    run = check(repository)
    assert run.returncode == 1
    assert "FAIL: build " in run.stdout


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "cancelled"])
def test_an_interrupted_check_cleans_up(sent: signal.Signals, good: str, repository: Path) -> None:
    command = [sys.executable, "-u", "check_image.py", good]
    # what runs in the background may have been told to ignore Ctrl-C
    options = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    options |= {"cwd": repository, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **options) as run:
        assert run.stdout is not None
        for line in iter(run.stdout.readline, ""):
            if line.startswith(" 8."):  # the next row starts the hub
                time.sleep(3)
                run.send_signal(sent)
                break
        run.stdout.read()
        assert run.wait(timeout=60) == 130
    assert left_behind() == ""


def test_an_image_that_cannot_be_had_is_told_in_one_sentence(repository: Path) -> None:
    run = check(repository, "localhost:1/no/such-image:1")
    assert run.returncode == 2
    assert "localhost:1/no/such-image:1" in run.stdout.splitlines()[-1]


def test_no_docker_is_told_in_one_sentence(repository: Path) -> None:
    environment = os.environ | {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    run = subprocess.run(
        [sys.executable, "check_image.py", "some/image:1"],
        cwd=repository,
        env=environment,
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.count("\n") == 1
    assert "unix:///nowhere/docker.sock" in run.stderr
