"""What is in an image, as a list to attach to it (SBOM), and what differs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from hub_image import contents as module
from hub_image.contents import Contents
from hub_image.markdown import plain
from support.docker_standin import LISTED, one_image

NOTHING: dict[str, dict[str, str]] = {tool: {} for tool in ("conda", "pip", "apt", "R")}


@pytest.fixture
def contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Contents:
    """What is in the stand-in's image."""
    (tmp_path / "listing.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(module, "LISTING", tmp_path / "listing.py")
    return Contents.of(*one_image())


def test_contents_of_an_image(contents: Contents) -> None:
    """What conda installed is not pip's as well; a name goes into Markdown, so it is made plain."""
    assert (contents.size, contents.system) == (9 * 10**9, "debian")
    assert contents.packages["pip"] == {"a?b?c": "1??b?", "nbgitpuller": "1.2.2"}
    assert contents.packages["conda"] == LISTED["conda"]
    assert contents.packages["apt"] == LISTED["apt"]


def test_what_lists_packages_is_there() -> None:
    """It runs in the image, from the folder `inside`."""
    assert module.LISTING.is_file()


@pytest.mark.parametrize(
    "text", ["`rm`", "a\nb", "a|b", "<b>", "${{ github.token }}", "[a](b)", "*"]
)
def test_plain_takes_markdown_away(text: str) -> None:
    assert re.fullmatch(r"[\w.?]+", plain(text))


@pytest.mark.parametrize(
    "text", ["data.table", "1:2.47.3-0+deb13u1~bpo", "2!1.0rc1+local", "libstdc++6", "r-base_1"]
)
def test_plain_leaves_names_and_versions(text: str) -> None:
    assert plain(text) == text


def test_sbom_and_back(contents: Contents) -> None:
    again = Contents.from_sbom(contents.sbom("ghcr.io/me/env"))
    assert again
    assert (again.size, again.packages) == (contents.size, contents.packages)
    assert again.changes(contents) == contents.changes(again) == []


def test_sbom_is_cyclonedx(contents: Contents) -> None:
    data = contents.sbom("ghcr.io/me/env").decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(data) is None
    document = json.loads(data)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert document["metadata"]["component"]["name"] == "ghcr.io/me/env"
    purls = {component["purl"] for component in document["components"]}
    assert purls >= {
        "pkg:conda/numpy@2.4.1",
        "pkg:pypi/nbgitpuller@1.2.2",
        "pkg:deb/debian/git@1:2.47.3-0%2Bdeb13u1",
        "pkg:cran/data.table@1.17.0",
    }


@pytest.mark.parametrize("more", [{}, {"metadata": {"properties": [{"name": "x"}]}}])
def test_sbom_of_another_tool(more: dict[str, Any]) -> None:
    """Anyone who may push can attach one: it is not read, and nothing breaks off."""
    document = {"bomFormat": "CycloneDX", "components": [{"name": "numpy"}]} | more
    assert Contents.from_sbom(json.dumps(document).encode()) is None


def test_sbom_with_markdown(contents: Contents) -> None:
    """Of a registry that somebody else may write to: it ends no block of code in a summary."""
    data = contents.sbom("env").replace(b'"nbgitpuller"', b'"```\\n# all is well"')
    old = Contents.from_sbom(data)
    assert old and not any("`" in line or "\n" in line for line in contents.changes(old))


def test_changes() -> None:
    old = Contents(1, "", NOTHING | {"conda": {"a": "1", "b": "1"}, "R": {"c": "1"}})
    new = Contents(1, "", NOTHING | {"conda": {"b": "2"}, "R": {"c": "1"}, "pip": {"d": "1"}})
    assert new.changes(old) == ["- conda: a 1", "! conda: b 1 -> 2", "+ pip: d 1"]


@pytest.mark.parametrize(
    ("packages", "major"),
    [
        ({"pip": {"jupyterhub": "5.4.2"}}, "5"),
        ({"conda": {"jupyterhub": "6.1.1"}}, "6"),
        ({"pip": {"jupyterhub-base": "1"}}, ""),
    ],
)
def test_hub_major(packages: dict[str, dict[str, str]], major: str) -> None:
    assert Contents(1, "", NOTHING | packages).hub_major == major
