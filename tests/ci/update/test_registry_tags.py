"""What an update asks registries for: which tags there are, and what can be pulled."""

from __future__ import annotations

import json
import random

import pytest
import responses
from responses import matchers

from hub_image.registry import Registry, RegistryError
from support import plain_registry
from support.web import bridge


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for."""
    bridge(monkeypatch)


def of(registry: plain_registry.Registry) -> Registry:
    """Ask the stand-in about me/env."""
    return Registry(f"{registry.host}/me/env")


# --- which tags there are ---------------------------------------------------------------------------


def test_all_pages_of_tags_are_read(registry: plain_registry.Registry) -> None:
    """A registry may give fewer than it is asked for: the newest is on the last page."""
    found = [f"2025-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    random.Random(1).shuffle(found)
    registry.listed["me/env"] = [*found, "2026-07-28"]
    assert of(registry).tags() == [*found, "2026-07-28"]
    assert len(registry.asked) == 4


def test_a_repository_without_tags_has_none(registry: plain_registry.Registry) -> None:
    """`null`, as docker-registry says it of one whose tags were all removed."""
    registry.listed["me/env"] = []
    assert of(registry).tags() == []


def test_a_name_that_no_address_takes_is_one_sentence(registry: plain_registry.Registry) -> None:
    """Whatever stands in image.env."""
    try:
        assert Registry(f"{registry.host}/me/a b`c`\nd").tags() == []
    except RegistryError as error:
        assert str(error).endswith(".")


def test_a_registry_that_does_not_answer_is_one_sentence() -> None:
    """With its name."""
    with pytest.raises(RegistryError, match=r"127\.0\.0\.1:1"):
        Registry("127.0.0.1:1/me/env").tags()


TOKEN = "https://auth.docker.io/token"
HUB = "https://registry-1.docker.io/v2/rapidsai/notebooks/tags/list"
CHALLENGE = f'Bearer realm="{TOKEN}",service="registry.docker.io",scope="repository:x:pull"'


def test_anonymous_access_gets_a_token_where_one_is_wanted() -> None:
    """As Docker Hub wants it, whose address is not its name."""
    with responses.RequestsMock() as web:
        headers = {"WWW-Authenticate": CHALLENGE}
        web.get(HUB, status=401, headers=headers)
        web.get(TOKEN, json={"token": "for-anyone"})
        bearer = matchers.header_matcher({"Authorization": "Bearer for-anyone"})
        web.get(HUB, match=[bearer], json={"tags": ["26.06-cuda13-py3.14"]})
        assert Registry("docker.io/rapidsai/notebooks").tags() == ["26.06-cuda13-py3.14"]


def test_what_is_private_is_one_sentence() -> None:
    """Anonymous access gets no token then."""
    with responses.RequestsMock() as web:
        web.get(HUB, status=401, headers={"WWW-Authenticate": CHALLENGE})
        web.get(TOKEN, status=401, json={"details": "incorrect username or password"})
        with pytest.raises(RegistryError, match=r"docker\.io"):
            Registry("docker.io/rapidsai/notebooks").tags()


@pytest.mark.parametrize("body", ["<html>", '{"tags": 7}', "[]", "{}"])
def test_an_answer_of_another_kind_is_one_sentence(body: str) -> None:
    """Whatever it is."""
    with responses.RequestsMock() as web:
        web.get(HUB, body=body)
        with pytest.raises(RegistryError):
            Registry("docker.io/rapidsai/notebooks").tags()


# --- what can be pulled -----------------------------------------------------------------------------


def test_architectures(registry: plain_registry.Registry) -> None:
    """Of an index and of a single image; what was attested is no image."""
    arm = registry.image("arm64")
    registry.index("both", amd64=registry.image("amd64", "one"), arm64=arm)
    assert of(registry).architectures("both") == ["amd64", "arm64"]
    assert of(registry).architectures("one") == ["amd64"]
    assert of(registry).architectures(arm["digest"]) == ["arm64"]


@pytest.mark.parametrize("lost", ["index", "manifest", "config"])
def test_a_yanked_tag_cannot_be_pulled(registry: plain_registry.Registry, lost: str) -> None:
    """It may still be listed."""
    amd = registry.image("amd64")
    registry.index("2026-07-28", amd64=amd)
    config = json.loads(registry.stored[amd["digest"]])["config"]["digest"]
    assert of(registry).architectures("2026-07-28") == ["amd64"]
    del registry.stored[{"index": "2026-07-28", "manifest": amd["digest"], "config": config}[lost]]
    with pytest.raises(RegistryError, match=registry.host):
        of(registry).architectures("2026-07-28")
