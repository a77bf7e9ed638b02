"""What is known of the community images, for Jinja: extensions/catalogue.yml and what follows of it.

Copier loads this file by its path and, in one update, in two versions: it imports no sibling.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from copier_template_extensions import ContextHook

# The major of the JupyterHub that repo2docker 2026.04.0 installs (conda/environment.py-*.lock); a hub
# of another major needs its own in the environment files.
REPO2DOCKER_JUPYTERHUB = "5"

# What CI has runners for.
ARCHITECTURES = ("amd64", "arm64")

# The answer that stands for an image the catalogue does not hold.
OTHER = "other"

# A tag that has an order: perhaps words, a day or a version, perhaps its build, perhaps more words.
ORDERED = re.compile(
    r"((?:[a-z]\w*(?:\.\w+)*-)*v?)(?:\d{4}-\d\d-\d\d|(\d+)((?:\.\d+)+))(?:-([rv])\d+)?((?:-[a-z][\w.]*)*)",
    re.ASCII | re.IGNORECASE,
)


@cache
def load() -> dict[str, Any]:
    """Out: the data file beside this one; its comments say what each field is."""
    path = Path(__file__).with_name("catalogue.yml")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def base_choices(images: dict[str, Any], strategy: str) -> dict[str, str]:
    """In: the catalogue's images and the strategy. Out: answers by label, for Copier's `choices`.

    An image without JupyterHub starts on no hub by itself: only `inherit`, which adds it, offers it.
    """
    choices = {
        f"{key}: {image['title']}": key
        for key, image in images.items()
        if strategy != "community-image" or 0 not in image["tags"]
    }
    return choices | {"another image: you give its reference": OTHER}


def default_tag(image: dict[str, Any], jupyterhub_major: str, strategy: str) -> str:
    """In: an image of the catalogue, the hub's major, the strategy. Out: the tag to pin, or nothing
    if no tag with that major is known; `inherit` then takes the newest, as it adds the hub's own."""
    tags = {str(major): tag for major, tag in image["tags"].items()}
    if jupyterhub_major in tags or strategy != "inherit" or not tags:
        return tags.get(jupyterhub_major, "")
    return tags[max(tags)]


def hub_major_inside(image: dict[str, Any], tag: str) -> str:
    """In: an image of the catalogue and a tag. Out: the major of the JupyterHub inside, or nothing
    where that is not known."""
    if match := re.match(r"hub-([0-9]+)\.", tag):
        return match[1]
    known = (str(major) for major, known in image["tags"].items() if known == tag and major)
    return next(known, "")


def newer_tags(tag: str, pattern: str = "") -> str:
    """In: a tag, and its image's `tag_pattern` if there is one. Out: what newer tags of its kind look
    like, in signs that no shell knows: "%" is a digit, "%+" one or more. Nothing where tags of its kind
    have no order, as commits.

    Of a tag that the pattern does not know, words stay as they are, and so does a first number below
    20, which is no year: a major.
    """
    tag = tag.partition("@")[0]
    if pattern and re.fullmatch(pattern, tag):
        text = re.sub(r"\\d\{(\d)\}", lambda digits: "%" * int(digits[1]), pattern.strip("^$"))
        text = text.replace(r"\d", "%").replace(r"\.", ".")
        return text if re.fullmatch(r"[\w.%+-]+", text) else ""
    if not (found := ORDERED.fullmatch(tag)):
        return ""
    before, first, rest, build, after = found.groups(default="")
    version = "%%%%-%%-%%"
    if first:
        version = (first if int(first) < 20 else "%" * len(first)) + ".%+" * rest.count(".")
    return before + version + (f"-{build}%+" if build else "") + after


def base_facts(context: dict[str, Any]) -> dict[str, Any]:
    """In: the answers so far. Out: what is known of the image that `base` and its tag name:
    `reference`, `family` (its entry, not its key), `languages`, `interfaces`, `architectures`,
    `jupyterhub` (the major inside, "" if not known), `newer_tags` (what they look like), `homepage`,
    `package_list`, `warning`, `gpu`."""
    data = load()
    if context.get("base") == OTHER:
        family = context.get("base_family")
        reference = str(context.get("base_reference", ""))
        return {
            "reference": reference,
            "newer_tags": newer_tags(reference.rpartition("/")[2].partition(":")[2]),
            "family": data["families"].get(family, data["families"]["docker-stacks"]),
            "languages": ["python"],
            "interfaces": ["lab", "notebook", "rstudio"],
            "architectures": list(ARCHITECTURES),  # nobody knows
            "jupyterhub": "",
            "homepage": "",
            "package_list": "",
            "warning": "",
            "gpu": False,
        }
    image = data["images"].get(context.get("base"), data["images"]["jupyter-scipy"])
    tag = str(context.get("base_tag", ""))
    return {
        "gpu": False,
        "warning": "",
        **image,
        "reference": f"{image['image']}:{tag}",
        "family": data["families"][image["family"]],
        "jupyterhub": hub_major_inside(image, tag),
        "newer_tags": newer_tags(tag, image["tag_pattern"]),
        "package_list": image["package_list"].replace("{tag}", tag.partition("@")[0]),
    }


class Catalogue(ContextHook):
    """Gives every template and question these names, computed from the answers so far:

    - `adds_jupyterhub`: the environment files must bring the hub's JupyterHub along
    - `architectures`: for which processors the image can be built
    - `base_choices`: what `base` may be
    - `base_default_tag`: what `base_tag` is unless one says otherwise
    - `base_facts`: what is known of the chosen base image
    - `binder_ref`: the branch or other ref of the repository that Binder opens
    - `binder_starts`: what Binder starts, `repository` or `image`, whatever an answer that waits
      for another strategy or host says
    - `default_packages_with`: the tool for Python packages unless one says otherwise
    - `home`: where the home is, and with it the hub's home volume
    - `interfaces`: what a hub can open in the environment, the expected one first
    - `r_by_conda`: R packages come from conda-forge and not from install.R
    - `r_lines`: environment.yml brings R along
    - `runtime`: the word in runtime.txt, by which repo2docker chooses R or Python, or nothing
    - `takes_conda_file`, `takes_r_file`: whether such a file would be installed from, if there is one
    - `with_conda_file`, `with_pip_file`, `with_r_file`, `with_julia_file`: which files list packages
    - `with_python`, `with_r`, `with_julia`: whether the environment takes such packages
    - `working_dir`: where a hub must be told to start, or nothing
    """

    def hook(self, context: dict[str, Any]) -> None:
        images = load()["images"]
        strategy = context.get("strategy", "")
        from_base = strategy in ("community-image", "inherit")
        facts = base_facts(context)
        image = images.get(context.get("base"))
        major = str(context.get("jupyterhub_major", ""))
        context["base_choices"] = base_choices(images, strategy)
        context["base_default_tag"] = default_tag(image, major, strategy) if image else ""
        context["base_facts"] = facts
        context["home"] = facts["family"]["home"] if from_base else "/home/jovyan"
        # An image that repo2docker built starts where its repository lies: what people save there is
        # lost with the container (contract K9).
        starts_elsewhere = strategy == "repo2docker" or (
            strategy == "community-image" and "files" in facts["family"]
        )
        moved = starts_elsewhere or context["home"] != "/home/jovyan"
        context["working_dir"] = context["home"] if moved else ""
        no_conda = from_base and "conda" not in facts["family"]
        context["default_packages_with"] = "pip" if no_conda else "conda"

        conda = context.get("packages_with") == "conda"
        if from_base:
            languages = list(facts["languages"])
            if strategy == "inherit" and context.get("base") == OTHER:
                languages = ["julia", "python", "r"]
        elif strategy == "repo2docker":
            languages = list(context.get("languages") or [])
        else:
            languages = ["python", "r"] if conda else ["python"]
        builds = strategy != "community-image"
        context["with_python"] = builds and "python" in languages
        context["with_r"] = builds and "r" in languages
        context["with_julia"] = builds and "julia" in languages
        context["architectures"] = list(ARCHITECTURES)
        if strategy == "inherit":
            context["architectures"] = facts["architectures"]
        elif strategy == "repo2docker" and context["with_r"]:
            # repo2docker brings RStudio along with R, and that is there for amd64 only.
            context["architectures"] = ["amd64"]
        # Only CI, and there is none elsewhere, keeps the branch from which the image starts.
        starts_image = builds and context.get("code_host") in ("github", "gitlab")
        starts_image = starts_image and context.get("binder") == "image"
        context["binder_starts"] = "image" if starts_image else "repository"
        context["binder_ref"] = "binder" if starts_image else "HEAD"
        # The files that say what is installed are the same in `inherit`, `repo2docker` and
        # `dockerfile`, so that a switch leaves them as they are: which there are, and what they say,
        # follows from answers alone wherever the strategy can install it.
        asked = list(context.get("languages") or [])
        only_r = asked == ["r"]
        r_packages = bool(context.get("r_packages"))
        r_asked = r_packages or "r" in asked
        # repo2docker takes R from runtime.txt only beside its own Python 3.10, and not beside Julia.
        context["r_by_conda"] = context["with_r"] and {
            "dockerfile": conda and r_asked and not only_r,
            "inherit": conda and not only_r and facts["family"].get("r_by_conda", False),
            "repo2docker": not only_r,
        }.get(strategy, False)
        context["r_lines"] = context["r_by_conda"] and r_asked
        if from_base:
            context["interfaces"] = facts["interfaces"]
        elif languages == ["r"]:
            context["interfaces"] = ["rstudio", "lab", "notebook"]
        else:
            rstudio = strategy == "repo2docker" and "r" in languages
            context["interfaces"] = ["lab", "notebook", *(["rstudio"] if rstudio else [])]

        context["adds_jupyterhub"] = builds and major != REPO2DOCKER_JUPYTERHUB
        by_conda = strategy != "repo2docker" or "python" in asked or context["r_by_conda"]
        context["with_conda_file"] = builds and conda and by_conda
        context["with_pip_file"] = (
            builds and not context["with_conda_file"] and (not conda or context["adds_jupyterhub"])
        )
        context["with_r_file"] = context["with_r"] and not context["r_by_conda"] and r_asked
        context["with_julia_file"] = context["with_julia"] and (
            bool(context.get("julia_packages")) or "julia" in asked
        )
        context["takes_conda_file"] = {
            "dockerfile": conda,
            "inherit": not no_conda,
            "repo2docker": by_conda,
        }.get(strategy, False)
        context["takes_r_file"] = context["with_r"] and (
            strategy == "inherit" or (strategy == "repo2docker" and only_r)
        )
        context["runtime"] = ""
        if languages == ["r"]:
            context["runtime"] = f"r-{context.get('r_version', '')}"
        elif context["with_python"] and (not conda or context["with_julia"]):
            context["runtime"] = f"python-{context.get('python_version', '')}"
