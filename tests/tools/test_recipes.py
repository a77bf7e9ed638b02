"""The recipes of README.md: each makes the repository that it is for."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import yaml

from support.renders import Renders
from support.repositories import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
ROWS = re.findall(
    r"^\| ([^|]+) \| `(-d [^`]+)` \|$",
    README.partition("## Recipes")[2].partition("\n## ")[0],
    re.MULTILINE,
)
# By recipe, what stands in which file.
PROMISED: dict[str, list[tuple[str, str]]] = {
    "Python with these packages": [
        ("environment.yml", "  - python=3.13\n"),
        ("environment.yml", "  - xarray\n  - zarr\n"),
        ("ci/image.env", "STRATEGY=repo2docker\n"),
    ],
    "R with RStudio": [
        ("runtime.txt", "r-4.5-20"),
        ("install.R", '  "ggplot2",\n  "sf"\n'),
        ("ci/image.env", "DEFAULT_URL=/rstudio\n"),
    ],
    "a class with nbgitpuller": [
        ("Dockerfile", "FROM quay.io/jupyter/scipy-notebook:"),
        ("environment.yml", "      - nbgitpuller\n"),
        ("README.md", "https://hub.example.org/hub/user-redirect/git-pull?"),
    ],
    "a GPU": [
        ("README.md", 'nvidia.com/gpu: "1"'),
        ("README.md", "quay.io/jupyter/pytorch-notebook"),
    ],
    "the image of my hub plus one": [
        ("Dockerfile", "FROM quay.io/my-hub/image:1.0\n"),
        ("Dockerfile", 'ENTRYPOINT ["/usr/local/bin/repo2docker-entrypoint", "repo-start"]'),
        ("environment.yml", "  - gdal\n"),
    ],
}


def test_there_are_these() -> None:
    """In the order in which they are tested."""
    assert [name for name, _ in ROWS] == list(PROMISED)


@pytest.mark.parametrize(("name", "options"), ROWS, ids=[name for name, _ in ROWS])
def test_a_recipe(renders: Renders, name: str, options: str) -> None:
    """Its answers, as a shell reads them, give what its name says."""
    words = shlex.split(options)
    assert words[::2] == ["-d"] * len(words[::2])
    answers: dict[str, Any] = dict(word.split("=", 1) for word in words[1::2])
    files = renders.files(**answers)
    for path, text in PROMISED[name]:
        assert text in files[path], path
    stored = yaml.safe_load(files[".copier-answers.yml"])
    assert {key for key in answers if key not in stored} == set()
