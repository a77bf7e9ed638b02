"""GitHub's workflow, run whole by `act`: what it does not publish; and publishing by hand."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support import registry as registries
from support.act import Outcome, event
from support.repositories import commit, git

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


@pytest.mark.parametrize("strategy", ["community-image", *OWN])
def test_pull_request_publishes_nothing(
    act: Callable[..., Outcome],
    repository: Callable[..., Path],
    registry: registries.Registry,
    strategy: str,
) -> None:
    """Not even with secrets at hand, which a fork's has not."""
    made = repository(
        strategy, **({"image": f"{registry.host}/me/request"} if strategy in OWN else {})
    )
    outcome = act(made, "pull_request", event(made, pull_request={"head": FORK}))
    assert outcome.code == 0, outcome.log[-6000:]
    assert outcome.jobs == dict.fromkeys(["plan", "test", "result"], "success")
    assert f"https://mybinder.org/v2/gh/reader/my-fork/{FORK['sha']}?urlpath=lab" in outcome.summary
    assert "conda: jupyterlab " in outcome.summary
    assert registry.tags("me/request") == []
    assert "lets '" not in outcome.log  # nobody logged in


@pytest.mark.parametrize("part", BROKEN)
def test_broken_image_is_not_published(
    act: Callable[..., Outcome],
    repository: Callable[..., Path],
    registry: registries.Registry,
    part: str,
) -> None:
    made = repository("inherit", image=f"{registry.host}/me/broken")
    file, text, said = BROKEN[part]
    with (made / file).open("a") as written:
        written.write(text)
    commit(made)
    outcome = act(made, "push", event(made))
    assert outcome.code != 0
    assert outcome.jobs == {"plan": "success", "image": "failure", "result": "failure"}
    assert said in outcome.log
    assert registry.tags("me/broken") == []


@pytest.mark.parametrize(
    ("secrets", "sentence"),
    [
        ({}, "Set REGISTRY_USERNAME and REGISTRY_PASSWORD as secrets at"),
        ({"REGISTRY_USERNAME": "somebody"}, "Set REGISTRY_PASSWORD as secrets at"),
        (
            {"REGISTRY_USERNAME": "somebody", "REGISTRY_PASSWORD": "wrong-one"},
            "' push to me/secrets.",  # act masks the account
        ),
    ],
    ids=["none", "no password", "wrong password"],
)
def test_secret_is_asked_for_before_the_build(
    act: Callable[..., Outcome],
    repository: Callable[..., Path],
    registry: registries.Registry,
    secrets: dict[str, str],
    sentence: str,
) -> None:
    made = repository("inherit", image=f"{registry.host}/me/secrets")
    outcome = act(made, "push", event(made), secrets)
    assert outcome.code != 0
    assert sentence in outcome.log and "me/secrets" in outcome.log
    assert "https://github.com/me/env/settings/secrets/actions" in outcome.log
    assert "Building " not in outcome.log


def test_three_commands_where_there_is_no_ci(
    repository: Callable[..., Path],
    environment: dict[str, str],
    registry: registries.Registry,
    tmp_path: Path,
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

    refused = run(publish).stderr
    assert f"Run `{login}`" in refused and "does not let anyone without an account" in refused
    account = f" --username {registry.username} --password-stdin"
    assert run(login + account, registry.password).returncode == 0
    untested = run(publish)
    assert untested.returncode == 2
    assert "Run ci/check.py first: there is no tested image elsewhere:tested." in untested.stderr
    assert run(check).returncode == 0
    done = run(publish)
    assert done.returncode == 0
    short = git("rev-parse", "HEAD", cwd=made)[:12]
    assert short in registry.published("me/elsewhere")
    assert f'c.DockerSpawner.image = "{image}:' in done.stderr


def test_hostile_names_run_nothing(
    act: Callable[..., Outcome],
    repository: Callable[..., Path],
    registry: registries.Registry,
    tmp_path: Path,
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
        assert outcome.jobs.keys() == {"plan", "test", "result"}
        assert not proof.exists()
