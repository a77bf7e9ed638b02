"""What the run's summary says of a repository that was made."""

from __future__ import annotations

from urllib.parse import quote

from hub_image.links import binder_link
from hub_image.markdown import code, fence
from hub_image.settings import Settings
from tools.button.commit import Made, Place
from tools.button.saved import FIRST_BUILD

TICK = '"Allow GitHub Actions to create and approve pull requests"'


def summary(project: str, page: str, origin: str, place: Place, made: Made) -> str:
    """Return the summary, in Markdown.

    Args:
        project: the repository on GitHub, `owner/name`.
        page: its address.
        origin: of the template, a link.
        place: where it was made.
        made: what was made.
    """
    settings = Settings.read(place.folder)
    ref = "binder" if settings.binder == "image" else "HEAD"
    later = ", once CI has published an image" if ref != "HEAD" else ""
    lines = [
        f"## [{project}]({page}) is set up by the strategy `{settings.strategy}`",
        "",
        f"Made from {origin}. Its README says how to change packages, try it and use it on a hub.",
        f"It opens on Binder by this link{later}:",
        "",
        binder_link(project, "github", settings.default_url.lstrip("/"), ref),
        "",
        "What is there now:",
        "",
        *fence("\n".join(sorted(path.name for path in place.folder.iterdir()))),
        "",
        "### Next",
        "",
        f"1. {FIRST_BUILD}",
        f"2. For weekly updates tick {TICK} in [its settings]({page}/settings/actions).",
    ]
    if made.kept:
        lines += ["", f"Yours, which stay as they are: {', '.join(map(code, made.kept))}"]
    if made.gone:
        before = f"{page}/blob/{place.tip}"
        old = ", ".join(f"[{code(name)}]({before}/{quote(name)})" for name in made.gone)
        lines += ["", f"The template's, which you had changed, and which are gone: {old}"]
    return "\n".join(lines)
