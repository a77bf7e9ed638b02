"""Which images the tests know, and which recipe stands in for each.

A recipe is a folder of ``tests/support/recipes``, whose Dockerfile says in its header which facts
of the real image it keeps.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]
RECIPES = ROOT / "tests" / "support" / "recipes"
PLACES = ("", "binder", ".binder")  # where repo2docker looks for its files

# One reference for each recipe, as the images' own documents give it.
BUILDPACK_DEPS = "docker.io/library/buildpack-deps:24.04"  # repo2docker's default base image
DEBIAN_SLIM = "docker.io/library/debian:trixie-slim"
PYTHON_SLIM = "docker.io/library/python:3.13-slim-trixie"
IMAGES = yaml.safe_load((ROOT / "extensions" / "catalogue.yml").read_text(encoding="utf-8"))[
    "images"
]


class ImageError(RuntimeError):
    """An image could be neither pulled nor built; the message holds the log."""


def pinned(base: str, major: int = 5) -> str:
    """Say which tag of an image the catalogue pins.

    Args:
        base: the image's name in the catalogue.
        major: of JupyterHub.

    Returns:
        The image's reference, with that tag.
    """
    return f"{IMAGES[base]['image']}:{IMAGES[base]['tags'][major]}"


EXAMPLES = {
    "docker-stacks": pinned("jupyter-scipy"),
    "docker-stacks-r": pinned("jupyter-r"),
    "pangeo": pinned("pangeo-notebook"),
    "py-rocket": pinned("py-rocket-base"),
    "rocker": "docker.io/rocker/binder:latest",  # the catalogue gives no tag: it is pinned by a digest
    "b-data": pinned("b-data-base"),
    "micromamba": "docker.io/mambaorg/micromamba:2.9.0-debian13-slim",
    "buildpack-deps": BUILDPACK_DEPS,
    "debian-slim": DEBIAN_SLIM,
    "python-slim": PYTHON_SLIM,
}
# The recipe for a reference: the first that it begins with.
REPOSITORIES = {
    "quay.io/jupyter/r-notebook:": "docker-stacks-r",
    "quay.io/jupyter/": "docker-stacks",
    "quay.io/pangeo/": "pangeo",
    "ghcr.io/nmfs-opensci/py-rocket-base:": "py-rocket",
    "docker.io/rocker/binder:latest": "rocker",
    "glcr.b-data.ch/jupyterlab/python/": "b-data",
    "docker.io/mambaorg/micromamba:": "micromamba",
    "docker.io/library/buildpack-deps:": "buildpack-deps",
    "docker.io/library/debian:": "debian-slim",
    "docker.io/library/python:": "python-slim",
}

# What this machine needs for itself, whatever can be pulled: the recipe and its tag.
BASES = {
    "minbase": "hub-image-tests/minbase:trixie",
    "base": "hub-image-tests/base:trixie",
    "bare": "hub-image-tests/bare:trixie",
    "conda-standin": "hub-image-tests/conda-standin:3.13",
}
# What a recipe is built from: bases, or an image that is itself real or a stand-in.
PARENTS = {
    "minbase": [],
    "base": ["minbase"],
    "bare": ["base"],
    "conda-standin": ["base"],
    "debian-slim": ["minbase"],
    "python-slim": ["minbase", "conda-standin"],
    "buildpack-deps": ["base", "conda-standin"],
    "micromamba": ["minbase", "conda-standin"],
    "docker-stacks": ["base", "conda-standin"],
    "docker-stacks-r": [EXAMPLES["docker-stacks"]],
    "py-rocket": [EXAMPLES["pangeo"]],
    "pangeo": ["base", "conda-standin"],
    "rocker": ["base"],
    "b-data": [PYTHON_SLIM],
}


def registry(reference: str) -> str:
    """Name the host that a reference is pulled from, by Docker's rules."""
    first = reference.split("/")[0]
    if first == reference or not re.search(r"[.:]|^localhost$", first) or first == "docker.io":
        return "registry-1.docker.io"
    return first


def recipe_of(reference: str) -> str:
    """Find the recipe for a reference; "debian:trixie-slim" is Docker Hub's.

    Raises:
        ImageError: there is no stand-in for it.
    """
    full = reference
    if registry(reference) == "registry-1.docker.io" and not reference.startswith("docker.io/"):
        full = f"docker.io/{'' if '/' in reference else 'library/'}{reference}"
    for start, recipe in REPOSITORIES.items():
        if full.startswith(start):
            return recipe
    raise ImageError(f"there is no stand-in for {reference}")


def has_recipe(reference: str) -> bool:
    """Tell whether there is a stand-in for a reference."""
    try:
        return bool(recipe_of(reference))
    except ImageError:
        return False
