"""What differs from machine to machine: what it can reach, what it trusts, where it keeps things."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import certifi
import trustme

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "hub-image-tests"
STOOD_IN_FOR = ("anaconda.org", "cloud.r-project.org")


@functools.cache
def can_reach(host: str) -> bool:
    """Say whether something answers HTTPS at a host within 4 seconds; asked once a process."""
    try:
        urllib.request.urlopen(f"https://{host}/v2/", timeout=4).close()
    except urllib.error.HTTPError:
        return True  # "401 Unauthorized" is what a registry answers without credentials
    except OSError:
        return False
    return True


def hosts() -> list[str]:
    """Name the hosts for which stand-ins answer builds, as this machine cannot reach them."""
    return [host for host in STOOD_IN_FOR if not can_reach(host)]


@contextlib.contextmanager
def lock() -> Iterator[None]:
    """Let one process at a time build, or write into CACHE."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def own_certificates() -> list[str]:
    """List the certificates that this machine trusts and Mozilla does not, as PEM.

    They are looked for where programs look: SSL_CERT_FILE, REQUESTS_CA_BUNDLE, OpenSSL's default.
    """
    places = [os.environ.get("SSL_CERT_FILE"), os.environ.get("REQUESTS_CA_BUNDLE")]
    places.append(ssl.get_default_verify_paths().cafile)
    bundle = next((Path(place) for place in places if place and Path(place).is_file()), None)
    pattern = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)
    mozilla = {
        ssl.PEM_cert_to_DER_cert(pem) for pem in pattern.findall(Path(certifi.where()).read_text())
    }
    found = pattern.findall(bundle.read_text()) if bundle else []
    return sorted(pem for pem in found if ssl.PEM_cert_to_DER_cert(pem) not in mozilla)


def certificates(host: str) -> Path:
    """Make, once a machine, a certificate for a host that is stood in for, and its authority.

    Args:
        host: its name.

    Returns:
        The folder with server.pem (with the key) and ca.pem.
    """
    folder = CACHE / f"certificates-{host}"
    if not (folder / "ca.pem").exists():
        folder.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA(organization_name="Stand-in authority of hub-image-tests")
        certificate = authority.issue_cert(host)
        key = folder / "server.pem"
        key.touch(mode=0o600)
        certificate.private_key_and_cert_chain_pem.write_to_path(str(key))
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    return folder
