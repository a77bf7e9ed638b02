# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "copier>=9.19,<10",
#   "copier-template-extensions>=0.3.3",
#   "jinja2-time>=0.2",
#   "packaging>=24",
#   "pyyaml>=6",
# ]
# ///
"""Make a repository of what GitHub's button "Use this template" copied: setup.yml runs this.

It runs in such a copy, by `pipx run tools/set_up.py`, which installs the dependencies above; `nox -s readme`
writes them. What it does lies in tools/button/.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    # behind all else: no file that a person added to the copy stands for a library
    sys.path = [*(path for path in sys.path if Path(path) != here), str(here.parent)]
    from tools.button.main import main

    sys.exit(main())
