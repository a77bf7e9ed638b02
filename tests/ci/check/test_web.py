"""The check's own HTTPS server: git and pip get what they ask for, if they trust its certificate."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_image.check.addresses import Addresses
from hub_image.check.web import NAME, WHEEL, Web
from hub_image.inside import person


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    web = Web(Addresses("127.0.0.1", "127.0.0.1"))
    yield web
    web.stop()


def clone(web: Web, folder: Path, authority: str) -> subprocess.CompletedProcess[str]:
    """Clone without the depth of history, as nbgitpuller does."""
    port = web.url.rpartition(":")[2]
    where = [f"http.curloptResolve={NAME}:{port}:127.0.0.1", f"http.sslCAInfo={authority}"]
    options = [part for each in where for part in ("-c", each)]
    command = ["git", *options, "clone", "--depth", "1", f"{web.url}/repo", str(folder)]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder.parent)}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_git_clones_whoever_trusts_it(web: Web, tmp_path: Path) -> None:
    """And nobody else."""
    (tmp_path / "ca.crt").write_bytes(web.files["ca.crt"])
    done = clone(web, tmp_path / "one", str(tmp_path / "ca.crt"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "one" / "pulled.txt").read_text() == "pulled\n"
    (tmp_path / "empty.crt").touch()
    assert clone(web, tmp_path / "two", str(tmp_path / "empty.crt")).returncode


def test_pip_installs_its_wheel(web: Web, tmp_path: Path) -> None:
    """It lies beside the program that names it."""
    assert WHEEL == person.WHEEL
    (tmp_path / WHEEL).write_bytes(web.files[WHEEL])
    pip = [sys.executable, "-m", "pip", "install", *person.PIP, "--no-index"]
    command = [*pip, "--target", str(tmp_path / "there"), str(tmp_path / WHEEL)]
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / "there" / "hub_image_check.py").exists()
