"""What must be known of the image: `ci/image.env`, checked and typed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

PLATFORM = "linux/(amd64|arm64)"
# Each key's form, and the words for it.
FORMS = {
    "STRATEGY": (
        "community-image|inherit|repo2docker|dockerfile",
        "community-image, inherit, repo2docker or dockerfile",
    ),
    "IMAGE": (r"\S*", "the image's name, as ghcr.io/owner/name, or empty"),
    "BASE_IMAGE": (r"(\S+:\S+)?", "an image with its tag: quay.io/jupyter/r-notebook:2026-07-28"),
    "BASE_TAGS": (r"[\w.%+-]*", "what its newer tags look like, as %%%%-%%-%%, or empty"),
    "JUPYTERHUB_MAJOR": (r"[1-9]\d*", "a number, as 5"),
    "DEFAULT_URL": (r"/\S*", "a path that starts with /, as /lab"),
    "HOME_DIR": (r"/\S*[^\s/]", "an absolute path, as /home/jovyan"),
    "WORKING_DIR": (r"(/\S+)?", "empty or an absolute path, as /home/rstudio"),
    "TESTS": (r"([\w.-]+)?", "the folder of its tests, as tests"),
    "PLATFORMS": (f"({PLATFORM}(,{PLATFORM})?)?", "linux/amd64, linux/arm64 or both, as a,b"),
    "BINDER": ("(repository|image)?", "repository or image"),
    "SOURCE": (r"(https://[\w.:/~-]+)?", "the code's address, as https://github.com/owner/name"),
    "CONTRACT": (r"(https://\S+)?", "the address that says what the rows mean, or empty"),
}


class UserError(Exception):
    """What a person must change: one sentence that repeats the value and says what would do."""


@dataclass(frozen=True)
class Settings:
    """What `ci/image.env` says of the image, and where its repository, `root`, is."""

    root: Path
    strategy: str
    image: str  # the name to publish under, without a tag; empty for a community's image
    base_image: str  # the image it starts from, with its tag; empty if there is none
    base_tags: str  # what newer tags of it look like: "%" is a digit, "%+" one or more
    jupyterhub_major: str  # of the hub
    default_url: str  # the path that a server opens first
    home_dir: str  # where a hub mounts the home volume
    working_dir: str  # where a hub is told to start the server; empty for the image's own
    tests: str  # the folder of the tests that run in it; empty for `tests`
    platforms: tuple[str, ...]  # what it is built for; empty for a community's image
    binder: str  # what Binder starts, `repository` or `image`
    source: str  # the address of the code's page
    contract: str  # the address of the page on the rows of the check

    @classmethod
    def read(cls, root: Path) -> Settings:
        """Read a repository's `ci/image.env`.

        Args:
            root: the repository's folder.

        Returns:
            What the file says.

        Raises:
            UserError: the file is missing, or a line or value is not of its form.
        """
        path = root / "ci" / "image.env"
        if not path.is_file():
            raise UserError(f"Keep the template's {path}: it is not there.")
        found = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            key, equals, value = line.partition("=")
            if line.strip() and not line.startswith("#"):
                if not equals:
                    raise UserError(f"Write KEY=value in image.env: '{key}' is not of that form.")
                found[key.strip()] = value.strip().strip("'\"")
        values = {key: found.get(key, "") for key in FORMS}
        for key, (form, wanted) in FORMS.items():
            pointer = key == "BASE_IMAGE" and values["STRATEGY"] == "community-image"
            if not re.fullmatch(form, values[key]) or (pointer and not values[key]):
                raise UserError(f"Let {key} in image.env be {wanted}: '{values[key]}' does not do.")
        platforms = tuple(filter(None, values.pop("PLATFORMS").split(",")))
        fields = {key.lower(): value for key, value in values.items()}
        return cls(root=root, platforms=platforms, **fields)

    @property
    def is_pointer(self) -> bool:
        """Whether this is a community's image, which is neither built nor published here."""
        return self.strategy == "community-image"

    @property
    def local_name(self) -> str:
        """The name, without registry and tag, that the image has on this machine."""
        name = (self.image or self.root.name).rpartition("/")[2].partition(":")[0].lower()
        return re.sub("[^a-z0-9]+", "-", name).strip("-") or "image"

    @property
    def tested_image(self) -> str:
        """The name that `ci/check.py` gives to the image that has passed; a community's has its own."""
        return self.base_image if self.is_pointer else f"{self.local_name}:tested"

    @property
    def homes(self) -> list[str]:
        """Where a hub mounts the home volume: some mount it at the working directory too (K8)."""
        work = self.working_dir
        elsewhere = work and not PurePosixPath(work).is_relative_to(self.home_dir)
        return [self.home_dir, work] if elsewhere else [self.home_dir]
