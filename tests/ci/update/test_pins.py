"""Newer versions of the tools that a repository pins."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hub_image.registry import Registry
from hub_image.settings import Settings
from hub_image.update import look
from hub_image.update.plan import Plan
from support.updates import PINS, Repository

Make = Callable[..., Repository]
REAL = look._newest_release  # before any test replaces it


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pip finds instead of a package registry: newer and older releases, and a pre-release."""
    folder = tmp_path_factory.mktemp("wheels")
    for name in ("jupyter_repo2docker", "uv"):
        for version in ("0.1.0", "9999.1.0", "9999.2.0rc1"):
            info = f"{name}-{version}.dist-info"
            with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
                text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
                wheel.writestr(f"{info}/METADATA", text)
                text = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
                wheel.writestr(f"{info}/WHEEL", text)
                wheel.writestr(f"{info}/RECORD", "")
    return folder


def test_pins_are_proposed_without_pre_releases(
    make: Make, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By pip itself."""
    made = make(repo2docker_version="0.1.0", uv_version="0.1.0")
    monkeypatch.setattr(look, "_newest_release", REAL)
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert made.run().code == 0
    assert made.request["title"] == "Update repo2docker to 9999.1.0, uv to 9999.1.0"
    assert "# uv 9999.1.0" in made.proposed("Dockerfile")


def plan_of(made: Repository, strategy: str, **answers: str) -> Plan:
    """Look for pins, and for nothing else."""
    stored = PINS | {"_src_path": "gh:me/template", "strategy": strategy} | answers
    return look.look(stored, Settings.read(made.folder), "pins", "keep")


@pytest.mark.parametrize(
    ("strategy", "packages_with", "wanted"),
    [
        ("dockerfile", "pip", ["repo2docker", "uv"]),
        ("dockerfile", "conda", ["repo2docker", "micromamba"]),
        ("repo2docker", "conda", ["repo2docker"]),
        ("inherit", "pip", ["repo2docker"]),
    ],
)
def test_each_strategy_has_its_own(
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    strategy: str,
    packages_with: str,
    wanted: list[str],
) -> None:
    """Micromamba's are images, of which pre-releases are none."""
    listed = ["latest", "10000.0.0", "9999.1.0", "10001.0.0rc1", "10000.0.0-debian13-slim"]
    monkeypatch.setattr(Registry, "tags", lambda _: listed)
    monkeypatch.setattr(look, "_newest_release", lambda package, root: "10000.0.0")
    plan = plan_of(make(), strategy, packages_with=packages_with)
    assert plan.rows == [(tool, "9999.1.0", "10000.0.0") for tool in wanted]


def test_a_release_that_cannot_be_looked_up_hides_no_other(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the repository is not taken for current."""
    monkeypatch.setattr(look, "_newest_release", REAL)
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    made = make()
    done = made.run(again=True)
    assert done.code == 0 and "jupyter-repo2docker" in done.said
    assert not [one for one in made.host.asked if "pulls" in one]
