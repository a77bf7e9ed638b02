"""GitHub's workflow, the very file that every repository gets, run whole by `act`: what it publishes."""

from __future__ import annotations

import datetime
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from support import registry as registries
from support import standins
from support.act import Outcome, event
from support.repositories import commit, git

OWN = ["inherit", "repo2docker", "dockerfile"]
ALL = ["plan", "image", "publish", "binder", "result"]


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
    assert outcome.jobs == {"plan": "success", "result": "success"}


@pytest.mark.parametrize("strategy", OWN)
def test_push_publishes_what_was_tested(
    act: Callable[..., Outcome],
    of_the_button: Callable[..., Path],
    environment: dict[str, str],
    registry: registries.Registry,
    docker_client: docker.DockerClient,
    repo2docker_build: Callable[..., str],
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
    assert outcome.jobs == dict.fromkeys(ALL, "success")

    today = datetime.datetime.now(datetime.UTC).date()
    day = next(tag for tag in registry.published(name) if re.fullmatch(r"\d{4}-\d\d-\d\d", tag))
    assert registry.published(name) == {day, short}  # and no `latest`
    assert (today - datetime.date.fromisoformat(day)).days in (0, 1)  # around midnight
    digest, manifest = registry.manifest(name, day)
    assert registry.manifest(name, short)[0] == digest
    tested = docker_client.images.get(f"env-{strategy}:tested")
    assert tested.id in (digest, manifest["config"]["digest"])
    assert f"asked to sign {image}@{digest}" in outcome.log

    for expected in [
        f"- digest: `{digest}`",
        f"- tags: `{short}`, `{day}`",
        "anyone can pull it",
        "(SBOM) is attached to the digest",
        "apt: bash ",
        f'    name: {image}\n    tag: "{day}"\n',
        f'c.DockerSpawner.image = "{image}:{day}"',
        "no published image has a list of packages",
    ]:
        assert expected in outcome.summary
    listed = registry.manifest(name, digest.replace(":", "-"))[1]["manifests"]
    assert [entry["artifactType"] for entry in listed] == ["application/vnd.cyclonedx+json"]

    # A hub elsewhere has nothing but the digest, nor has Binder, which starts the branch that the run has
    # pushed: the published image, and one layer.
    docker_client.images.remove(f"env-{strategy}:check", force=True)
    docker_client.images.remove(f"env-{strategy}:tested", force=True)
    forget(f"{image}:{short}")
    nobody = environment | {"DOCKER_CONFIG": str(registry.docker_config(tmp_path / "nobody"))}
    check = [sys.executable, "ci/check.py"]
    if strategy == "dockerfile":  # once, as each check lives a minute
        hub = [*check, f"{image}@{digest}"]
        assert subprocess.run(hub, cwd=made, env=nobody, check=False).returncode == 0
        forget(f"{image}@{digest}")
    branch = tmp_path / "binder"
    git("clone", "--quiet", "--branch=binder", str(tmp_path / "remote.git"), str(branch), cwd=made)
    assert not (branch / ".github").exists()
    assert f"FROM {image}@{digest}\n" in (branch / ".binder" / "Dockerfile").read_text()
    built = f"binder-{strategy}:test"
    repo2docker_build(branch, built, target_repo_dir=None)
    layers = docker_client.images.get(built).attrs["RootFS"]["Layers"]
    assert layers[:-1] == tested.attrs["RootFS"]["Layers"]
    binder = [*check, built]
    assert subprocess.run(binder, cwd=branch, env=nobody, check=False).returncode == 0


@pytest.mark.parametrize("name", ["push", "workflow_dispatch"])
def test_push_of_a_pointer_tests_and_publishes_nothing(
    act: Callable[..., Outcome], of_the_button: Callable[..., Path], name: str
) -> None:
    """Nor does the first run, which set-up starts."""
    made = of_the_button("community-image")
    reference = standins.pinned("jupyter-base")
    outcome = act(made, name, event(made), secrets={})
    assert outcome.code == 0, outcome.log[-6000:]
    assert outcome.jobs == dict.fromkeys(["plan", "test", "result"], "success")
    assert f"## {reference} starts on a hub" in outcome.summary
    assert "conda: jupyterlab " in outcome.summary
    assert f'    tag: "{reference.rpartition(":")[2]}"' in outcome.summary


def test_second_push_tells_the_difference_and_reuses_layers(
    act: Callable[..., Outcome],
    repository: Callable[..., Path],
    registry: registries.Registry,
    tmp_path: Path,
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
    assert outcome.jobs == dict.fromkeys(["plan", "image", "publish", "result"], "success")
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
    assert outcome.jobs == {"plan": "success", "result": "success"}
    assert "Only documentation changed" in outcome.summary


def test_each_platform_is_pushed_before_the_tag(
    repository: Callable[..., Path],
    environment: dict[str, str],
    registry: registries.Registry,
    tmp_path: Path,
) -> None:
    """As the job `publish` does when both runners have pushed.

    Their images are small stand-ins: no machine here has the other processor.
    """
    name = "me/both"
    image = f"{registry.host}/{name}"
    made = repository("dockerfile", image=image, platforms="[amd64, arm64]")
    short = git("rev-parse", "HEAD", cwd=made)[:12]
    login = str(registry.docker_config(tmp_path / "docker", logged_in=True))
    variables = environment | {"DOCKER_CONFIG": login}
    digests = {}
    for architecture in ("amd64", "arm64"):
        tag = [sys.executable, "ci/publish.py", "tag"]
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
