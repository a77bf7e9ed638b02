"""How extensions/catalogue.yml is rewritten: two lines of an image, and nothing else."""

from __future__ import annotations

import pytest

from support.repositories import CATALOGUE, ROOT
from tools.catalogue_file import Found, rewrite

DATA = (ROOT / "extensions" / "catalogue.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("key", CATALOGUE["images"])
def test_only_an_images_two_lines_change(key: str) -> None:
    """Of each image of the catalogue as it stands: comments, order and quotes stay."""
    majors = CATALOGUE["images"][key]["tags"] or {5: ""}
    found = Found({major: f"9999.{major}" for major in majors}, ["amd64", "arm64"])
    after = rewrite(DATA, {key: found})
    pairs = zip(DATA.splitlines(), after.splitlines(), strict=True)
    changed = [new.strip() for old, new in pairs if old != new]
    tags = ", ".join(f'{major}: "9999.{major}"' for major in majors)
    assert changed[0] == f"tags: {{{tags}}}"
    assert changed[1:] in ([], ["architectures: [amd64, arm64]"])
    back = Found(*(CATALOGUE["images"][key][name] for name in ("tags", "architectures")))
    assert rewrite(after, {key: back}) == DATA


def test_nothing_found_changes_nothing() -> None:
    assert rewrite(DATA, {}) == DATA


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('    tags: {0: "26.06-cuda13-py3.14"}\n', '    tags:\n      0: "26.06-cuda13-py3.14"\n'),
        ("    architectures: [amd64, arm64]\n    gpu: true\n    languages: [python]\n    interfaces: [lab]\n",
         "    gpu: true\n    languages: [python]\n    interfaces: [lab]\n"),
        ("\n  rapids:\n    title", '\n  "rapids":\n    title'),
    ],
    ids=["a tag in a line of its own", "no line to change", "a key in quotes"],
)  # fmt: skip
def test_what_cannot_be_rewritten_is_refused(old: str, new: str) -> None:
    """Rather than half written: the text says something else than was meant."""
    head, images, rest = DATA.partition("\nimages:\n")
    assert rest.count(old) == 1 or old.startswith("\n")
    text = head + images + rest.replace(old, new)
    with pytest.raises(ValueError, match=r"^Write .* in catalogue\.yml"):
        rewrite(text, {"rapids": Found({0: "26.08-cuda13-py3.14"}, ["amd64"])})
