"""Rows of the server that a hub starts, in their order."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import urlparse

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from hub_image.check.hub import Hub
from hub_image.check.report import Failed, row

QUICK = ("lab", "tree", "notebooks", "doc")  # Jupyter's own; others start behind a proxy
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"  # RStudio wants one it knows


@row("K1 K4-7 K12-14")
def hub_starts(hub: Hub) -> str:
    """A real hub starts the server."""
    hub.start()
    hub.spawn()
    return f"ready after {hub.ready_after:.1f} s"


@row("K9")
def start_folder_writable(hub: Hub) -> str:
    """The working directory can be written to."""
    place, homes = hub.containers.start_folder, hub.containers.settings.homes
    code, out = hub.run(["sh", "-c", "touch .check && rm .check && pwd"])
    if code:
        remedy = f"let WORKDIR be {homes[0]}, or chown it to uid 1000"
        raise Failed(f"uid 1000 cannot write to {place}, where it starts: {remedy}.", out)
    kept = any(PurePosixPath(place).is_relative_to(home) for home in homes)
    return place if kept else f"{place}; files saved there are lost when the server stops"


@row("interface")
def interface_opens(hub: Hub) -> str:
    """The default interface opens."""
    path, limit = hub.containers.settings.default_url, hub.containers.timeout

    def page() -> requests.Response:
        headers = {"User-Agent": BROWSER}
        answer = hub.session.get(hub.url + path[1:], headers=headers, timeout=limit)
        if answer.status_code >= 500:
            answer.raise_for_status()
        return answer

    # those behind a proxy need their time
    stop = stop_after_delay(0 if path.split("/")[1] in QUICK else limit)
    again = retry_if_exception_type(requests.RequestException)
    try:
        answer = Retrying(stop=stop, wait=wait_fixed(1), retry=again, reraise=True)(page)
    except requests.RequestException as error:
        raise Failed(f"The default interface {path} does not open: {error}.", hub.logs()) from None
    html = "text/html" in answer.headers.get("Content-Type", "")
    found = re.search(r"(?is)<title>\s*(.*?)\s*</title>", answer.text) if html else None
    title, where = found[1] if found else "", urlparse(answer.url).path
    bad = re.search("error|not supported|sign in|log ?in", title, re.IGNORECASE)
    inside = where.startswith(urlparse(hub.url).path)
    if answer.status_code != 200 or not html or not inside or bad:
        text = f"The default interface {path} answers {answer.status_code} {title!r} at {where}"
        raise Failed(f"{text}: install what serves it, or choose another.", hub.logs())
    return f"{path} {title}"


@row("K19")
def nbgitpuller_works(hub: Hub) -> str:
    """nbgitpuller, if it is installed, is enabled."""
    if "nbgitpuller" not in hub.containers.listing["pip"]:
        return "it is not installed; links of nbgitpuller will not work"
    code, out = hub.run(["jupyter", "server", "extension", "list"])
    text = re.sub(r"\x1b\[[0-9;]*m", "", out)
    if code or not re.search(r"nbgitpuller.*enabled", text):
        raise Failed("nbgitpuller is installed, but not enabled: install it again.", text)
    if hub.run(["git", "--version"])[0]:
        raise Failed("nbgitpuller is installed, but git is not: install git.")
    return ""
