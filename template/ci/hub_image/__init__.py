"""Test, publish and update this repository's image.

Written by the template and the same in every repository: what varies stands in `ci/image.env`. People run
`ci/check.py`, `ci/publish.py` and `ci/update.py`.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import NoReturn

FOLDER = Path(__file__).resolve().parents[1]


def start(program: str) -> NoReturn:
    """Run one of the programs and exit with its code.

    Args:
        program: `check`, `publish` or `update`.

    Raises:
        SystemExit: always; 2 where a dependency is missing, else what the program returns.
    """
    sys.path[:] = [place for place in sys.path if Path(place).resolve() != FOLDER]
    try:
        code = importlib.import_module(f"hub_image.{program}.main").main()
    except ModuleNotFoundError as error:
        remedy = f"Use `pipx run ci/{program}.py` or `uv run ci/{program}.py`"
        print(f"{remedy}: this Python has no package '{error.name}'.", file=sys.stderr)
        sys.exit(2)
    sys.exit(code)
