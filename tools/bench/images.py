"""Repositories and images for the rows of images; where a base image cannot be pulled, a stand-in says so."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import copier
import docker.errors

from hub_image.settings import Settings
from support import standins
from support.repositories import ROOT, never_built
from tools.bench.measure import BenchError, progress

# The same packages for all rows: a few, among them a wheel that is mostly data, and what science needs.
SETS = {
    "few packages": "nbgitpuller xarray vega_datasets",
    "scientific packages": "scipy pandas matplotlib scikit-learn statsmodels xarray nbgitpuller",
}
# By what an image is made with: the answers.
CASES = {
    "inherit": {"strategy": "inherit", "base": "jupyter-base", "packages_with": "conda"},
    "dockerfile, conda": {"strategy": "dockerfile", "packages_with": "conda"},
    "dockerfile, pip": {"strategy": "dockerfile", "packages_with": "pip"},
}
LINES = {"conda": ("environment.yml", "  - cowsay\n"), "pip": ("requirements.txt", "cowsay\n")}


def about() -> dict[str, str]:
    """Return what the rows of a group of images have started from."""
    real = standins.can_reach("quay.io")
    return {"base images": "pulled" if real else "the tests' stand-ins"}


def repository(folder: Path, case: dict[str, str], packages: str = "") -> Settings:
    """Make a repository; with packages it is one that was never built.

    Args:
        folder: where to.
        case: answers.
        packages: names that both conda and PyPI have, separated by spaces.

    Returns:
        Its settings; the folder is their `root`.
    """
    answers = dict(case)
    if packages:
        answers[f"{case['packages_with']}_packages"] = packages
        answers["apt_packages"] = "less"
    copier.run_copy(
        str(ROOT), folder, data=answers, defaults=True, quiet=True, unsafe=True, vcs_ref="HEAD"
    )
    if packages:
        dockerfile = folder / "Dockerfile"
        text = never_built(dockerfile.read_text(encoding="utf-8"))
        dockerfile.write_text(text, encoding="utf-8", newline="\n")
    standins.ensure_bases(folder)
    return Settings.read(folder)


@dataclass(frozen=True)
class Image:
    """An image that was built here.

    Attributes:
        name: of it.
        seconds: that the build took.
    """

    name: str
    seconds: float

    @property
    def size(self) -> int:
        """The bytes of all layers."""
        return sum(layer["Size"] for layer in standins.client().images.get(self.name).history())


class Builder:
    """Builds images, and knows which to remove."""

    def __init__(self, env: Mapping[str, str] | None = None, *options: str) -> None:
        """Choose a prefix of names.

        Args:
            env: the variables of `docker`; this process's unless given.
            options: of each `docker build`.
        """
        self.prefix = f"bench-{secrets.token_hex(4)}"
        self.env = env
        self._options = options

    def build(self, folder: Path, *options: str, dockerfile: str = "") -> Image:
        """Build a folder as repo2docker builds one with a Dockerfile.

        Args:
            folder: the context.
            options: more of `docker build`.
            dockerfile: its text, unless the folder's own is meant.

        Raises:
            BenchError: it does not build.
        """
        name = f"{self.prefix}/{secrets.token_hex(4)}:built"
        command = ["buildx", "--builder", "default", "build", "--load", "--tag", name]
        command += [
            "--provenance=false",
            "--build-arg",
            "NB_UID=1000",
            "--build-arg",
            "NB_USER=jovyan",
        ]
        command += ["--build-arg", "REPO_DIR=/srv/repo", *self._options, *options]
        command += ["--progress", "plain"]
        if dockerfile:
            (folder / "by-hand.Dockerfile").write_text(dockerfile, encoding="utf-8")
            command += ["--file", str(folder / "by-hand.Dockerfile")]
        started = time.monotonic()
        self.docker(*command, str(folder))
        return Image(name, time.monotonic() - started)

    def docker(self, *arguments: str) -> str:
        """Run `docker`; return what it printed.

        Raises:
            BenchError: it fails.
        """
        command = ["docker", *arguments]
        done = subprocess.run(
            command, check=False, capture_output=True, encoding="utf-8", env=self.env
        )
        if done.returncode:
            raise BenchError(f"{' '.join(command)} failed:\n{done.stderr[-4000:]}")
        return done.stdout

    def clean_up(self) -> None:
        """Remove what was built."""
        standins.forget_images([f"{self.prefix}/"])


@contextlib.contextmanager
def builder() -> Iterator[Builder]:
    """Give a builder, whose images are removed at the end.

    Raises:
        BenchError: there is no Docker.
    """
    try:
        standins.client().ping()
    except (docker.errors.DockerException, OSError) as error:
        raise BenchError(f"Start Docker, or name groups that need none: {error}") from None
    made = Builder()
    try:
        yield made
    finally:
        progress("removing images")
        made.clean_up()
