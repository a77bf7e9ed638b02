"""A registry that answers anything: one sentence each time, and credentials nowhere else.

Each row of answers is met by each question that the programs ask, over a real connection where `responses`
would be kinder: bodies without end, connections that break.
"""

from __future__ import annotations

import http.server
import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
import responses

from hub_image import registry_client
from hub_image.contents import Contents
from hub_image.registry import (
    INDEX,
    MANIFEST,
    SBOM,
    Manifest,
    Registry,
    RegistryError,
    attach,
    attached,
)
from support.strict_registry import basic
from support.web import bridge

ACCOUNT = ("robot", "a-password-that-nobody-sees")
DIGEST = f"sha256:{64 * 'a'}"
IMAGE = Manifest(json.dumps({"config": {"digest": DIGEST}}).encode(), MANIFEST)
DEEP = "[" * 200_000
SHAPES: dict[str, str | bytes] = {
    "nothing": "",
    "no JSON": "<html>Sign in</html>",
    "half of it": '{"tags": ["a", ',
    "no text": b"\xff\xfe\x00\xd8",
    "null": "null",
    "a number": "7",
    "a huge number": "9" * 5000,
    "not a number": "NaN",
    "a string": '"tags"',
    "a list": "[]",
    "a list of lists": "[[[]]]",
    "deep lists": DEEP,
    "deep objects": '{"a":' * 100_000,
    "an empty object": "{}",
    "tags: a number": '{"tags": 7}',
    "tags: an object": '{"tags": {"a": 1}}',
    "tags: numbers": '{"tags": [1, 2]}',
    "tags: objects": '{"tags": [{}]}',
    "manifests: a number": '{"manifests": 7}',
    "manifests: numbers": '{"manifests": [7]}',
    "manifests: a text": '{"manifests": "abc"}',
    "entries without digest": '{"manifests": [{"platform": {"os": "linux"}}]}',
    "entries of no platform": '{"manifests": [{"digest": 7, "platform": "linux/amd64"}]}',
    "a path for a digest": '{"manifests": [{"digest": "../../../etc"}], "layers": []}',
    "config: null": '{"config": null, "layers": null}',
    "config: a list": '{"config": [], "layers": {}}',
    "config: a number": '{"config": {"digest": 7}, "layers": [7]}',
    "config: a path": '{"config": {"digest": "../../token"}, "layers": [{"digest": "?x"}]}',
    "labels: a list": '{"config": {"Labels": ["a"]}, "architecture": []}',
    "a token of no text": '{"token": {"a": 1}}',
    "a token of two lines": '{"token": "a\\r\\nX: y"}',
}
QUESTIONS: dict[str, Callable[[Registry], object]] = {
    "may_push": lambda registry: registry.may_push(),
    "tags": lambda registry: registry.tags(),
    "manifest": lambda registry: registry.manifest("2026-11-22"),
    "of_platform": lambda registry: registry.of_platform("2026-11-22", "linux/amd64"),
    "blob": lambda registry: registry.blob(DIGEST),
    "digest": lambda registry: registry.digest("2026-11-22"),
    "architectures": lambda registry: registry.architectures("2026-11-22"),
    "labels": lambda registry: registry.labels(IMAGE),
    "attach": lambda registry: attach(registry, IMAGE, b"{}", SBOM),
    "attached": lambda registry: attached(registry, IMAGE, SBOM),
}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for."""
    bridge(monkeypatch, 0)


def ask(question: str, registry: Registry) -> None:
    """Put a question: an answer or one sentence, without a word of the registry's or a secret."""
    try:
        QUESTIONS[question](registry)
    except RegistryError as error:
        text = str(error)
        assert text.endswith(".") and "\n" not in text and len(text) < 400
        assert text.split()[0] in ("Check", "Get", "Name")
        for secret in (ACCOUNT[1], basic(*ACCOUNT).split()[1]):
            assert secret not in text


@pytest.mark.parametrize(("question", "shape"), list(itertools.product(QUESTIONS, SHAPES)))
def test_malformed(question: str, shape: str) -> None:
    """310 answers of a wrong form: each as a type that the question expects."""
    kind = INDEX if question in ("attached", "architectures") else MANIFEST
    with responses.RequestsMock(assert_all_requests_are_fired=False) as web:
        for method in ("GET", "PUT", "POST", "DELETE"):
            web.add(method, re.compile(".*"), SHAPES[shape], content_type=kind)
        web.head(re.compile(".*"), status=404)
        ask(question, Registry("quay.io/me/env", ACCOUNT))


@pytest.mark.parametrize("shape", SHAPES)
def test_malformed_tokens(shape: str) -> None:
    challenge = {"WWW-Authenticate": 'Bearer realm="https://quay.io/token",service="quay.io"'}
    with responses.RequestsMock() as web:
        web.get("https://quay.io/v2/me/env/tags/list", status=401, headers=challenge)
        web.get("https://quay.io/token", SHAPES[shape])
        ask("tags", Registry("quay.io/me/env", ACCOUNT))


@pytest.mark.parametrize("shape", SHAPES)
def test_malformed_lists_of_packages(shape: str) -> None:
    """What anyone who may push can attach to an image: it is not read, and nothing breaks off."""
    data = SHAPES[shape]
    assert Contents.from_sbom(data if isinstance(data, bytes) else data.encode()) is None


@pytest.mark.parametrize(
    "challenge",
    [
        "",
        "Bearer",
        "Bearer realm",
        "Bearer realm=",
        'Bearer realm="',
        'Bearer service="quay.io"',
        'Bearer realm="quay.io/token"',
        'Bearer realm="https://"',
        'Bearer realm="https://[bad/token"',
        'Bearer realm="file:///etc/passwd"',
        'Bearer realm="http://quay.io/token"',
        'Bearer realm="http://localhost/token"',
        'Bearer realm="HTTP://evil.test/token"',
        "Digest realm=x",
        "\xff\xfe",
        "Bearer " + "a=b," * 10_000,
    ],
)
@pytest.mark.parametrize("status", [401, 403, 407])
def test_challenges(challenge: str, status: int) -> None:
    """None of them gets the password: none names a server of tokens with TLS."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as web:
        headers = {"WWW-Authenticate": challenge}
        web.get("https://quay.io/v2/me/env/tags/list", status=status, headers=headers)
        for address in ("http://quay.io", "http://localhost", "http://evil.test"):
            web.get(f"{address}/token", json={"token": "x"})
        with pytest.raises(RegistryError):
            Registry("quay.io/me/env", ACCOUNT).tags()
        assert all("Authorization" not in call.request.headers for call in web.calls)


# --- whom credentials are shown ---------------------------------------------------------------------

ELSEWHERE = ["https://evil.test/x", "http://quay.io/x", "https://quay.io:444/x", "//evil.test/x"]
ELSEWHERE += ["https://quay.io@evil.test/x", "https://quay.io.evil.test/x"]
EVIL_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="https://evil.test/token",service="x"'}


@pytest.fixture(params=["Bearer", "Basic"])
def web(request: pytest.FixtureRequest) -> Iterator[responses.RequestsMock]:
    """A registry that wants credentials, and an evil one that takes down what it is shown."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as web:
        web.get("https://quay.io/token", json={"token": "a-token-that-nobody-sees"})
        evil = re.compile(r"(http://quay\.io|https://quay\.io(:444|[@.]evil)|https://evil).*")
        for method in ("GET", "HEAD", "PUT", "POST", "DELETE"):
            web.add(method, evil, "{}", status=401, headers=EVIL_CHALLENGE)
        web.wanted = request.param  # type: ignore[attr-defined] # for `leads`
        yield web


def leads(web: responses.RequestsMock, where: str, how: str) -> Callable[[Any], Any]:
    """Answer who has logged in by leading elsewhere."""

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        if "Authorization" not in request.headers:
            bearer = 'Bearer realm="https://quay.io/token",service="quay.io"'
            wanted = bearer if web.wanted == "Bearer" else "Basic realm=x"  # type: ignore[attr-defined]
            return 401, {"WWW-Authenticate": wanted}, ""
        if how == "redirect":
            return 307, {"Location": where}, ""
        if how == "link":
            return 200, {"Link": f'<{where}>; rel="next"'}, '{"tags": ["a"]}'
        return 202, {"Location": where}, ""

    return answer


@pytest.mark.parametrize("where", ELSEWHERE)
@pytest.mark.parametrize(
    ("how", "question"),
    [
        *(("redirect", question) for question in QUESTIONS),
        ("link", "tags"),
        ("location", "may_push"),
        ("location", "attach"),
    ],
)
def test_credentials_go_nowhere_else(
    web: responses.RequestsMock, how: str, question: str, where: str
) -> None:
    for method in ("GET", "HEAD", "PUT", "POST", "DELETE"):
        anything = re.compile("https://quay.io/v2/.*")
        web.add_callback(method, anything, leads(web, where, how))
    ask(question, Registry("quay.io/me/env", ACCOUNT))
    for call in web.calls:
        own = str(call.request.url).startswith(("https://quay.io/v2/", "https://quay.io/token"))
        assert own or "Authorization" not in call.request.headers
        assert own or ACCOUNT[1] not in f"{call.request.url} {call.request.body!r}"
    assert any("Authorization" in call.request.headers for call in web.calls), "it logged in"


def test_pages_end() -> None:
    """Each page names the same one as the next."""
    with responses.RequestsMock() as web:
        link = {"Link": '</v2/me/env/tags/list?n=1000>; rel="next"'}
        web.get("https://quay.io/v2/me/env/tags/list", json={"tags": []}, headers=link)
        with pytest.raises(RegistryError, match="have over 200 pages"):
            Registry("quay.io/me/env").tags()


# --- over a real connection -------------------------------------------------------------------------


class Rude(http.server.BaseHTTPRequestHandler):
    """Answers by the mode that a test sets."""

    mode: ClassVar[str] = ""

    def do_GET(self) -> None:
        self.send_response(302 if self.mode == "a redirect without end" else 200)
        if self.mode == "a redirect without end":
            self.send_header("Location", "/v2/x")
        if self.mode == "a broken promise":
            self.send_header("Content-Length", "200000")
        if self.mode == "no gzip":
            self.send_header("Content-Encoding", "gzip")
        if self.mode == "headers without end":
            for number in range(200):
                self.send_header(f"X-{number}", "x")
        self.end_headers()
        try:
            for _ in range(1 if self.mode in ("a broken promise", "no gzip") else 10**6):
                self.wfile.write(b'{"tags": [' + b" " * 2**16)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    "mode",
    [
        "a body without end",
        "a redirect without end",
        "a broken promise",
        "no gzip",
        "headers without end",
    ],
)
def test_rude(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_client, "LONGEST", 2**20)
    monkeypatch.setattr(Rude, "mode", mode)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Rude)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        registry = Registry(f"127.0.0.1:{server.server_port}/me/env", ACCOUNT)
        for question in ("tags", "manifest", "attached"):
            with pytest.raises(RegistryError):
                QUESTIONS[question](registry)
    finally:
        server.shutdown()
        server.server_close()
