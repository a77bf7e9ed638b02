"""Which account publishes, and what is said before anything is built if it may not."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import responses

from hub_image.publish import push, target
from hub_image.publish.main import main
from hub_image.publish.target import log_in
from hub_image.runs import Run
from hub_image.settings import Settings, UserError
from support.ci_runs import github, gitlab
from support.repositories import commit
from support.strict_registry import StrictRegistry, basic

Change = Callable[..., Settings]
Ask = Callable[..., tuple[int, str]]
PASSWORD = "a-password-that-nobody-sees"
WRONG_PASSWORD = "a-password-that-is-wrong"
SECRETS = {"REGISTRY_USERNAME": "robot", "REGISTRY_PASSWORD": PASSWORD}
TOKEN = {"GITHUB_ACTOR": "me", "GITHUB_TOKEN": PASSWORD}
JOB = {
    "CI_REGISTRY": "registry.gitlab.com",
    "CI_REGISTRY_USER": "job",
    "CI_REGISTRY_PASSWORD": PASSWORD,
}


# --- the account -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "env", "known", "user"),
    [
        ("quay.io", SECRETS | TOKEN | JOB, {"quay.io": "person"}, "robot"),
        ("ghcr.io", SECRETS | TOKEN, {}, "robot"),
        ("ghcr.io", TOKEN | {"REGISTRY_USERNAME": "robot"}, {"ghcr.io": "person"}, "me"),
        ("registry.gitlab.com", JOB, {"registry.gitlab.com": "person"}, "job"),
        ("quay.io", TOKEN | JOB, {"quay.io": "person", "ghcr.io": "other"}, "person"),
        ("docker.io", {}, {"https://index.docker.io/v1/": "person"}, "person"),
        # a run's own token, at any registry but its own
        ("quay.io", TOKEN | JOB, {}, None),
        ("docker.io", TOKEN | JOB, {}, None),
        ("ghcr.io.example.org", TOKEN, {}, None),
        ("ghcr.io", JOB, {}, None),
        ("registry.gitlab.com", TOKEN, {}, None),
    ],
)
def test_credentials(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    env: dict[str, str],
    known: dict[str, str],
    user: str | None,
) -> None:
    """The secrets, then the run's own token in its own registry, then `docker login`'s."""
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    auths = {at: {"auth": basic(name, PASSWORD).split()[1]} for at, name in known.items()}
    config = tmp_path / "docker" / "config.json"
    config.write_text(json.dumps({"auths": auths}), encoding="utf-8")
    assert target.credentials(host) == ((user, PASSWORD) if user else None)


@pytest.mark.parametrize(
    ("on", "image", "name"),
    [
        ("github", "ghcr.io/owner/my-environment", "ghcr.io/me/env"),
        ("github", "ghcr.io/owners/env", "ghcr.io/owners/env"),
        ("github", "quay.io/owner/env", "quay.io/owner/env"),
        ("github", "registry.gitlab.com/owner/env", "registry.gitlab.com/owner/env"),
        ("gitlab", "registry.gitlab.com/owner/env", "registry.gitlab.com/me/env"),
        ("gitlab", "registry.gitlab.com/team/env", "registry.gitlab.com/team/env"),
        ("gitlab", "ghcr.io/owner/env", "ghcr.io/owner/env"),
        ("", "ghcr.io/owner/env", "ghcr.io/owner/env"),
    ],
)
def test_image_name(
    change: Change, monkeypatch: pytest.MonkeyPatch, on: str, image: str, name: str
) -> None:
    """Where the owner was not known, the image goes to the repository's own registry; nowhere else."""
    monkeypatch.setenv("CI_REGISTRY_IMAGE", "registry.gitlab.com/me/env")
    assert target.image_name(change(IMAGE=image), Run(on=on, project="Me/Env")) == name


# --- access ----------------------------------------------------------------------------------------

ON_GITHUB = "https://github.com/me/env/settings/secrets/actions"
ON_GITLAB = "https://gitlab.com/me/env/-/settings/ci_cd#js-cicd-variables-settings"
BOTH, ONE = "REGISTRY_USERNAME and REGISTRY_PASSWORD", {"REGISTRY_USERNAME": "robot"}
MISSING = (
    "Set {} as {} at {}, of an account at quay.io that may push to quay.io/me/env, and run this again: "
    "nothing may push there yet.\n"
)
WRONG = (
    f"Set the secrets {BOTH} at {ON_GITHUB} to those of an account that may push, and run this again: "
    "quay.io does not let 'robot' push to me/env.\n"
)
NO_TOKEN = (
    "Answer with an image name of your own (-d image=ghcr.io/me/env), or let me/env write to that "
    f"package, or set the secrets {BOTH} at {ON_GITHUB}, and run this again: ghcr.io does not let 'me' "
    "push to team/env.\n"
)
# Where it runs, the image, what is known, what the account may; the sentence.
REFUSED = [
    ("github", "quay.io/me/env", TOKEN, "pull,push", MISSING.format(BOTH, "secrets", ON_GITHUB)),
    (
        "github",
        "quay.io/me/env",
        ONE,
        "pull,push",
        MISSING.format("REGISTRY_PASSWORD", "secrets", ON_GITHUB),
    ),
    ("gitlab", "quay.io/me/env", JOB, "pull,push", MISSING.format(BOTH, "variables", ON_GITLAB)),
    (
        "github",
        "quay.io/me/env",
        SECRETS | {"REGISTRY_PASSWORD": WRONG_PASSWORD},
        "pull,push",
        WRONG,
    ),
    ("github", "quay.io/me/env", SECRETS, "pull", WRONG),
    ("github", "ghcr.io/team/env", TOKEN, "pull", NO_TOKEN),
]


@pytest.fixture
def ask(
    change: Change,
    web: responses.RequestsMock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Ask:
    """A function that asks for access in CI; it returns the exit code and what was said."""

    def ask(
        on: str, image: str, env: dict[str, str], may: str, held: bool = True
    ) -> tuple[int, str]:
        root = change(IMAGE=image).root
        accounts = {(user, PASSWORD): may for user in ("robot", "me", "job")}
        registry = StrictRegistry(web, image, accounts)
        if held:
            registry.hold_image("2026-11-22")
        here = {"github": github(tmp_path, "push"), "gitlab": gitlab("push")}[on]
        for key, value in (here | env).items():
            monkeypatch.setenv(key, value)
        code = main(["access"], root)
        said = "".join(capsys.readouterr())
        for secret in (PASSWORD, WRONG_PASSWORD, basic("robot", PASSWORD).split()[1]):
            assert secret not in said
        return code, said

    return ask


@pytest.mark.parametrize(("on", "image", "env", "may", "sentence"), REFUSED)
def test_access_refused(
    ask: Ask, on: str, image: str, env: dict[str, str], may: str, sentence: str
) -> None:
    """Before anything is built, in one sentence that says what is missing, and where it is set."""
    assert ask(on, image, env, may) == (2, sentence)


ALLOWED = [
    ("github", "quay.io/me/env", SECRETS | TOKEN, "robot"),
    ("github", "ghcr.io/me/env", TOKEN, "me"),
    ("gitlab", "registry.gitlab.com/me/env", JOB, "job"),
]


@pytest.mark.parametrize("held", [True, False], ids=["another push", "the first push"])
@pytest.mark.parametrize(("on", "image", "env", "user"), ALLOWED)
def test_access(
    ask: Ask,
    web: responses.RequestsMock,
    monkeypatch: pytest.MonkeyPatch,
    on: str,
    image: str,
    env: dict[str, str],
    user: str,
    held: bool,
) -> None:
    """The trial upload is given up; Docker is not logged in while the packages of others run."""
    monkeypatch.setattr("subprocess.run", None)
    code, said = ask(on, image, env, "pull,push", held=held)
    assert (code, said) == (0, f"{image.partition('/')[0]} lets '{user}' push to me/env.\n")
    last = web.calls[-1].request
    assert f"{last.method} {last.path_url}" == "DELETE /v2/me/env/blobs/uploads/7?state=x"


# --- docker login ----------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["", "no space left on device\n"])
@pytest.mark.parametrize(("on", "image", "env", "user"), ALLOWED)
def test_docker_login(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    on: str,
    image: str,
    env: dict[str, str],
    user: str,
    trouble: str,
) -> None:
    """Docker gets the password where no list of processes shows it; its own trouble is no wrong secret."""
    here = {"github": github(tmp_path, "push"), "gitlab": gitlab("push")}[on]
    for key, value in (here | env).items():
        monkeypatch.setenv(key, value)
    calls = []

    def docker(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        calls.append((command, options["input"]))
        return subprocess.CompletedProcess(command, bool(trouble), "", trouble)

    monkeypatch.setattr("subprocess.run", docker)
    host, said = image.partition("/")[0], ""
    try:
        log_in(image, Run(on=on))
    except RuntimeError as error:
        said = str(error)
    assert calls == [(["docker", "login", host, "--username", user, "--password-stdin"], PASSWORD)]
    wanted = f"`docker login {host}` as '{user}' says: no space left on device"
    assert said == (wanted if trouble else "")


# --- by hand ---------------------------------------------------------------------------------------


def test_by_hand_without_a_login(
    repository: Path, web: responses.RequestsMock, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = StrictRegistry(web, "ghcr.io/me/env", public=True)
    registry.hold_image("2026-11-22")
    assert main([], repository) == 2
    assert capsys.readouterr().err == (
        "Run `docker login ghcr.io` as an account that may push, and run this again: ghcr.io does not "
        "let anyone without an account push to me/env.\n"
    )


def test_a_community_s_image_is_not_published(
    repository: Path, change: Change, capsys: pytest.CaptureFixture[str]
) -> None:
    base = "quay.io/jupyter/base-notebook:2026-07-28"
    change(STRATEGY="community-image", IMAGE="", BASE_IMAGE=base, PLATFORMS="")
    assert main([], repository) == 2
    assert capsys.readouterr().err == f"Publish nothing here: {base} is its community's.\n"


def test_uncommitted_changes_have_no_commit(repository: Path, change: Change) -> None:
    settings, made = change(), commit(repository)
    assert push.commit(settings) == made
    (repository / "environment.yml").write_text("dependencies: [xarray]\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"Commit the changes in .*: no commit has them"):
        push.commit(settings)
