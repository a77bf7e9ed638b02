"""The stand-ins keep the facts of the images that they stand in for.

The facts are those of the images' own Dockerfiles. Where the real images can be pulled, these
tests hold for them too.
"""

from __future__ import annotations

from typing import NamedTuple

import docker
import pytest

from support import standins


class Facts(NamedTuple):
    """What the configuration of an image says, and what is first found in it."""

    user: str
    identity: str  # what `id` says of uid, gid and name
    entrypoint: list[str] | None
    command: list[str] | None
    folder: str  # the working directory
    python: str  # the first python3 on PATH


STACKS = Facts(
    "1000",
    "1000 100 jovyan",
    ["tini", "-g", "--", "start.sh"],
    ["start-notebook.py"],
    "/home/jovyan",
    "/opt/conda/bin/python3",
)
PANGEO = Facts(
    "jovyan",
    "1000 1000 jovyan",
    ["/srv/start"],
    None,
    "/home/jovyan",
    "/srv/conda/envs/notebook/bin/python3",
)
FACTS: dict[str, Facts] = {
    "docker-stacks": STACKS,
    "docker-stacks-r": STACKS,
    "pangeo": PANGEO,
    "py-rocket": PANGEO,
    "rocker": Facts(
        "jovyan",
        "1000 100 jovyan",
        ["tini", "-g", "--", "start.sh"],
        None,
        "/home/jovyan",
        "/opt/venv/bin/python3",
    ),
    "b-data": Facts(
        "jovyan",
        "1000 100 jovyan",
        ["tini", "-g", "--", "start.sh"],
        ["start-notebook.sh"],
        "/home/jovyan",
        "/usr/local/bin/python3",
    ),
    "micromamba": Facts(
        "mambauser",
        "57439 57439 mambauser",
        ["/usr/local/bin/_entrypoint.sh"],
        ["/bin/bash"],
        "/tmp",
        "",
    ),
    "buildpack-deps": Facts("", "0 0 root", None, ["bash"], "", "/usr/bin/python3"),
    "debian-slim": Facts("", "0 0 root", None, ["bash"], "", ""),
    "python-slim": Facts("", "0 0 root", None, ["python3"], "", "/usr/local/bin/python3"),
}


# Each recipe's environment variables; None: it is not set.
ENVIRONMENT: dict[str, dict[str, str | None]] = {
    "docker-stacks": {
        "NB_USER": "jovyan",
        "NB_UID": "1000",
        "NB_GID": "100",
        "HOME": "/home/jovyan",
        "CONDA_DIR": "/opt/conda",
        "SHELL": "/bin/bash",
        "DEBIAN_FRONTEND": "noninteractive",
    },
    "pangeo": {
        "NB_USER": "jovyan",
        "NB_UID": "1000",
        "NB_GID": None,
        "HOME": "/home/jovyan",
        "CONDA_ENV": "notebook",
        "CONDA_DIR": "/srv/conda",
        "NB_PYTHON_PREFIX": "/srv/conda/envs/notebook",
    },
    "py-rocket": {"REPO_DIR": "/srv/repo", "NB_PYTHON_PREFIX": "/srv/conda/envs/notebook"},
    "rocker": {"NB_USER": "jovyan", "NB_UID": "1000", "NB_GID": "100", "CONDA_DIR": None},
    "b-data": {
        "NB_USER": "jovyan",
        "NB_UID": "1000",
        "NB_GID": "100",
        "HOME": "/home/jovyan",
        "CONDA_DIR": None,
    },
    "micromamba": {
        "MAMBA_USER": "mambauser",
        "MAMBA_ROOT_PREFIX": "/opt/conda",
        "MAMBA_EXE": "/bin/micromamba",
        "ENV_NAME": "base",
    },
}


HUB_IMAGES = ["docker-stacks", "pangeo", "b-data", "py-rocket", "rocker"]


@pytest.fixture(params=list(FACTS))
def recipe(request: pytest.FixtureRequest) -> str:
    """Each recipe, its example being there."""
    name: str = request.param
    standins.example(name)
    return name


def test_configuration(docker_client: docker.DockerClient, recipe: str) -> None:
    """User, entrypoint, command and working directory are as in the real image."""
    facts = FACTS[recipe]
    config = docker_client.images.get(standins.example(recipe)).attrs["Config"]
    assert config["User"] == facts.user
    assert config["Entrypoint"] == facts.entrypoint
    assert config["Cmd"] == facts.command
    assert config["WorkingDir"].rstrip("/") == facts.folder
    assert not config.get("OnBuild")
    said = standins.shell(recipe, 'echo "$(id -u) $(id -g) $(id -un)"; command -v python3 || true')
    assert said == f"{facts.identity}\n{facts.python}".strip()


@pytest.mark.parametrize("recipe", list(ENVIRONMENT))
def test_environment(docker_client: docker.DockerClient, recipe: str) -> None:
    """The variables that Dockerfiles of people rely on are set, or are not."""
    config = docker_client.images.get(standins.example(recipe)).attrs["Config"]
    there = dict(item.split("=", 1) for item in config["Env"])
    assert {name: there.get(name) for name in ENVIRONMENT[recipe]} == ENVIRONMENT[recipe]


def test_exit_code_passes_through(recipe: str) -> None:
    """An entrypoint hands over to the command, and the command's exit code comes back."""
    reference = standins.example(recipe)
    assert standins.run(reference, "sh", "-c", "exit 7")[0] == 7


@pytest.mark.parametrize("recipe", HUB_IMAGES)
def test_hub_image_has_a_server(recipe: str) -> None:
    """JupyterLab, Notebook and JupyterHub 5 are imported by the first python3 on PATH."""
    script = "import jupyterlab, notebook, jupyterhub as h; print(h.__version__.split('.')[0])"
    assert standins.shell(recipe, f'python3 -c "{script}"') == "5"
    assert "jupyterhub-singleuser" in standins.shell(recipe, "command -v jupyterhub-singleuser")


@pytest.mark.parametrize("recipe", ["docker-stacks", "b-data"])
def test_command_becomes_single_user_server(recipe: str) -> None:
    """The image's own command starts jupyterhub-singleuser where a hub gives it a token."""
    reference = standins.example(recipe)
    variables = {"JUPYTERHUB_API_TOKEN": "x"}
    code, said = standins.run(reference, environment=variables)
    assert code != 0
    assert "JUPYTERHUB_SERVICE_URL" in said or "JUPYTERHUB" in said, said


def test_pangeo_base_conda_has_no_jupyter() -> None:
    """CONDA_DIR of Pangeo is the base conda: packages for people go to NB_PYTHON_PREFIX."""
    assert "No module named jupyterlab" in standins.shell(
        "pangeo", '! "$CONDA_DIR/bin/python" -m jupyterlab 2>&1'
    )
    assert standins.shell("pangeo", 'python -c "import nbgitpuller, sys; print(sys.prefix)"') == (
        "/srv/conda/envs/notebook"
    )


def test_b_data_packages_belong_to_root() -> None:
    """b-data has no conda, and as jovyan pip can only write to the home folder."""
    script = "command -v conda mamba; test -w /usr/local/lib/python3*/site-packages || echo no"
    assert standins.shell("b-data", script) == "no"


@pytest.mark.parametrize("recipe", ["docker-stacks-r", "py-rocket", "rocker"])
def test_r_runs_and_its_library_is_not_in_the_home(recipe: str) -> None:
    """R and IRkernel are there, and what install.packages() would write to belongs to people."""
    script = 'Rscript -e "library(IRkernel); cat(file.access(.libPaths()[1], 2), .libPaths()[1])"'
    said = standins.shell(recipe, script)
    assert said.startswith("0 /") and not said.startswith("0 /home"), said


def test_bare_machine(bare_image: str) -> None:
    """A bare machine has Python, venv and git, trusts what this machine trusts, and no more."""
    script = "python3 -m venv /tmp/e && /tmp/e/bin/pip install -q copier && git --version"
    code, said = standins.run(bare_image, "sh", "-c", script)
    assert code == 0, said
