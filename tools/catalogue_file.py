"""extensions/catalogue.yml: what of it is renewed, and how it is rewritten."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

import yaml

from tools import ROOT

CATALOGUE = ROOT / "extensions" / "catalogue.yml"


@dataclass
class Found:
    """What an image's entry should say.

    Attributes:
        tags: by JupyterHub's major, 0 for an image without.
        architectures: such as amd64.
        said: sentences about what differs.
        sure: whether all of it is known.
    """

    tags: dict[int, str]
    architectures: list[str]
    said: list[str] = field(default_factory=list)
    sure: bool = True


def rewrite(text: str, entries: dict[str, Found]) -> str:
    """Return the data file with other tags and architectures.

    By lines, as each is one line there: nothing else changes, neither comments nor quotes nor where
    long lines break, which a YAML library has to be talked into one by one. What comes out is read
    again, and must say what was meant.

    Args:
        text: the file's.
        entries: by the key of their image.

    Raises:
        ValueError: it is not written in that form.
    """
    head, images, rest = text.partition("\nimages:\n")
    meant = yaml.safe_load(text)
    for key, found in entries.items():
        tags = ", ".join(f"{major}: {json.dumps(tag)}" for major, tag in found.tags.items())
        values = {"tags": f"{{{tags}}}", "architectures": f"[{', '.join(found.architectures)}]"}
        meant["images"][key] |= {"tags": found.tags, "architectures": found.architectures}
        block = re.search(rf"^  {re.escape(key)}:\n(?:    .*\n|\n)*", rest, re.MULTILINE)
        if not block:
            raise ValueError(f"Write {key} in {CATALOGUE.name} as its neighbours are written.")
        lines = block[0]
        for name, value in values.items():
            pattern = rf"^(    {name}: )[\[{{].*?[\]}}]"
            lines = re.sub(pattern, rf"\g<1>{value}", lines, flags=re.MULTILINE)
        rest = rest[: block.start()] + lines + rest[block.end() :]
    text = head + images + rest
    if yaml.safe_load(text) != meant:
        raise ValueError(
            f"Write `tags` and `architectures` in {CATALOGUE.name} in one line each, as"
            ' tags: {5: "1.0"}: else they cannot be rewritten.'
        )
    return text
