"""The client of registries: what it asks for, whom it shows credentials, what it finds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from hub_image.registry import (
    INDEX,
    MANIFEST,
    SBOM,
    AccessDenied,
    Manifest,
    Registry,
    RegistryError,
    attach,
    attached,
)
from support.strict_registry import StrictRegistry, basic
from support.web import bridge

URL = "https://quay.io/v2/me/env/"
PASSWORD = "a-password-that-nobody-sees"
ACCOUNT = ("robot", PASSWORD)
PROVENANCE = "application/vnd.in-toto+json"


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[responses.RequestsMock]:
    """All of the web; nothing is waited for."""
    bridge(monkeypatch, 0, 0)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as web:
        yield web


@pytest.fixture
def there(web: responses.RequestsMock) -> StrictRegistry:
    """A registry as strict as GHCR."""
    return StrictRegistry(web, "quay.io/me/env", {ACCOUNT: "pull,push"})


def shown(web: responses.RequestsMock) -> list[str | None]:
    """Return what each request so far has shown to whom it asked."""
    return [call.request.headers.get("Authorization") for call in web.calls]


# --- whom it asks, and as whom ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "url"),
    [
        ("localhost:5000/me/env", "http://localhost:5000/v2/me/env/"),
        ("127.0.0.1:5000/env", "http://127.0.0.1:5000/v2/env/"),
        ("localhost.example.org/env", "https://localhost.example.org/v2/env/"),
        ("registry.example.org:5000/me/env", "https://registry.example.org:5000/v2/me/env/"),
        ("docker.io/me/env", "https://registry-1.docker.io/v2/me/env/"),
        ("docker.io/python", "https://registry-1.docker.io/v2/library/python/"),
        ("quay.io/me/env", URL),
    ],
)
def test_address(web: responses.RequestsMock, image: str, url: str) -> None:
    """Without TLS on this machine only, as a password goes there."""
    web.get(f"{url}tags/list", json={"tags": ["a"]})
    assert Registry(image).tags() == ["a"]


@pytest.mark.parametrize("held", [True, False], ids=["known package", "first push"])
def test_a_push_asks_for_its_own_scope(
    web: responses.RequestsMock, there: StrictRegistry, held: bool
) -> None:
    """GHCR's challenge names `pull` alone, or another image (platforms P2)."""
    if held:
        there.hold_image("2026-11-22")
    Registry(there.image, ACCOUNT).may_push()
    (asked,) = [call.request.url for call in web.calls if "/token" in str(call.request.url)]
    assert parse_qs(urlsplit(str(asked)).query)["scope"] == ["repository:me/env:pull,push"]


def test_what_may_only_pull_may_not_push(there: StrictRegistry) -> None:
    there.accounts[ACCOUNT] = "pull"
    there.hold_image("2026-11-22")
    registry = Registry(there.image, ACCOUNT)
    assert registry.tags() == ["2026-11-22"]
    with pytest.raises(
        AccessDenied, match=r"Check quay.io/me/env: quay.io answers 403 to POST blobs"
    ):
        registry.may_push()


@pytest.mark.parametrize("account", [("robot", "wrong"), None])
def test_denied(there: StrictRegistry, account: tuple[str, str] | None) -> None:
    there.hold_image("2026-11-22")
    with pytest.raises(
        AccessDenied, match=r"Get access to quay.io/me/env: quay.io refuses GET tags"
    ):
        Registry(there.image, account).tags()


def test_basic(web: responses.RequestsMock) -> None:
    """A small registry asks for the password itself; without one there is nothing to send."""
    web.post(f"{URL}blobs/uploads/", status=401, headers={"WWW-Authenticate": "Basic realm=x"})
    for who in (ACCOUNT, None):
        with pytest.raises(AccessDenied):
            Registry("quay.io/me/env", who).may_push()
    assert shown(web) == [None, basic(*ACCOUNT), None]


def test_anonymous_is_anonymous(
    web: responses.RequestsMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An anonymous pull must not succeed by what this machine happens to know: ~/.netrc, a login."""
    netrc = tmp_path / "netrc"
    netrc.write_text(f"default login me password {PASSWORD}\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("REGISTRY_USERNAME", "robot")
    monkeypatch.setenv("REGISTRY_PASSWORD", PASSWORD)
    challenge = {"WWW-Authenticate": 'Bearer realm="https://quay.io/token",service="quay.io"'}
    web.get(f"{URL}tags/list", status=401, headers=challenge)
    web.get("https://quay.io/token", json={"token": "anonymous"})
    web.get(f"{URL}blobs/sha256:{64 * 'a'}", status=307, headers={"Location": "https://cdn.test/x"})
    web.get("https://cdn.test/x", body="x")
    requests.get(f"{URL}tags/list", timeout=5)
    assert shown(web) == [basic("me", PASSWORD)], "the file is read"
    web.calls.reset()
    registry = Registry("quay.io/me/env")
    with pytest.raises(AccessDenied):
        registry.tags()
    assert shown(web) == [None, None, "Bearer anonymous"]
    with pytest.raises(RegistryError, match="something else"):
        registry.blob(f"sha256:{64 * 'a'}")
    assert shown(web)[-1] is None, "nor is it after a redirect"


# --- what it finds ---------------------------------------------------------------------------------


def test_tags_of_all_pages(web: responses.RequestsMock) -> None:
    more = {"Link": '</v2/me/env/tags/list?last=b&n=1000>; rel="next"'}
    first, second = ({"n": "1000"}, {"last": "b", "n": "1000"})
    match = responses.matchers.query_param_matcher
    web.get(f"{URL}tags/list", match=[match(first)], json={"tags": ["a", "b"]}, headers=more)
    web.get(f"{URL}tags/list", match=[match(second)], json={"tags": ["c"]})
    assert Registry("quay.io/me/env").tags() == ["a", "b", "c"]


@pytest.mark.parametrize("answer", [{"json": {"tags": None}}, {"status": 404}])
def test_no_tags(web: responses.RequestsMock, answer: dict[str, Any]) -> None:
    """Of a repository that does not exist yet, too."""
    web.get(f"{URL}tags/list", **answer)
    assert Registry("quay.io/me/env").tags() == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_passing_failure_is_tried_again(web: responses.RequestsMock, status: int) -> None:
    web.get(f"{URL}tags/list", status=status, headers={"Retry-After": "99999"})
    web.get(f"{URL}tags/list", json={"tags": ["a"]})
    assert Registry("quay.io/me/env").tags() == ["a"]


def test_a_lasting_failure_is_one_sentence(web: responses.RequestsMock) -> None:
    web.post(f"{URL}blobs/uploads/", status=500, body=f"out of order {PASSWORD}")
    with pytest.raises(RegistryError) as failed:
        Registry("quay.io/me/env").may_push()
    assert str(failed.value) == (
        "Check quay.io/me/env: quay.io answers 500 to POST blobs/uploads/ of me/env."
    )


def test_what_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    bridge(monkeypatch)
    with pytest.raises(RegistryError) as failed:
        Registry("127.0.0.1:1/me/env").tags()
    assert str(failed.value) == (
        "Check the network: 127.0.0.1:1 cannot be reached, to ask about 127.0.0.1:1/me/env."
    )


def test_of_platform(there: StrictRegistry) -> None:
    """Of an index, which has more than images: attestations are of no platform."""
    there.public = True
    amd, arm = (there.hold_image(labels={"for": one}) for one in ("amd64", "arm64"))
    entries = [
        {
            "digest": there.hold_image().digest,
            "platform": {"os": "unknown", "architecture": "unknown"},
        },
        {"digest": amd.digest, "platform": {"os": "linux", "architecture": "amd64"}},
        {"digest": arm.digest, "platform": {"os": "linux", "architecture": "arm64"}},
    ]
    index = there.hold({"manifests": entries}, "2026-11-22", media_type=INDEX)
    registry = Registry(there.image)
    found = registry.of_platform("2026-11-22", "linux/arm64")
    assert found == arm and registry.labels(found) == {"for": "arm64"}
    assert registry.of_platform(arm.digest, "linux/amd64") == arm
    assert registry.of_platform("2026-11-22", "linux/s390x") is None
    assert registry.of_platform("2026-11-23", "linux/amd64") is None
    assert registry.digest("2026-11-22") == index.digest


def test_architectures(there: StrictRegistry) -> None:
    """By the configurations; a tag may be listed and gone, and one architecture of it too."""
    there.public = True
    amd, arm = (there.hold_image(one, architecture=one) for one in ("amd64", "arm64"))
    entries = [
        {"digest": amd.digest, "platform": {"os": "linux", "architecture": "amd64"}},
        {"digest": arm.digest},
        {"digest": f"sha256:{64 * '0'}", "platform": {"os": "unknown", "architecture": "unknown"}},
    ]
    there.hold({"manifests": entries}, "both", media_type=INDEX)
    registry = Registry(there.image)
    assert registry.architectures("both") == ["amd64", "arm64"]
    assert registry.architectures("amd64") == ["amd64"]
    for gone in (arm.digest, arm.config):
        held = there.held.pop(gone)
        with pytest.raises(RegistryError):
            registry.architectures("both")
        there.held[gone] = held
    with pytest.raises(RegistryError, match=r"Name another image: quay.io/me/env has no 'gone'"):
        registry.architectures("gone")


# --- what is attached ------------------------------------------------------------------------------


@pytest.mark.parametrize("referrers", [True, False], ids=["by the registry", "by a tag"])
def test_what_is_attached_is_found(
    web: responses.RequestsMock, there: StrictRegistry, referrers: bool
) -> None:
    """Whether the registry lists what refers to an image, or a tag must."""
    there.referrers = referrers
    image, registry = there.hold_image("2026-11-22"), Registry(there.image, ACCOUNT)
    assert attached(registry, image, SBOM) is None
    for data in (b'{"sbom": 1}', b'{"sbom": 2}'):
        assert attach(registry, image, data, SBOM)
    assert attach(registry, image, b'{"of": "ours"}', PROVENANCE)
    assert attached(registry, image, SBOM) == b'{"sbom": 2}'
    assert attached(registry, image, PROVENANCE) == b'{"of": "ours"}'
    assert (image.digest.replace(":", "-") in there.held) is not referrers
    assert not any("github.com" in str(call.request.url) for call in web.calls), "a web page"


def test_a_push_that_is_not_whole_is_refused(there: StrictRegistry) -> None:
    """By the stand-in, as by the registries that it stands for."""
    registry, absent = Registry(there.image, ACCOUNT), {"digest": f"sha256:{64 * '9'}"}
    for content in ({"config": absent}, {"layers": [absent]}, {"mediaType": INDEX}):
        with pytest.raises(RegistryError):
            registry.put(Manifest(json.dumps(content).encode(), MANIFEST), "tag")
    with pytest.raises(RegistryError):
        registry.put(Manifest(b"{}", MANIFEST), absent["digest"])
    assert there.held == {}


def test_what_another_attached_stays(there: StrictRegistry) -> None:
    """In the list of a tag; an older document of the same kind gives way."""
    image, registry = there.hold_image("2026-11-22"), Registry(there.image, ACCOUNT)
    tag, other = image.digest.replace(":", "-"), {"digest": there.hold_image(labels={}).digest}
    there.hold({"manifests": [other]}, tag, media_type=INDEX)
    for data in (b"1", b"2"):
        assert attach(registry, image, data, SBOM)
    assert attach(registry, image, b"3", PROVENANCE)
    entries = json.loads(there.held[tag][1])["manifests"]
    assert [entry.get("artifactType") for entry in entries] == [None, SBOM, PROVENANCE]
    assert entries[0] == other


@pytest.mark.parametrize("status", [400, 403, 405, 415])
def test_a_registry_that_takes_no_list(web: responses.RequestsMock, status: int) -> None:
    web.head(re.compile(f"{URL}blobs/.*"), status=404)
    web.post(f"{URL}blobs/uploads/", status=202, headers={"Location": "/v2/me/env/blobs/uploads/7"})
    web.put(re.compile(f"{URL}blobs/.*"), status=201)
    web.put(re.compile(f"{URL}manifests/.*"), status=status)
    assert attach(Registry("quay.io/me/env"), Manifest(b"{}", INDEX), b"{}", SBOM) is False
