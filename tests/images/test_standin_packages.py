"""Packages come into the stand-ins as into the images that they stand in for.

Where the real images can be pulled, these tests hold for them too, but for those marked as the
stand-in's own.
"""

from __future__ import annotations

import json
import subprocess
import textwrap
from pathlib import Path

import pytest

from support import standins


def derive(folder: Path, tag: str, dockerfile: str, **files: str) -> str:
    """Build a Dockerfile and its files, as people do; returns the log."""
    folder.joinpath("Dockerfile").write_text(textwrap.dedent(dockerfile))
    for name, text in files.items():
        folder.joinpath(name.replace("_yml", ".yml").replace("_txt", ".txt")).write_text(text)
    command = ["docker", "buildx", "--builder", "default", "build", "--progress", "plain"]
    done = subprocess.run(
        [*command, "--tag", tag, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_docker_stacks_are_writable_by_the_group(tmp_path: Path, tag: str) -> None:
    """The documented lines for mamba, environment.yml and pip work in a Dockerfile as they are."""
    reference = standins.example("docker-stacks")
    derive(
        tmp_path,
        tag,
        f"""\
        FROM {reference}
        RUN mamba install --yes 'cowpy' && mamba clean --all -f -y && \\
            fix-permissions "${{CONDA_DIR}}" && fix-permissions "/home/${{NB_USER}}"
        COPY --chown=${{NB_UID}}:${{NB_GID}} environment.yml /tmp/
        RUN mamba env update --prefix "${{CONDA_DIR}}" --file /tmp/environment.yml && \\
            mamba clean --all -f -y && fix-permissions "${{CONDA_DIR}}"
        RUN pip install --no-cache-dir 'cowsay' && fix-permissions "${{CONDA_DIR}}"
        """,
        environment_yml="dependencies: [python=3.13, 'iniconfig=2', pip, {pip: [pyfiglet]}]\n",
    )
    script = "mamba list --json; stat -c '%g %A' /opt/conda/lib/python3.13/site-packages/cowsay"
    code, said = standins.run(tag, "bash", "-c", script)
    assert code == 0, said
    rows, _, rights = said.rpartition("]")
    channels = {row["name"]: row["channel"] for row in json.loads(rows + "]")}
    assert (channels["cowpy"], channels["iniconfig"]) == ("conda-forge", "conda-forge")
    assert (channels["cowsay"], channels["pyfiglet"]) == ("pypi", "pypi")
    assert rights.strip() == "100 drwxrwsr-x"


def test_mamba_installs_into_the_prefix_it_is_told() -> None:
    """In Pangeo, mamba changes the base conda, unless told to change the people's environment."""
    script = """
        unset CONDA_PREFIX
        mamba install --yes cowpy >/dev/null
        mamba install --yes --prefix "$NB_PYTHON_PREFIX" iniconfig >/dev/null
        ls "$CONDA_DIR/conda-meta" | grep -c cowpy
        ls "$NB_PYTHON_PREFIX/conda-meta" | grep -c -e cowpy -e iniconfig
    """
    assert standins.shell("pangeo", script).split() == ["1", "1"]


@pytest.mark.parametrize("wanted", ["python=3.9", "python>=3.99"])
def test_python_is_not_changed(wanted: str) -> None:
    """Another Python than the environment's is a conflict that names both."""
    said = standins.shell(
        "docker-stacks",
        f"""
        echo 'dependencies: ["{wanted}"]' > environment.yml
        ! mamba env update --prefix "$CONDA_DIR" --file environment.yml 2>&1
        """,
    )
    assert "3.13" in said and wanted[-4:].strip("=") in said


def test_only_pip_knows_constraints() -> None:
    """PIP_CONSTRAINT holds the pip section, and not conda's own dependencies."""
    script = """
        echo 'iniconfig==2.0.0' > constraints.txt
        export PIP_CONSTRAINT=$PWD/constraints.txt
        echo 'dependencies: [{pip: [iniconfig]}]' > environment.yml
        mamba env update -p "$CONDA_DIR" -f environment.yml >/dev/null
        python -c 'import importlib.metadata as m; print(m.version("iniconfig"))'
        mamba install -y 'iniconfig=2.1' >/dev/null
        python -c 'import importlib.metadata as m; print(m.version("iniconfig"))'
    """
    assert standins.shell("docker-stacks", script).split() == ["2.0.0", "2.1.0"]


@pytest.mark.parametrize(
    "command", ["frobnicate", "install --frobnicate x", "install 'a[build=b]'", "env frobnicate"]
)
def test_stand_in_swallows_nothing(command: str) -> None:
    """The stand-in's own: what it does not know is an error that names it."""
    said = standins.shell("docker-stacks", f"! mamba {command} 2>&1")
    assert "frobnicate" in said or "a[build=b]" in said


def test_micromamba_stage_goes_onto_debian(tmp_path: Path, tag: str) -> None:
    """An environment made by micromamba runs on debian:trixie-slim, which has no Python."""
    derive(
        tmp_path,
        tag,
        f"""\
        FROM {standins.example("micromamba")} AS environment
        COPY --chown=mambauser:mambauser environment.yml /tmp/
        RUN micromamba install --yes --name base --file /tmp/environment.yml && \\
            micromamba clean --all --yes
        ARG MAMBA_DOCKERFILE_ACTIVATE=1
        RUN python -c 'import cowpy'
        FROM {standins.example("debian-slim")}
        COPY --from=environment /opt/conda /opt/conda
        ENV PATH=/opt/conda/bin:$PATH
        """,
        environment_yml="channels: [conda-forge]\ndependencies: [python=3.13, pip, cowpy, tini]\n",
    )
    script = "import bz2, cowpy, ctypes, lzma, readline, sqlite3, ssl, sys; print(sys.prefix)"
    assert standins.run(tag, "tini", "--", "python", "-c", script) == (0, "/opt/conda\n")
    assert standins.run(tag, "sh", "-c", "pip --version >/dev/null && pip check")[0] == 0


def test_python_slim_is_an_ordinary_python() -> None:
    """Packages go to /usr/local, pip is not held back, and there is no compiler."""
    script = """
        pip install -q --root-user-action=ignore cowpy
        python -c 'import cowpy, sys; print(sys.prefix, sys.base_prefix, cowpy.__file__)'
        python -m venv /tmp/environment && /tmp/environment/bin/pip --version | cut -d' ' -f4
        command -v gcc || echo none
    """
    site = "/usr/local/lib/python3.13/site-packages"
    first, second, third = standins.shell("python-slim", script).splitlines()
    assert first.startswith(f"/usr/local /usr/local {site}/cowpy")
    assert second.startswith("/tmp/environment")
    assert third == "none"
