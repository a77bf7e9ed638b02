"""What to tell whom a repository belongs to after `copier copy`, for Jinja.

It only reads, and needs what extensions/dockerfile.py, folder.py, origin.py and switch.py add. Copier loads this file by its
path and, in one update, in two versions: it imports no sibling.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from copier_template_extensions import ContextHook

Context = dict[str, Any]


def text(path: Path) -> str:
    """Return a file's text, or nothing where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def notes(context: Context, folder: Path) -> list[str]:
    """Return what the owner of a repository must know after `copier copy`, a line each."""
    lines = []
    if context["image"] and context["strategy"] != "community-image":
        lines += context["image_note"]()
    if not context["is_adopted"]:
        return lines
    return (
        lines
        + _of_dockerfile(context, folder)
        + _of_workflows(context, folder)
        + _of_versions(context, folder)
        + _of_hooks(folder)
        + _of_publication(context)
    )


def _without(context: Context, *names: str) -> str:
    """Return the command that lets files of the template come in that were kept out."""
    kept = ", ".join(name for name in context["kept_files"] if name not in names)
    return f"  copier update --trust --defaults --vcs-ref=:current: -d 'kept_files=[{kept}]'"


def _of_dockerfile(context: Context, folder: Path) -> list[str]:
    """Return lines on a Dockerfile that stays the person's."""
    where, reference = context["environment_folder"], context["dockerfile_from"]()
    path = where / "Dockerfile"
    if not path.is_file():
        return []
    name = path.relative_to(folder).as_posix()
    hidden = [one for one in context["environment_files"] if (folder / one).is_file()]
    if where != folder and hidden and re.search("do not edit", text(path), re.IGNORECASE):
        return [
            f"{name} is another CI's: Binder starts its image, so nothing is",
            f"installed from {', '.join(hidden)}. To have that counted again, commit this,",
            f"git rm {name}, stop what writes it, commit that, then:",
            _without(context, ".binder/Dockerfile", "Dockerfile") + " -d strategy=repo2docker",
        ]
    if context["found"].get("base") and context["base_facts"]["newer_tags"]:
        return [f"{name} stays yours: updates of its base image change FROM alone."]
    if reference:
        lines = [f"{name} starts from {reference}: no update follows that."]
        if ":" not in reference.rpartition("/")[2]:
            lines.append(
                "If it is a community's, put a tag behind it and do this again: updates follow it."
            )
        return lines
    return []


def _of_workflows(context: Context, folder: Path) -> list[str]:
    """Return lines on CI that is there already."""
    kept, lines = context.get("kept_files") or [], []
    publishing = context["publishing_workflows"]
    if publishing and context["code_host"] == "github":
        more = f" and {len(publishing) - 1} more publish images" if publishing[1:] else ""
        lines.append(f"{publishing[0]}{more or ' publishes an image'}, so image.yml stays out.")
        lines.append("To have that instead, commit this, git rm yours, commit that, then:")
        lines.append(_without(context, ".github/workflows/image.yml"))
    ours = [".gitlab-ci.yml"] if context["code_host"] == "gitlab" else []
    ours += (
        [f".github/workflows/{one}.yml" for one in ("image", "update")]
        if context["code_host"] == "github"
        else []
    )
    for name in ours:
        if name in kept and (folder / name).is_file() and name not in publishing:
            lines.append(f"{name} is yours, so the template's stays out.")
            lines.append("To have that too, commit this, rename yours, commit that, then:")
            lines.append(_without(context, name))
    return lines


def _of_versions(context: Context, folder: Path) -> list[str]:
    """Return a line where files ask for a Python that no answer can name, or that the base image does not have."""
    where = context["environment_folder"]
    lists = text(folder / "environment.yml")
    if context["strategy"] == "inherit" and context["asks_for_python"](lists):
        return ["Remove the line on python from environment.yml: the base image has its own."]
    # only there these files are read, and the person's
    if context["found"].get("strategy") != "repo2docker":
        return []
    for name, pattern in {
        "environment.yml": r"^\s*- *python *=+ *([\d.]+)",
        "runtime.txt": r"^python-([\d.]+)",
    }.items():
        asked = re.search(pattern, text(where / name), re.MULTILINE)
        if asked and "python_version" not in context["found"]:
            return [f"{name} keeps Python {asked[1]}, which no answer can name."]
    return []


def _of_hooks(folder: Path) -> list[str]:
    """Return lines on hooks of the person's, which would change the programs: each update would be a conflict."""
    config = ".pre-commit-config.yaml"
    if not (folder / config).is_file():
        return []
    return [
        f"Keep your hooks off the template's programs, by this line in {config}:",
        "  exclude: ^ci/",
    ]


def _of_publication(context: Context) -> list[str]:
    """Return a line on what CI will do, where it is the template's: nobody should find an image by surprise."""
    ours = {"github": ".github/workflows/image.yml", "gitlab": ".gitlab-ci.yml"}
    ci = ours.get(context["code_host"])
    if ci is None or ci in context["kept_files"]:
        return []
    if context["strategy"] == "community-image":
        return ["CI will test each change, and publish nothing."]
    return [
        "CI will test each change, and from the default branch publish",
        f"  {context['image']}",
    ]


def from_notes(context: Context) -> list[str]:
    """Return what to do after an update, a line, where a Dockerfile of the person's starts from another image."""
    theirs, wanted = context["dockerfile_from"](), context["base_facts"]["reference"]
    from_base = context["strategy"] in ("community-image", "inherit")
    if not theirs or not from_base or "Dockerfile" not in context["kept_files"] or theirs == wanted:
        return []
    return ["  to do       the Dockerfile is yours: let its FROM be", f"              {wanted}"]


class Notes(ContextHook):
    """Gives every template and question these names.

    - `copy_notes`: a function; lines for whom a repository belongs to, after `copier copy`
    - `from_notes`: a function; a line after an update, where a Dockerfile's FROM is to be changed by hand
    """

    def hook(self, context: Context) -> None:
        """Add the names above.

        Args:
            context: Copier's, with the answers so far.
        """
        folder = Path(context["_copier_conf"]["dst_path"])
        context["from_notes"] = lambda: from_notes(context)
        context["copy_notes"] = lambda: notes(context, folder)
