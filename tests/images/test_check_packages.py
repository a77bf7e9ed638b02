"""What the repository's files ask for is there in the kernel of its language: Python's and R's, for real."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hub_image.check.main import main
from support.checked import as_root, build, write_repository

R = as_root(
    "apt-get update && apt-get install -y --no-install-recommends r-cran-irkernel r-cran-rcpp "
    "&& rm -rf /var/lib/apt/lists/*"
)
BROKEN = as_root(
    "pip install --no-cache-dir cowsay && cd /opt/venv/lib/python3*/site-packages/cowsay "
    """&& echo 'raise ImportError("libGL.so.1: cannot open")' > __init__.py"""
)
NEEDS_GPU = BROKEN.replace("libGL.so.1", "libcuda.so.1")
# name: what is done to the good image, the repository's file, its text, the row, words of the sentence
CASES = {
    "absent": ("", "requirements.txt", "tornado\ncowsay\n", "packages", "install cowsay, which"),
    "absent-conda": (
        "",
        "environment.yml",
        "dependencies: [python=3.13, {pip: [tornado]}, tornado, gdal]",
        "packages",
        "install python, gdal, which the repository asks for, into /opt/venv",
    ),
    "broken": (BROKEN, "requirements.txt", "cowsay", "packages", "libGL.so.1: cannot open"),
    "widgets-unknown-to-jupyterlab": (
        as_root("pip install --no-cache-dir ipywidgets && pip uninstall --yes jupyterlab_widgets"),
        "requirements.txt",
        "ipywidgets",
        "packages",
        "install jupyterlab_widgets",
    ),
    "R-absent": (
        R,
        "install.R",
        'install.packages(c("Rcpp", "ggplot2"))',
        "packages",
        "install ggplot2 where the kernel 'ir' finds it",
    ),
    "R-in-home": (
        f"{R}\n{as_root('mkdir R && mv /usr/lib/R/site-library/Rcpp R')}\nENV R_LIBS=/home/jovyan/R",
        "install.R",
        "",
        "K10",
        "R's packages in $HOME: Rcpp",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_kernel_lacks_is_named(name: str, reject: Callable[..., None]) -> None:
    lines, file, text, row, words = CASES[name]
    reject(f"packages-{name.lower()}", lines, row, words, {file: text})


@pytest.mark.usefixtures("signals_as_before")
def test_a_server_like_no_other_passes(
    good: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only ENTRYPOINT sets PATH; the shell is zsh; pip installs beside what is there; no GPU is here."""
    profile = "echo 'PATH=/opt/venv/bin:$PATH' >> /etc/zsh/zprofile"
    site = "/opt/venv/bin /opt/venv/lib/python3*/site-packages"
    lines = [
        as_root(f"apt-get update && apt-get install -y --no-install-recommends zsh && {profile}"),
        as_root("pip install --no-cache-dir nbgitpuller"),
        NEEDS_GPU,
        as_root(f"chown -R jovyan {site}"),
        "ENV PATH=/usr/bin:/bin SHELL=/usr/bin/zsh",
        """ENTRYPOINT ["sh", "-c", "PATH=/opt/venv/bin:$PATH exec \\"$@\\"", "sh"]""",
    ]
    image = build("other", "\n".join([f"FROM {good}", *lines]))
    code = main([image], write_repository(tmp_path, {"requirements.txt": "cowsay"}))
    text = capsys.readouterr().out
    assert code == 0, text
    assert "what pip installs lasts until the server stops" in text
    assert "1 in python3, but for cowsay, which want a GPU" in text
    assert "pulled over HTTPS" in text
