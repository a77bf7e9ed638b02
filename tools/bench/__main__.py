"""`python -m tools.bench`."""

from __future__ import annotations

import sys

from tools import ROOT

sys.path.append(str(ROOT / "tests"))  # where the stand-ins are, for images that cannot be pulled

from tools.bench.main import main

if __name__ == "__main__":
    sys.exit(main())
