"""Make what several files show, from the one that knows it: `nox -s readme`.

The decision tree is drawn from the labels of `strategy` in copier.yml, the catalogue's table comes from
extensions/catalogue.yml, the form from both, the header from extensions/dependencies.toml, and the
template's address from copier.yml, the one place that holds it. tests/tools/test_readme.py keeps all of
them equal to what this makes.
"""

from __future__ import annotations

import re
import textwrap
import tomllib
from typing import Any

import yaml

from tools import ROOT
from tools.bench import table
from tools.decision_tree import decision_tree
from tools.form import form, form_table

PICTURE = ROOT / "docs" / "decision-tree.svg"
MEASURES = ROOT / "docs" / "measures.json"  # which `nox -s bench` writes, and its picture
README = ROOT / "README.md"
CATALOGUE = ROOT / "docs" / "catalogue.md"
SETUP = ROOT / ".github" / "workflows" / "setup.yml"
SET_UP = ROOT / "tools" / "set_up.py"
# What shows the template's address, the catalogue or the form.
PAGES = [
    README,
    ROOT / "CONTRIBUTING.md",
    *sorted(path for path in (ROOT / "docs").glob("*.md") if path.name != "contract.md"),
]


def questions() -> dict[str, Any]:
    """Return what copier.yml says."""
    return _read("copier.yml")


def images() -> dict[str, Any]:
    """Return the images of the catalogue."""
    found: dict[str, Any] = _read("extensions/catalogue.yml")["images"]
    return found


def _read(path: str) -> dict[str, Any]:
    """A YAML file of this template."""
    found: dict[str, Any] = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return found


def catalogue_table() -> str:
    """Return the community images as a Markdown table, one row an image, with what to mind below."""
    rows = [
        "| `base` | what it is | image and pinned tag | languages | opens | JupyterHub | on |",
        "|---|---|---|---|---|---|---|",
    ]
    warnings = []
    for key, image in images().items():
        tags = image["tags"]
        tag = f":{next(iter(tags.values()))}" if tags else ""
        majors = ", ".join(str(major) for major in tags if major) or "none known"
        rows.append(
            f"| `{key}` | [{image['title']}]({image['homepage']}) | `{image['image']}{tag}` "
            f"| {', '.join(image['languages'])} | {', '.join(image['interfaces'])} | {majors} "
            f"| {', '.join(image['architectures'])} |"
        )
        if "warning" in image:
            warnings.append(f"- `{key}`: {image['warning']}")
    return "\n".join([*rows, "", "Mind, before you choose:", "", *warnings])


class Indented(yaml.SafeDumper):
    """Writes lists as the rest of the workflow has them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists too; arguments as of PyYAML."""
        super().increase_indent(flow, False)


def header() -> str:
    """Return the requirements of set_up.py's PEP 723 header, from extensions/dependencies.toml."""
    text = (ROOT / "extensions" / "dependencies.toml").read_text(encoding="utf-8")
    listed = tomllib.loads(text)
    names = listed["programs"]["set_up"]
    return "".join(f'#   "{name}{listed["pins"][name]}",\n' for name in names)


def button(url: str) -> str:
    """Return the address of GitHub's form behind "Use this template".

    Args:
        url: the template's address.
    """
    server, owner, name = url.rsplit("/", 2)
    return f"{server}/new?template_name={name}&template_owner={owner}"


def shown_address() -> str:
    """Return where README.md, as it stands, says that the template lives: its link to the button."""
    link = r"(https://[^\s)]+)/new\?template_name=([^&\s]+)&template_owner=([^)\s]+)"
    found = re.search(link, README.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError('Link the button "Use this template" in README.md: no link was found.')
    server, name, owner = found.groups()
    return f"{server}/{owner}/{name}"


def page(text: str) -> str:
    """Return a page, setup.yml or set_up.py with all that is made renewed."""
    url = questions()["template_url"]["default"]
    fields = form(questions(), images())
    inputs = yaml.dump(fields, Dumper=Indented, sort_keys=False, allow_unicode=True, width=1000)
    made = {
        r"(<!-- catalogue -->\n).*(<!-- end of catalogue -->)": f"{catalogue_table()}\n",
        r"(<!-- measures -->\n).*(<!-- end of measures -->)": f"{table.markdown(MEASURES)}\n",
        r"(<!-- form -->\n).*(<!-- end of form -->)": f"{form_table(fields)}\n",
        r"( +# the form: [^\n]*\n).*?(\npermissions:)": textwrap.indent(inputs, 6 * " "),
        r"(# dependencies = \[\n).*?(# \]\n# ///\n)": header(),
    }
    for pattern, new in made.items():
        renewed = rf"\g<1>{_literal(new)}\g<2>"
        text = re.sub(pattern, renewed, text, flags=re.DOTALL)
    shown = shown_address()
    return text.replace(button(shown), button(url)).replace(shown, url)


def _literal(text: str) -> str:
    """Return a text in which `re.sub` sees no group."""
    return text.replace("\\", r"\\")


def write() -> list[str]:
    """Write all that is made; return the paths."""
    picture = decision_tree(questions()["strategy"]["choices"])
    PICTURE.write_text(picture, encoding="utf-8", newline="\n")
    # all of them before the first is written, as README.md holds the address that they show
    pages = {path: page(path.read_text(encoding="utf-8")) for path in [*PAGES, SETUP, SET_UP]}
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return [path.relative_to(ROOT).as_posix() for path in [PICTURE, *pages]]


if __name__ == "__main__":
    print("wrote", *write())
