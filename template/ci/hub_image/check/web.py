"""An HTTPS server on this machine with a wheel for pip and a repository for git to clone."""

from __future__ import annotations

import gzip
import io
import os
import ssl
import subprocess
import tempfile
import threading
import zipfile
from functools import cached_property, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme

from hub_image import inside
from hub_image.check.addresses import Addresses

NAME = "hub-image-check.test"  # RFC 2606: nobody's
SERVICE = "git-upload-pack"
WHEEL = "hub_image_check-1-py3-none-any.whl"
NO_CONFIG = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


class Handler(SimpleHTTPRequestHandler):
    """Serves files, folders as lists, which are pip's simple index, and repositories to git.

    git-scm.com/docs/http-protocol, "Smart Clients": nbgitpuller's shallow clones need it.
    """

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        """Answer a file, or what a repository has."""
        if not self.path.endswith(f"/info/refs?service={SERVICE}"):
            return super().do_GET()
        line = f"# service={SERVICE}\n"
        start = f"{len(line) + 4:04x}{line}0000".encode()
        return self._answer("advertisement", start + self._git("--advertise-refs"))

    def do_POST(self) -> None:
        """Answer what a clone asks for."""
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            asked = gzip.decompress(asked)
        self._answer("result", self._git(asked=asked))

    def _git(self, *options: str, asked: bytes = b"") -> bytes:
        repository = Path(self.directory, "repo")  # the only one
        command = ["git", "upload-pack", "--stateless-rpc", *options, str(repository)]
        env = os.environ | NO_CONFIG
        return subprocess.run(
            command, input=asked, env=env, stdout=subprocess.PIPE, check=True
        ).stdout

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"application/x-{SERVICE}-{kind}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Web:
    """The server, from its start until `stop`.

    Attributes:
        host: the name at which containers see it, once `line` stands in their /etc/hosts.
        line: that line; empty where Docker resolves the name.
        url: its address, without a slash at the end.
    """

    def __init__(self, addresses: Addresses) -> None:
        """Start it with a certificate of an authority of its own."""
        self._authority, self.host, self.line = trustme.CA(), addresses.hub, ""
        if self.host.replace(".", "").isdigit():  # pip's truststore cannot verify numbers
            self.host, self.line = NAME, f"{self.host} {NAME}"
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        root = Path(self._folder.name)
        (root / "simple" / "hub-image-check").mkdir(parents=True)
        (root / "simple" / "hub-image-check" / WHEEL).write_bytes(self._wheel)
        _repository(root / "repo")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(self.host).configure_cert(context)
        handler = partial(Handler, directory=str(root))
        self._server = ThreadingHTTPServer((addresses.bind, 0), handler)
        # the handshake is the handler's: one that hangs keeps nobody else waiting
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"https://{self.host}:{self._server.server_port}"

    @cached_property
    def _wheel(self) -> bytes:
        """A package of one empty module."""
        info = "hub_image_check-1.dist-info"
        files = {
            "hub_image_check.py": "",
            f"{info}/METADATA": "Metadata-Version: 2.1\nName: hub-image-check\nVersion: 1\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = f"{info}/RECORD"
        files[record] = "".join(f"{name},,\n" for name in [*files, record])
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        return buffer.getvalue()

    @property
    def files(self) -> dict[str, bytes]:
        """What a container gets: the authority's certificate, the wheel and the programs to run there."""
        names = ("person", "imports")
        programs = {f"{name}.py": inside.source(name).encode() for name in names}
        return {"ca.crt": self._authority.cert_pem.bytes(), WHEEL: self._wheel, **programs}

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._folder.cleanup()


def _repository(folder: Path) -> None:
    """Make a repository of one file, on a branch `main`."""
    folder.mkdir()
    (folder / "pulled.txt").write_text("pulled\n", encoding="utf-8")
    git = ["git", "-c", "user.name=check", "-c", "user.email=check@localhost"]
    for command in (["init", "-b", "main"], ["add", "."], ["commit", "-m", "one file"]):
        subprocess.run(
            [*git, *command],
            cwd=folder,
            env=os.environ | NO_CONFIG,
            check=True,
            capture_output=True,
        )
