"""Links that open an environment: Binder, nbgitpuller, the pages of code hosts. Filters for Jinja.

How Binder wants each part encoded: binderhub/repoproviders.py and LinkGenerator.jsx of
jupyterhub/binderhub; nbgitpuller's parameters: docs/url-options.rst of jupyterhub/nbgitpuller.

Copier loads this file by its path and, in one update, in two versions: it imports no sibling.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from jinja2 import Environment
from jinja2.ext import Extension

BINDER = "https://mybinder.org"


def web_page(repository: str, code_host: str) -> str:
    """In: where the code lives (`owner/name`, or an address), on `github`, `gitlab` or `other`.
    Out: the address of its page."""
    hosts = {"github": "https://github.com/", "gitlab": "https://gitlab.com/"}
    return hosts.get(code_host, "") + repository


def binder_link(repository: str, code_host: str, urlpath: str = "", ref: str = "HEAD") -> str:
    """In: where the code lives; what to open, such as `lab` or `git-pull?...`; branch, tag or
    commit. Out: the address at which mybinder.org builds and opens it."""
    provider = {
        "github": f"gh/{repository}",
        "gitlab": f"gl/{quote(repository, safe='')}",
        "other": f"git/{quote(repository, safe='')}",
    }[code_host]
    query = f"?{urlencode({'urlpath': urlpath}, quote_via=quote, safe='')}" if urlpath else ""
    return f"{BINDER}/v2/{provider}/{ref}{query}"


def git_pull(content: str, branch: str, folder: str) -> str:
    """In: the address of a repository with notebooks, its branch, the folder to pull it into.
    Out: the path and query by which nbgitpuller pulls it and opens JupyterLab there."""
    query = {
        "repo": content,
        "branch": branch,
        "targetPath": folder,
        "urlpath": f"lab/tree/{folder}",
    }
    return f"git-pull?{urlencode(query, quote_via=quote, safe='')}"


def hub_link(hub: str, pull: str) -> str:
    """In: a hub's address and a `git_pull`. Out: the link that opens it for whoever clicks."""
    return f"{hub}/hub/user-redirect/{pull}"


class Links(Extension):
    """Makes the functions above known to Jinja, under their own names."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters.update(
            binder_link=binder_link, git_pull=git_pull, hub_link=hub_link, web_page=web_page
        )
