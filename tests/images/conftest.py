"""Fixtures of the tests that build and start images; all of them need a Docker engine.

Without one they are skipped, with one reason; where HUB_IMAGE_REQUIRE_DOCKER=1 is set (as in
CI), they fail instead.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import docker.errors
import pytest

from hub_image.check.main import main
from support import button, checked, standins, updates
from support import registry as registries
from support.act import ADDRESS, ATTEST, WORKFLOW, Outcome, readable
from support.repositories import commit, git

# from npm; gitlab-ci-local needs a newer Node than Debian has, and npm's package `node` brings one
PACKAGES = ["gitlab-ci-local@4.75.1", "node@22.23.3"]
# modules in which tests take longest
LONGEST = [
    "test_image_workflow",
    "test_image_workflow_refusals",
    "test_rejects_page",
    "test_strategies",
    "test_adopted",
    "test_readme_commands",
    "test_check",
    "test_switches",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest modules first: with the last one, processors would have nothing else to do."""
    assert all(Path(__file__).with_name(f"{name}.py").exists() for name in LONGEST), LONGEST
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


@pytest.fixture(scope="session", autouse=True)
def docker_client() -> docker.DockerClient:
    """The Docker engine, with buildx, which repo2docker needs too."""
    try:
        standins.client().ping()
        subprocess.run(["docker", "buildx", "version"], check=True, capture_output=True)
    except (docker.errors.DockerException, OSError, subprocess.CalledProcessError) as error:
        standins.left_out(f"no Docker engine with buildx here, which these tests need: {error}")
    return standins.client()


@pytest.fixture(scope="session")
def base_image() -> str:
    """The tag of an image with Debian trixie and Python 3.13, and little else."""
    return standins.ensure_base("base")


@pytest.fixture(scope="session")
def bare_image() -> str:
    """The tag of a bare machine: Debian, Python, venv and git, to try a README's commands in."""
    return standins.ensure_base("bare")


@pytest.fixture(scope="session")
def micromamba_server() -> Iterator[None]:
    """The stand-in for anaconda.org, where the real one cannot be reached."""
    with standins.micromamba_server():
        yield


@pytest.fixture(scope="session")
def repo2docker_build(micromamba_server: None) -> Iterator[Callable[..., str]]:
    """standins.build(): unmodified repo2docker; the images are removed at the end.

    HUB_IMAGE_KEEP=1 keeps them, to look at.
    """
    built = []

    def build(repository: Path, image: str, **options: str | None) -> str:
        built.append(image)
        # repo2docker builds nothing where an image of that name exists, of an aborted run for one.
        with contextlib.suppress(docker.errors.ImageNotFound):
            standins.client().images.remove(image, force=True)
        return standins.build(repository, image, **options)

    yield build
    if not standins.keep_images():
        for image in built:
            with contextlib.suppress(docker.errors.ImageNotFound):  # it did not build
                standins.client().images.remove(image, force=True)


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder of gitlab-ci-local and its Node, installed once a machine."""
    missing = [program for program in ("npm", "rsync") if not shutil.which(program)]
    if missing:
        standins.left_out(f"no {' and no '.join(missing)} here, which gitlab-ci-local needs")
    folder = standins.CACHE / "-".join(PACKAGES).replace("@", "-")
    if not folder.exists():
        standins.CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=standins.CACHE) as work:
            (new := Path(work) / "new").mkdir()
            command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(new), *PACKAGES]
            done = subprocess.run(command, cwd=new, check=False, capture_output=True, text=True)
            if done.returncode:
                standins.left_out(
                    f"npm cannot install {' and '.join(PACKAGES)}: {done.stderr[-500:]}"
                )
            with contextlib.suppress(OSError):  # another run was faster
                new.rename(folder)
    return folder / "node_modules" / ".bin"


@pytest.fixture(scope="session")
def environment(micromamba_server: None) -> Iterator[dict[str, str]]:
    """Variables with which ci/check.py builds here, where repo2docker reaches less than usual."""
    with standins.offline_environment() as variables:
        yield variables


@pytest.fixture(scope="session")
def registry() -> Iterator[registries.Registry]:
    """A real registry that asks for a password; Debian's and Ubuntu's package docker-registry."""
    if not shutil.which("docker-registry"):
        standins.left_out("no docker-registry here, which the tests of publishing need")
    with registries.running() as running:
        yield running


@pytest.fixture
def tag(docker_client: docker.DockerClient) -> Iterator[str]:
    """A tag for an image that a test builds, which is removed after it."""
    name = f"hub-image-tests/derived:{os.getpid()}"
    yield name
    with contextlib.suppress(docker.errors.ImageNotFound):  # it did not build
        docker_client.images.remove(name, force=True)


@pytest.fixture(scope="session")
def good(base_image: str) -> str:
    """The tag of an image that keeps the whole contract, from which broken ones derive."""
    return checked.build("good:1", f"FROM {base_image}\n{checked.GOOD}")


@pytest.fixture
def signals_as_before() -> Iterator[None]:
    """A check in this process ends by ignoring whatever would interrupt its cleaning up."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def reject(
    good: str, signals_as_before: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., None]:
    """Break the good image by lines of a Dockerfile; its check must fail at a row, with words that say why.

    The repository may have files of its own, texts by name.
    """

    def reject(
        name: str, lines: str, row: str, words: str, files: dict[str, str] | None = None
    ) -> None:
        image = checked.build(name, f"FROM {good}\n{lines}")
        code = main([image], checked.write_repository(tmp_path, files))
        failure = checked.Checked(code, capsys.readouterr().out).failure
        assert failure[0] == row
        assert words in failure[1]

    return reject


@pytest.fixture(scope="module")
def act(
    environment: dict[str, str],
    registry: registries.Registry,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Outcome]:
    """Run the workflow in a repository, by the event's name and payload.

    Secrets are those of the registry's account unless given.
    """
    programs = Path(sys.prefix) / "bin"
    attest = tmp_path_factory.mktemp("attest")
    git("init", "--quiet", cwd=attest)
    (attest / "action.yml").write_text(ATTEST)
    commit(attest)
    (action,) = re.findall(r"uses: (actions/attest@\w+)", WORKFLOW.read_text())
    cache = tmp_path_factory.mktemp("pipx")  # of its own: others may fill the common one just now

    def run(
        repository: Path,
        name: str,
        payload: dict[str, Any],
        secrets: dict[str, str] | None = None,
    ) -> Outcome:
        if secrets is None:
            secrets = {
                "REGISTRY_USERNAME": registry.username,
                "REGISTRY_PASSWORD": registry.password,
            }
        folder = tmp_path_factory.mktemp("run")
        (folder / "event.json").write_text(json.dumps(payload))
        # a new runner: logged in nowhere
        login = registry.docker_config(folder / "docker")
        variables = environment | {"DOCKER_CONFIG": str(login), "PIPX_HOME": str(cache)} | secrets
        variables["PATH"] = f"{programs}:{environment['PATH']}"
        variables["GIT_CONFIG_GLOBAL"] = str(repository.parent / "gitconfig")
        command = [str(programs / "act"), name, "--json", "--no-cache-server"]
        command += ["--eventpath", str(folder / "event.json"), "--secret", "GITHUB_TOKEN=none"]
        workflow = repository / ".github" / "workflows" / "image.yml"
        command += ["--workflows", str(readable(workflow, folder))]
        for secret in secrets:
            command += ["--secret", secret]
        for runner in ("ubuntu-latest", "ubuntu-24.04-arm"):
            command += ["--platform", f"{runner}=-self-hosted"]
        command += ["--local-repository", f"{action}={attest}"]
        done = subprocess.run(
            command, cwd=repository, env=variables, capture_output=True, text=True, check=False
        )
        assert not registry.logins(login), "a login is left for what runs here later"
        outcome = Outcome(done.returncode)
        for line in done.stdout.splitlines():
            entry = json.loads(line) if line.startswith("{") else {}
            outcome.log += entry.get("msg", line) + "\n"
            if "jobResult" in entry:
                outcome.jobs[entry["jobID"]] = entry["jobResult"]
            if entry.get("command") == "summary":
                outcome.summary += entry["content"]
        print(re.sub(r"(?m)^(apt|conda): .*\n", "", outcome.log), done.stderr[-3000:])
        return outcome

    return run


@pytest.fixture
def repository(
    render: Callable[..., Path], registry: registries.Registry, tmp_path: Path
) -> Iterator[Callable[..., Path]]:
    """Make a repository with a remote, whose image goes to the registry, by strategy and answers.

    Its images are removed at the end.
    """

    def make(strategy: str, **answers: str) -> Path:
        answers = {"strategy": strategy, "name": "env", "repository": "me/env"} | answers
        if strategy in ("community-image", "inherit"):
            answers = {"base": "jupyter-base"} | answers
        if strategy != "community-image":
            answers = {"image": f"{registry.host}/me/env-{strategy}"} | answers
        made = render(**answers)
        git("init", "--quiet", "--initial-branch=main", cwd=made)
        remote = str(tmp_path / "remote.git")
        git("init", "--quiet", "--bare", remote, cwd=tmp_path)
        # act takes the repository's name from there; git goes to the folder
        git("remote", "add", "origin", ADDRESS, cwd=made)
        (tmp_path / "gitconfig").write_text(f'[url "{remote}"]\ninsteadOf = {ADDRESS}\n')
        commit(made)
        standins.ensure_bases(made)
        names.append(f"{answers.get('image', '/none').rpartition('/')[2]}:")
        standins.forget_images(names)  # what an earlier run, that was ended, has left
        return made

    names = [f"{registry.host}/"]
    yield make
    standins.forget_images(names)


@pytest.fixture
def of_the_button(
    template: Path, registry: registries.Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Path]]:
    """As `repository`, but made by "Use this template" and the form of setup.yml; takes its fields."""
    updates.forget_runs(monkeypatch)

    def make(strategy: str, **form: str) -> Path:
        upstream = button.make_upstream(template, tmp_path / "upstream")
        copy = pressed.enter_context(button.pressing(upstream, tmp_path))
        if strategy in ("community-image", "inherit"):
            form["base"] = "jupyter-base"
        code, said = copy.set_up(button.form(strategy=strategy, **form))
        assert code == 0, said
        made = copy.result()
        git("remote", "set-url", "origin", ADDRESS, cwd=made)
        standins.ensure_bases(made)
        names.append(f"{form.get('image', '/none').rpartition('/')[2]}:")
        standins.forget_images(names)
        return made

    names = [f"{registry.host}/"]
    with contextlib.ExitStack() as pressed:
        yield make
    standins.forget_images(names)
