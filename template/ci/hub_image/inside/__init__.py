"""Programs that run in the image or in the hub: the host reads them here and imports none of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any


def source(name: str) -> str:
    """Return the text of a program, which the image's `python3 -c` runs.

    Args:
        name: its file's, without `.py`.
    """
    return Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")


def answer(output: str) -> dict[str, Any]:
    """Return what a program here said; nothing if it did not get that far.

    Args:
        output: all that was printed: entrypoints and shells print too.
    """
    answers = re.findall(r"^CHECK (.*)$", output, re.MULTILINE)
    return dict(json.loads(answers[-1])) if answers else {}
