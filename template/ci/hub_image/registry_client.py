"""How a registry is asked: whom credentials go to, what is tried again, what fails in one sentence.

By Python's own library: a step that holds a token runs no package, as none would be pinned by its hash.
Credentials go to the registry and to the server of tokens that it names, and nowhere else, whatever it
answers: OCI distribution specification; distribution.github.io, "Token Authentication".
"""

from __future__ import annotations

import base64
import contextlib
import json
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException, IncompleteRead
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit

LOCAL = ("localhost", "127.0.0.1")  # plain HTTP on this machine only, as Docker does
TIMEOUT = 60  # seconds without a byte
LONGEST = 32 * 2**20  # bytes of an answer: registries take manifests of up to 4 MiB
SLOWEST = 300  # seconds for an answer
PAUSES = (1, 2, 4)  # seconds before a question is put again; "Retry-After" may name hours
PASSING = (429, 500, 502, 503, 504)
MOVED = (301, 302, 303, 307, 308)
REDIRECTS = 10


class RegistryError(Exception):
    """What a registry does not do: one sentence, without words of its own."""


class AccessDenied(RegistryError):
    """What a registry does not do for this account, or for anonymous access."""


class NotFound(RegistryError):
    """What a registry does not have."""


@dataclass(frozen=True)
class Answer:
    """An answer that says yes."""

    data: bytes
    headers: Message

    @property
    def media_type(self) -> str:
        """What it is."""
        return self.headers.get("Content-Type", "").partition(";")[0]


@contextlib.contextmanager
def understood(answer: str) -> Iterator[None]:
    """Turn what comes of an answer of the wrong form, named for the sentence, into a RegistryError."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        kind = type(error).__name__
        raise RegistryError(f"Check {answer}: it is no answer of a registry ({kind}).") from None


class Client:
    """A client of one image's repository."""

    def __init__(self, image: str, credentials: tuple[str, str] | None = None) -> None:
        """Prepare to ask.

        Args:
            image: registry/owner/name.
            credentials: user and password; None for anonymous access.
        """
        host, _, name = image.partition("/")
        self.image, self.host = image, host
        self.local = host.partition(":")[0] in LOCAL
        self.name = f"library/{name}" if host == "docker.io" and "/" not in name else name
        address = "registry-1.docker.io" if host == "docker.io" else host
        self.base = f"{'http' if self.local else 'https'}://{address}/v2/{self.name}/"
        account = base64.b64encode(":".join(credentials or ()).encode()).decode()
        self.basic = f"Basic {account}" if credentials else ""
        self.authorization = ""  # what the registry wants to see

    def ask(
        self, method: str, path: str, data: bytes | None = None, follow: bool = True, **headers: str
    ) -> Answer:
        """Return what the registry answers.

        Args:
            method: of HTTP.
            path: below the image's address, or an address that the registry has named.
            data: the request's body.
            follow: whether to follow redirects.
            headers: with an underscore for each hyphen.

        Raises:
            RegistryError: whatever fails.
        """
        url, given = (
            urljoin(self.base, path),
            {key.replace("_", "-"): headers[key] for key in headers},
        )
        about = f"{method} {path.partition('?')[0]} of {self.name}"
        try:
            with understood(f"what {self.host} says to {about}"):
                try:
                    return self._send(method, url, data, given, follow)
                except HTTPError as error:
                    ours = self._is_registry(error.url or "")  # a redirect may have led elsewhere
                    if error.code != 401 or not ours or not self._logs_in(error.headers):
                        raise
                return self._send(method, url, data, given, follow)
        except HTTPError as error:
            raise self._refusal(error.code, about) from None
        except OSError:
            where = f"{self.host} cannot be reached, to ask about {self.image}"
            raise RegistryError(f"Check the network: {where}.") from None
        except HTTPException as error:
            text = f"{self.host} breaks off at {about} ({type(error).__name__})"
            raise RegistryError(f"Check {self.image}: {text}.") from None

    def _refusal(self, status: int, about: str) -> RegistryError:
        """Return what a status that says no means."""
        if status == 401:
            return AccessDenied(f"Get access to {self.image}: {self.host} refuses {about}.")
        kinds = {403: AccessDenied, **dict.fromkeys((404, *MOVED), NotFound)}
        text = f"Check {self.image}: {self.host} answers {status} to {about}."
        return kinds.get(status, RegistryError)(text)

    def _is_registry(self, url: str) -> bool:
        return urlsplit(url)[:2] == urlsplit(self.base)[:2]

    def _send(
        self, method: str, url: str, data: bytes | None, headers: dict[str, str], follow: bool
    ) -> Answer:
        """Ask, and follow redirects, as to a registry's store; credentials are the registry's alone."""
        for _ in range(REDIRECTS):
            own = self.authorization if self._is_registry(url) else ""
            shown = headers | {"Authorization": own} if own else headers
            try:
                return _read(url, shown, data, method)
            except HTTPError as error:
                new = error.headers.get("Location")
                if not (follow and new and method == "GET" and error.code in MOVED):
                    raise
                url = urljoin(url, new)
        raise HTTPException("redirects without end")

    def _logs_in(self, challenge: Message) -> bool:
        """Get what a challenge asks for; return whether there is something to show.

        With credentials that is always the right to push: GHCR's challenge names `pull` only, or another
        image (toddysm.com, 2024-02-12).
        """
        scheme, _, rest = challenge.get("WWW-Authenticate", "").partition(" ")
        if scheme.lower() != "bearer":
            self.authorization = self.basic if scheme.lower() == "basic" else ""
            return bool(self.authorization)
        where = urllib.request.parse_keqv_list(urllib.request.parse_http_list(rest))
        realm = urlsplit(where["realm"])
        if realm.scheme != "https" and not (self.local and realm.hostname in LOCAL):
            raise AccessDenied(f"Check {self.host}: it wants credentials without TLS.")
        wanted = {"scope": f"repository:{self.name}:{'pull,push' if self.basic else 'pull'}"}
        wanted |= {"service": where["service"]} if "service" in where else {}
        account = {"Authorization": self.basic} if self.basic else {}
        try:
            tokens = json.loads(_read(f"{where['realm']}?{urlencode(wanted)}", account).data)
        except HTTPError as error:
            if error.code not in (401, 403, 404):
                raise
            return False
        self.authorization = f"Bearer {tokens.get('token') or tokens['access_token']}"
        return True


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Leaves them to the client, which knows whom credentials are for."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _read(
    url: str, headers: dict[str, str], data: bytes | None = None, method: str = "GET"
) -> Answer:
    """Put a question, again after what may pass, and read the whole answer, unless that never ends."""
    request = urllib.request.Request(url, data, headers, method=method)
    if request.type not in ("http", "https"):
        raise ValueError("an address that is not of HTTP")
    pauses, opener = iter(PAUSES), urllib.request.build_opener(_NoRedirects)
    while True:
        try:
            body, end = bytearray(), time.monotonic() + SLOWEST
            with opener.open(request, timeout=TIMEOUT) as answer:
                while part := answer.read(1024):
                    body += part
                    if len(body) > LONGEST or time.monotonic() > end:
                        raise HTTPException("an answer without end")
                if int(answer.headers.get("Content-Length") or len(body)) != len(body):
                    raise IncompleteRead(bytes(body))
                if answer.headers.get("Content-Encoding"):
                    raise HTTPException("an answer that is packed")
            return Answer(bytes(body), answer.headers)
        except OSError as error:
            if isinstance(error, HTTPError):
                error.close()
                if error.code not in PASSING:
                    raise
            if (pause := next(pauses, None)) is None:
                raise
        time.sleep(pause)
