"""Rows of the server that a hub starts, and of the page that it shows."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlparse

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from hub_image.check.hub import Hub
from hub_image.check.person import Person
from hub_image.check.report import Failed, row

HUB_WAITS = 30  # seconds from a container's start to an answer: jupyterhub/spawner.py, http_timeout
QUICK = ("lab", "tree", "notebooks", "doc")  # Jupyter's own; others start behind a proxy
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"  # RStudio wants one it knows


class Links(HTMLParser):
    """The scripts and styles that a page loads, and JupyterLab's own list of extensions."""

    def __init__(self, page: requests.Response) -> None:
        """Read a page."""
        super().__init__()
        self.base, self.found, self._config = page.url, [], None  # type: str, list[str], str | None
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember what a tag loads."""
        values = {name: value or "" for name, value in attrs}
        if tag == "base" and "href" in values:
            self.base = urljoin(self.base, values["href"])
        style = tag == "link" and "stylesheet" in values.get("rel", "").lower()
        link = values.get("href" if style else "src", "") if style or tag == "script" else ""
        self._add(link)
        self._config = "" if values.get("id") == "jupyter-config-data" else None

    def handle_data(self, data: str) -> None:
        """Read JupyterLab's list."""
        if self._config is None or not data.strip():
            return
        config = json.loads(data)
        for extension in config.get("federated_extensions", []):
            place = f"{config['fullLabextensionsUrl']}/{extension['name']}"
            self._add(f"{place}/{extension['load']}")

    def _add(self, link: str) -> None:
        url = urljoin(self.base, link)
        if link and urlparse(url).netloc == urlparse(self.base).netloc:
            self.found.append(url)


@row("K1 K4-7 K12-14")
def hub_starts(hub: Hub) -> str:
    """A real hub starts the server."""
    hub.start()
    hub.spawn()
    late = f": more than the {HUB_WAITS} s that a hub waits unless its http_timeout is set"
    return f"ready after {hub.ready_after:.1f} s{late if hub.ready_after > HUB_WAITS else ''}"


@row("interface")
def interface_opens(person: Person) -> str:
    """The page opens, with scripts and styles."""
    hub, path = person.hub, person.containers.settings.default_url
    if lost := person.containers.listing["lost"]:
        text = f"install again what brought {lost[0]}, which is gone with {len(lost) - 1} others"
        raise Failed(f"{person.containers.place('postBuild')}, {text}: pages need it.")
    try:
        answer = _page(hub, path)
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
    links = Links(answer).found
    for link in links:
        part = hub.session.get(link, headers={"User-Agent": BROWSER}, timeout=60)
        kind = part.headers.get("Content-Type", "")
        if part.status_code != 200 or "text/html" in kind:
            text = f"install again what serves {path}: of its page, {urlparse(link).path} answers"
            text = f"{person.containers.place('postBuild')}, {text} {part.status_code} ({kind})"
            raise Failed(f"{text}, and the page stays empty.", hub.logs())
    return f"{path} {title}, with {len(links)} scripts and styles"


def _page(hub: Hub, path: str) -> requests.Response:
    """Ask for a page; what starts behind a proxy needs its time."""
    limit = hub.containers.timeout

    def page() -> requests.Response:
        headers = {"User-Agent": BROWSER}
        answer = hub.session.get(hub.url + path[1:], headers=headers, timeout=limit)
        if answer.status_code >= 500:
            answer.raise_for_status()
        return answer

    stop = stop_after_delay(0 if path.split("/")[1] in QUICK else limit)
    again = retry_if_exception_type(requests.RequestException)
    return Retrying(stop=stop, wait=wait_fixed(1), retry=again, reraise=True)(page)
