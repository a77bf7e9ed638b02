"""The measures as a table on the terminal, in Markdown, as JSON and as a picture."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

from tools.bench.measure import Row

HEAD = ("measure", "against", "ratio", "goal", "this", "the other", "unit", "runs")
# Colours that keep contrast on white and on GitHub's dark grey.
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .ground { fill: #ffffff; }
  .head { font-weight: 600; }
  .holds { fill: #1a7f37; }
  .fails { fill: #bc4c00; }
  .goal { stroke: #1f2328; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .ground { fill: #0d1117; }
    .holds { fill: #3fb950; }
    .fails { fill: #f0883e; }
    .goal { stroke: #f0f6fc; }
  }
"""
TITLE = "What this template costs, as ratios to what it is measured against; a line marks each goal"
LINE, NAMES, BARS, NUMBERS = 22, 540, 220, 180  # pixels: a row's height, the width of each column
LONGEST = 3  # a bar of a larger ratio is cut off


def number(value: float) -> str:
    """Return three digits of a number, and all of a whole one."""
    if value >= 1000 or value == int(value):
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"


def cells(row: Row) -> tuple[str, ...]:
    """Return a row's cells, in the order of HEAD."""
    goal = "shown" if row.goal is None else f"<= {row.goal:.2f}{'' if row.holds else ', missed'}"
    absolute = (number(row.ours), number(row.theirs), row.unit, str(row.runs))
    return (row.measure, row.against, f"{row.ratio:.2f}", goal, *absolute)


def text(rows: Iterable[Row]) -> str:
    """Return the table for a terminal."""
    lines = [HEAD, *(cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def markdown(path: Path) -> str:
    """Return the tables of a JSON file, one for each group, with what it was measured on."""
    rows, machines = read(path), _machines(path)
    parts = []
    for group, machine in machines.items():
        lines = [
            HEAD,
            tuple("---" for _ in HEAD),
            *(cells(row) for row in rows if row.group == group),
        ]
        said = ", ".join(f"{name} {value}" for name, value in machine.items())
        parts.append(
            f"## {group}\n\nOn {said}.\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)
        )
    return "\n\n".join(parts)


def write(path: Path, rows: list[Row], machine: dict[str, str]) -> list[Row]:
    """Write the measures as JSON; groups that were not measured now stay as they are there.

    Args:
        path: of the file.
        rows: what was measured.
        machine: what it was measured on, by name.

    Returns:
        All rows that the file holds now.
    """
    before = read(path) if path.exists() else []
    groups = list(dict.fromkeys(row.group for row in rows))
    kept = [row for row in before if row.group not in groups]
    order = list(dict.fromkeys(row.group for row in [*before, *rows]))
    every = sorted([*kept, *rows], key=lambda row: order.index(row.group))
    on = _machines(path) | dict.fromkeys(groups, machine)
    data = {"machines": on, "rows": [asdict(row) for row in every]}
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8", newline="\n")
    return every


def read(path: Path) -> list[Row]:
    """Return the measures of a JSON file."""
    return [Row(**row) for row in json.loads(path.read_text(encoding="utf-8"))["rows"]]


def _machines(path: Path) -> dict[str, Any]:
    """Return on what each group was measured, by its name."""
    if not path.exists():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["machines"]
    return found


def picture(rows: list[Row]) -> str:
    """Return the measures that have goals as SVG: a bar each, as long as its ratio, and a line at its goal."""
    rows = [row for row in rows if row.goal is not None]
    scale = BARS / LONGEST
    width, height = NAMES + BARS + NUMBERS, LINE * (len(rows) + 1) + 12
    shapes = [f'<rect class="ground" width="{width}" height="{height}" rx="6"/>', *_heading()]
    for index, row in enumerate(rows):
        shapes += _bar(row, LINE * (index + 1) + 6, scale)
    box = f'viewBox="0 0 {width} {height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-label="{TITLE}">',
            f"<title>{TITLE}</title>",
            f"<style>{STYLE}</style>",
            *shapes,
            "</svg>\n",
        ]
    )


def _heading() -> list[str]:
    return [
        f'<text class="head" x="10" y="20">{HEAD[0]}, {HEAD[1]}</text>',
        f'<text class="head" x="{NAMES + BARS + 12}" y="20">{HEAD[2]}, {HEAD[3]}</text>',
    ]


def _bar(row: Row, top: int, scale: float) -> list[str]:
    """A row's words, its bar, the line at its goal, and its numbers."""
    kind = "holds" if row.holds else "fails"
    long = min(max(1.0, row.ratio * scale), BARS)
    words = escape(f"{row.measure}: {row.against}".replace("`", ""))
    _, _, ratio, goal, *_ = cells(row)
    return [
        f'<text x="10" y="{top + 16}">{words}</text>',
        f'<rect class="{kind}" x="{NAMES}" y="{top + 3}" width="{long:.1f}" height="16" rx="2"/>',
        f'<text x="{NAMES + BARS + 12}" y="{top + 16}">{ratio}, {escape(goal)}</text>',
        f'<path class="goal" d="M{NAMES + (row.goal or 0) * scale:.1f} {top} v22"/>',
    ]
