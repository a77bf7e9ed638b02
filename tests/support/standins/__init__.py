"""Real images where a registry can be reached, stand-ins under the same names where it cannot.

Tests of images name what they need::

    standins.ensure("quay.io/jupyter/scipy-notebook:2026-07-28", "docker-stacks")  # a base image
    standins.ensure_base("bare")                                                   # a bare machine
    with standins.micromamba_server():
        standins.build(repository, "my/image:test")                                # real repo2docker

``python -m support.standins``, in tests/, prepares everything that the tests use.
"""

from support.standins.building import ensure, ensure_base, ensure_bases
from support.standins.builds import build, offline_environment, repo2docker_config
from support.standins.engine import (
    client,
    find,
    forget_images,
    gateway,
    keep_images,
    left_out,
    run,
)
from support.standins.examples import example, shell
from support.standins.machine import CACHE, can_reach
from support.standins.references import (
    BASES,
    BUILDPACK_DEPS,
    EXAMPLES,
    PARENTS,
    ImageError,
    pinned,
    recipe_of,
    registry,
)
from support.standins.servers import micromamba_server

__all__ = [
    "BASES",
    "BUILDPACK_DEPS",
    "CACHE",
    "EXAMPLES",
    "PARENTS",
    "ImageError",
    "build",
    "can_reach",
    "client",
    "ensure",
    "ensure_base",
    "ensure_bases",
    "example",
    "find",
    "forget_images",
    "gateway",
    "keep_images",
    "left_out",
    "micromamba_server",
    "offline_environment",
    "pinned",
    "recipe_of",
    "registry",
    "repo2docker_config",
    "run",
    "shell",
]
