"""A stand-in for a registry that needs no token, and gives tags page by page.

It answers as the OCI distribution specification says.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import threading
import urllib.parse
from collections.abc import Iterator
from typing import Any

OCI = "application/vnd.oci.image."


class Registry(http.server.ThreadingHTTPServer):
    """Images by name: their tags in the order in which they are listed, and what lies under references.

    A page has at most `page` tags, whatever is asked for, as quay.io does it.
    """

    def __init__(self, page: int = 100) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), Answers)
        self.page = page
        self.listed: dict[str, list[str]] = {}
        self.stored: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.failing: set[str] = set()  # references at which it fails: 500
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
    """What it answers."""

    server: Registry

    def do_GET(self) -> None:
        """Answer with tags, or with what lies under a reference."""
        self.server.asked.append(self.path)
        url = urllib.parse.urlsplit(self.path)
        name, _, last = url.path.removeprefix("/v2/").partition("/tags/")
        reference = url.path.rpartition("/")[2]
        if last == "list" and name in self.server.listed:
            self.listed(name, urllib.parse.parse_qs(url.query))
        elif reference in self.server.failing:
            self.answer(500, b"")
        elif reference in self.server.stored:
            self.answer(200, self.server.stored[reference])
        else:
            self.answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')

    def listed(self, name: str, query: dict[str, list[str]]) -> None:
        """Answer with a page of tags, and where the next one is (specification, "Listing tags")."""
        first = int(query.get("last", ["0"])[0])
        size = min(int(query.get("n", ["100"])[0]), self.server.page)
        found = self.server.listed[name]
        more = {}
        if first + size < len(found):
            more = {"Link": f'</v2/{name}/tags/list?n={size}&last={first + size}>; rel="next"'}
        page = {"name": name, "tags": found[first : first + size]}
        self.answer(200, json.dumps(page).encode(), **more)

    def answer(self, status: int, data: bytes, **headers: str) -> None:
        """Answer."""
        self.send_response(status)
        for key, value in (headers | {"Content-Length": str(len(data))}).items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def running() -> Iterator[Registry]:
    """Run a registry on a free port."""
    with Registry() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()
