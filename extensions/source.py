"""Where the template itself is, for Jinja.

Copier loads this file by its path and, in one update, in two versions: it imports no sibling.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from copier_template_extensions import ContextHook


@cache
def absolute(source: str) -> str:
    """Return where the template is: an address as it is, a folder of this machine by its full path.

    Copier stores what was typed, and looks there in an update, from wherever that is started.

    Args:
        source: as given to `copier copy`, or as stored.
    """
    path = Path(source).expanduser()
    return str(path.resolve()) if source and path.exists() else source


@cache
def has_uncommitted_changes(clone: str) -> bool:
    """Return whether a clone has a commit of Copier's own, as it makes of changes (copier/_vcs.py)."""
    return Path(clone, ".git/COMMIT_EDITMSG").exists()


@cache
def place_error(source: str, folder: Path) -> str:
    """Refuse a destination that is a file, or inside the template: its files would be new ones of the template's.

    Args:
        source: where the template is.
        folder: the destination.

    Returns:
        A sentence, or nothing.
    """
    here, there = Path(absolute(source)), folder.resolve()
    if file := next((path for path in (there, *there.parents) if path.is_file()), None):
        return f"Name a folder, which may be new: '{file}' is a file."
    if here.is_absolute() and there.is_relative_to(here):
        return (
            f"Make the repository outside the template's own folder, as in {here.parent / 'my-environment'}: "
            f"'{there}' is inside it."
        )
    return ""


class Source(ContextHook):
    """Gives every template and question these names.

    - `has_uncommitted_changes`: the template is a folder whose changes Copier took along though nobody committed
      them: an update could not find them again
    - `place_error`: a function; a sentence if the destination is a file or lies in the template's folder, or nothing
    - `template_is_here`: the template lies on this machine
    - `template_source`: where the template is, if on this machine by its full path
    """

    def hook(self, context: dict[str, Any]) -> None:
        """Add the names above.

        Args:
            context: Copier's, with the answers so far.
        """
        conf = context["_copier_conf"]
        source = str(context.get("_copier_answers", {}).get("_src_path", ""))
        context["has_uncommitted_changes"] = has_uncommitted_changes(str(conf["src_path"]))
        context["place_error"] = lambda: place_error(source, Path(conf["dst_path"]))
        context["template_source"] = absolute(source)
        context["template_is_here"] = Path(absolute(source)).is_absolute()
