"""Answers of `responses` for Python's own HTTP client, which it does not know.

The request, its headers and redirects are the client's: what is replaced is the connection.
"""

from __future__ import annotations

import email.message
import io
import urllib.error
import urllib.request
import urllib.response
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from hub_image import registry_client

REAL = HTTPAdapter.send


def bridge(patch: pytest.MonkeyPatch, *pauses: int) -> None:
    """Let an active RequestsMock answer the client of registries, which waits as long as `pauses` say."""
    patch.setattr(registry_client, "PAUSES", pauses)
    for scheme, handler in (
        ("http", urllib.request.HTTPHandler),
        ("https", urllib.request.HTTPSHandler),
    ):
        name = f"{scheme}_open"
        real = getattr(handler, name)

        def answer(self: Any, request: urllib.request.Request, real: Any = real) -> Any:
            # over a real connection where nothing is mocked
            return real(self, request) if HTTPAdapter.send is REAL else _answer(request)

        patch.setattr(handler, name, answer)


def _answer(request: urllib.request.Request) -> Any:
    """Return what `responses` answers, as urllib has it."""
    asked = requests.Request(
        request.get_method(), request.full_url, dict(request.header_items()), data=request.data
    )
    session = requests.Session()
    session.trust_env = False  # what the client does not show, nobody adds
    try:
        said = session.send(session.prepare_request(asked), allow_redirects=False)
    except requests.ConnectionError as error:
        raise urllib.error.URLError(str(error)) from None
    headers = email.message.Message()
    for key, value in said.headers.items():
        headers[key] = value
    found: Any = urllib.response.addinfourl(
        io.BytesIO(said.content), headers, request.full_url, said.status_code
    )
    found.msg = said.reason or ""
    return found
