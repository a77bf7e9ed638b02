"""What the check takes from a repository's own files: the packages that kernels must have."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub_image.check.asked import Asked

FILES = {
    "requirements.txt": """
# a comment
--extra-index-url https://example.org/simple
numpy>=1.26  # why
dask[complete]==2025.1 ; python_version >= "3.9"
tomli; python_version < "3.11"
appnope; sys_platform == "darwin"
pywin32; platform_system == "Windows"
jeepney; sys_platform == "linux"
pkg @ git+https://example.org/pkg
-e .
./local
-r more.txt
""",
    "more.txt": "xarray \\\n  --hash=sha256:00\n-r requirements.txt\n",
    "environment.yml": """
channels: [conda-forge]
dependencies:
  - python=3.13
  - conda-forge::gdal>=3,<4
  - r-base=4.4
  - r-ggplot2
  - pip
  - pip:
      - cowsay==6
      - -r more.txt
""",
    "install.R": """
# install.packages("not this")
install.packages(c("dplyr", 'sf'), repos = "https://cran.r-project.org")
install.packages("readr")
remotes::install_version("units", version = "0.8")
remotes::install_github("owner/other-name")
BiocManager::install("limma")
wanted <- c(
  "terra",
  "tmap"
)
if (length(wanted) > 0) install.packages(wanted)
""",
    "Project.toml": '[deps]\nCSV = "336ed68f-0bac-5ca0-87d4-7b16caf5d00b"\n',
}


@pytest.mark.parametrize("folder", [".", "binder", ".binder"])
def test_names_are_found(tmp_path: Path, folder: str) -> None:
    """In every file, where repo2docker looks for it."""
    (tmp_path / folder).mkdir(exist_ok=True)
    for name, text in FILES.items():
        (tmp_path / folder / name).write_text(text, encoding="utf-8")
    asked = Asked.by(tmp_path, "3.13")
    assert asked.pip == ["numpy", "dask", "jeepney", "pkg", "xarray", "cowsay"]
    assert asked.conda == ["python", "gdal", "r-base", "pip"]
    assert asked.r == ["ggplot2", "dplyr", "sf", "readr", "units", "limma", "terra", "tmap"]
    assert asked.julia == ["CSV"]


def test_an_older_python_gets_more(tmp_path: Path) -> None:
    """Lines may depend on it."""
    (tmp_path / "requirements.txt").write_text(FILES["requirements.txt"], encoding="utf-8")
    assert "tomli" in Asked.by(tmp_path, "3.10").pip


@pytest.mark.parametrize("text", ["", "name: x\n", "dependencies:\n", "dependencies: [{pip: }]\n"])
def test_nothing_is_asked_for(tmp_path: Path, text: str) -> None:
    """Empty files and files without packages are no mistake."""
    (tmp_path / "environment.yml").write_text(text, encoding="utf-8")
    assert Asked.by(tmp_path, "3.13") == Asked()
