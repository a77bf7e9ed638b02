"""What a page loads: its scripts and styles, and JupyterLab's extensions; nothing of another host."""

from __future__ import annotations

import json

import requests

from hub_image.check.server_rows import Links

CONFIG = {
    "fullLabextensionsUrl": "/user/a/lab/extensions",
    "federated_extensions": [{"name": "@owner/name", "load": "static/remoteEntry.1.js"}],
}
PAGE = f"""<html><head><base href="/user/a/lab/">
<link rel="stylesheet" href="style.css?v=1"><link rel="icon" href="icon.svg">
<script id="jupyter-config-data" type="application/json">{json.dumps(CONFIG)}</script>
<script src="/user/a/static/main.js"></script><script>inline()</script>
<script src="https://cdn.example.org/other.js"></script>
</head></html>"""


def test_links_of_a_page() -> None:
    page = requests.Response()
    page.url, page._content = "http://host:1/user/a/lab/tree", PAGE.encode()
    base = "http://host:1/user/a/"
    assert Links(page).found == [
        f"{base}lab/style.css?v=1",
        f"{base}lab/extensions/@owner/name/static/remoteEntry.1.js",
        f"{base}static/main.js",
    ]
