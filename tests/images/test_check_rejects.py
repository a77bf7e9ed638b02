"""ci/check.py against broken images: each is rejected for its own row of docs/contract.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub_image.check.main import main
from support.checked import Checked, as_root, build, kernel, script, write_repository

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


@pytest.mark.usefixtures("signals_as_before")
@pytest.mark.parametrize("name", REJECTED)
def test_a_broken_image_is_rejected_for_its_own_row(
    name: str, good: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines, row, words = REJECTED[name]
    image = build(name, f"FROM {good}\n{lines}")
    code = main([image], write_repository(tmp_path))
    failure = Checked(code, capsys.readouterr().out).failure
    assert failure[0] == row
    assert words in failure[1]
