"""Mistakes in check_image.py's command line and image.env: one sentence, exit code 2. No Docker."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

try:
    import tomllib
except ImportError:
    import tomli as tomllib


TEMPLATE = Path(__file__).parents[1] / "template" / "{{ every_strategy }}" / "check_image.py.jinja"
GOOD = {
    "STRATEGY": "inherit",
    "IMAGE": "ghcr.io/owner/name",
    "BASE_IMAGE": "quay.io/jupyter/scipy-notebook:2026-07-28",
    "JUPYTERHUB_MAJOR": "5",
    "DEFAULT_URL": "/lab",
    "HOME_DIR": "/home/jovyan",
    "WORKING_DIR": "",
}


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The program as Copier renders it."""
    text = TEMPLATE.read_text(encoding="utf-8")
    text = text.replace("{{ jupyterhub_major }}", "5").replace(
        "{{ repo2docker_version }}", "2026.4.0"
    )
    path = tmp_path / "check_image.py"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def write_env(program: Path, **changes: str) -> None:
    lines = [f"{key}={value}\n" for key, value in (GOOD | changes).items()]
    program.with_name("image.env").write_text(
        "# a comment\n\n" + "".join(lines), encoding="utf-8", newline="\n"
    )


def run(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(program), *arguments]
    return subprocess.run(command, capture_output=True, check=False, encoding="utf-8", timeout=60)


def sentence(result: subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence that was said, having seen that it is one."""
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.rstrip().endswith(".")
    return result.stderr


def test_the_template_holds_no_other_jinja(program: Path) -> None:
    assert not re.search(r"\{\{|\{%|\{#", program.read_text(encoding="utf-8"))


def test_the_header_is_pep_723(program: Path) -> None:
    block = re.search(r"(?ms)^# /// script$\n(.*?)^# ///$", program.read_text(encoding="utf-8"))
    assert block is not None
    header = tomllib.loads(re.sub(r"(?m)^# ?", "", block[1]))
    assert "jupyterhub==5.*" in header["dependencies"]
    assert "jupyter-repo2docker==2026.4.0" in header["dependencies"]


def test_it_explains_itself(program: Path) -> None:
    result = run(program, "--help")
    assert result.returncode == 0
    assert "check this image instead of building one" in result.stdout


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("STRATEGY", "copy"),
        ("BASE_IMAGE", "quay.io/jupyter/scipy-notebook"),
        ("JUPYTERHUB_MAJOR", "five"),
        ("DEFAULT_URL", "lab"),
        ("HOME_DIR", "jovyan"),
        ("WORKING_DIR", "rstudio"),
    ],
)
def test_a_wrong_value_is_repeated(key: str, value: str, program: Path) -> None:
    write_env(program, **{key: value})
    assert f"image.env: {key}={value} does not do; it must be " in sentence(run(program))


def test_a_pointer_needs_its_image(program: Path) -> None:
    write_env(program, STRATEGY="community-image", BASE_IMAGE="")
    assert "BASE_IMAGE= does not do; it must be an image with its tag" in sentence(run(program))


def test_a_missing_key_is_named(program: Path) -> None:
    program.with_name("image.env").write_text("STRATEGY=inherit\n", encoding="utf-8", newline="\n")
    assert "JUPYTERHUB_MAJOR" in sentence(run(program))


def test_a_malformed_line_is_repeated(program: Path) -> None:
    program.with_name("image.env").write_text("STRATEGY: inherit\n", encoding="utf-8", newline="\n")
    assert "image.env, line 1: 'STRATEGY: inherit'" in sentence(run(program))


def test_a_missing_image_env_is_named(program: Path) -> None:
    assert str(program.with_name("image.env")) in sentence(run(program))


@pytest.mark.parametrize("value", ["0", "-5", "nan"])
def test_a_timeout_that_is_none_is_repeated(value: str, program: Path) -> None:
    write_env(program)
    assert f"--timeout {value} does not do" in sentence(run(program, "--timeout", value))


def test_an_unknown_option_is_refused(program: Path) -> None:
    write_env(program)
    result = run(program, "--packages")
    assert result.returncode == 2
    assert "unrecognized arguments: --packages" in result.stderr
    assert "Traceback" not in result.stderr
