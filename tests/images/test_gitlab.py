"""GitLab's pipeline, the very file that every repository gets, run whole by `gitlab-ci-local`.

This machine is then a runner with the executor `shell`.

The registry is a real one that asks for a password. Not shown here: the executor `docker`, whose image
and service come from a registry and want a privileged container; the file's words for them are held to
GitLab's schema.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import docker
import docker.errors
import pytest
import yaml

from support import registry as registries
from support import standins
from support.repositories import commit, git

FILE = Path(__file__).parents[2] / "template" / "{{ on_gitlab }}" / ".gitlab-ci.yml"
PROJECT = "https://gitlab.example.org/me/my-environment"
FORK = "reader/their.fork"


@dataclass
class Outcome:
    """What a pipeline did: each job's log, the summaries of all, and what is red."""

    code: int
    log: str
    jobs: dict[str, str] = field(default_factory=dict)
    summary: str = ""


@pytest.fixture
def repository(
    render: Callable[..., Path], registry: registries.Registry, tmp_path: Path
) -> Iterator[Callable[..., Path]]:
    """Make a repository whose image goes to the registry, by the image's name and answers.

    Its only commit is on the branch main. Its images are removed at the end, unless HUB_IMAGE_KEEP=1.
    """
    images = []

    def make(name: str, **answers: str) -> Path:
        images.extend([f"{name}:", f"{registry.host}/me/{name}:"])
        made = render(
            strategy="inherit",
            base="jupyter-base",
            code_host="gitlab",
            repository="me/my-environment",
            image=f"{registry.host}/me/{name}",
            **answers,
        )
        git("init", "--quiet", "--initial-branch=main", cwd=made)
        git("init", "--quiet", "--bare", str(tmp_path / "remote.git"), cwd=tmp_path)
        git("remote", "add", "origin", str(tmp_path / "remote.git"), cwd=made)
        # by a remote of this name gitlab-ci-local knows the project
        git("remote", "add", "gcl-origin", PROJECT, cwd=made)
        (made / ".git" / "info" / "exclude").write_text("/.gitlab-ci-local.yml\n")
        # laid over .gitlab-ci.yml: gitlab-ci-local would start the service even for the shell
        (made / ".gitlab-ci-local.yml").write_text("test: {services: []}\n")
        commit(made)
        standins.ensure_bases(made)
        return made

    yield make
    standins.forget_images(images)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pipx keeps what it installs: others may fill the common place just now."""
    return tmp_path_factory.mktemp("pipx")


@pytest.fixture
def pipeline(
    programs: Path,
    environment: dict[str, str],
    registry: registries.Registry,
    cache: Path,
    tmp_path: Path,
) -> Callable[..., Outcome]:
    """Run the pipeline of a repository's last commit.

    It takes the folder, and variables beside or instead of those of a push to the default branch; None
    takes one away.
    """

    def run(repository: Path, **more: str | None) -> Outcome:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        variables = {
            "GITLAB_CI": "true",
            "CI_PIPELINE_SOURCE": "push",
            "CI_COMMIT_BEFORE_SHA": "0" * 40,
            # of every job, whatever for
            "CI_REGISTRY": registry.host,
            "CI_REGISTRY_USER": registry.username,
            "CI_REGISTRY_PASSWORD": registry.password,
        }
        # a new runner: logged in nowhere
        login = registry.docker_config(folder / "docker")
        env = environment | {"DOCKER_CONFIG": str(login), "PIPX_HOME": str(cache)}
        path = [str(programs), str(Path(sys.prefix) / "bin"), environment["PATH"]]
        env["PATH"] = ":".join(path)
        state = os.path.relpath(
            folder / "state", repository
        )  # beside, so that nothing is new there
        command = ["gitlab-ci-local", "--force-shell-executor", "--shell-isolation"]
        command += ["--state-dir", state, "--home", str(folder), "--no-color"]
        command += ["--no-artifacts-to-source", "--ignore-predefined-vars", ",".join(variables)]
        for key, value in (variables | more).items():
            command += ["--unset-variable", key] if value is None else []
            command += ["--variable", f"{key}={value}"] if value is not None else []
        done = subprocess.run(
            command, cwd=repository, env=env, capture_output=True, text=True, check=False
        )
        assert not registry.logins(login), "a login is left for what runs here later"
        outcome = Outcome(done.returncode, done.stdout + done.stderr)
        for log in sorted((folder / "state" / "output").glob("*.log")):
            outcome.jobs[log.stem] = log.read_text()
            kept = folder / "state" / "artifacts" / log.stem / ".ci-summary" / "summary.md"
            outcome.summary += kept.read_text() if kept.exists() else ""
        print(outcome.log, outcome.summary)
        return outcome

    return run


def test_file_is_what_gitlab_understands() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci"]
    subprocess.run([*command, str(FILE)], check=True)


def test_push_publishes_what_was_tested(
    pipeline: Callable[..., Outcome],
    repository: Callable[..., Path],
    registry: registries.Registry,
    docker_client: docker.DockerClient,
    tmp_path: Path,
) -> None:
    """In GitLab's own registry, to which every job has the key."""
    made, image = repository("gitlab-push", binder="image"), f"{registry.host}/me/gitlab-push"
    short = git("rev-parse", "HEAD", cwd=made)[:12]
    remote = tmp_path / "remote.git"
    registry.publish("me/gitlab-push")
    outcome = pipeline(made)
    assert outcome.code == 0, outcome.log[-6000:]
    assert set(outcome.jobs) == {"test", "publish"}
    assert "PASSED: " in outcome.jobs["test"]

    tags = registry.published("me/gitlab-push")
    day = max(tag for tag in tags if re.fullmatch(r"\d{4}-\d\d-\d\d", tag))
    assert tags == {day, short}  # and no `latest`
    today = datetime.datetime.now(datetime.UTC).date()
    assert (today - datetime.date.fromisoformat(day)).days in (0, 1)  # around midnight
    digest, manifest = registry.manifest("me/gitlab-push", day)
    tested = docker_client.images.get("gitlab-push:tested")
    assert tested.id in (digest, manifest["config"]["digest"])
    for expected in [
        f"## {image} starts on a hub and on Binder",
        "conda: jupyterlab ",
        f"## Published: {image}:{day}",
        f"- digest: `{digest}`",
        f'    name: {image}\n    tag: "{day}"\n',
        "- anyone can pull it",
    ]:
        assert expected in outcome.summary

    # Binder starts the branch that the run has pushed, in which GitLab finds nothing to do.
    files = git("ls-tree", "-r", "--name-only", "binder", cwd=remote).splitlines()
    assert "environment.yml" in files and ".gitlab-ci.yml" not in files
    started = git("show", "binder:.binder/Dockerfile", cwd=remote)
    assert f"FROM {image}@{digest}\n" in started


def test_merge_request_publishes_nothing(
    pipeline: Callable[..., Outcome], repository: Callable[..., Path], registry: registries.Registry
) -> None:
    """Though GitLab gives every job the key to its registry."""
    made = repository("gitlab-request")
    base = git("rev-parse", "HEAD", cwd=made)
    (made / "apt.txt").write_text("tree\n")
    head = commit(made)
    outcome = pipeline(
        made,
        CI_PIPELINE_SOURCE="merge_request_event",
        CI_COMMIT_BRANCH=None,
        CI_MERGE_REQUEST_DIFF_BASE_SHA=base,
        CI_MERGE_REQUEST_SOURCE_PROJECT_PATH=FORK,
    )
    assert outcome.code == 0, outcome.log[-6000:]
    assert list(outcome.jobs) == ["test"]
    assert f"https://mybinder.org/v2/gl/reader%2Ftheir.fork/{head}?urlpath=lab" in outcome.summary
    assert "apt: tree " in outcome.summary
    assert registry.tags("me/gitlab-request") == []
    assert "push to" not in outcome.log  # nobody logged in


@pytest.mark.parametrize("missing", ["REGISTRY_PASSWORD", "REGISTRY_USERNAME"])
def test_missing_secret_is_told_before_anything_is_built(
    pipeline: Callable[..., Outcome],
    repository: Callable[..., Path],
    registry: registries.Registry,
    missing: str,
) -> None:
    """Of a registry that is not GitLab's own."""
    made = repository("gitlab-missing")
    secrets = {"REGISTRY_USERNAME": registry.username, "REGISTRY_PASSWORD": registry.password}
    outcome = pipeline(made, **secrets | {missing: "", "CI_REGISTRY": "registry.example.org"})
    assert outcome.code == 1
    assert list(outcome.jobs) == ["test"]
    sentence = f"Set {missing} as variables at {PROJECT}/-/settings/"
    assert sentence in outcome.jobs["test"]
    assert f"that may push to {registry.host}/me/gitlab-missing" in outcome.jobs["test"]
    assert f" at {PROJECT}/-/settings/ci_cd#js-cicd-variables-settings" in outcome.jobs["test"]
    assert "Building" not in outcome.log


def test_broken_image_is_not_published(
    pipeline: Callable[..., Outcome], repository: Callable[..., Path], registry: registries.Registry
) -> None:
    made = repository("gitlab-broken")
    with (made / "Dockerfile").open("a") as dockerfile:
        dockerfile.write("RUN false\n")
    commit(made)
    outcome = pipeline(made)
    assert outcome.code == 1
    assert list(outcome.jobs) == ["test"]
    assert "FAIL: build " in outcome.jobs["test"]
    assert registry.tags("me/gitlab-broken") == []


def test_documentation_builds_nothing(
    pipeline: Callable[..., Outcome],
    repository: Callable[..., Path],
    registry: registries.Registry,
    tmp_path: Path,
) -> None:
    made = repository("gitlab-docs")
    before = git("rev-parse", "HEAD", cwd=made)
    # what counts is the commit of the last published image; a small one will do
    image = f"{registry.host}/me/gitlab-docs:2026-01-01"
    text = f"FROM scratch\nLABEL org.opencontainers.image.revision={before}\nCMD none\n"
    login = {"DOCKER_CONFIG": str(registry.docker_config(tmp_path / "docker", logged_in=True))}
    build = ["docker", "build", "--quiet", "--tag", image, "-"]
    subprocess.run(build, input=text, env=os.environ | login, check=True, text=True)
    subprocess.run(["docker", "push", "--quiet", image], env=os.environ | login, check=True)
    (made / "README.md").write_text("More words.\n")
    commit(made)
    outcome = pipeline(made)
    assert outcome.code == 0, outcome.log[-6000:]
    assert "Only documentation changed, so there is no image to build." in outcome.summary
    assert "Building" not in outcome.log
    assert registry.tags("me/gitlab-docs") == ["2026-01-01"]


@pytest.mark.parametrize(
    ("variables", "runs"),
    [
        ({"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"}, True),
        ({"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_TAG": "v1"}, True),
        ({"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "more"}, False),
        ({"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "binder"}, False),
        ({"CI_PIPELINE_SOURCE": "merge_request_event"}, True),
        ({"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main"}, True),
        ({"CI_PIPELINE_SOURCE": "web", "CI_COMMIT_BRANCH": "more"}, True),
    ],
)
def test_when_there_is_a_pipeline(
    programs: Path, tmp_path: Path, variables: dict[str, str], runs: bool
) -> None:
    """A branch has none beside its merge request's.

    gitlab-ci-local runs every pipeline, but knows the rules of jobs, so here a job has the workflow's.
    """
    rules = yaml.safe_load(FILE.read_text(encoding="utf-8"))["workflow"]["rules"]
    job = {"script": ["true"], "rules": rules}
    (tmp_path / ".gitlab-ci.yml").write_text(yaml.safe_dump({"stages": ["test"], "job": job}))
    git("init", "--quiet", cwd=tmp_path)
    git("commit", "--quiet", "--allow-empty", "--message=made", cwd=tmp_path)
    git("remote", "add", "origin", PROJECT, cwd=tmp_path)
    command = ["gitlab-ci-local", "--list-json", "--home", str(tmp_path)]
    command += ["--unset-variable", "CI_COMMIT_BRANCH", "--variable", "CI_DEFAULT_BRANCH=main"]
    command += ["--ignore-predefined-vars", ",".join([*variables, "CI_DEFAULT_BRANCH"])]
    for key, value in variables.items():
        command += ["--variable", f"{key}={value}"]
    env = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(
        command, cwd=tmp_path, env=env, check=True, stdout=subprocess.PIPE, text=True
    )
    (listed,) = json.loads(done.stdout)
    assert listed["when"] == ("on_success" if runs else "never")
