"""GitHub's workflow, the very file that every repository gets, run whole by `act` on this machine.

The registry is a real one that asks for a password; the runner is this machine; act answers
actions/checkout with the repository's folder. Only actions/attest is a stand-in, which notes what it
was asked, as it would sign by GitHub's own services.
"""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import docker.errors
import pytest
import standins
import test_set_up as button
from repositories import commit, git

press, upstream, wheels = button.press, button.upstream, button.wheels
ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "image.yml"
ADDRESS = "https://github.com/me/env.git"
OWN = ["inherit", "repo2docker", "dockerfile"]
FORK = {"sha": "0123456789abcdef0123456789abcdef01234567", "repo": {"full_name": "reader/my-fork"}}
# one for each part of the check; what is done to a repository, and what the run must say
BROKEN = {
    "build": ("Dockerfile", "RUN false\n", "FAIL: build "),
    "hub": (
        "Dockerfile",
        "USER root\nRUN rm $(which jupyterhub-singleuser)\nUSER 1000\n",
        "FAIL: K1 ",
    ),
    "Binder": ("Dockerfile", "USER root\nRUN rm $(which jupyter-lab)\nUSER 1000\n", "FAIL: B2 "),
    "tests": ("tests/test_environment.py", "def test_broken(): assert False\n", "FAIL: tests "),
}
ATTEST = """\
name: stand-in for actions/attest
description: notes what it was asked
inputs: {push-to-registry: {}, subject-digest: {}, subject-name: {}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {SUBJECT: "${{ inputs.subject-name }}@${{ inputs.subject-digest }}"}
      run: echo "asked to sign $SUBJECT"
"""


@dataclass
class Outcome:
    """What a run of the workflow did: each job's result, the summaries of all, the steps' log."""

    code: int
    jobs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    log: str = ""


def event(repository: Path, **more: Any) -> dict[str, Any]:
    """A payload as GitHub sends it, of which the last commit alone is new."""
    owner = {"login": "me", "type": "User"}
    about = {"full_name": "me/env", "default_branch": "main", "owner": owner, "fork": False}
    before = git("rev-list", "--max-count=2", "HEAD", cwd=repository).splitlines()[1:]
    push = {"ref": "refs/heads/main", "before": before[0] if before else "0" * 40}
    return push | {"repository": about | {"visibility": "public"}} | more


@pytest.fixture(scope="module")
def act(
    environment: dict[str, str], registry: Any, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Outcome]:
    """A function that runs the workflow. In: the repository, the event's name and payload, secrets
    (None: those of the registry's account). Out: its Outcome."""
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
        command += ["--workflows", ".github/workflows/image.yml"]
        for secret in secrets:
            command += ["--secret", secret]
        for runner in ("ubuntu-latest", "ubuntu-24.04-arm"):
            command += ["--platform", f"{runner}=-self-hosted"]
        command += ["--local-repository", f"{action}={attest}"]
        done = subprocess.run(
            command, cwd=repository, env=variables, capture_output=True, text=True, check=False
        )
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
    render: Callable[..., Path], registry: Any, tmp_path: Path
) -> Iterator[Callable[..., Path]]:
    """A function that makes a repository with a remote, whose image goes to the registry. In: its
    strategy and answers. Out: its folder. Its images are removed at the end."""

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
    press: Callable[..., button.Repository], registry: Any
) -> Iterator[Callable[..., Path]]:
    """As `repository`, but made by "Use this template" and the form of setup.yml: see
    tests/test_set_up.py. In: what is chosen in the form."""

    def make(strategy: str, **form: str) -> Path:
        copy = press()
        code, said = button.set_up(copy, strategy=strategy, base="jupyter-base", **form)
        assert code == 0, said
        made = button.result(copy)
        git("remote", "set-url", "origin", ADDRESS, cwd=made)
        standins.ensure_bases(made)
        names.append(f"{form.get('image', '/none').rpartition('/')[2]}:")
        standins.forget_images(names)
        return made

    names = [f"{registry.host}/"]
    yield make
    standins.forget_images(names)


def forget(reference: str) -> None:
    """Have an image of this name no more, under any name."""
    client = standins.client()
    with_it = client.images.get(reference)
    for tag in with_it.tags:
        client.images.remove(tag)
    for digest in with_it.attrs["RepoDigests"]:  # an image by digest alone
        with_names = client.api.images(filters={"reference": digest.partition("@")[0]})
        if with_names:
            client.images.remove(digest)


def test_template_itself_is_not_set_up(act: Callable[..., Outcome], template: Path) -> None:
    """In the template's own root, and in a copy that is not set up, nothing is done."""
    outcome = act(template, "push", event(template))
    assert outcome.code == 0
    assert "not set up" in outcome.summary
    assert outcome.jobs == {"plan": "success"}


@pytest.mark.parametrize("strategy", OWN)
def test_push_publishes_what_was_proved(
    act: Callable[..., Outcome],
    of_the_button: Callable[..., Path],
    environment: dict[str, str],
    registry: Any,
    docker_client: docker.DockerClient,
    strategy: str,
    tmp_path: Path,
) -> None:
    name = f"me/env-{strategy}"
    image = f"{registry.host}/{name}"
    made = of_the_button(strategy, binder="image", image=image)
    short = git("rev-parse", "HEAD", cwd=made)[:12]
    registry.publish(name)
    outcome = act(made, "push", event(made))
    assert outcome.code == 0, outcome.log[-6000:]
    assert outcome.jobs == dict.fromkeys(["plan", "image", "publish", "binder"], "success")

    today = datetime.datetime.now(datetime.timezone.utc).date()
    day = next(tag for tag in registry.published(name) if re.fullmatch(r"\d{4}-\d\d-\d\d", tag))
    assert registry.published(name) == {day, short}  # and no `latest`
    assert (today - datetime.date.fromisoformat(day)).days in (0, 1)  # around midnight
    digest, manifest = registry.manifest(name, day)
    assert registry.manifest(name, short)[0] == digest
    proved = docker_client.images.get(f"env-{strategy}:proved")
    assert proved.id in (digest, manifest["config"]["digest"])
    assert f"asked to sign {image}@{digest}" in outcome.log

    for expected in [
        f"- digest: `{digest}`",
        f"- tags: `{short}`, `{day}`",
        "anyone can pull it",
        "(SBOM) and its provenance are attached",
        "apt: bash ",
        f'    name: {image}\n    tag: "{day}"\n',
        f'c.DockerSpawner.image = "{image}:{day}"',
        "there is no published image with a list of packages",
    ]:
        assert expected in outcome.summary
    listed = registry.manifest(name, digest.replace(":", "-"))[1]["manifests"]
    types = {"application/vnd.cyclonedx+json", "application/vnd.in-toto+json"}
    assert {entry["artifactType"] for entry in listed} == types

    # A hub elsewhere has nothing but the digest.
    docker_client.images.remove(f"env-{strategy}:check", force=True)
    docker_client.images.remove(f"env-{strategy}:proved", force=True)
    forget(f"{image}:{short}")
    nobody = environment | {"DOCKER_CONFIG": str(registry.docker_config(tmp_path / "nobody"))}
    check = [sys.executable, "check_image.py"]
    done = subprocess.run([*check, f"{image}@{digest}"], cwd=made, env=nobody, check=False)
    assert done.returncode == 0

    # Binder starts the branch that the run has pushed: the published image, and one layer.
    branch = tmp_path / "binder"
    git("clone", "--quiet", "--branch=binder", str(tmp_path / "remote.git"), str(branch), cwd=made)
    assert not (branch / ".github").exists()
    assert f"FROM {image}@{digest}\n" in (branch / ".binder" / "Dockerfile").read_text()
    built = f"binder-{strategy}:test"
    standins.build(branch, built, target_repo_dir=None)
    layers = docker_client.images.get(built).attrs["RootFS"]["Layers"]
    assert len(layers) == 1 + len(
        docker_client.images.get(f"{image}@{digest}").attrs["RootFS"]["Layers"]
    )
    done = subprocess.run([*check, built], cwd=branch, env=nobody, check=False)
    assert done.returncode == 0
    docker_client.images.remove(built, force=True)


@pytest.mark.parametrize("name", ["push", "workflow_dispatch"])
def test_push_of_a_pointer_proves_and_publishes_nothing(
    act: Callable[..., Outcome], of_the_button: Callable[..., Path], name: str
) -> None:
    """Nor does the first run, which set-up starts."""
    made = of_the_button("community-image")
    reference = standins.pinned("jupyter-base")
    outcome = act(made, name, event(made), secrets={})
    assert outcome.code == 0, outcome.log[-6000:]
    assert outcome.jobs == {"plan": "success", "image": "success"}
    assert f"## {reference} starts on a hub" in outcome.summary
    assert "conda: jupyterlab " in outcome.summary
    assert f'    tag: "{reference.rpartition(":")[2]}"' in outcome.summary


@pytest.mark.parametrize("strategy", ["community-image", *OWN])
def test_pull_request_publishes_nothing(
    act: Callable[..., Outcome], repository: Callable[..., Path], registry: Any, strategy: str
) -> None:
    """Not even with secrets at hand, which a fork's has not."""
    made = repository(
        strategy, **({"image": f"{registry.host}/me/request"} if strategy in OWN else {})
    )
    outcome = act(made, "pull_request", event(made, pull_request={"head": FORK}))
    assert outcome.code == 0, outcome.log[-6000:]
    assert outcome.jobs == {"plan": "success", "image": "success"}
    assert f"https://mybinder.org/v2/gh/reader/my-fork/{FORK['sha']}?urlpath=lab" in outcome.summary
    assert "conda: jupyterlab " in outcome.summary
    assert registry.tags("me/request") == []
    assert "lets '" not in outcome.log  # nobody logged in


def test_second_push_tells_the_difference_and_reuses_layers(
    act: Callable[..., Outcome], repository: Callable[..., Path], registry: Any, tmp_path: Path
) -> None:
    image = f"{registry.host}/me/twice"
    made = repository(
        "inherit", image=image, pip_packages="cowsay xlsxwriter==3.2.0", binder="image"
    )
    first = (
        commit(made)
        if git("status", "--porcelain", cwd=made)
        else git("rev-parse", "HEAD", cwd=made)
    )
    outcome = act(made, "workflow_dispatch", event(made))  # as set-up starts it
    assert outcome.code == 0, outcome.log[-6000:]
    # private, as a first image often is: the run is green all the same and says where to change it
    assert outcome.jobs == dict.fromkeys(["plan", "image", "publish"], "success")
    assert "It is private: an anonymous pull was refused" in outcome.summary
    assert not git("ls-remote", str(tmp_path / "remote.git"), "binder", cwd=made)

    environment = made / "environment.yml"
    text = environment.read_text()
    environment.write_text(text.replace("cowsay", "pyjokes").replace("3.2.0", "3.2.2"))
    second = commit(made)[:12]
    registry.publish("me/twice")
    outcome = act(made, "push", event(made))
    assert outcome.code == 0, outcome.log[-6000:]
    for line in (r"\+ pip: pyjokes \S+", r"- pip: cowsay \S+", r"! pip: xlsxwriter 3.2.0 -> 3.2.2"):
        assert re.search(f"^{line}$", outcome.summary, re.MULTILINE)
    assert re.search(r"size: \d+\.\d\d GB \([+-]0\.0\d GB since \d{4}-\d\d-\d\d\)", outcome.summary)
    assert re.search(r"importing cache manifest from 127\.0\.0\.1:\d+/me/twice:\d{4}-", outcome.log)
    # nodes may hold the day's first image under the day's tag
    assert f'tag: "{second}"' in outcome.summary
    assert {first[:12], second} < registry.published("me/twice")

    # and a third, to documentation alone, builds nothing
    (made / "README.md").write_text("More words.\n")
    commit(made)
    outcome = act(made, "push", event(made))
    assert outcome.code == 0
    assert outcome.jobs == {"plan": "success"}
    assert "Only documentation changed" in outcome.summary


@pytest.mark.parametrize("part", BROKEN)
def test_broken_image_is_not_published(
    act: Callable[..., Outcome], repository: Callable[..., Path], registry: Any, part: str
) -> None:
    made = repository("inherit", image=f"{registry.host}/me/broken")
    file, text, said = BROKEN[part]
    with (made / file).open("a") as written:
        written.write(text)
    commit(made)
    outcome = act(made, "push", event(made))
    assert outcome.code != 0
    assert outcome.jobs == {"plan": "success", "image": "failure"}
    assert said in outcome.log
    assert registry.tags("me/broken") == []


@pytest.mark.parametrize(
    ("secrets", "sentence"),
    [
        ({}, "set REGISTRY_USERNAME and REGISTRY_PASSWORD, of an account at"),
        ({"REGISTRY_USERNAME": "somebody"}, "set REGISTRY_PASSWORD, of an account at"),
        (
            {"REGISTRY_USERNAME": "somebody", "REGISTRY_PASSWORD": "wrong-one"},
            "not push to me/secrets: set the secrets REGISTRY_USERNAME and REGISTRY_PASSWORD",
        ),
    ],
    ids=["none", "no password", "wrong password"],
)
def test_secret_is_asked_for_before_the_build(
    act: Callable[..., Outcome],
    repository: Callable[..., Path],
    registry: Any,
    secrets: dict[str, str],
    sentence: str,
) -> None:
    made = repository("inherit", image=f"{registry.host}/me/secrets")
    outcome = act(made, "push", event(made), secrets)
    assert outcome.code != 0
    assert sentence in outcome.log
    assert "https://github.com/me/env/settings/secrets/actions" in outcome.log
    assert "Building " not in outcome.log


def test_each_platform_is_pushed_before_the_tag(
    repository: Callable[..., Path],
    environment: dict[str, str],
    registry: Any,
    tmp_path: Path,
) -> None:
    """As the job `publish` does when both runners have pushed. Their images are small stand-ins: no
    machine here has the other processor."""
    name = "me/both"
    image = f"{registry.host}/{name}"
    made = repository("dockerfile", image=image, platforms="[amd64, arm64]")
    short = git("rev-parse", "HEAD", cwd=made)[:12]
    login = str(registry.docker_config(tmp_path / "docker", logged_in=True))
    variables = environment | {"DOCKER_CONFIG": login}
    digests = {}
    for architecture in ("amd64", "arm64"):
        tag = [sys.executable, "publish_image.py", "tag"]
        done = subprocess.run(
            tag, cwd=made, env=variables, check=False, capture_output=True, text=True
        )
        assert done.returncode == 2
        assert f"{short}-{architecture}" in done.stderr
        assert "was not pushed" in done.stderr
        part = f"{image}:{short}-{architecture}"
        build = [
            "docker",
            "build",
            "--quiet",
            f"--platform=linux/{architecture}",
            "--tag",
            part,
            "-",
        ]
        text = f"FROM scratch\nLABEL standin={architecture}\nCMD none\n"
        subprocess.run(build, input=text, env=variables, check=True, text=True)
        subprocess.run(["docker", "push", "--quiet", part], env=variables, check=True)
        digests[architecture] = registry.manifest(name, f"{short}-{architecture}")[0]
    subprocess.run(tag, cwd=made, env=variables, check=True)
    (day,) = registry.published(name) - {short, f"{short}-amd64", f"{short}-arm64"}
    digest, index = registry.manifest(name, day)
    assert registry.manifest(name, short)[0] == digest
    merged = {entry["platform"]["architecture"]: entry["digest"] for entry in index["manifests"]}
    assert merged == digests


def test_three_commands_where_there_is_no_ci(
    repository: Callable[..., Path], environment: dict[str, str], registry: Any, tmp_path: Path
) -> None:
    """Those of the README of a repository that lives elsewhere, as they stand there."""
    image = f"{registry.host}/me/elsewhere"
    where = "https://git.example.org/me/env.git"
    made = repository("inherit", image=image, code_host="other", repository=where)
    readme = (made / "README.md").read_text().partition("To publish the image")[2]
    check, login, publish = re.findall(r"^    (.+)$", readme, re.MULTILINE)[:3]
    assert login == f"docker login {registry.host}"
    variables = environment | {"DOCKER_CONFIG": str(registry.docker_config(tmp_path / "docker"))}
    variables |= {"PATH": f"{Path(sys.prefix) / 'bin'}:{environment['PATH']}"}
    variables |= {"PIPX_HOME": str(tmp_path / "pipx")}

    def run(command: str, given: str = "") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command.split(),
            cwd=made,
            env=variables,
            input=given,
            check=False,
            capture_output=True,
            text=True,
        )
        print(done.stdout[-3000:], done.stderr[-3000:])
        return done

    assert f"Nobody is logged in at {registry.host}: run `{login}` first." in run(publish).stderr
    account = f" --username {registry.username} --password-stdin"
    assert run(login + account, registry.password).returncode == 0
    refused = run(publish)
    assert refused.returncode == 2
    assert "There is no proved image elsewhere:proved: run check_image.py first." in refused.stderr
    assert run(check).returncode == 0
    done = run(publish)
    assert done.returncode == 0
    short = git("rev-parse", "HEAD", cwd=made)[:12]
    assert short in registry.published("me/elsewhere")
    assert f'c.DockerSpawner.image = "{image}:' in done.stderr


def test_hostile_names_run_nothing(
    act: Callable[..., Outcome], repository: Callable[..., Path], registry: Any, tmp_path: Path
) -> None:
    """A branch, a commit message and an author, none of which may become shell or an expression."""
    proof = tmp_path / "ran"
    hostile = f"a$(touch${{IFS}}{proof})`touch${{IFS}}{proof}`${{{{github.token}}}}"
    made = repository("inherit", image=f"{registry.host}/me/hostile")
    git("checkout", "--quiet", "-b", hostile, cwd=made)
    (made / "tests" / "note.txt").write_text(hostile)
    git("add", "--all", cwd=made)
    git("commit", "--quiet", f"--message={hostile}", f"--author={hostile} <a@b>", cwd=made)
    payload = event(made, ref=f"refs/heads/{hostile}", head_commit={"message": hostile})
    payload["repository"]["default_branch"] = hostile
    payload["pull_request"] = {"head": FORK | {"ref": hostile}, "title": hostile}
    for name in ("push", "pull_request"):
        outcome = act(made, name, payload)
        assert outcome.jobs.keys() == {"plan", "image"}
        assert not proof.exists()
