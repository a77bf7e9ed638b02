"""Sets of answers: every strategy with every image of the catalogue, and the other answers pairwise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from allpairspy import AllPairs

from support.repositories import CATALOGUE

ROLLING = "latest@sha256:" + 64 * "0"
# A strategy and an image of the catalogue, if it starts from one.
WAYS = [
    *(("community-image", base) for base in [*CATALOGUE["images"], "other"] if base != "rapids"),
    *(("inherit", base) for base in [*CATALOGUE["images"], "other"]),
    ("repo2docker", ""),
    ("dockerfile", ""),
]
VALUES: dict[str, list[Any]] = {
    "way": WAYS,
    "apt_packages": ["", "graphviz libgdal-dev"],
    "binder": ["", "image"],
    "code_host": ["github", "gitlab", "other"],
    "conda_packages": ["", "xarray>=2025.1 numpy=2.* 1"],
    "interface": ["", "notebook", "rstudio"],
    "jupyterhub_major": ["5", "6"],
    "languages": [
        "[python]",
        "[r]",
        "[julia]",
        "[python, r]",
        "[python, julia]",
        "[python, r, julia]",
    ],
    "license": ["BSD-3-Clause", "MIT", "Apache-2.0"],
    "packages_with": ["conda", "pip"],
    "pip_packages": ["", "nbgitpuller dask[complete]>=2025,<2027"],
    "platforms": ["", "[arm64]", "[arm64, amd64]"],
    "python_version": ["3.10", "3.14"],
}
REPOSITORIES = {
    "github": "my-org/My.Repo",
    "gitlab": "group/sub-group/project",
    "other": "https://git.example.org/team/project.git",
}


def has_r(languages: str) -> bool:
    """Whether R is among the languages."""
    return bool(re.search(r"\br\b", languages))


def passed_by(answers: dict[str, Any]) -> set[str]:
    """Return the answers that the strategy has no place for: to type them is refused, and stored they wait."""
    strategy, languages = answers["strategy"], answers.get("languages", "[python]")
    without = {
        "community-image": {"binder", "languages", "packages_with", "platforms", "python_version"}
        | {name for name in answers if name.endswith("_packages")},
        "inherit": {"languages", "python_version"},
        "dockerfile": {"languages"},
        "repo2docker": set()
        if "python" in languages
        else {"python_version", *({"packages_with"} if languages in ("[r]", "[julia]") else ())},
    }
    return without[strategy] | ({"binder"} if answers["code_host"] == "other" else set())


def packages_are_sensible(answers: dict[str, Any], takes_conda: bool) -> bool:
    """Whether the packages can be installed by the tool that was chosen."""
    strategy, _ = answers["way"]
    languages = answers.get("languages", "[python]")
    conda = answers.get("packages_with", "conda") == "conda"
    if strategy == "inherit" and conda and not takes_conda and "packages_with" in answers:
        return False
    if answers.get("conda_packages") and strategy != "community-image":
        if not conda or (strategy == "inherit" and not takes_conda):
            return False
        if strategy == "repo2docker" and "python" not in languages:
            return False
    if answers.get("pip_packages") and strategy == "repo2docker" and "python" not in languages:
        return False
    by_conda = has_r(languages) and languages != "[r]" and strategy == "repo2docker"
    return conda or not by_conda


def platforms_are_sensible(answers: dict[str, Any], image: dict[str, Any]) -> bool:
    """Whether CI can build for these processors."""
    strategy, _ = answers["way"]
    if not answers.get("platforms") or strategy == "community-image":
        return True
    if answers.get("code_host", "github") != "github":
        return False
    if strategy == "inherit" and "arm64" not in image.get("architectures", ["arm64"]):
        return False
    return not (strategy == "repo2docker" and has_r(answers.get("languages", "[python]")))


def sensible(row: Sequence[Any]) -> bool:
    """Leave out what the questions refuse; test_refusals.py sees that they do.

    Args:
        row: the first values of a row, which may be all.

    Returns:
        Whether such a repository can be made.
    """
    answers = dict(zip(VALUES, row, strict=False))
    strategy, base = answers["way"]
    image = CATALOGUE["images"].get(base, {})
    family = CATALOGUE["families"][image.get("family", "docker-stacks")]
    if interface := answers.get("interface"):
        known = image.get("interfaces", ["lab", "notebook", "rstudio"])
        if strategy == "dockerfile" or (
            strategy == "repo2docker" and not has_r(answers.get("languages", "[python]"))
        ):
            known = ["lab", "notebook"]
        if interface not in known:
            return False
    if not packages_are_sensible(answers, "conda" in family):
        return False
    if not platforms_are_sensible(answers, image):
        return False
    tags = {str(major) for major in image.get("tags", {})}
    major = answers.get("jupyterhub_major", "5")
    return not (strategy == "community-image" and tags and major not in tags)


def answers_of(row: Sequence[Any]) -> dict[str, str]:
    """Turn one row of VALUES into answers to give."""
    answers = dict(zip(VALUES, row, strict=True))
    strategy, base = answers.pop("way")
    answers |= {"strategy": strategy, "base": base}
    if base == "rocker-binder":
        answers["base_tag"] = ROLLING
    if base == "other":
        answers["base_reference"] = "registry.example.org:5000/team/image:2026-01-02"
        answers["base_family"] = "docker-stacks"
    answers["repository"] = REPOSITORIES[answers["code_host"]]
    for name in passed_by(answers):
        answers.pop(name, None)
    return {name: value for name, value in answers.items() if value}


def row_id(answers: dict[str, str]) -> str:
    """Name a row in pytest's output."""
    return "-".join([answers["strategy"], answers.get("base", ""), answers["code_host"]])


def starts_image(answers: dict[str, str]) -> bool:
    """Whether CI keeps the branch from which Binder starts the image."""
    has_ci = answers["strategy"] != "community-image" and answers["code_host"] != "other"
    return has_ci and answers.get("binder") == "image"


ROWS = [answers_of(row) for row in AllPairs(list(VALUES.values()), filter_func=sensible)]
