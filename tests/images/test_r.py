"""R, seen to run: Debian's real R and IRkernel in the stand-ins of communities' images.

RStudio's server and Julia cannot be had where their hosts cannot be reached: nothing here says that they run. So
repo2docker's own R is not here: beside R itself it installs RStudio's and Shiny's servers, whose packages it
verifies by SHA-256 (repo2docker/buildpacks/_r_base.py), and no stand-in can pass for them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

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


# By the image: the answers.
DIGEST = "sha256:" + 64 * "0"
CASES = {
    "jupyter-r": {"packages_with": "pip"},
    "py-rocket-base": {},
    "rocker-binder": {"base_tag": f"latest@{DIGEST}"},
}


@pytest.mark.parametrize("base", CASES)
def test_install_r_in_an_image_with_r(
    render: Callable[..., Path], environment: dict[str, str], base: str
) -> None:
    """`inherit` from images with R: install.R builds from CRAN, and the kernel runs a cell and plots."""
    repository = render(strategy="inherit", base=base, r_packages="standin", **CASES[base])
    assert '"standin"' in (repository / "install.R").read_text()
    (repository / "tests" / "test_r.py").write_text(TESTS)
    for name in ("Dockerfile", "ci/image.env"):  # a stand-in has a digest of its own
        path = repository / name
        path.write_text(path.read_text().replace(f"@{DIGEST}", ""))
    printed = check(repository, environment)
    assert re.search(r"Every kernel runs a cell .* ir ", printed), printed
    assert "1 in ir" in printed
