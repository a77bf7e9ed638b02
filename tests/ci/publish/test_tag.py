"""The tested image is pushed and tagged, and whether anyone can pull it is tried."""

from __future__ import annotations

import datetime
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import responses

from hub_image import contents, engine
from hub_image.git import REVISION
from hub_image.publish.main import main
from hub_image.publish.push import is_public, visibility_page
from hub_image.publish.report import report
from hub_image.registry import INDEX, SBOM, Manifest, Registry, RegistryError, attached
from hub_image.runs import Run
from hub_image.settings import Settings
from support.ci_runs import about, github, gitlab
from support.docker_standin import one_image
from support.repositories import commit, git
from support.strict_registry import StrictRegistry

Change = Callable[..., Settings]
ACCOUNT = ("robot", "a-password-that-nobody-sees")
DAY = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"


@pytest.fixture
def registry(web: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch) -> StrictRegistry:
    """The image's registry, to which the secrets' account may push."""
    monkeypatch.setenv("REGISTRY_USERNAME", ACCOUNT[0])
    monkeypatch.setenv("REGISTRY_PASSWORD", ACCOUNT[1])
    return StrictRegistry(web, "ghcr.io/me/env", {ACCOUNT: "pull,push"})


@pytest.fixture
def short(repository: Path) -> str:
    """The commit's tag."""
    return commit(repository)[:12]


# --- push ------------------------------------------------------------------------------------------


@pytest.fixture
def pushed(
    registry: StrictRegistry, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Manifest]:
    """A function that has `docker push` store an image of this commit, or of another.

    `overtaken`: another run pushes the same tag right after it.
    """
    (tmp_path / "listing.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(contents, "LISTING", tmp_path / "listing.py")

    def pushed(
        revision: str,
        platform: str = "linux/amd64",
        *,
        same: bool = True,
        overtaken: bool = False,
    ) -> Manifest:
        image, client = one_image({REVISION: revision}, platform)
        manifest = registry.hold_image()
        image.id = manifest.config if same else f"sha256:{64 * '0'}"
        system, _, architecture = platform.partition("/")
        inspected = {"Id": image.id, "Os": system, "Architecture": architecture}
        inspected["Config"] = {"Labels": image.labels}

        def docker(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
            name = "ghcr.io/me/env"
            if command[1:3] == ["image", "inspect"]:
                assert command[3:] == ["env:tested"]
                return subprocess.CompletedProcess(command, 0, json.dumps([inspected]), "")
            if command[1] == "tag":
                assert command[2] == image.id and command[3].startswith(f"{name}:")
            else:
                assert command[:2] == ["docker", "push"] and len(command) == 3
                tag = command[2].rpartition(":")[2]
                registry.held[tag] = registry.held[manifest.digest]
                if overtaken:
                    registry.hold_image(tag, labels={"of": "another run"})
                said = f"5f70bf18a086: Pushed\n{tag}: digest: {manifest.digest} size: 528\n"
                return subprocess.CompletedProcess(command, 0, said)
            return subprocess.CompletedProcess(command, 0)

        monkeypatch.setattr(engine, "connect", lambda: client)
        report(Settings.read(repository), Run())
        real = subprocess.run
        monkeypatch.setattr(
            "subprocess.run",
            lambda command, **how: (docker if command[0] == "docker" else real)(command, **how),
        )
        return manifest

    return pushed


def test_push(
    registry: StrictRegistry,
    repository: Path,
    short: str,
    pushed: Callable[..., Manifest],
    capsys: pytest.CaptureFixture[str],
) -> None:
    manifest = pushed(git("rev-parse", "HEAD", cwd=repository))
    assert main(["push"], repository) == 0
    said = f"Pushed ghcr.io/me/env:{short}, {manifest.digest}, the image that was tested.\n"
    assert capsys.readouterr().out == said
    document = attached(Registry(registry.image, ACCOUNT), manifest, SBOM)
    assert document and json.loads(document)["bomFormat"] == "CycloneDX"


def test_push_of_several_platforms_has_a_tag_for_each(
    registry: StrictRegistry,
    repository: Path,
    change: Change,
    pushed: Callable[..., Manifest],
) -> None:
    change(PLATFORMS="linux/amd64,linux/arm64")
    revision = commit(repository)
    pushed(revision, "linux/arm64")
    assert main(["push"], repository) == 0
    assert f"{revision[:12]}-arm64" in registry.held


def test_another_image_than_the_tested_one(
    repository: Path,
    short: str,
    pushed: Callable[..., Manifest],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What Docker pushed is of another configuration."""
    pushed(git("rev-parse", "HEAD", cwd=repository), same=False)
    assert main(["push"], repository) == 1
    assert "is not the image that was tested" in capsys.readouterr().err


def test_two_runs_push_one_commit(
    registry: StrictRegistry, repository: Path, short: str, pushed: Callable[..., Manifest]
) -> None:
    """As for a branch and a git tag on it: each finds what it pushed itself, and none fails."""
    manifest = pushed(git("rev-parse", "HEAD", cwd=repository), overtaken=True)
    assert main(["push"], repository) == 0
    assert registry.held[short] != registry.held[manifest.digest]
    assert attached(Registry(registry.image, ACCOUNT), manifest, SBOM)


@pytest.mark.parametrize(
    ("revision", "platform", "sentence"),
    [
        ("other", "linux/amd64", "Run ci/check.py again: env:tested is not of commit {short}.\n"),
        (
            "",
            "linux/arm64",
            "Test on a machine for linux/amd64, or let CI do it: env:tested is for linux/arm64.\n",
        ),
    ],
)
def test_what_may_not_be_pushed(
    registry: StrictRegistry,
    repository: Path,
    short: str,
    pushed: Callable[..., Manifest],
    capsys: pytest.CaptureFixture[str],
    revision: str,
    platform: str,
    sentence: str,
) -> None:
    pushed(revision or git("rev-parse", "HEAD", cwd=repository), platform)
    capsys.readouterr()
    assert main(["push"], repository) == 2
    assert capsys.readouterr().err == sentence.format(short=short)
    assert registry.asked == []


def test_a_push_without_a_list_of_packages(
    registry: StrictRegistry,
    repository: Path,
    short: str,
    pushed: Callable[..., Manifest],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The step that pushes holds a token, so it looks into no image."""
    pushed(git("rev-parse", "HEAD", cwd=repository))
    for file in (repository / ".git" / "hub-image").iterdir():
        file.unlink()
    assert main(["push"], repository) == 2
    assert capsys.readouterr().err.endswith(
        "Run `ci/publish.py report` first: it lists the packages of the image.\n"
    )
    assert short not in registry.held


# --- tag -------------------------------------------------------------------------------------------


def test_tag(
    registry: StrictRegistry,
    repository: Path,
    short: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The digest that was tested, under the commit and the day, and never `latest`."""
    image = registry.hold_image(short)
    registry.public = True
    assert main(["tag"], repository) == 0
    tags = {key for key in registry.held if ":" not in key}
    assert tags == {short, DAY}
    assert registry.held[DAY][1] == image.data
    said = capsys.readouterr()
    assert said.out == f"image=ghcr.io/me/env\ndigest={image.digest}\npublic=true\n"
    assert f"## Published: ghcr.io/me/env:{DAY}\n" in said.err
    assert (
        f"- on a hub, `ghcr.io/me/env:{DAY}@{image.digest}` is this very image for good" in said.err
    )
    assert "- anyone can pull it: an anonymous pull was tried\n" in said.err
    assert f'    name: ghcr.io/me/env\n    tag: "{DAY}"\n' in said.err


def test_a_second_image_of_one_day_is_used_by_its_commit(
    registry: StrictRegistry,
    repository: Path,
    short: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nodes keep a tag that they have pulled."""
    registry.hold_image(DAY, labels={"of": "this morning"})
    registry.hold_image(short)
    assert main(["tag"], repository) == 0
    assert f"## Published: ghcr.io/me/env:{short}\n" in capsys.readouterr().err


@pytest.mark.parametrize("held", [True, False])
def test_a_git_tag_leaves_the_tag_of_the_day(
    registry: StrictRegistry,
    repository: Path,
    short: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    held: bool,
) -> None:
    """It may be on an old commit, whose image would become today's."""
    for key, value in gitlab("push", COMMIT_TAG="v1.0").items():
        monkeypatch.setenv(key, value)
    today = registry.hold_image(DAY, labels={"of": "main"}).data if held else None
    registry.hold_image(short, labels={"of": "v1.0"})
    assert main(["tag"], repository) == 0
    assert {key for key in registry.held if ":" not in key} == {short, *([DAY] if held else [])}
    assert not held or registry.held[DAY][1] == today
    said = capsys.readouterr().err
    assert f"## Published: ghcr.io/me/env:{short}\n" in said and f"- tags: `{short}`\n" in said
    assert f'    name: ghcr.io/me/env\n    tag: "{short}"\n' in said and DAY not in said


def test_what_is_private_says_where_to_change_that(
    registry: StrictRegistry,
    repository: Path,
    short: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    registry.hold_image(short)
    assert main(["tag"], repository) == 0
    said = capsys.readouterr()
    assert "public=false\n" in said.out
    page = "https://github.com/orgs/me/packages/container/env/settings"
    assert f"Make it public here: {page}**\nThen run this again, for the branch" in said.err


def test_what_was_not_pushed(
    registry: StrictRegistry,
    repository: Path,
    change: Change,
    capsys: pytest.CaptureFixture[str],
) -> None:
    change(PLATFORMS="linux/amd64,linux/arm64")
    short = commit(repository)[:12]
    registry.hold_image(f"{short}-amd64")
    assert main(["tag"], repository) == 2
    assert capsys.readouterr().err == (
        f"Push each platform's image first: {short}-arm64 was not pushed.\n"
    )


@pytest.mark.parametrize("right", [True, False])
def test_platforms_are_merged_by_buildx(
    registry: StrictRegistry,
    repository: Path,
    change: Change,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    right: bool,
) -> None:
    """By digest, as a tag may move meanwhile; what it makes is looked at."""
    change(PLATFORMS="linux/amd64,linux/arm64")
    short = commit(repository)[:12]
    images = [
        registry.hold_image(f"{short}-{name}", architecture=name) for name in ("amd64", "arm64")
    ]
    real = subprocess.run

    def run(command: list[str], **options: Any) -> Any:
        if command[0] != "docker":
            return real(command, **options)
        name = "ghcr.io/me/env"
        assert command[:4] == ["docker", "buildx", "imagetools", "create"]
        assert command[4:6] == [f"--tag={name}:{short}", f"--tag={name}:{DAY}"]
        assert command[6:] == [f"{name}@{image.digest}" for image in images]
        entries = [{"digest": image.digest} for image in (images if right else images[:1])]
        registry.hold({"manifests": entries}, short, DAY, media_type=INDEX)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr("subprocess.run", run)
    assert main(["tag"], repository) == (0 if right else 1)
    said = capsys.readouterr()
    assert ("is not what was pushed for each platform" in said.err) is not right
    assert (f"## Published: ghcr.io/me/env:{DAY}\n" in said.err) is right


# --- who can pull it -------------------------------------------------------------------------------


def test_anyone_can_pull_only_what_is_whole(registry: StrictRegistry) -> None:
    """An index, each image in it, and its configuration, as a hub needs them."""
    registry.public = True
    image = registry.hold_image()
    index = registry.hold({"manifests": [{"digest": image.digest}]}, media_type=INDEX)
    assert is_public(registry.image, index.digest)
    held = registry.held.pop(image.digest)
    assert not is_public(registry.image, index.digest)
    registry.held[image.digest] = held
    registry.public = False
    assert not is_public(registry.image, index.digest)


def test_a_failure_says_nothing_of_who_can_pull(web: responses.RequestsMock) -> None:
    web.get(f"https://ghcr.io/v2/me/env/manifests/sha256:{64 * '1'}", status=500)
    with pytest.raises(RegistryError):
        is_public("ghcr.io/me/env", f"sha256:{64 * '1'}")


@pytest.mark.parametrize(
    ("image", "owner", "page"),
    [
        ("ghcr.io/me/env", "User", "https://github.com/users/me/packages/container/env/settings"),
        (
            "ghcr.io/team/env/gpu",
            "Organization",
            "https://github.com/orgs/team/packages/container/env%2Fgpu/settings",
        ),
        ("quay.io/me/env", "User", "https://quay.io/repository/me/env?tab=settings"),
        ("docker.io/me/env", "", "https://hub.docker.com/repository/docker/me/env/settings"),
        ("registry.gitlab.com/me/env", "", "https://gitlab.com/me/env/edit"),
        ("registry.example.org:5000/env", "", "https://registry.example.org:5000"),
    ],
)
def test_visibility_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, image: str, owner: str, page: str
) -> None:
    monkeypatch.setenv("CI_REGISTRY", "registry.gitlab.com")
    monkeypatch.setenv("CI_PROJECT_URL", "https://gitlab.com/me/env")
    if owner:
        env = github(tmp_path, "push", repository=about(owner={"type": owner}))
        monkeypatch.setenv("GITHUB_EVENT_PATH", env["GITHUB_EVENT_PATH"])
    assert visibility_page(image) == page
