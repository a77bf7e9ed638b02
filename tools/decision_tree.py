"""The picture of the decision tree, drawn from the labels of `strategy` in copier.yml."""

from __future__ import annotations

import textwrap
from html import escape

# A ground of its own: a page's colours are not those that `prefers-color-scheme` tells a picture.
STYLE = """
  .ground { fill: #ffffff; }
  text { font: 15px system-ui, sans-serif; fill: #1f2328; }
  .strategy { font-weight: 600; font-family: ui-monospace, monospace; }
  .question { fill: #f6f8fa; stroke: #59636e; }
  .answer { fill: #fff1e5; stroke: #bc4c00; stroke-width: 2; }
  path { stroke: #59636e; stroke-width: 2; fill: none; }
  .head { fill: #59636e; stroke: none; }
"""
TITLE = "Which strategy: the first statement that is true decides"
STEP, LEFT, RIGHT = 92, 430, 230  # pixels: a row's height, the width of both columns


def decision_tree(choices: dict[str, str]) -> str:
    """Return the picture as SVG.

    Args:
        choices: the strategies by their labels, in the order in which they are decided.
    """
    shapes = []
    for row, (label, strategy) in enumerate(choices.items()):
        top = 10 + row * STEP
        shapes += [*_question(label, top), *_answer(strategy, top)]
        if row + 1 < len(choices):
            shapes.append(f'<path d="M60 {top + 60} v22"/>')
            shapes.append(f'<path class="head" d="M54 {top + 82} l6 10 l6 -10 z"/>')
            shapes.append(f'<text x="72" y="{top + 81}">no</text>')
    box = f'viewBox="0 0 {LEFT + RIGHT + 102} {10 + len(choices) * STEP - 22}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-label="{TITLE}">',
            f"<title>{TITLE}</title>",
            f"<style>{STYLE}</style>",
            '<rect class="ground" width="100%" height="100%" rx="8"/>',
            *shapes,
            "</svg>\n",
        ]
    )


def _question(label: str, top: int) -> list[str]:
    """A label in its box."""
    shapes = [f'<rect class="question" x="10" y="{top}" width="{LEFT}" height="60" rx="8"/>']
    lines = textwrap.wrap(label, 52)
    for number, line in enumerate(lines):
        y = top + 35 + 20 * (number - (len(lines) - 1) / 2)
        shapes.append(f'<text x="26" y="{y:g}">{escape(line)}</text>')
    return shapes


def _answer(strategy: str, top: int) -> list[str]:
    """The arrow to a strategy, and its name in a box."""
    middle, edge = top + 30, LEFT + 92
    box = f'x="{edge}" y="{top + 8}" width="{RIGHT}" height="44" rx="22"'
    place = f'x="{edge + RIGHT / 2:g}" y="{middle + 5}"'
    name = escape(strategy)
    return [
        f'<path d="M{LEFT + 10} {middle} h70"/>',
        f'<path class="head" d="M{LEFT + 80} {middle - 6} l12 6 l-12 6 z"/>',
        f'<text x="{LEFT + 28}" y="{middle - 8}">yes</text>',
        f'<rect class="answer" {box}/>',
        f'<text class="strategy" text-anchor="middle" {place}>{name}</text>',
    ]
