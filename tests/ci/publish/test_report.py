"""What a run says of the image: its packages, what differs, the lines for hubs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import responses
import yaml
from docker.errors import ImageNotFound

from hub_image import contents, engine
from hub_image.contents import Contents
from hub_image.publish.main import main
from hub_image.publish.report import report
from hub_image.publish.target import hub_lines, last
from hub_image.registry import SBOM, Registry, attach
from hub_image.runs import Run
from hub_image.settings import Settings
from support.ci_runs import NEW, READER, github, pull
from support.docker_standin import one_image
from support.repositories import commit
from support.strict_registry import StrictRegistry

Change = Callable[..., Settings]
DIGEST = f"sha256:{64 * 'd'}"
POINTER = {
    "STRATEGY": "community-image",
    "IMAGE": "",
    "BASE_IMAGE": "quay.io/jupyter/base-notebook:2026-07-28",
    "PLATFORMS": "",
}


@pytest.fixture(autouse=True)
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """A Docker with one image."""
    (tmp_path / "listing.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(contents, "LISTING", tmp_path / "listing.py")
    image, client = one_image({engine.REVISION: NEW})
    monkeypatch.setattr(engine, "connect", lambda: client)
    return image, client


@pytest.mark.parametrize(
    ("head", "link"),
    [(READER, f"https://mybinder.org/v2/gh/reader/env/{NEW}?urlpath=lab"), (None, "")],
)
def test_report_of_a_request(
    repository: Path,
    change: Change,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    head: dict[str, Any] | None,
    link: str,
) -> None:
    """With one link to what it asks to merge, or none if its fork was deleted."""
    change(**POINTER)
    commit(repository)
    for key, value in github(tmp_path, "pull_request", "branch 7/merge", **pull(head)).items():
        monkeypatch.setenv(key, value)
    assert main(["plan"], repository) == main(["report"], repository) == 0
    said = capsys.readouterr().err
    assert re.findall(r"- try this request: (\S+)", said) == ([link] if link else [])
    assert "- size: 9.00 GB\n- packages: 2 conda, 2 pip, 1 apt, 1 R\n" in said
    assert "pip: nbgitpuller 1.2.2\n" in said and "<b>" not in said


@pytest.fixture
def published(docker: tuple[Any, Any], web: responses.RequestsMock) -> StrictRegistry:
    """A registry with an image that had one package more, and another version of another."""
    account = ("me", "a-password-that-nobody-sees")
    registry = StrictRegistry(web, "ghcr.io/me/env", {account: "pull,push"})
    now = Contents.of(*docker)
    packages = now.packages | {"pip": {"nbgitpuller": "1.2.0", "gone": "1", "a?b?c": "1??b?"}}
    image = registry.hold_image("2026-11-22")
    data = Contents(8 * 10**9, "debian", packages).sbom("ghcr.io/me/env")
    assert attach(Registry(registry.image, account), image, data, SBOM)
    registry.public = True
    return registry


def test_report_of_what_differs(
    published: StrictRegistry, change: Change, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = change()
    commit(settings.root)
    last(settings, Run())
    report(settings, Run())
    said = capsys.readouterr().err
    assert "- size: 9.00 GB (+1.00 GB since 2026-11-22)\n" in said
    difference = "- pip: gone 1\n! pip: nbgitpuller 1.2.0 -> 1.2.2\n"
    assert f"### Packages that differ from 2026-11-22\n\n```diff\n{difference}```\n" in said
    assert f"- commit: `{NEW[:12]}`\n" in said


def test_a_registry_that_fails_hides_what_differs_and_no_more(
    published: StrictRegistry, change: Change, capsys: pytest.CaptureFixture[str]
) -> None:
    tag = next(key for key in published.held if key.startswith("sha256-"))
    settings = change()
    commit(settings.root)
    for broken in (b"[", b'{"manifests": 7}', b""):
        published.held[tag] = published.held[tag][0], broken
        last(settings, Run())
        report(settings, Run())
        assert "- difference: no published image has a list of packages" in capsys.readouterr().err


def test_without_a_tested_image(
    repository: Path, docker: tuple[Any, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    def absent(_: str) -> None:
        raise ImageNotFound("gone")

    docker[1].images.get = absent
    assert main(["report"], repository) == 2
    assert capsys.readouterr().err == (
        "Run ci/check.py first: there is no tested image env:tested.\n"
    )


@pytest.mark.parametrize(
    "answers",
    [
        {"strategy": "community-image", "base": "jupyter-r", "interface": "notebook"},
        {"strategy": "community-image", "base": "rocker-binder-4"},
        {"strategy": "community-image", "base": "rocker-binder", "base_tag": f"latest@{DIGEST}"},
        {
            "strategy": "community-image",
            "base": "other",
            "base_reference": "registry.example.org:5000/team/image:2026-01-02",
            "base_family": "docker-stacks",
        },
        {"strategy": "inherit", "base": "rocker-binder-4", "interface": "rstudio"},
        {"strategy": "inherit", "base": "pangeo-notebook", "image": "localhost:5000/me/env"},
        {"strategy": "repo2docker", "languages": "[r]", "interface": "rstudio"},
        {"strategy": "dockerfile", "interface": "notebook", "code_host": "gitlab"},
    ],
)
def test_hub_lines_are_the_readme_s(
    render: Callable[..., Path], capsys: pytest.CaptureFixture[str], answers: dict[str, str]
) -> None:
    made = render("made", **answers)
    settings = Settings.read(made)
    if settings.image:
        lines = "\n".join(hub_lines(settings, settings.image, "YYYY-MM-DD"))
    else:
        report(settings, Run())
        lines = capsys.readouterr().err
    readme = (made / "README.md").read_text(encoding="utf-8")
    everyone, several, spawner = blocks(readme)
    assert blocks(lines)[::2] == [everyone, spawner]
    wanted, offered = (
        yaml.safe_load(text)["singleuser"]["profileList"][0]["kubespawner_override"]
        for text in (several, blocks(lines)[1])
    )
    assert offered == wanted
    loses = "what people save is lost"
    assert (loses in lines) == (settings.home_dir != "/home/jovyan") == (loses in readme)


def blocks(markdown: str) -> list[str]:
    """Return the blocks of YAML and Python."""
    return re.findall(r"^```(?:yaml|python)\n(.*?)^```$", markdown, re.MULTILINE | re.DOTALL)
