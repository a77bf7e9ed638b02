"""Take all pictures and say where each is: `python -m tools.pictures`. Needs Docker, npm and Chromium."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import copier
import yaml

from support import standins
from tools import ROOT
from tools.pictures import DOCS, Problem
from tools.pictures.browser import take, take_form, take_profiles
from tools.pictures.cells import CELLS
from tools.pictures.dialogue import dialogue
from tools.pictures.server import answers, hub, test
from tools.pictures.terminal import draw

# Beside ours, what a hub usually offers.
USUAL = {
    "display_name": "Usual environment",
    "description": "What this hub starts unless you choose.",
}


def profiles(readme: str) -> list[dict[str, Any]]:
    """Return the profile list that a repository's README gives to hubs."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    text = next(block for block in blocks if "profileList" in block)
    found: list[dict[str, Any]] = yaml.safe_load(text)["singleuser"]["profileList"]
    return found


def of_strategy(strategy: str, folder: Path, environment: dict[str, str]) -> Path:
    """Make a strategy's repository, test it and take its picture; return that.

    Args:
        strategy: whose page has the command.
        folder: where the repository will be.
        environment: variables for the build.

    Raises:
        Problem: something fails.
    """
    options: dict[str, Any] = {"defaults": True, "quiet": True, "unsafe": True}
    copier.run_copy(str(ROOT), folder, data=answers(strategy), vcs_ref="HEAD", **options)
    settings, printed = test(folder, environment)
    if strategy == "dockerfile":
        draw(printed, "pipx run ci/check.py", DOCS / "check.svg")
        return DOCS / "check.svg"
    picture = DOCS / f"{strategy}.png"
    if strategy == "community-image":
        offered = profiles((folder / "README.md").read_text(encoding="utf-8"))
        with hub(settings, [USUAL, *offered]) as address:
            take_profiles(address, offered[0]["display_name"], picture)
    else:
        with hub(settings) as address:
            take(address, settings.default_url, CELLS[strategy], picture)
    return picture


def main() -> None:
    """Take them all."""
    draw(dialogue(), "copier copy", DOCS / "dialogue.svg")  # first: it wants nothing uncommitted
    take_form(DOCS / "form.png")
    print("wrote docs/dialogue.svg docs/form.png", flush=True)
    with (
        tempfile.TemporaryDirectory() as place,
        standins.micromamba_server(),
        standins.offline_environment() as environment,
    ):
        strategies = ["community-image", *CELLS, "dockerfile"]
        for number, strategy in enumerate(strategies, start=1):
            print(f"{number} of {len(strategies)}: {strategy}", flush=True)
            picture = of_strategy(strategy, Path(place, f"picture-{strategy}"), environment)
            print(f"wrote {picture.relative_to(ROOT)}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        sys.exit(str(problem))
