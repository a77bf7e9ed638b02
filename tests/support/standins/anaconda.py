"""Who answers for anaconda.org, from where repo2docker takes micromamba."""

from __future__ import annotations

import contextlib
import http.server
import io
import re
import socket
import ssl
import tarfile
import threading
from collections.abc import Iterator

from support.standins import engine, machine
from support.standins.references import RECIPES

PROGRAM = RECIPES / "conda-standin" / "program.py"


class _Micromamba(http.server.BaseHTTPRequestHandler):
    """Answers repo2docker's download of micromamba with the stand-in, and nothing else."""

    def do_GET(self) -> None:  # the name that http.server calls
        """Send the only file that there is: .../micromamba-VERSION-0.tar.bz2."""
        if not re.search(r"/micromamba-[\d.]+-\d+\.tar\.bz2$", self.path):
            self.send_error(404, "stand-in: no such file")
            return
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w:bz2") as tar:
            entry = tarfile.TarInfo("bin/micromamba")
            program = PROGRAM.read_bytes()
            entry.size, entry.mode = len(program), 0o755
            tar.addfile(entry, io.BytesIO(program))
        self.send_response(200)
        self.send_header("Content-Length", str(len(data.getvalue())))
        self.end_headers()
        self.wfile.write(data.getvalue())

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class _Server(http.server.ThreadingHTTPServer):
    """One of perhaps several servers, of several test runs, at the same address and port."""

    def server_bind(self) -> None:
        """Share the port: every run serves the same, and none depends on another's."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()

    def handle_error(self, *_: object) -> None:
        """Ignore a client that went away."""


@contextlib.contextmanager
def micromamba_server() -> Iterator[None]:
    """Answer for anaconda.org at docker0, port 443, unless the real one can be reached.

    Needs the right to listen there (root). Several test runs at the same time do not disturb
    each other. Builds find it by what builds.repo2docker_config() and offline_environment()
    arrange.
    """
    if machine.can_reach("anaconda.org"):
        yield
        return
    with machine.lock():
        certificates = machine.certificates()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem")
    with _Server((engine.gateway(), 443), _Micromamba) as server:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
