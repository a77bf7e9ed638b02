"""A registry as GHCR, Quay and Docker Hub are: Debian's docker-registry, which asks for tokens.

    with running() as registry:                # at 127.0.0.1, where Docker allows plain HTTP
        registry.publish("me/environment")     # from now on anyone may pull it

One account may do everything. Anyone else may pull what was made public, and nothing more.
"""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import os
import re
import secrets
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import jwt
import requests
import trustme

from support import standins

CONFIGURATION = """\
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}/store}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:0"}}
auth:
  token:
    realm: "http://{tokens}/token"
    service: tests
    issuer: tests
    rootcertbundle: {folder}/ca.pem
"""
ACCEPT = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "oci.image.manifest.v1",
        "oci.image.index.v1",
        "docker.distribution.manifest.v2",
        "docker.distribution.manifest.list.v2",
    )
)


@dataclass
class Registry:
    """A running registry: `host` is its address with the port, `public` what anyone may pull."""

    host: str = ""
    username: str = "somebody-who-may-push"  # no word that a log holds anyway: it is masked there
    password: str = field(default_factory=lambda: secrets.token_hex(16))
    public: set[str] = field(default_factory=set)

    def publish(self, name: str) -> None:
        """From now on anyone may pull "owner/name"."""
        self.public.add(name)

    def hide(self, name: str) -> None:
        """From now on only the account may."""
        self.public.discard(name)

    @property
    def basic(self) -> str:
        """The account, as Docker's configuration and HTTP write it."""
        return base64.b64encode(f"{self.username}:{self.password}".encode()).decode()

    def ask(self, name: str, path: str) -> requests.Response:
        """Ask for something of a repository, as the account."""
        url = f"http://{self.host}/v2/{name}/{path}"
        refused = requests.get(url, timeout=30)
        where = challenge(refused)
        wanted = {key: where[key] for key in ("service", "scope")}
        account = (self.username, self.password)
        answer = requests.get(where["realm"], wanted, auth=account, timeout=30)
        headers = {"Authorization": f"Bearer {answer.json()['token']}", "Accept": ACCEPT}
        return requests.get(url, headers=headers, timeout=30)

    def tags(self, name: str) -> list[str]:
        """The sorted tags of a repository; none for one that does not exist."""
        response = self.ask(name, "tags/list")
        if response.status_code == 404:
            return []
        response.raise_for_status()
        return sorted(response.json()["tags"] or [])

    def published(self, name: str) -> set[str]:
        """The tags, without those by which older registries list what is attached to an image."""
        return {tag for tag in self.tags(name) if not tag.startswith("sha256-")}

    def manifest(self, name: str, reference: str) -> tuple[str, dict[str, Any]]:
        """The digest and the content of a manifest or index."""
        response = self.ask(name, f"manifests/{reference}")
        response.raise_for_status()
        return response.headers["Docker-Content-Digest"], response.json()

    def docker_config(self, folder: Path, *, logged_in: bool = False) -> Path:
        """Make a folder for DOCKER_CONFIG that is no person's own. Out: the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        auths = {self.host: {"auth": self.basic}} if logged_in else {}
        own = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
        config = {"auths": auths, "cliPluginsExtraDirs": [str(own / "cli-plugins")]}  # buildx
        (folder / "config.json").write_text(json.dumps(config))
        return folder

    @staticmethod
    def logins(folder: Path) -> list[str]:
        """Return the hosts at which a folder for DOCKER_CONFIG has a login."""
        return list(json.loads((folder / "config.json").read_text())["auths"])


def challenge(refused: requests.Response) -> dict[str, str]:
    """Return what a registry that refuses asks for: realm, service, scope."""
    return dict(re.findall(r'(\w+)="([^"]*)"', refused.headers["WWW-Authenticate"]))


def images_here(client: docker.DockerClient, registry: Registry) -> set[str]:
    """Return the names, with tag or digest, of this machine's images that come from a registry."""
    names = [[*(one["RepoTags"] or []), *(one["RepoDigests"] or [])] for one in client.api.images()]
    return {name for some in names for name in some if name.startswith(f"{registry.host}/")}


def tokens(registry: Registry, authority: trustme.CA) -> http.server.ThreadingHTTPServer:
    """The server of tokens (distribution.github.io, "Token Authentication Specification")."""
    leaf = authority.issue_cert("tests")
    key = leaf.private_key_pem.bytes()
    certificate = ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())
    chain = [base64.b64encode(certificate).decode()]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """BuildKit tries OAuth first, and asks by GET where that is not allowed."""
            self.answer(405, {"errors": [{"code": "UNSUPPORTED"}]})

        def do_GET(self) -> None:
            """A token with what is wanted and allowed, which may be nothing."""
            given = self.headers.get("Authorization", "")
            if given and given != f"Basic {registry.basic}":
                self.answer(401, {"errors": [{"code": "UNAUTHORIZED"}]})
                return
            access = []
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
            for scope in " ".join(query.get("scope", [])).split():
                kind, name, actions = re.findall(r"^(\w+):(.+):([\w,*]+)$", scope)[0]
                allowed = {"pull"} if name in registry.public else set()
                allowed |= {"pull", "push", "delete"} if given else set()
                granted = [action for action in actions.split(",") if action in allowed]
                if granted:
                    access.append({"type": kind, "name": name, "actions": granted})
            now = int(time.time())
            claims: dict[str, Any] = {
                "iss": "tests",
                "aud": "tests",
                "sub": registry.username if given else "",
            }
            claims |= {"iat": now, "nbf": now - 10, "exp": now + 600, "jti": secrets.token_hex(8)}
            claims["access"] = access
            signed = jwt.encode(claims, key, algorithm="ES256", headers={"x5c": chain})
            self.answer(200, {"token": signed})

        def answer(self, status: int, content: dict[str, Any]) -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@contextlib.contextmanager
def running() -> Iterator[Registry]:
    """Run a registry of its own on a free port; raises ImageError if it does not start."""
    program = shutil.which("docker-registry")
    if not program:
        raise standins.ImageError("no docker-registry here: install Debian's package of that name")
    with tempfile.TemporaryDirectory() as name:
        folder, authority, registry = Path(name), trustme.CA(), Registry()
        authority.cert_pem.write_to_path(folder / "ca.pem")
        server = tokens(registry, authority)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = "{}:{}".format(*server.server_address)
        settings = CONFIGURATION.format(folder=folder, tokens=address)
        (folder / "config.yml").write_text(settings)
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                [program, "serve", str(folder / "config.yml")], stdout=log, stderr=log
            )
        try:
            # It chose the port itself and says which: no other run can have taken it.
            wanted, end = r"listening on (127\.0\.0\.1:\d+)", time.monotonic() + 30
            while not (found := re.search(wanted, (folder / "log").read_text())):
                if process.poll() is not None or time.monotonic() > end:
                    tail = (folder / "log").read_text()[-2000:]
                    raise standins.ImageError(f"docker-registry did not start:\n{tail}")
                time.sleep(0.05)
            registry.host = found[1]
            yield registry
        finally:
            process.terminate()
            process.wait(timeout=30)
            server.shutdown()
            server.server_close()
