"""Who answers for anaconda.org, from where repo2docker takes micromamba, and for cloud.r-project.org, which is CRAN."""

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

from support.standins import cran, engine, machine
from support.standins.references import RECIPES

PROGRAM = RECIPES / "conda-standin" / "program.py"


def micromamba() -> bytes:
    """Pack the stand-in for micromamba as anaconda.org does the program."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:bz2") as tar:
        entry = tarfile.TarInfo("bin/micromamba")
        program = PROGRAM.read_bytes()
        entry.size, entry.mode = len(program), 0o755
        tar.addfile(entry, io.BytesIO(program))
    return data.getvalue()


class _Files(http.server.BaseHTTPRequestHandler):
    """Answers repo2docker's download of micromamba and R's of packages with stand-ins, and nothing else."""

    def do_GET(self) -> None:  # the name that http.server calls
        """Send .../micromamba-VERSION-0.tar.bz2, or a file of CRAN."""
        asked = re.search(r"/micromamba-[\d.]+-\d+\.tar\.bz2$", self.path)
        data = micromamba() if asked else cran.file(self.path)
        if data is None:
            self.send_error(404, "stand-in: no such file")
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

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


def _context(host: str) -> ssl.SSLContext:
    """Make what encrypts as a host."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with machine.lock():
        made.load_cert_chain(machine.certificates(host) / "server.pem")
    return made


@contextlib.contextmanager
def micromamba_server() -> Iterator[None]:
    """Answer for hosts that cannot be reached, machine.hosts(), at docker0, port 443.

    Needs the right to listen there (root). Several test runs at the same time do not disturb
    each other. Builds find it by what builds.repo2docker_config() and offline_environment()
    arrange.
    """
    if not machine.hosts():
        yield
        return
    contexts = {host: _context(host) for host in machine.STOOD_IN_FOR}

    def choose(connection: ssl.SSLObject, host: str, _: ssl.SSLContext) -> None:
        connection.context = contexts.get(host, context)

    context = contexts[machine.STOOD_IN_FOR[0]]
    context.sni_callback = choose  # each host has its own certificate
    with _Server((engine.gateway(), 443), _Files) as server:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
