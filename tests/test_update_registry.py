"""update_repository.py and registries: which tags there are, which is newer, and what can be pulled.

A small server stands in for a registry; it answers as the OCI distribution specification says.
"""

from __future__ import annotations

import hashlib
import http.server
import importlib.util
import json
import random
import re
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import responses
from repositories import CATALOGUE, ROOT

PROGRAM = ROOT / "template" / "{{ every_strategy }}" / "update_repository.py"
IMAGE = CATALOGUE["images"]["jupyter-scipy"]["image"]
DAYS = r"^\d{4}-\d{2}-\d{2}$"
OCI = "application/vnd.oci.image."


@pytest.fixture(scope="session")
def program() -> ModuleType:
    """The program as it stands in the template, by its path: it is no Jinja."""
    spec = importlib.util.spec_from_file_location("update_repository", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class Registry(http.server.ThreadingHTTPServer):
    """Images by name: their tags in the order in which they are listed, and what lies under tags and
    digests. A page has at most `page` tags, whatever is asked for, as quay.io does it."""

    def __init__(self, page: int = 100) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.page = page
        self.listed: dict[str, list[str]] = {}
        self.stored: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.host = f"127.0.0.1:{self.server_address[1]}"

    def put(self, data: Any, *names: str) -> dict[str, Any]:
        """Store a document under its digest and under tags; return its descriptor."""
        raw = json.dumps(data).encode()
        digest = f"sha256:{hashlib.sha256(raw).hexdigest()}"
        for name in (digest, *names):
            self.stored[name] = raw
        return {"digest": digest, "size": len(raw), "mediaType": data.get("mediaType", "")}

    def image(self, architecture: str, *tags: str) -> dict[str, Any]:
        """Store an image for one kind of processor."""
        config = self.put({"architecture": architecture, "os": "linux"})
        manifest = {"schemaVersion": 2, "mediaType": f"{OCI}manifest.v1+json", "config": config}
        return self.put(manifest | {"layers": []}, *tags)

    def index(self, *tags: str, **platforms: dict[str, Any]) -> None:
        """Store an image for several kinds of processors, with what was attested of it."""
        entries = [
            entry | {"platform": {"os": "linux", "architecture": architecture}}
            for architecture, entry in platforms.items()
        ]
        attested = self.image("unknown") | {
            "platform": {"os": "unknown", "architecture": "unknown"}
        }
        index = {"schemaVersion": 2, "mediaType": f"{OCI}index.v1+json"}
        self.put(index | {"manifests": [*entries, attested]}, *tags)


class Answers(http.server.BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        url = urllib.parse.urlsplit(self.path)
        name, _, last = url.path.removeprefix("/v2/").partition("/tags/")
        if last == "list" and name in self.server.listed:
            self.listed(name, urllib.parse.parse_qs(url.query))
        elif (reference := url.path.rpartition("/")[2]) in self.server.stored:
            self.answer(200, self.server.stored[reference])
        else:
            self.answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')

    def listed(self, name: str, query: dict[str, list[str]]) -> None:
        """A page of tags, and where the next one is: "Listing tags" of the specification."""
        first = int(query.get("last", ["0"])[0])
        size = min(int(query.get("n", ["100"])[0]), self.server.page)
        found = self.server.listed[name]
        more = {}
        if first + size < len(found):
            more = {"Link": f'</v2/{name}/tags/list?n={size}&last={first + size}>; rel="next"'}
        page = {"name": name, "tags": found[first : first + size]}
        self.answer(200, json.dumps(page).encode(), **more)

    def answer(self, status: int, data: bytes, **headers: str) -> None:
        self.send_response(status)
        for key, value in (headers | {"Content-Length": str(len(data))}).items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


# --- which tags there are ---------------------------------------------------------------------------


def test_all_pages_of_tags_are_read(program: ModuleType, registry: Registry) -> None:
    """A registry may give fewer than it is asked for: the newest is on the last page."""
    found = [f"2025-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    random.Random(1).shuffle(found)
    registry.listed["me/env"] = [*found, "2026-07-28"]
    assert program.tags(f"{registry.host}/me/env") == [*found, "2026-07-28"]
    assert len(registry.asked) == 4


def test_a_repository_without_tags_has_none(program: ModuleType, registry: Registry) -> None:
    """`null`, as docker-registry says it of one whose tags were all removed."""
    registry.listed["me/env"] = []
    assert program.tags(f"{registry.host}/me/env") == []


@pytest.mark.parametrize("image", ["me/absent", "me/a b`c`\nd"])
def test_what_a_registry_does_not_tell_is_one_sentence(
    program: ModuleType, registry: Registry, image: str
) -> None:
    with pytest.raises(program.RegistryError) as raised:
        program.tags(f"{registry.host}/{image}")
    assert registry.host in str(raised.value) and str(raised.value).endswith(".")


def test_a_registry_that_does_not_answer_is_one_sentence(program: ModuleType) -> None:
    with pytest.raises(
        program.RegistryError, match=r"127\.0\.0\.1:1 cannot be reached, to ask about 127"
    ):
        program.tags("127.0.0.1:1/me/env")


TOKEN = "https://auth.docker.io/token"
HUB = "https://registry-1.docker.io/v2/rapidsai/notebooks/tags/list"
CHALLENGE = f'Bearer realm="{TOKEN}",service="registry.docker.io",scope="repository:x:pull"'


def test_a_stranger_gets_a_token_where_one_is_wanted(program: ModuleType) -> None:
    """As Docker Hub wants it, whose address is not its name."""
    with responses.RequestsMock() as web:
        headers = {"WWW-Authenticate": CHALLENGE}
        web.get(HUB, status=401, headers=headers)
        web.get(TOKEN, json={"token": "for-a-stranger"})
        bearer = responses.matchers.header_matcher({"Authorization": "Bearer for-a-stranger"})
        web.get(HUB, match=[bearer], json={"tags": ["26.06-cuda13-py3.14"]})
        assert program.tags("docker.io/rapidsai/notebooks") == ["26.06-cuda13-py3.14"]


def test_what_is_private_is_one_sentence(program: ModuleType) -> None:
    with responses.RequestsMock() as web:
        web.get(HUB, status=401, headers={"WWW-Authenticate": CHALLENGE})
        web.get(TOKEN, status=401, json={"details": "incorrect username or password"})
        with pytest.raises(program.RegistryError, match=r"^docker\.io does not tell about docker"):
            program.tags("docker.io/rapidsai/notebooks")


@pytest.mark.parametrize("body", ["<html>", '{"tags": 7}', "[]", "{}"])
def test_an_answer_of_another_kind_is_one_sentence(program: ModuleType, body: str) -> None:
    with responses.RequestsMock() as web:
        web.get(HUB, body=body)
        with pytest.raises(program.RegistryError):
            program.tags("docker.io/rapidsai/notebooks")


# --- what can be pulled -----------------------------------------------------------------------------


def test_architectures(program: ModuleType, registry: Registry) -> None:
    """Of an index and of a single image; what was attested is no image."""
    arm = registry.image("arm64")
    registry.index("both", amd64=registry.image("amd64", "one"), arm64=arm)
    assert program.architectures(f"{registry.host}/me/env", "both") == ["amd64", "arm64"]
    assert program.architectures(f"{registry.host}/me/env", "one") == ["amd64"]
    assert program.architectures(f"{registry.host}/me/env", arm["digest"]) == ["arm64"]


@pytest.mark.parametrize("lost", ["index", "manifest", "config"])
def test_a_yanked_tag_cannot_be_pulled(program: ModuleType, registry: Registry, lost: str) -> None:
    """It may still be listed."""
    amd = registry.image("amd64")
    registry.index("2026-07-28", amd64=amd)
    config = json.loads(registry.stored[amd["digest"]])["config"]["digest"]
    assert program.architectures(f"{registry.host}/me/env", "2026-07-28") == ["amd64"]
    del registry.stored[{"index": "2026-07-28", "manifest": amd["digest"], "config": config}[lost]]
    with pytest.raises(program.RegistryError, match=registry.host):
        program.architectures(f"{registry.host}/me/env", "2026-07-28")


# --- which is newer ---------------------------------------------------------------------------------

CALVER = r"^\d{4}\.\d+\.\d+$"
NEWER = [
    (["2026-10-05", "2026-07-28", "2026-08-03"], "2026-07-28", DAYS, ["2026-08-03", "2026-10-05"]),
    (["2026.10.1", "2026.9.30", "2026.9.4"], "2026.9.4", CALVER, ["2026.9.30", "2026.10.1"]),
    (["latest", "main", "b39d8d901d7b", "2026-7-29"], "2026-07-28", DAYS, []),
    (["cuda12-2026-10-05", "cuda13-2026-10-05", "2026-10-05"], "2026-07-28", DAYS, ["2026-10-05"]),
    (["2026.06.04-v1", "2026.06.04-v10", "2026.06.04-v2"], "2026.06.04-v1", r"^[\d.]+-v\d+$",
     ["2026.06.04-v2", "2026.06.04-v10"]),
    (["3.13.9", "3.13.15", "3.14.1"], "3.13.14", r"^3\.13\.\d+$", ["3.13.15"]),
    (["hub-5.4.10", "hub-5.4.9", "hub-6.0.0"], "hub-5.4.2", r"^hub-5\.[\d.]+$",
     ["hub-5.4.9", "hub-5.4.10"]),
    (["2026-10-05"], f"2026-07-28@sha256:{64 * 'a'}", DAYS, ["2026-10-05"]),
    # commits have no order, even those that have no letter
    (["123456789012", "b39d8d901d7b"], "a39d8d901d7b", "^[0-9a-f]{12}$", []),
    (["b39d8d901d7b"], "123456789012", "^[0-9a-f]{12}$", []),
    (["20261005", "2026100512345"], "20260728", r"^\d+$", ["20261005"]),
    # the current one is of another kind, or nothing is newer by definition
    (["2026-10-05"], "hub-5.4.2", DAYS, []),
    (["2026-10-05"], "", DAYS, []),
    (["2026-10-05", "latest"], "latest", "^$", []),
    (["latest2", "latest"], "latest", "^latest", []),
    (["2026-10-05\n"], "2026-07-28", DAYS, []),
]  # fmt: skip


@pytest.mark.parametrize(("tags", "current", "pattern", "wanted"), NEWER)
def test_newer(
    program: ModuleType, tags: list[str], current: str, pattern: str, wanted: list[str]
) -> None:
    assert program.newer(tags, current, pattern) == wanted


@pytest.mark.parametrize("name", CATALOGUE["images"])
def test_newer_with_the_patterns_of_the_catalogue(program: ModuleType, name: str) -> None:
    """The pinned tag with its last number moved on, except where tags have no order."""
    image = CATALOGUE["images"][name]
    pinned = next((tag for major, tag in image["tags"].items()), "latest")
    moved = re.sub(r"\d+(?=\D*$)", lambda last: f"{int(last[0]) + 1:0{len(last[0])}}", pinned)
    if name == "rapids":
        moved = "26.08-cuda13-py3.14"
    hostile = ["latest", "cuda12-latest", "main", 12 * "f", "2026-13-99-x", "sha256-" + 64 * "1"]
    found = program.newer([*hostile, moved, pinned], pinned, image["tag_pattern"])
    assert found == ([] if name in ("cryocloud", "rocker-binder") else [moved])


def test_the_functions_need_little(tmp_path: Any) -> None:
    """Whoever imports them needs neither Copier nor Docker's client."""
    text = (
        "import sys, runpy\n"
        "sys.modules.update(dict.fromkeys(['copier', 'docker', 'jinja2_time']))\n"
        f"print(runpy.run_path({str(PROGRAM)!r})['newer'](['2'], '1', '.'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout == "['2']\n"
