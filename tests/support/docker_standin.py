"""A Docker that has one image, played: no engine, no network."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

LISTED = {
    "os": "debian",
    "conda": {"numpy": "2.4.1", "ruamel.yaml": "0.18"},
    "pip": {"numpy": "2.4.1", "ruamel-yaml": "0.18", "nbgitpuller": "1.2.2", "a`b|c": "1\n<b>"},
    "apt": {"git": "1:2.47.3-0+deb13u1"},
    "R": {"data.table": "1.17.0"},
}


def one_image(
    labels: dict[str, str] | None = None, platform: str = "linux/amd64"
) -> tuple[Any, Any]:
    """Return an image and a client of a Docker that has no other."""
    image = SimpleNamespace(id="sha256:1", labels=labels, tag=lambda *_: True)
    system, _, architecture = platform.partition("/")
    image.attrs = {"Size": 9 * 10**9, "Os": system, "Architecture": architecture, "RepoDigests": []}
    answer = f"an entrypoint speaks\nCHECK {json.dumps(LISTED)}\n".encode()
    containers = SimpleNamespace(run=lambda *_, **__: answer)
    client = SimpleNamespace(containers=containers, images=SimpleNamespace(get=lambda _: image))
    return image, client
