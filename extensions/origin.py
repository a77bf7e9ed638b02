"""Where a repository lives, read from git's remote "origin", and how its image is called by default, for Jinja.

It only reads. Copier loads this file by its path and, in one update, in two versions: it imports no sibling.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from copier_template_extensions import ContextHook
from prompt_toolkit.application import get_app_or_none

HOSTS = {"github.com": "github", "gitlab.com": "gitlab"}
# Where SSH is reached by port 443: docs.github.com, "Using SSH over the HTTPS port", and GitLab's likewise.
BY_443 = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}
# What people call the two in ~/.ssh/config, to have several keys: github-work, github.com-work.
ALIAS = re.compile(r"(github|gitlab)(?:\.com)?(?:[-_][\w-]+)?")
PATH = re.compile(r"[\w.~-]+(?:/[\w.~-]+)*", re.ASCII)
GITLAB = "registry.gitlab.com/"
HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+", re.ASCII)


def text(path: Path) -> str:
    """Return a file's text, or nothing where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def git_config(folder: Path) -> str:
    """Return the text of a repository's git config.

    In a worktree and in a submodule, `.git` is a file that says where the rest lies (gitrepository-layout).
    """
    place = folder / ".git"
    if pointer := re.match(r"gitdir: (.+)", text(place)):
        place = folder / pointer[1].strip()
        place /= text(place / "commondir").strip()
    return text(place / "config")


def host_name(host: str) -> str:
    """Return what ~/.ssh/config calls a host (ssh_config(5)), or the host itself.

    It is read and not asked for by `ssh -G`, which runs the programs that `Match exec` names there.
    """
    try:
        words = text(Path.home() / ".ssh" / "config")
    except RuntimeError:  # there is no home
        return host
    for block in re.split(r"(?im)^[ \t]*(?=(?:host|match)[ \t=])", words):
        names, _, rest = block.partition("\n")
        name = re.search(r"(?im)^[ \t]*hostname[ \t=]+\"?([^\s\"]+)", rest)
        if name and host in names.lower().split()[1:] and block[0] in "Hh":
            return name[1]
    return host


def split(url: str) -> tuple[str, str]:
    """Return the host of an address of git's, with the port if it is HTTP's, and the path; nothing if it has none.

    Who or which password the address names is left out: an answer is committed.
    """
    if short := re.fullmatch(r"(?:[^@/:]+@)?([\w.-]+):(?!//)/*(.+)", url):
        host, port, path = host_name(short[1].lower()), "", short[2]
    else:
        try:
            parts = urlsplit(url)
            host, path = parts.hostname or "", parts.path
            host = host_name(host) if "ssh" in parts.scheme else host
            port = f":{parts.port}" if parts.port and parts.scheme.startswith("http") else ""
        except ValueError:  # such as a port that is no number
            return "", ""
        if parts.scheme not in ("git", "git+ssh", "http", "https", "ssh"):
            return "", ""
    path = path.strip("/").removesuffix(".git")
    host = BY_443.get(host.lower(), host.lower().removeprefix("www."))
    alias = ALIAS.fullmatch(host)
    host = f"{alias[1]}.com" if alias else host
    return (host + port, path) if HOST.fullmatch(host) and PATH.fullmatch(path) else ("", "")


@cache
def origin(folder: Path) -> dict[str, str]:
    """Return `code_host`, `repository` and `name` of a repository, none where git does not say."""
    section = re.search(r'^\[remote "origin"\]$([^\[]*)', git_config(folder), re.MULTILINE)
    url = re.search(r"^\s*url = (\S+)$", section[1], re.MULTILINE) if section else None
    host, path = split(url[1]) if url else ("", "")
    code_host = HOSTS.get(host, "other")
    parts = path.count("/") + 1 if path else 0
    if not parts or (code_host == "github" and parts != 2) or (code_host == "gitlab" and parts < 2):
        return {}
    repository = path if code_host != "other" else f"https://{host}/{path}.git"
    return {"code_host": code_host, "repository": repository, "name": path.rpartition("/")[2]}


def full_image(repository: str, code_host: str, name: str) -> str:
    """Return the name under which an image is published unless one says otherwise: the repository's."""
    places = {"github": f"ghcr.io/{repository}", "gitlab": f"{GITLAB}{repository}"}
    return places.get(code_host, f"quay.io/OWNER/{name}").lower()


def short_image(full: str, error: Callable[[str], str]) -> str:
    """Return an image's name with as much of its last part as hubs take with a tag.

    GitLab's registry takes only names that begin with the project's path: a shorter one is Quay's.

    Args:
        full: the name.
        error: says what is wrong with a name, or nothing.
    """
    place, _, last = full.rpartition("/")
    if not error(full):
        return full
    if full.startswith(GITLAB):
        place = f"quay.io/{place.removeprefix(GITLAB).partition('/')[0]}"
    last = "-".join(re.findall(r"[a-z0-9]+", last))
    while len(last) > 1 and error(f"{place}/{last}"):
        last = last[:-1].rstrip("-")
    return full if error(f"{place}/{last}") else f"{place}/{last}"


class Origin(ContextHook):
    """Gives every template and question these names.

    - `image_moved`: a function; a sentence where a stored image has its repository's name of before, or nothing
    - `image_note`: a function; a line on an image's name that is shorter than its repository's
    - `origin`: the answers that git gives, by question
    - `published_image`: a function; the name under which the image is published unless one says otherwise
    """

    def hook(self, context: dict[str, Any]) -> None:
        """Add the names above.

        Args:
            context: Copier's, with the answers so far.
        """
        error = self.environment.filters["image_error"]
        context["origin"] = origin(Path(context["_copier_conf"]["dst_path"]))

        def full() -> str:
            return full_image(context["repository"], context["code_host"], context["name"])

        def note() -> list[str]:
            image = context["image"]
            lines = [f"The image is {image}:", "  hubs take no longer name."]
            if full().startswith(GITLAB):
                lines[1] = (
                    "  hubs take no name as long as that in GitLab's registry would be. In Settings, CI/CD,"
                )
                lines += [
                    "  Variables its CI needs REGISTRY_USERNAME and REGISTRY_PASSWORD for quay.io."
                ]
            return lines if image == short_image(full(), error) != full() else []

        def moved() -> str:
            stored, data = context["stored_answers"], context["_copier_conf"]["data"]
            image = stored.get("image")
            if "image" in data or not image or context.get("image") != image or get_app_or_none():
                return ""
            was = full_image(*(str(stored.get(one)) for one in ("repository", "code_host", "name")))
            if image != short_image(was, error) or image == short_image(full(), error):
                return ""
            return f"Let image follow repository: {image!r} is named after the one of before."

        context["image_moved"] = moved
        context["image_note"] = note
        context["published_image"] = lambda: short_image(full(), error)
