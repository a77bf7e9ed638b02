"""The Docker engine of this machine, and the images that it holds."""

from __future__ import annotations

import os

import docker
import requests
from docker.context import ContextAPI
from docker.errors import DockerException
from docker.models.images import Image

from hub_image.git import REVISION
from hub_image.settings import UserError

__all__ = ["REVISION", "SOURCE", "connect", "platform_of"]

SOURCE = "org.opencontainers.image.source"  # an image's label for the address of the code
PING_TIMEOUT = 120  # seconds
ANSWER_TIMEOUT = 600  # seconds: to remove a large image from a slow disk takes minutes


def connect() -> docker.DockerClient:
    """Connect to the Docker that the `docker` command uses.

    Returns:
        The client.

    Raises:
        UserError: no Docker answers.
    """
    try:
        if "DOCKER_HOST" not in os.environ:
            # docker's SDK knows no contexts, but its command does, and with it repo2docker
            context = ContextAPI.get_current_context()
            if context is not None and context.name != "default" and context.Host:
                os.environ["DOCKER_HOST"] = context.Host
        client = docker.from_env(timeout=PING_TIMEOUT)
        client.ping()
    except (DockerException, requests.RequestException, OSError) as error:
        where = os.environ.get("DOCKER_HOST", "its usual socket")
        raise UserError(f"Install or start Docker: none answers at {where} ({error}).") from None
    client.api.timeout = ANSWER_TIMEOUT
    return client


def platform_of(image: Image) -> str:
    """Return what an image is built for, as linux/amd64."""
    return f"{image.attrs['Os']}/{image.attrs['Architecture']}"
