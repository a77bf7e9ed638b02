"""Makes what README.md shows, and the form of setup.yml, from the files that know it: `nox -s readme`.

The decision tree is drawn from the labels of `strategy` in copier.yml, the catalogue's table from
extensions/catalogue.yml, the form from both, and the template's address comes from copier.yml, the one
place that holds it. tests/test_readme.py keeps all of them equal to what this makes.
"""

from __future__ import annotations

import itertools
import re
import textwrap
from html import escape
from pathlib import Path

import jinja2
import yaml

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "decision-tree.svg"
README = ROOT / "README.md"
SETUP = ROOT / ".github" / "workflows" / "setup.yml"
# What shows the template's address, the catalogue, or the form.
PAGES = [
    README,
    *(ROOT / "docs" / f"{name}.md" for name in ["adopt", "button"]),
    *(
        ROOT / "docs" / f"{name}.md"
        for name in ["community-image", "inherit", "repo2docker", "dockerfile"]
    ),
]

# The questions that the form asks: those whose answer no file can be changed to give later, and what one
# wants first. GitHub shows at most ten comfortably.
FORM = [
    "strategy",
    "jupyterhub_major",
    "base",
    "languages",
    "conda_packages",
    "pip_packages",
    "apt_packages",
    "interface",
    "image",
    "binder",
]

# Options that are no answer, and what an empty field means.
CHOOSE = "choose: one of these"
USUAL = "usual: what the environment is known for"
EMPTY = {"image": ". Empty: ghcr.io/ and the repository's name, which needs no secret"}

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


def form() -> dict[str, dict]:
    """Out: the form's fields as `inputs` of a workflow_dispatch, by the name of their question.

    An option is an answer, then what it means, as in "lab: JupyterLab". Where copier.yml has no default
    or computes it, the first option is no answer. Source of the keys: docs.github.com, "Workflow
    syntax", on.workflow_dispatch.inputs."""
    catalogue = yaml.safe_load((ROOT / "extensions" / "catalogue.yml").read_text(encoding="utf-8"))
    images = [f"{key}: {image['title']}" for key, image in catalogue["images"].items()]
    asked = questions()
    fields = {}
    for name in FORM:
        question, default = asked[name], asked[name]["default"]
        fields[name] = {"description": for_whom(question) + question["help"] + EMPTY.get(name, "")}
        if "choices" not in question:
            fields[name] |= {"type": "string", "default": ""}
            continue
        choices = question["choices"]
        if name == "base":
            options = images
        elif question.get("multiselect"):
            values = list(choices.values())
            several = [c for n in range(len(values)) for c in itertools.combinations(values, n + 1)]
            options = [", ".join(some) for some in several]
        elif isinstance(choices, dict):
            options = [f"{value}: {label}" for label, value in choices.items()]
        else:
            options = list(choices)
        first = next((option for option in options if answer(option) == default), options[0])
        if name == "strategy":
            first, options = CHOOSE, [CHOOSE, *options]
        elif name == "interface":
            first, options = USUAL, [USUAL, *options]
        fields[name] |= {"type": "choice", "options": options, "default": first}
    return fields


class Indented(yaml.SafeDumper):
    """Writes lists as the rest of the workflow has them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)


def for_whom(question: dict) -> str:
    """In: a question of copier.yml. Out: for which strategies it is asked, if not for all, as the form
    shows it beside the question. What it depends on besides is as the form's other fields begin."""
    usual = {"code_host": "github", "found": {}, "packages_with": "conda"}
    strategies = questions()["strategy"]["choices"].values()
    ask = jinja2.Template(str(question.get("ask", True)))
    asked = [one for one in strategies if ask.render(usual, strategy=one) == "True"]
    if len(asked) == len(strategies):
        return ""
    left_out = [one for one in strategies if one not in asked]
    return f"Not for {left_out[0]}: " if len(left_out) == 1 else f"For {' and '.join(asked)}: "


def answer(option: str) -> str:
    """In: an option of the form. Out: the answer to the question."""
    return option.partition(": ")[0]


def form_table() -> str:
    """Out: the form as a Markdown table, one row a field."""
    rows = ["| field | its question | what one can choose |", "|---|---|---|"]
    for name, field in form().items():
        options = [f"`{option}`" for option in field.get("options", [])]
        if name == "base":
            options = ["an image of [the catalogue](../README.md#the-community-images)"]
        shown = "<br>".join(options) or "a line of text, or nothing"
        rows.append(f"| `{name}` | {field['description']} | {shown} |")
    return "\n".join(rows)


def button(url: str) -> str:
    """In: the template's address. Out: that of GitHub's form behind "Use this template"."""
    server, owner, name = url.rsplit("/", 2)
    return f"{server}/new?template_name={name}&template_owner={owner}"


def shown_address() -> str:
    """Out: where README.md, as it stands, says that the template lives, by the link to the button."""
    link = r"(https://[^\s)]+)/new\?template_name=([^&\s]+)&template_owner=([^)\s]+)"
    server, name, owner = re.search(link, README.read_text(encoding="utf-8")).groups()
    return f"{server}/{owner}/{name}"


def page(text: str) -> str:
    """In: one of PAGES. Out: the same with all that is made renewed."""
    url = questions()["template_url"]["default"]
    inputs = yaml.dump(form(), Dumper=Indented, sort_keys=False, allow_unicode=True, width=1000)
    made = {
        r"(<!-- catalogue -->\n).*(<!-- end of catalogue -->)": f"{catalogue_table()}\n",
        r"(<!-- form -->\n).*(<!-- end of form -->)": f"{form_table()}\n",
        r"( +# the form: [^\n]*\n).*?(\npermissions:)": textwrap.indent(inputs, 6 * " "),
    }
    for pattern, new in made.items():
        text = re.sub(
            pattern, lambda found, new=new: f"{found[1]}{new}{found[2]}", text, flags=re.DOTALL
        )
    shown = shown_address()
    return text.replace(button(shown), button(url)).replace(shown, url)


if __name__ == "__main__":
    picture = decision_tree(questions()["strategy"]["choices"])
    PICTURE.write_text(picture, encoding="utf-8", newline="\n")
    # all of them before the first is written, as README.md holds the address that they show
    pages = {path: page(path.read_text(encoding="utf-8")) for path in [*PAGES, SETUP]}
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    print("wrote", *(path.relative_to(ROOT) for path in [PICTURE, *pages]))
