"""The stand-ins keep the facts of the images that they stand in for.

The facts are those of the images' own Dockerfiles. Where the real images can be pulled,
these tests hold for them too, but for the few marked as the stand-in's own.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import docker.errors
import pytest
import standins
from repo2docker.app import Repo2Docker

HERE = Path(__file__).resolve().parent

# recipe: user of the image, what `id` says in it, entrypoint, command, working directory, the
# first python3 on PATH
FACTS = {
    "docker-stacks": (
        "1000",
        "1000 100 jovyan",
        ["tini", "-g", "--", "start.sh"],
        ["start-notebook.py"],
        "/home/jovyan",
        "/opt/conda/bin/python3",
    ),
    "pangeo": (
        "jovyan",
        "1000 1000 jovyan",
        ["/srv/start"],
        None,
        "/home/jovyan",
        "/srv/conda/envs/notebook/bin/python3",
    ),
    "b-data": (
        "jovyan",
        "1000 100 jovyan",
        ["tini", "-g", "--", "start.sh"],
        ["start-notebook.sh"],
        "/home/jovyan",
        "/usr/local/bin/python3",
    ),
    "micromamba": (
        "mambauser",
        "57439 57439 mambauser",
        ["/usr/local/bin/_entrypoint.sh"],
        ["/bin/bash"],
        "/tmp",
        "",
    ),
    "buildpack-deps": ("", "0 0 root", None, ["bash"], "", "/usr/bin/python3"),
    "debian-slim": ("", "0 0 root", None, ["bash"], "", ""),
    "python-slim": ("", "0 0 root", None, ["python3"], "", "/usr/local/bin/python3"),
}
# recipe: environment variables
ENVIRONMENT = {
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
HUB_IMAGES = ["docker-stacks", "pangeo", "b-data"]


@pytest.fixture(params=list(FACTS))
def recipe(request) -> str:
    """Each recipe, its example being there."""
    standins.ensure(standins.EXAMPLES[request.param], request.param)
    return request.param


def shell(recipe: str, script: str, **options) -> str:
    """What a script prints in the example of a recipe; it must succeed."""
    reference = standins.EXAMPLES[recipe]
    standins.ensure(reference, recipe)
    code, output = standins.run(reference, "bash", "-c", script, **options)
    assert code == 0, output
    return output.strip()


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


@pytest.fixture
def tag(docker_client):
    """A tag for an image that a test builds, which is removed after it."""
    name = f"hub-image-tests/derived:{os.getpid()}"
    yield name
    with contextlib.suppress(docker.errors.ImageNotFound):  # it did not build
        docker_client.images.remove(name, force=True)


def test_configuration(docker_client, recipe):
    """User, entrypoint, command and working directory are as in the real image."""
    user, identity, entrypoint, command, folder, python = FACTS[recipe]
    config = docker_client.images.get(standins.EXAMPLES[recipe]).attrs["Config"]
    assert config["User"] == user
    assert config["Entrypoint"] == entrypoint
    assert config["Cmd"] == command
    assert config["WorkingDir"].rstrip("/") == folder
    assert not config.get("OnBuild")
    said = shell(recipe, 'echo "$(id -u) $(id -g) $(id -un)"; command -v python3 || true')
    assert said == f"{identity}\n{python}".strip()


@pytest.mark.parametrize("recipe", list(ENVIRONMENT))
def test_environment(docker_client, recipe):
    """The variables that Dockerfiles of people rely on are set, or are not."""
    standins.ensure(standins.EXAMPLES[recipe], recipe)
    config = docker_client.images.get(standins.EXAMPLES[recipe]).attrs["Config"]
    there = dict(item.split("=", 1) for item in config["Env"])
    assert {name: there.get(name) for name in ENVIRONMENT[recipe]} == ENVIRONMENT[recipe]


def test_exit_code_passes_through(recipe):
    """An entrypoint hands over to the command, and the command's exit code comes back."""
    reference = standins.EXAMPLES[recipe]
    assert standins.run(reference, "sh", "-c", "exit 7")[0] == 7


@pytest.mark.parametrize("recipe", HUB_IMAGES)
def test_hub_image_has_a_server(recipe):
    """JupyterLab, Notebook and JupyterHub 5 are imported by the first python3 on PATH."""
    script = "import jupyterlab, notebook, jupyterhub as h; print(h.__version__.split('.')[0])"
    assert shell(recipe, f'python3 -c "{script}"') == "5"
    assert "jupyterhub-singleuser" in shell(recipe, "command -v jupyterhub-singleuser")


@pytest.mark.parametrize("recipe", ["docker-stacks", "b-data"])
def test_command_becomes_single_user_server(recipe):
    """The image's own command starts jupyterhub-singleuser where a hub gives it a token."""
    reference = standins.EXAMPLES[recipe]
    standins.ensure(reference, recipe)
    variables = {"JUPYTERHUB_API_TOKEN": "x"}
    code, said = standins.run(reference, environment=variables)
    assert code != 0
    assert "JUPYTERHUB_SERVICE_URL" in said or "JUPYTERHUB" in said, said


def test_pangeo_base_conda_has_no_jupyter():
    """CONDA_DIR of Pangeo is the base conda: packages for people go to NB_PYTHON_PREFIX."""
    assert "No module named jupyterlab" in shell(
        "pangeo", '! "$CONDA_DIR/bin/python" -m jupyterlab 2>&1'
    )
    assert shell("pangeo", 'python -c "import nbgitpuller, sys; print(sys.prefix)"') == (
        "/srv/conda/envs/notebook"
    )


def test_b_data_packages_belong_to_root():
    """b-data has no conda, and as jovyan pip can only write to the home folder."""
    script = "command -v conda mamba; test -w /usr/local/lib/python3*/site-packages || echo no"
    assert shell("b-data", script) == "no"


def test_docker_stacks_are_writable_by_the_group(tmp_path, tag):
    """The documented lines for mamba, environment.yml and pip work in a Dockerfile as they are."""
    reference = standins.EXAMPLES["docker-stacks"]
    standins.ensure(reference)
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


def test_mamba_installs_into_the_prefix_it_is_told():
    """In Pangeo, mamba changes the base conda, unless told to change the people's environment."""
    script = """
        unset CONDA_PREFIX
        mamba install --yes cowpy >/dev/null
        mamba install --yes --prefix "$NB_PYTHON_PREFIX" iniconfig >/dev/null
        ls "$CONDA_DIR/conda-meta" | grep -c cowpy
        ls "$NB_PYTHON_PREFIX/conda-meta" | grep -c -e cowpy -e iniconfig
    """
    assert shell("pangeo", script).split() == ["1", "1"]


@pytest.mark.parametrize("wanted", ["python=3.9", "python>=3.99"])
def test_python_is_not_changed(wanted):
    """Another Python than the environment's is a conflict that names both."""
    said = shell(
        "docker-stacks",
        f"""
        echo 'dependencies: ["{wanted}"]' > environment.yml
        ! mamba env update --prefix "$CONDA_DIR" --file environment.yml 2>&1
        """,
    )
    assert "3.13" in said and wanted[-4:].strip("=") in said


def test_only_pip_knows_constraints():
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
    assert shell("docker-stacks", script).split() == ["2.0.0", "2.1.0"]


@pytest.mark.parametrize(
    "command", ["frobnicate", "install --frobnicate x", "install 'a[build=b]'", "env frobnicate"]
)
def test_stand_in_swallows_nothing(command):
    """The stand-in's own: what it does not know is an error that names it."""
    said = shell("docker-stacks", f"! mamba {command} 2>&1")
    assert "frobnicate" in said or "a[build=b]" in said


def test_micromamba_stage_goes_onto_debian(tmp_path, tag):
    """An environment made by micromamba runs on debian:trixie-slim, which has no Python."""
    for recipe in ("micromamba", "debian-slim"):
        standins.ensure(standins.EXAMPLES[recipe])
    derive(
        tmp_path,
        tag,
        f"""\
        FROM {standins.EXAMPLES["micromamba"]} AS environment
        COPY --chown=mambauser:mambauser environment.yml /tmp/
        RUN micromamba install --yes --name base --file /tmp/environment.yml && \\
            micromamba clean --all --yes
        ARG MAMBA_DOCKERFILE_ACTIVATE=1
        RUN python -c 'import cowpy'
        FROM {standins.EXAMPLES["debian-slim"]}
        COPY --from=environment /opt/conda /opt/conda
        ENV PATH=/opt/conda/bin:$PATH
        """,
        environment_yml="channels: [conda-forge]\ndependencies: [python=3.13, pip, cowpy, tini]\n",
    )
    script = "import bz2, cowpy, ctypes, lzma, readline, sqlite3, ssl, sys; print(sys.prefix)"
    assert standins.run(tag, "tini", "--", "python", "-c", script) == (0, "/opt/conda\n")
    assert standins.run(tag, "sh", "-c", "pip --version >/dev/null && pip check")[0] == 0


def test_python_slim_is_an_ordinary_python():
    """Packages go to /usr/local, pip is not held back, and there is no compiler."""
    script = """
        pip install -q --root-user-action=ignore cowpy
        python -c 'import cowpy, sys; print(sys.prefix, sys.base_prefix, cowpy.__file__)'
        python -m venv /tmp/environment && /tmp/environment/bin/pip --version | cut -d' ' -f4
        command -v gcc || echo none
    """
    site = "/usr/local/lib/python3.13/site-packages"
    first, second, third = shell("python-slim", script).splitlines()
    assert first.startswith(f"/usr/local /usr/local {site}/cowpy")
    assert second.startswith("/tmp/environment")
    assert third == "none"


def test_bare_machine(bare_image):
    """A bare machine has Python, venv and git, trusts what this machine trusts, and no more."""
    script = "python3 -m venv /tmp/e && /tmp/e/bin/pip install -q copier && git --version"
    code, said = standins.run(bare_image, "sh", "-c", script)
    assert code == 0, said


def test_registry():
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


def test_stand_in_is_reused_until_its_recipe_changes(docker_client, tmp_path, monkeypatch):
    """The same recipe gives the same image; another one is built anew."""
    monkeypatch.setattr(standins, "FOLDER", tmp_path)
    monkeypatch.setattr(standins, "can_reach", lambda host: False)
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


def test_real_image_is_left_alone(docker_client, base_image, monkeypatch):
    """What is here under the name, and is no stand-in, is the real image."""
    monkeypatch.setattr(standins, "_image", lambda reference: type("Image", (), {"labels": {}}))
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


def test_repo2docker(repo2docker_build, tmp_path):
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


def test_repo2docker_started_by_another_program(micromamba_server, tmp_path, tag):
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


def test_failing_build_shows_why(repo2docker_build, tmp_path):
    """A repository that does not build fails with the reason in the message."""
    (tmp_path / "environment.yml").write_text("dependencies: [python=3.13, cowpy=99]\n")
    with pytest.raises(standins.ImageError, match="cowpy==99"):
        repo2docker_build(tmp_path, f"hub-image-tests/fails:{os.getpid()}")


def test_without_engine():
    """Without an engine these tests are skipped; where one is required, they fail."""
    command = [sys.executable, "-m", "pytest", "-q", "-rsE", "-p", "no:cacheprovider"]
    command += [str(HERE / "test_standins.py"), "-k", "test_registry"]
    environment = {**os.environ, "DOCKER_HOST": "unix:///nowhere/docker.sock"}
    environment.pop("HUB_IMAGE_REQUIRE_DOCKER", None)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "1 skipped" in done.stdout, done.stdout
    environment["HUB_IMAGE_REQUIRE_DOCKER"] = "1"
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "1 error" in done.stdout, done.stdout
    assert "no Docker engine" in done.stdout


def test_server_is_shared(docker_client):
    """The stand-in's own: two test runs answer for anaconda.org at the same time."""
    if standins.can_reach("anaconda.org"):
        pytest.skip("the real anaconda.org can be reached")
    with standins.micromamba_server():
        with standins.micromamba_server():
            pass
        socket.create_connection((standins.gateway(), 443), timeout=5).close()
