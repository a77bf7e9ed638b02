"""Addresses and lines to paste, for the README, the run's summary and update requests alike.

The template's extensions execute this file by its path: it imports nothing of the package.

How Binder wants each part encoded: binderhub/repoproviders.py and LinkGenerator.jsx of jupyterhub/binderhub;
nbgitpuller's parameters: docs/url-options.rst of jupyterhub/nbgitpuller; keys of Zero to JupyterHub and of
KubeSpawner: contract K1, K9, K18.
"""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

BINDER = "https://mybinder.org"
HOME = "/home/jovyan"  # where Zero to JupyterHub mounts the home unless told otherwise
HOSTS = {"github": "https://github.com/", "gitlab": "https://gitlab.com/"}


def web_page(repository: str, code_host: str) -> str:
    """Return the address of a repository's page.

    Args:
        repository: `owner/name`, or an address.
        code_host: `github`, `gitlab` or `other`.
    """
    return HOSTS.get(code_host, "") + repository


def binder_link(repository: str, code_host: str, urlpath: str = "", ref: str = "HEAD") -> str:
    """Return the address at which mybinder.org builds and opens a repository.

    Args:
        repository: `owner/name`, or an address.
        code_host: `github`, `gitlab` or `other`.
        urlpath: what to open, such as `lab` or `git-pull?...`.
        ref: a branch, tag or commit.
    """
    provider = {
        "github": f"gh/{quote(repository)}",
        "gitlab": f"gl/{quote(repository, safe='')}",
        "other": f"git/{quote(repository, safe='')}",
    }[code_host]
    query = f"?{urlencode({'urlpath': urlpath}, quote_via=quote, safe='')}" if urlpath else ""
    return f"{BINDER}/v2/{provider}/{ref}{query}"


def git_pull(content: str, branch: str, folder: str) -> str:
    """Return the path and query by which nbgitpuller pulls a repository and opens it in JupyterLab.

    Args:
        content: the address of a repository with notebooks.
        branch: its branch.
        folder: where it is pulled to, below the home.
    """
    query = {
        "repo": content,
        "branch": branch,
        "targetPath": folder,
        "urlpath": f"lab/tree/{folder}",
    }
    return f"git-pull?{urlencode(query, quote_via=quote, safe='')}"


def hub_link(hub: str, pull: str) -> str:
    """Return the address that opens a `git_pull` on a hub, for whoever clicks."""
    return f"{hub}/hub/user-redirect/{pull}"


def z2jh(image: str, tag: str, default_url: str, home: str, working_dir: str) -> str:
    """Return the lines for Zero to JupyterHub's config.yaml.

    Args:
        image: the image's name without a tag.
        tag: its tag.
        default_url: the path that a server opens first.
        home: where the home volume belongs.
        working_dir: where the server must start; empty for the image's own.
    """
    lines = ["hub:", "  config:", "    KubeSpawner:", f"      working_dir: {working_dir}"]
    lines = lines if working_dir else []
    lines += ["singleuser:", "  image:", f"    name: {image}", f'    tag: "{tag}"']
    lines += [f"  defaultUrl: {default_url}"] if default_url != "/lab" else []
    lines += ["  storage:", f"    homeMountPath: {home}"] if home != HOME else []
    return "\n".join(lines)


def profile(
    name: str, description: str, image: str, default_url: str, working_dir: str, gpu: bool = False
) -> str:
    """Return the lines for Zero to JupyterHub that offer an image as one of several.

    Args:
        name: what people choose.
        description: what they read beside it; may be empty.
        image: the image with its tag.
        default_url: the path that a server opens first.
        working_dir: where the server must start; empty for the image's own.
        gpu: whether it asks for one.
    """
    lines = ["singleuser:", "  profileList:", f"    - display_name: {json.dumps(name)}"]
    lines += (
        [f"      description: {json.dumps(description, ensure_ascii=False)}"] if description else []
    )
    lines += ["      kubespawner_override:", f"        image: {image}"]
    lines += [f"        default_url: {default_url}"]
    lines += [f"        working_dir: {working_dir}"] if working_dir else []
    lines += ["        extra_resource_limits:", '          nvidia.com/gpu: "1"'] if gpu else []
    return "\n".join(lines)


def dockerspawner(image: str, tag: str, default_url: str, working_dir: str) -> str:
    """Return the lines for a jupyterhub_config.py with DockerSpawner; arguments as of `z2jh`."""
    lines = [f'c.DockerSpawner.image = "{image}:{tag}"']
    lines += ['c.DockerSpawner.cmd = ["jupyterhub-singleuser"]']
    lines += [f'c.DockerSpawner.default_url = "{default_url}"'] if default_url != "/lab" else []
    lines += [f'c.DockerSpawner.notebook_dir = "{working_dir}"'] if working_dir else []
    return "\n".join(lines)
