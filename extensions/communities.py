"""Who maintains community images, and which image of whom a hub can start, for Jinja.

It needs what extensions/catalogue.py adds. Copier loads this file by its path and, in one update, in two
versions: it imports no sibling.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from copier_template_extensions import ContextHook

Context = dict[str, Any]


@cache
def owner(base: str, communities: tuple[str, ...]) -> str:
    """Return which of the communities maintains an image, or nothing: the image's key begins with its own."""
    return next((key for key in communities if base == key or base.startswith(f"{key}-")), "")


def community_of(context: Context, base: str) -> str:
    """Return who maintains an image, a key of the catalogue's communities."""
    return owner(base, tuple(context["catalogue"]["communities"]))


def community_choices(context: Context) -> dict[str, str]:
    """Return the answers that `community` may have, by label: those of whom there is an image."""
    there = {community_of(context, base) for base in context["base_choices"].values()}
    titles = context["catalogue"]["communities"].items()
    return {title: key for key, title in titles if key in there}


def of_community(context: Context) -> dict[str, str]:
    """Return the answers that `base` may have, by label: the images of the chosen community."""
    community, every = context.get("community", ""), dict[str, str](context["base_choices"])
    if not community:
        return every
    known = tuple(context["catalogue"]["communities"])
    wanted = {label: base for label, base in every.items() if owner(base, known) == community}
    return wanted or every


def other_hub(context: Context, major: str) -> str:
    """Return why a hub of this major cannot start the chosen image as it is, or nothing if it can.

    Args:
        context: the answers so far.
        major: of the hub's JupyterHub.
    """
    image = context["catalogue"]["images"].get(context.get("base"))
    if context.get("strategy") != "community-image" or image is None:
        return ""
    majors = [str(known) for known in image["tags"]]
    return f"no tag of {context['base']} has it" if majors and major not in majors else ""


class Communities(ContextHook):
    """Gives every template and question these names.

    - `base_choices`: what `base` may be, of the chosen community
    - `community_choices`: a function; what `community` may be
    - `community_of`: a function; who maintains an image
    - `other_hub`: a function; why a hub of a major cannot start the image, or nothing
    """

    def hook(self, context: Context) -> None:
        """Add the names above.

        Args:
            context: the answers so far, and what extensions/catalogue.py adds.
        """
        every = dict(context)  # before the choices of `base` become fewer
        context["community_choices"] = lambda: community_choices(every)
        context["community_of"] = lambda base: community_of(context, base)
        context["base_choices"] = of_community(context)
        context["other_hub"] = lambda major: other_hub(context, major)
