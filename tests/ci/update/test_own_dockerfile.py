"""A Dockerfile that was there before the template: a newer base image changes its FROM, and nothing else in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.plain_registry import Registry
from support.repositories import git
from support.updates import Repository

Make = Callable[..., Repository]
OLD, NEW = "hub-5.4.2", "hub-5.4.10"
# What stands around the tag; {image} is the image's name.
DOCKERFILES = {
    "plain": "FROM {image}:{tag}\nCOPY . /home/jovyan\n",
    "with Windows' line ends": "# FROM {image}:hub-5.4.2\r\nFROM {image}:{tag}\r\nRUN true\r\n",
    "one of two stages": (
        "from --platform=linux/amd64 {image}:{tag} AS one\nFROM debian:13\nLABEL was={image}:hub-5.4.2\n"
    ),
    "with a longer tag beside it": "FROM {image}:{tag}\nFROM {image}:hub-5.4.2-more\n",
    "and Latin-1": "# \udce9\nFROM   {image}:{tag}  \n",
}


def written(made: Repository, name: str, text: str) -> None:
    """Commit the person's Dockerfile, byte for byte."""
    (made.folder / name).parent.mkdir(exist_ok=True)
    (made.folder / name).write_bytes(text.encode(errors="surrogateescape"))
    git("add", "--all", cwd=made.folder)
    git("commit", "--quiet", "--message=mine", cwd=made.folder)
    made.push()


def of_base(registry: Registry) -> tuple[dict[str, str], str]:
    """Answers of a repository whose base image has a newer tag, and the image's name."""
    registry.listed["me/base"] = [OLD, NEW]
    for tag in (OLD, NEW):
        registry.image("amd64", tag)
    image = f"{registry.host}/me/base"
    answers = {"base_reference": f"{image}:{OLD}", "base_tags": "hub-%+.%+.%+"}
    return {"strategy": "inherit", "kept_files": "[Dockerfile]", **answers}, image


@pytest.mark.parametrize("text", DOCKERFILES.values(), ids=DOCKERFILES)
def test_its_from_follows(make: Make, registry: Registry, text: str) -> None:
    """Not a byte more, in the request that the bot opens."""
    answers, image = of_base(registry)
    made = make(**answers)
    written(made, "Dockerfile", text.format(image=image, tag=OLD))
    assert made.run("--what", "image").code == 0
    wanted = text.format(image=image, tag=NEW)
    git("fetch", "--quiet", str(made.remote), "update-by-template", cwd=made.folder)
    git("checkout", "--quiet", "FETCH_HEAD", cwd=made.folder)
    assert (made.folder / "Dockerfile").read_bytes() == wanted.encode(errors="surrogateescape")


def test_by_hand_too(make: Make, registry: Registry) -> None:
    """In binder/, where repo2docker looks; the one in the root has no effect and stays."""
    answers, image = of_base(registry)
    made = make(**answers)
    made.env = {}
    for name in ("binder/Dockerfile", "Dockerfile"):
        written(made, name, f"FROM {image}:{OLD}\n")
    assert made.call("--what", "image").code == 0
    assert (made.folder / "binder/Dockerfile").read_text() == f"FROM {image}:{NEW}\n"
    assert (made.folder / "Dockerfile").read_text() == f"FROM {image}:{OLD}\n"


def test_from_of_another_image(make: Make, registry: Registry) -> None:
    """A person has changed it since: it stays, and the request says what to do."""
    answers, image = of_base(registry)
    made = make(**answers)
    written(made, "Dockerfile", "FROM quay.io/me/other:1\n")
    assert made.run("--what", "image").code == 0
    assert f"Let a FROM of Dockerfile be {image}:{NEW} yourself" in made.request["body"]
