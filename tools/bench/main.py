"""Measure what this template costs, print one table, and write docs/measures.json and the picture of it.

The groups render and fleet need nothing but git; image, server and check need Docker.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import importlib.metadata
import os
import platform
import sys
import tempfile
from pathlib import Path

from tools import ROOT
from tools.bench import table
from tools.bench.measure import FULL, QUICK, BenchError, Row, progress

MEASURES = ROOT / "docs" / "measures.json"
PICTURE = ROOT / "docs" / "measures.svg"
GROUPS = ("render", "fleet", "peers", "workflow", "image", "rebuild", "fresh", "server", "check")


def machine() -> dict[str, str]:
    """Return what is measured on, and when, but nothing that names the machine."""
    return {
        "day": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "processors": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "copier": importlib.metadata.version("copier"),
    }


def measure(groups: list[str], runs: int, path: Path) -> list[Row]:
    """Measure groups, one after the other; each is printed and written as soon as it is there.

    Args:
        groups: their names.
        runs: of how many pairs each ratio is the median.
        path: of the JSON file.

    Returns:
        Their rows.
    """
    measured: list[Row] = []
    for group in groups:
        module = importlib.import_module(f"tools.bench.{group}")
        with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
            found = []
            for row in module.rows(Path(folder), runs):
                progress(f"{row.measure}: {row.ratio:.2f}")
                found.append(row)
        on = machine() | (module.about() if hasattr(module, "about") else {})
        every = table.write(path, found, on)
        if path == MEASURES:
            PICTURE.write_text(table.picture(every), encoding="utf-8", newline="\n")
        print(table.text(found), flush=True)
        measured += found
    return measured


def main(argv: list[str] | None = None) -> int:
    """Run the groups.

    Args:
        argv: the command line, without the program.

    Returns:
        0 if the goals of what was measured hold, 1 if one does not, 2 if something could not be measured.
    """
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    quick = f"{QUICK} pairs for each row instead of {FULL}"
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument(
        "--json", type=Path, default=MEASURES, metavar="FILE", help="default: docs/measures.json"
    )
    parser.add_argument(
        "groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)}; default: all"
    )
    options = parser.parse_args(argv)
    if unknown := set(options.groups) - set(GROUPS):
        parser.error(f"Give groups of {', '.join(GROUPS)}: {min(unknown)!r} is none.")
    runs = QUICK if options.quick else FULL
    try:
        rows = measure(options.groups or list(GROUPS), runs, options.json)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 2
    progress(f"wrote {options.json}")
    print(f"\n{table.text(table.read(options.json))}")
    return int(not all(row.holds for row in rows))
