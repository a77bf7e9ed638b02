"""The maintainers' programs: the sessions of noxfile.py run them as `python -m tools.NAME`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# where hub_image lies, the package that every generated repository has
PROGRAMS = str(ROOT / "template" / "ci")

if PROGRAMS not in sys.path:
    sys.path.append(PROGRAMS)
