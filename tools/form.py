"""The form of setup.yml, made from the questions in copier.yml and the catalogue.

An option is an answer, then what it means, as in "lab: JupyterLab".
"""

from __future__ import annotations

import itertools
from typing import Any

import jinja2

# The questions that the form asks: those whose answer no file can be changed to give later, and what one
# wants first. GitHub shows at most ten comfortably.
FORM = [
    "strategy",
    "base",
    "languages",
    "conda_packages",
    "pip_packages",
    "apt_packages",
    "interface",
    "image",
    "binder",
    "jupyterhub_major",
]
# Options that are no answer, and what an empty field means.
CHOOSE = "choose: one of these"
USUAL = "usual: what the environment is known for"
EMPTY = {"image": ". Empty: ghcr.io/ and the repository's name, which needs no secret"}

Field = dict[str, Any]


def form(questions: dict[str, Any], images: dict[str, Any]) -> dict[str, Field]:
    """Return the form's fields as `inputs` of a workflow_dispatch, by the name of their question.

    Where copier.yml has no default or computes it, the first option is no answer. Source of the keys:
    docs.github.com, "Workflow syntax", on.workflow_dispatch.inputs.

    Args:
        questions: copier.yml.
        images: those of the catalogue.
    """
    strategies = list(questions["strategy"]["choices"].values())
    fields = {}
    for name in FORM:
        question = questions[name]
        help_ = question["help"].partition("\n")[0]  # GitHub shows one line
        description = _for_whom(question, strategies) + help_ + EMPTY.get(name, "")
        fields[name] = {"description": description}
        if "choices" in question:
            fields[name] |= _choice(name, question, images)
        else:
            fields[name] |= {"type": "string", "default": ""}
    return fields


def _choice(name: str, question: dict[str, Any], images: dict[str, Any]) -> Field:
    """A field with options."""
    choices = question["choices"]
    if name == "base":
        options = [f"{key}: {image['title']}" for key, image in images.items()]
    elif question.get("multiselect"):
        values = list(choices.values())
        several = [c for n in range(len(values)) for c in itertools.combinations(values, n + 1)]
        options = [", ".join(some) for some in several]
    elif isinstance(choices, dict):
        values = [one["value"] if isinstance(one, dict) else one for one in choices.values()]
        options = [f"{value}: {label}" for label, value in zip(choices, values, strict=True)]
    else:
        options = list(choices)
    # of the community that the dialogue offers first, and before there are a person's files
    default = str(question["default"])
    if name in ("base", "jupyterhub_major"):
        default = jinja2.Template(default).render(community="jupyter", found={})
    first = next((one for one in options if answer(one) == default), options[0])
    no_answer = {"strategy": CHOOSE, "interface": USUAL}.get(name)
    if no_answer:
        first, options = no_answer, [no_answer, *options]
    return {"type": "choice", "options": options, "default": first}


def _for_whom(question: dict[str, Any], strategies: list[str]) -> str:
    """For which strategies a question is asked, if not for all, as the form shows it beside it.

    What that depends on besides is taken as the form's other fields begin.
    """
    usual = {"code_host": "github", "found": {}, "base_choices": [0, 1], "interfaces": [0, 1]}
    ask = jinja2.Template(str(question.get("ask", True)))
    asked = []
    for one in strategies:
        tools = [] if one == "community-image" else ["conda", "pip", "apt"]
        if ask.render(usual, strategy=one, asked_packages=tools) == "True":
            asked.append(one)
    if len(asked) == len(strategies):
        return ""
    left_out = [one for one in strategies if one not in asked]
    return f"Not for {left_out[0]}: " if len(left_out) == 1 else f"For {' and '.join(asked)}: "


def answer(option: str) -> str:
    """Return the answer to the question that an option of the form gives."""
    return option.partition(": ")[0]


def form_table(fields: dict[str, Field]) -> str:
    """Return the form as a Markdown table, one row a field."""
    rows = ["| field | its question | what one can choose |", "|---|---|---|"]
    for name, field in fields.items():
        options = [f"`{option}`" for option in field.get("options", [])]
        if name == "base":
            options = ["an image of [the catalogue](catalogue.md)"]
        shown = "<br>".join(options) or "a line of text, or nothing"
        rows.append(f"| `{name}` | {field['description']} | {shown} |")
    return "\n".join(rows)
