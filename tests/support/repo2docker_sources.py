"""The two web services that repo2docker asks for versions while it writes a Dockerfile.

Where they cannot be reached, their answers are stand-ins, by the `responses` library; nothing else of
repo2docker is touched.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import requests
import responses

JULIA = "https://julialang-s3.julialang.org/bin/versions.json"
SNAPSHOTS = "https://packagemanager.posit.co/__api__/url"
VERSIONS = ("1.6.7", "1.10.11", "1.11.8", "1.12.2", "1.13.0")  # one Julia of each minor


@contextlib.contextmanager
def reachable() -> Iterator[None]:
    """The real services, or stand-ins that know VERSIONS and one snapshot of R's packages."""
    try:
        requests.get(JULIA, timeout=5).raise_for_status()
        requests.post(SNAPSHOTS, json={"repo": "all"}, timeout=5)
        yield
    except requests.RequestException:
        with responses.RequestsMock(assert_all_requests_are_fired=False) as standin:
            standin.get(JULIA, json={version: {} for version in VERSIONS})
            standin.post(SNAPSHOTS, json={"upsi": "2026-11-01+stand-in"})
            yield
