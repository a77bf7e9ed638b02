"""R, seen to run: Debian's real R and IRkernel in the stand-in of a community's image.

RStudio's server and Julia cannot be had where their hosts cannot be reached: nothing here says that they run.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from support.checking import check

# install.R's package is there with an empty home, where the base image keeps its own; R runs beside Python.
TESTS = """
import json, subprocess
def r(code): return subprocess.run(["Rscript", "-e", code], check=True, capture_output=True, text=True).stdout
def test_package(): assert r("cat(standin::says())") == "a stand-in"
def test_library(): assert not r('cat(find.package("standin"))').startswith("/home")
def test_beside_python():
    listed = subprocess.run(["jupyter", "kernelspec", "list", "--json"], check=True, capture_output=True)
    assert {"ir", "python3"} <= set(json.loads(listed.stdout)["kernelspecs"])
"""


def test_install_r_in_an_image_with_r(
    render: Callable[..., Path], environment: dict[str, str]
) -> None:
    """`inherit` from R of the Docker Stacks: install.R builds from CRAN, and the kernel runs a cell."""
    answers = {"strategy": "inherit", "base": "jupyter-r", "packages_with": "pip"}
    repository = render(**answers, r_packages="standin")
    assert '"standin"' in (repository / "install.R").read_text()
    (repository / "tests" / "test_r.py").write_text(TESTS)
    printed = check(repository, environment)
    assert re.search(r"Every kernel runs a cell .* ir ", printed), printed
