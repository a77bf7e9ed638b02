"""How a registry is asked: whom credentials go to, what is tried again, what fails in one sentence.

python-dxf is the client; here stands what it lacks. Credentials go to the registry and to the server
of tokens that it names, and nowhere else, whatever it answers.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import dxf
import requests
import urllib3
from dxf.exceptions import DXFError, DXFUnauthorizedError
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth

LOCAL = ("localhost", "127.0.0.1")  # plain HTTP on this machine only, as Docker does
TIMEOUT = 60  # seconds without a byte
LONGEST = 32 * 2**20  # bytes of an answer: registries take manifests of up to 4 MiB
SLOWEST = 300  # seconds for an answer
RETRY = urllib3.Retry(
    total=4,
    connect=2,
    backoff_factor=1,  # seconds: 14 in all
    status_forcelist=[429, 500, 502, 503, 504],
    raise_on_status=False,
    respect_retry_after_header=False,  # it may name hours
)


class RegistryError(Exception):
    """What a registry does not do: one sentence, without words of its own."""


class AccessDenied(RegistryError):
    """What a registry does not do for this account, or for anonymous access."""


class NotFound(RegistryError):
    """What a registry does not have."""


@contextlib.contextmanager
def understood(answer: str) -> Iterator[None]:
    """Turn what comes of an answer of the wrong form into a RegistryError.

    Args:
        answer: what it is, for the sentence.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        kind = type(error).__name__
        raise RegistryError(f"Check {answer}: it is no answer of a registry ({kind}).") from None


class _Adapter(HTTPAdapter):
    """Reads each answer at once, and none that never ends."""

    def send(self, *arguments: Any, **options: Any) -> requests.Response:
        response = super().send(*arguments, **options | {"stream": True})
        data, end = bytearray(), time.monotonic() + SLOWEST
        for part in response.iter_content(1024):
            data += part
            if len(data) > LONGEST or time.monotonic() > end:
                response.close()
                raise requests.exceptions.ContentDecodingError("an answer without end")
        response._content = bytes(data)
        return response


class _Session(requests.Session):
    """Knows nothing of ~/.netrc: anonymous access is anonymous."""

    def __init__(self) -> None:
        super().__init__()
        self.auth = lambda request: request
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter(max_retries=RETRY))

    def rebuild_auth(self, prepared_request: Any, response: Any) -> None:
        """Follow a redirect to another host without credentials."""
        leaves = self.should_strip_auth(response.request.url, prepared_request.url)  # type: ignore[no-untyped-call] # the stubs'
        if leaves:
            prepared_request.headers.pop("Authorization", None)


class Client(dxf.DXF):
    """A client of one image's repository."""

    def __init__(self, host: str, name: str, credentials: tuple[str, str] | None) -> None:
        """Prepare to ask.

        Args:
            host: the registry, as image names have it.
            name: the image's, as owner/name.
            credentials: user and password; None for anonymous access.
        """
        address = "registry-1.docker.io" if host == "docker.io" else host
        self.local = host.partition(":")[0] in LOCAL
        super().__init__(address, name, self._log_in, insecure=self.local, timeout=TIMEOUT)
        self.image, self.host, self.credentials = f"{host}/{name}", host, credentials
        self._sessions = [_Session()]

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Ask the registry.

        Args:
            method: such as GET.
            path: below the image's repository, or an address that the registry has named.
            options: as requests has them.

        Returns:
            An answer that says yes.

        Raises:
            RegistryError: whatever fails.
        """
        with self.asking(f"{method} {path.partition('?')[0]}"):
            answer: requests.Response = self._request(method.lower(), path, **options)  # type: ignore[no-untyped-call] # dxf's
            return answer

    @contextlib.contextmanager
    def asking(self, question: str) -> Iterator[None]:
        """Turn whatever fails into a RegistryError."""
        about = f"{question} of {self._repo}"
        try:
            with understood(f"what {self.host} says to {about}"):
                yield
        except DXFUnauthorizedError:
            raise AccessDenied(
                f"Get access to {self.image}: {self.host} refuses {about}."
            ) from None
        except requests.HTTPError as error:
            status = error.response.status_code
            kind = {403: AccessDenied, 404: NotFound}.get(status, RegistryError)
            raise kind(f"Check {self.image}: {self.host} answers {status} to {about}.") from None
        except (requests.ConnectionError, requests.Timeout):
            where = f"{self.host} cannot be reached, to ask about {self.image}"
            raise RegistryError(f"Check the network: {where}.") from None
        except (DXFError, requests.RequestException, urllib3.exceptions.HTTPError) as error:
            text = f"{self.host} breaks off at {about} ({type(error).__name__})"
            raise RegistryError(f"Check {self.image}: {text}.") from None

    def _log_in(self, _: dxf.DXFBase, response: requests.Response) -> None:
        """Get what a challenge asks for (distribution.github.io, "Token Authentication").

        dxf's own way refuses registries without TLS, and asks for no more than the challenge names: GHCR's
        to a push names `pull` only, or another image (toddysm.com, 2024-02-12).
        """
        if not self._is_registry(response.url):
            return  # a redirect led elsewhere
        scheme, __, rest = response.headers.get("WWW-Authenticate", "").partition(" ")
        if scheme.lower() == "basic" and self.credentials:
            request = HTTPBasicAuth(*self.credentials)(requests.Request())
            self._headers = dict(request.headers)
        elif scheme.lower() == "bearer":
            where = requests.utils.parse_dict_header(rest)  # type: ignore[no-untyped-call] # the stubs'
            realm = urlsplit(where["realm"])
            if realm.scheme != "https" and not (self.local and realm.hostname in LOCAL):
                raise AccessDenied(f"Check {self.host}: it wants credentials without TLS.")
            actions = "pull,push" if self.credentials else "pull"
            wanted = {"scope": f"repository:{self._repo_path.rstrip('/')}:{actions}"}
            wanted |= {"service": where["service"]} if "service" in where else {}
            answer = self._sessions[0].get(
                where["realm"], params=wanted, auth=self.credentials, timeout=TIMEOUT
            )
            if answer.status_code in (401, 403, 404):
                return  # no
            answer.raise_for_status()
            tokens = answer.json()
            self.token = str(tokens.get("token") or tokens["access_token"])

    def _is_registry(self, url: str) -> bool:
        return urlsplit(url)[:2] == urlsplit(self._base_url)[:2]

    def _base_request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Ask as dxf does, which would send its header also where the registry sends us."""
        url = urljoin(self._base_url, path)
        if self._is_registry(url):
            answer: requests.Response = super()._base_request(method, url, **options)  # type: ignore[no-untyped-call] # dxf's
            return answer
        response = self._sessions[0].request(method, url, timeout=TIMEOUT, **options)
        response.raise_for_status()
        return response
