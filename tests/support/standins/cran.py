"""A stand-in for CRAN: one R package, in source, as install.packages() finds and builds it."""

from __future__ import annotations

import io
import tarfile

NAME = "standin"
DESCRIPTION = f"""Package: {NAME}
Version: 1.0
Title: Stand-in for a Package of CRAN
Description: Says so, and no more.
License: GPL-3
NeedsCompilation: no
"""
SOURCES = {
    "DESCRIPTION": DESCRIPTION,
    "NAMESPACE": "export(says)\n",
    "R/says.R": 'says <- function() "a stand-in"\n',
}


def package() -> bytes:
    """Pack the package's source."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for name, text in SOURCES.items():
            entry = tarfile.TarInfo(f"{NAME}/{name}")
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return data.getvalue()


def file(path: str) -> bytes | None:
    """Return the file at a path of cloud.r-project.org, or nothing where there is none."""
    if path == "/src/contrib/PACKAGES":
        return DESCRIPTION.encode()
    return package() if path == f"/src/contrib/{NAME}_1.0.tar.gz" else None
