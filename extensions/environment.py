"""What follows from the answers for the environment and the files that describe it, for Jinja.

The files that say what is installed are the same in `inherit`, `repo2docker` and `dockerfile`, so that a switch leaves
them as they are: which there are, and what they say, follows from answers alone wherever the strategy can install it.

It needs what extensions/catalogue.py adds. Copier loads this file by its path and, in one update, in two
versions: it imports no sibling.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from copier_template_extensions import ContextHook

HOME = "/home/jovyan"
FROM_BASE = ("community-image", "inherit")  # the strategies that start from a community's image
OWN = ("inherit", "repo2docker", "dockerfile")  # the strategies that make an image of one's own
FOLDERS = ("community_image", *OWN, "own_image", "on_github", "on_gitlab")
URLS = {"lab": "/lab", "notebook": "/tree", "rstudio": "/rstudio"}  # what opens each interface

Names = dict[str, Any]


@cache
def repo2docker_jupyterhub() -> str:
    """Return the major of the JupyterHub that repo2docker installs, from the data file beside this one."""
    text = Path(__file__).with_name("versions.yml").read_text(encoding="utf-8")
    return str(yaml.safe_load(text)["jupyterhub"])


def languages_in(context: Names) -> list[str]:
    """Return the languages that the environment takes packages for."""
    strategy, facts = context.get("strategy"), context["base_facts"]
    if strategy == "inherit" and context.get("base") == "other":
        return ["julia", "python", "r"]  # as it may have any
    if strategy in FROM_BASE:
        return list(facts["languages"])
    if strategy == "repo2docker":
        return list(context.get("languages") or [])
    by_apt = "r-base" in str(context.get("apt_packages", "")).split()
    with_r = by_apt or context.get("packages_with") == "conda"
    return ["python", "r"] if with_r else ["python"]


def keeps_dockerfile(context: Names) -> bool:
    """Return whether the image is built by a Dockerfile that the person had before."""
    return "Dockerfile" in (context.get("kept_files") or [])


def where(context: Names) -> Names:
    """Return where the home is, and where a hub must be told to start.

    An image that repo2docker built starts where its repository lies: what people save there is lost with
    the container (contract K9).
    """
    strategy, family = context.get("strategy"), context["base_facts"]["family"]
    home = family["home"] if strategy in FROM_BASE else HOME
    if keeps_dockerfile(context):
        home = context.get("home_dir") or home
    starts_elsewhere = strategy == "repo2docker" or (
        strategy == "community-image" and "files" in family
    )
    return {"home": home, "working_dir": home if starts_elsewhere or home != HOME else ""}


def languages(context: Names) -> Names:
    """Return which languages the environment takes packages for, and how R gets its own."""
    strategy, family = str(context.get("strategy")), context["base_facts"]["family"]
    found = languages_in(context) if strategy in OWN else []
    conda, only_r = context.get("packages_with") == "conda", context.get("languages") == ["r"]
    r_asked = bool(context.get("r_packages")) or "r" in (context.get("languages") or [])
    # repo2docker takes R from runtime.txt only beside its own Python 3.10, and not beside Julia.
    by_conda = {
        "dockerfile": conda and r_asked and not only_r,
        "inherit": conda and not only_r and family.get("r_by_conda", False),
        "repo2docker": not only_r,
    }
    r_by_conda = "r" in found and by_conda[strategy]
    return {
        "r_asked": r_asked,
        "r_by_conda": r_by_conda,
        "r_lines": r_by_conda and r_asked,
        "with_julia": "julia" in found,
        "with_python": "python" in found,
        "with_r": "r" in found,
    }


def files(context: Names) -> Names:
    """Return which files list packages, and which of them would be installed from."""
    strategy, family = str(context.get("strategy")), context["base_facts"]["family"]
    own, asked = strategy in OWN, list(context.get("languages") or [])
    conda, r_by_conda = context.get("packages_with") == "conda", context["r_by_conda"]
    adds_hub = own and str(context.get("jupyterhub_major", "")) != repo2docker_jupyterhub()
    by_conda = strategy != "repo2docker" or "python" in asked or r_by_conda
    with_conda = own and conda and by_conda
    has_conda = strategy not in FROM_BASE or "conda" in family
    takes_conda = {"dockerfile": conda, "inherit": has_conda, "repo2docker": by_conda}
    no_pip = (
        strategy == "repo2docker" and r_by_conda
    )  # beside another language R comes by conda only
    tools = [tool for tool in ("conda", "pip") if (has_conda if tool == "conda" else not no_pip)]
    takes_r = strategy == "inherit" or (strategy == "repo2docker" and asked == ["r"])
    julia = bool(context.get("julia_packages")) or "julia" in asked
    licence = context.get("license")
    if licence == "mine":
        licence = context.get("kept_license", "none")
    return {
        "adds_jupyterhub": adds_hub,
        "possible_tools": tools,
        "tests_elsewhere": context.get("tests_folder", "tests") != "tests",
        "takes_conda_file": takes_conda.get(strategy, False),
        "takes_r_file": context["with_r"] and takes_r,
        "with_conda_file": with_conda,
        "license_text": licence,
        "with_license": licence not in ("mine", "none"),
        "with_julia_file": context["with_julia"] and julia,
        "with_pip_file": own and not with_conda and (not conda or adds_hub),
        "with_r_file": context["with_r"] and not r_by_conda and context["r_asked"],
    }


def package_files(context: Names) -> Names:
    """Return into which file the packages of each tool go, or nothing where it has no place."""
    own, conda = context.get("strategy") in OWN, context["with_conda_file"]
    by_conda = "environment.yml" if conda else ""
    found = {
        "apt": "apt.txt" if own else "",
        "conda": by_conda,
        "julia": "Project.toml" if context["with_julia"] else "",
        "pip": (by_conda or "requirements.txt") if context["with_python"] else "",
        "r": (by_conda if context["r_by_conda"] else "install.R") if context["with_r"] else "",
    }
    kept = context.get("kept_files") or []
    asked = [tool for tool, name in found.items() if name and name not in kept]
    return {"asked_packages": asked, "package_files": found}


def runtime(context: Names) -> Names:
    """Return the word in runtime.txt, by which repo2docker chooses R or Python, or nothing."""
    word = ""
    if languages_in(context) == ["r"]:
        word = f"r-{context.get('r_version', '')}"
    elif context["with_python"] and (
        context.get("packages_with") != "conda" or context["with_julia"]
    ):
        word = f"python-{context.get('python_version', '')}"
    return {"runtime": word}


def opening(context: Names) -> Names:
    """Return what a hub and Binder can open, and from where Binder starts it."""
    strategy, found = context.get("strategy"), languages_in(context)
    if strategy in FROM_BASE:
        interfaces = context["base_facts"]["interfaces"]
    elif found == ["r"]:
        interfaces = ["rstudio", "lab", "notebook"]
    else:
        rstudio = (strategy == "repo2docker" and "r" in found) or keeps_dockerfile(context)
        interfaces = ["lab", "notebook", *(["rstudio"] if rstudio else [])]
    # Only CI, and there is none elsewhere, keeps the branch from which the image starts.
    has_ci = strategy in OWN and context.get("code_host") in ("github", "gitlab")
    starts_image = has_ci and context.get("binder") == "image"
    return {
        "binder_ref": "binder" if starts_image else "HEAD",
        "binder_starts": "image" if starts_image else "repository",
        "default_url": URLS.get(str(context.get("interface")), ""),
        "interfaces": interfaces,
    }


def architectures(context: Names) -> Names:
    """Return for which processors the image can be built."""
    possible = context["ci_architectures"]
    if context.get("strategy") == "inherit":
        possible = context["base_facts"]["architectures"]
    elif context.get("strategy") == "repo2docker" and context["with_r"]:
        possible = [
            "amd64"
        ]  # repo2docker brings RStudio along with R, and that is there for amd64 only
    return {"architectures": possible}


def folders(context: Names) -> Names:
    """Return the names of template/'s folders: "." for one that is laid over the repository, else nothing."""
    strategy, host = context.get("strategy", ""), context.get("code_host", "")
    taken = {strategy.replace("-", "_"), f"on_{host}", "own_image" if strategy in OWN else ""}
    return {name: "." if name in taken else "" for name in FOLDERS}


def no_interface(context: Names, name: str) -> str:
    """Return why an interface cannot open first, or nothing where it can."""
    return "" if name in context["interfaces"] else "not in this environment"


def no_tool(context: Names, tool: str) -> str:
    """Return why a tool cannot install Python packages, or nothing where it can or need not."""
    if context.get("strategy") == "community-image" or tool in context["possible_tools"]:
        return ""
    return "this base has no conda" if tool == "conda" else "R beside Python needs conda"


STEPS = (where, languages, files, package_files, runtime, opening, architectures, folders)


class Contents(ContextHook):
    """Gives every template and question these names, computed from the answers so far.

    - `adds_jupyterhub`: the environment files must bring the hub's JupyterHub along
    - `community_image`, `own_image`, `inherit`, `repo2docker`, `dockerfile`, `on_github`, `on_gitlab`: the names of
      template/'s folders; one that is "." is laid over the repository, one that is empty is left out
    - `architectures`: for which processors the image can be built
    - `asked_packages`: by which tools packages can come into a file that the template writes
    - `binder_ref`: the branch or other ref of the repository that Binder opens
    - `binder_starts`: what Binder starts, `repository` or `image`, whatever an answer that waits
      for another strategy or host says
    - `default_url`: the path that a server opens first
    - `home`: where the home is, and with it the hub's home volume
    - `interfaces`: what a hub can open in the environment, the expected one first
    - `license_text`: which licence the template writes, or `none`
    - `no_interface`, `no_tool`: functions; why one cannot be chosen, or nothing
    - `package_files`: by tool, the file into which its packages go, or nothing
    - `possible_tools`: which tools can install Python packages, the usual one first
    - `r_asked`: R is wanted
    - `r_by_conda`: R packages come from conda-forge and not from install.R
    - `r_lines`: environment.yml brings R along
    - `runtime`: the word in runtime.txt, by which repo2docker chooses R or Python, or nothing
    - `takes_conda_file`, `takes_r_file`: whether such a file would be installed from, if there is one
    - `tests_elsewhere`: a package's own tests have the folder tests/
    - `with_conda_file`, `with_pip_file`, `with_r_file`, `with_julia_file`: which files list packages
    - `with_python`, `with_r`, `with_julia`: whether the environment takes such packages
    - `with_license`: the template writes a licence
    - `working_dir`: where a hub must be told to start, or nothing
    """

    def hook(self, context: Names) -> None:
        """Add the names above.

        Args:
            context: the answers so far, and what extensions/catalogue.py adds.
        """
        for step in STEPS:
            context.update(step(context))
        context["no_interface"] = lambda name: no_interface(context, name)
        context["no_tool"] = lambda tool: no_tool(context, tool)
