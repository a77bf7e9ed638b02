"""A registry as strict as GHCR, played by `responses`: no Docker, no network.

It asks for tokens, and its challenge to a push is GHCR's: it names `pull` alone or, where there is no such
package yet, a placeholder (toddysm.com, 2024-02-12). A token lets one do what it was asked for and what its
account may, in one repository. It lists no referrers and leads to a web page instead (artifacthub/hub#4785),
unless it is told to be newer. What is pushed must be whole (OCI distribution specification, "Push"): a blob
of the digest that it names, at the address that was given for it; a manifest only after what it is made of.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import responses

from hub_image.registry import INDEX, MANIFEST, Manifest

UPLOAD = "uploads/7"
Answer = tuple[int, dict[str, str], str | bytes]


def basic(user: str, password: str) -> str:
    """Return the header by which HTTP sends a password."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@dataclass
class StrictRegistry:
    """The repository of one image.

    Attributes:
        web: what answers in its place.
        image: registry/owner/name.
        accounts: user and password, with what each may: `pull` or `pull,push`.
        public: whether anyone may pull.
        referrers: whether it lists them.
        held: what it has, by tag or digest: media type and bytes.
    """

    web: responses.RequestsMock
    image: str
    accounts: dict[tuple[str, str], str] = field(default_factory=dict)
    public: bool = False
    referrers: bool = False
    held: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.host, _, self.name = self.image.partition("/")
        address = re.escape(f"https://{self.host}/")
        self.web.add_callback("GET", re.compile(f"{address}token"), self._token)
        for method in ("GET", "HEAD", "PUT", "POST", "DELETE"):
            anything = re.compile(f"{address}v2/{re.escape(self.name)}/.*")
            self.web.add_callback(method, anything, self._answer)

    @property
    def asked(self) -> list[str]:
        """What was asked so far, as GET tags/list."""
        start = f"/v2/{self.name}/"
        calls = [call.request for call in self.web.calls]
        return [
            f"{one.method} {str(one.path_url).removeprefix(start)}"
            for one in calls
            if str(one.path_url).startswith(start)
        ]

    def hold(self, content: dict[str, Any], *tags: str, media_type: str = MANIFEST) -> Manifest:
        """Have a manifest or index, under tags too."""
        manifest = Manifest(json.dumps(content).encode(), media_type)
        for key in (manifest.digest, *tags):
            self.held[key] = media_type, manifest.data
        return manifest

    def hold_image(
        self, *tags: str, labels: dict[str, str] | None = None, architecture: str = "amd64"
    ) -> Manifest:
        """Have an image, of which there is no layer."""
        settings = {"architecture": architecture, "config": {"Labels": labels}}
        config = Manifest(json.dumps(settings).encode(), "application/octet-stream")
        self.held[config.digest] = config.media_type, config.data
        return self.hold({"config": {"digest": config.digest}, "layers": []}, *tags)

    def _token(self, request: Any) -> Answer:
        query = parse_qs(urlsplit(request.url).query)
        _, name, actions = query["scope"][0].split(":")
        given = request.headers.get("Authorization")
        may = "pull" if self.public else ""
        if given:
            known = [what for who, what in self.accounts.items() if basic(*who) == given]
            if not known:
                return 403, {}, '{"errors": [{"code": "DENIED"}]}'
            may = known[0]
        granted = sorted(set(actions.split(",")) & set(may.split(",")))
        if name != self.name or not granted:
            return 403, {}, '{"errors": [{"code": "DENIED"}]}'
        return 200, {}, json.dumps({"token": ",".join(granted)})

    def _answer(self, request: Any) -> Answer:
        status, headers, data = self._guarded(request)
        return status, headers, "" if request.method == "HEAD" else data

    def _guarded(self, request: Any) -> Answer:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            name = self.name if self.held else "user/image"
            where = f'realm="https://{self.host}/token",service="{self.host}"'
            challenge = f'Bearer {where},scope="repository:{name}:pull"'
            return 401, {"WWW-Authenticate": challenge}, '{"errors": [{"code": "UNAUTHORIZED"}]}'
        if ("pull" if request.method in ("GET", "HEAD") else "push") not in token.split(","):
            return 403, {}, '{"errors": [{"code": "DENIED"}]}'
        what, _, key = urlsplit(request.url).path.removeprefix(f"/v2/{self.name}/").partition("/")
        if request.method in ("GET", "HEAD"):
            return self._read(what, key)
        if request.method == "PUT":
            return self._write(request, key)
        if request.method == "POST":
            return 202, {"Location": f"/v2/{self.name}/blobs/{UPLOAD}?state=x"}, ""
        return 204, {}, ""

    def _read(self, what: str, key: str) -> Answer:
        if what == "tags":
            tags = [name for name in self.held if ":" not in name]
            absent: Answer = (404, {}, '{"errors": [{"code": "NAME_UNKNOWN"}]}')
            return (200, {}, json.dumps({"name": self.name, "tags": tags})) if self.held else absent
        if what == "referrers" and not self.referrers:
            return 303, {"Location": "https://github.com/-/v2/packages/x"}, "<html>"
        if what == "referrers":
            return 200, {"Content-Type": INDEX}, json.dumps({"manifests": self._referring(key)})
        kind, data = self.held.get(key, ("", b""))
        return (200 if data else 404), {"Content-Type": kind}, data

    def _write(self, request: Any, key: str) -> Answer:
        query = parse_qs(urlsplit(request.url).query)
        kind, data = request.headers.get("Content-Type", ""), request.body
        digest = Manifest(data, kind).digest
        if key.startswith("uploads/"):
            if (key, query.get("state")) != (UPLOAD, ["x"]):
                return 404, {}, '{"errors": [{"code": "BLOB_UPLOAD_UNKNOWN"}]}'
            if query.get("digest") != [digest]:
                return 400, {}, '{"errors": [{"code": "DIGEST_INVALID"}]}'
            self.held[digest] = kind, data
            return 201, {}, ""
        content = json.loads(data)
        if content.get("mediaType", kind) != kind or (":" in key and key != digest):
            return 400, {}, '{"errors": [{"code": "MANIFEST_INVALID"}]}'
        parts = [content.get("config"), *content.get("layers", []), *content.get("manifests", [])]
        if not all(part["digest"] in self.held for part in parts if part):
            return 404, {}, '{"errors": [{"code": "MANIFEST_BLOB_UNKNOWN"}]}'
        subject = content.get("subject")
        self.held[digest] = self.held[key] = kind, data
        known = {"OCI-Subject": subject["digest"]} if self.referrers and subject else {}
        return 201, known, ""

    def _referring(self, subject: str) -> list[dict[str, Any]]:
        found = []
        for key, (kind, data) in self.held.items():
            content = json.loads(data) if kind == MANIFEST else {}
            if (content.get("subject") or {}).get("digest") == subject:
                found.append({"digest": key, "artifactType": content.get("artifactType")})
        return found
