"""Makes what README.md shows from the files that know it: `nox -s readme`.

The decision tree is drawn from the labels of `strategy` in copier.yml, the catalogue's table from
extensions/catalogue.yml, and the template's address comes from copier.yml, the one place that holds
it. tests/test_readme.py keeps README.md and the picture equal to what this makes.
"""

from __future__ import annotations

import re
import textwrap
from html import escape
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "decision-tree.svg"
README = ROOT / "README.md"
# What shows the template's address, or the catalogue.
PAGES = [README, ROOT / "docs" / "adopt.md"]

# Colours that keep contrast on white and on GitHub's dark grey.
STYLE = """
  text { font: 15px system-ui, sans-serif; fill: #1f2328; }
  .strategy { font-weight: 600; font-family: ui-monospace, monospace; }
  .question { fill: #f6f8fa; stroke: #59636e; }
  .answer { fill: #fff1e5; stroke: #bc4c00; stroke-width: 2; }
  path { stroke: #59636e; stroke-width: 2; fill: none; }
  .head { fill: #59636e; stroke: none; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .question { fill: #151b23; stroke: #9198a1; }
    .answer { fill: #3d1300; stroke: #f0883e; }
    path { stroke: #9198a1; }
    .head { fill: #9198a1; }
  }
"""


def questions() -> dict:
    """Out: copier.yml."""
    return yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))


def decision_tree(choices: dict[str, str]) -> str:
    """In: the strategies by their labels, in the order in which they are decided. Out: an SVG."""
    step, left, right = 92, 430, 230
    shapes = []
    for row, (label, strategy) in enumerate(choices.items()):
        top = 10 + row * step
        middle = top + 30
        lines = textwrap.wrap(label, 52)
        shapes.append(
            f'<rect class="question" x="10" y="{top}" width="{left}" height="60" rx="8"/>'
        )
        for number, line in enumerate(lines):
            y = middle + 5 + 20 * (number - (len(lines) - 1) / 2)
            shapes.append(f'<text x="26" y="{y:g}">{escape(line)}</text>')
        shapes.append(f'<path d="M{left + 10} {middle} h70"/>')
        shapes.append(f'<path class="head" d="M{left + 80} {middle - 6} l12 6 l-12 6 z"/>')
        shapes.append(f'<text x="{left + 28}" y="{middle - 8}">yes</text>')
        shapes.append(
            f'<rect class="answer" x="{left + 92}" y="{top + 8}" width="{right}" height="44" rx="22"/>'
        )
        shapes.append(
            f'<text class="strategy" text-anchor="middle" x="{left + 92 + right / 2:g}" '
            f'y="{middle + 5}">{escape(strategy)}</text>'
        )
        if row + 1 < len(choices):
            shapes.append(f'<path d="M60 {top + 60} v22"/>')
            shapes.append(f'<path class="head" d="M54 {top + 82} l6 10 l6 -10 z"/>')
            shapes.append(f'<text x="72" y="{top + 81}">no</text>')
    height = 10 + len(choices) * step - 22
    title = "Which strategy: the first statement that is true decides"
    box = f'viewBox="0 0 {left + right + 102} {height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-label="{title}">',
            f"<title>{title}</title>",
            f"<style>{STYLE}</style>",
            *shapes,
            "</svg>\n",
        ]
    )


def catalogue_table() -> str:
    """Out: the community images as a Markdown table, one row an image."""
    catalogue = yaml.safe_load((ROOT / "extensions" / "catalogue.yml").read_text(encoding="utf-8"))
    rows = [
        "| `base` | what it is | image and pinned tag | languages | opens | JupyterHub | on |",
        "|---|---|---|---|---|---|---|",
    ]
    for key, image in catalogue["images"].items():
        tags = image["tags"]
        tag = f":{next(iter(tags.values()))}" if tags else ""
        majors = ", ".join(str(major) for major in tags if major) or "none known"
        rows.append(
            f"| `{key}` | [{image['title']}]({image['homepage']}) | `{image['image']}{tag}` "
            f"| {', '.join(image['languages'])} | {', '.join(image['interfaces'])} | {majors} "
            f"| {', '.join(image['architectures'])} |"
        )
    warnings = [
        f"- `{key}`: {image['warning']}"
        for key, image in catalogue["images"].items()
        if "warning" in image
    ]
    return "\n".join([*rows, "", "Mind, before you choose:", "", *warnings])


def page(text: str) -> str:
    """In: one of PAGES. Out: the same with the catalogue's table and the template's address renewed."""
    url = questions()["template_url"]["default"]
    table = f"<!-- catalogue -->\n{catalogue_table()}\n<!-- end of catalogue -->"
    pattern = r"<!-- catalogue -->.*<!-- end of catalogue -->"
    text = re.sub(pattern, lambda _: table, text, flags=re.DOTALL)
    return re.sub(r"https://[^\s)]+/copier-hub-image", lambda _: url, text)


if __name__ == "__main__":
    picture = decision_tree(questions()["strategy"]["choices"])
    PICTURE.write_text(picture, encoding="utf-8", newline="\n")
    for path in PAGES:
        text = page(path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8", newline="\n")
    print("wrote", *(path.relative_to(ROOT) for path in [PICTURE, *PAGES]))
