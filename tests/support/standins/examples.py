"""One image for each recipe, to look into."""

from __future__ import annotations

from typing import Any

from support.standins.building import ensure
from support.standins.engine import run
from support.standins.references import EXAMPLES


def example(recipe: str) -> str:
    """Have the example of a recipe, and return its reference."""
    ensure(EXAMPLES[recipe], recipe)
    return EXAMPLES[recipe]


def shell(recipe: str, script: str, **options: Any) -> str:
    """Run a script in the example of a recipe; it must succeed.

    Args:
        recipe: a folder of recipes/.
        script: for bash.
        options: of the Docker SDK's containers.run().

    Returns:
        What it printed, without white space around it.
    """
    code, printed = run(example(recipe), "bash", "-c", script, **options)
    assert code == 0, printed
    return printed.strip()
