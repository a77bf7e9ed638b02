"""What makes renders fast gives what the slow way gives. Nothing is timed here: `nox -s bench` does that."""

from __future__ import annotations

from typing import Any

import jinja2
import pytest
import yaml

from extensions import catalogue
from extensions.compiled import Compiled, Plain
from support.repositories import CATALOGUE, ROOT

# Texts of a template, and the values of questions, which Copier gives to Jinja as well.
TEXTS = [
    "str",
    "hub_image",
    "",
    "a\r\nb",
    "end\n",
    "{{ name }}",
    "{% if name %}x{% endif %}",
    "{# x #}y",
]


@pytest.fixture
def environment() -> jinja2.Environment:
    return jinja2.Environment(extensions=[Compiled], keep_trailing_newline=True)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_renders_to_the_same(environment: jinja2.Environment, text: str) -> None:
    plain = jinja2.Environment(keep_trailing_newline=True).from_string(text)
    assert environment.from_string(text).render(name="n") == plain.render(name="n")


def test_a_text_is_compiled_once(environment: jinja2.Environment) -> None:
    first = environment.from_string("{{ name }}")
    assert environment.from_string("{{ name }}") is first
    assert [first.render(name=name) for name in "ab"] == ["a", "b"]


def test_a_text_without_jinja_is_not_compiled(environment: jinja2.Environment) -> None:
    """Its names and values are not computed then either: no hook runs."""
    assert isinstance(environment.from_string("hub_image"), Plain)


@pytest.mark.parametrize("value", [False, True, 1, ["a"], {"a": 1}])
def test_what_is_no_text_is_refused(environment: jinja2.Environment, value: Any) -> None:
    """By this error Copier knows that `when: false` and a list of defaults are none."""
    with pytest.raises(TypeError):
        environment.from_string(value)


def test_copier_uses_it() -> None:
    settings = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    assert "extensions/compiled.py:Compiled" in settings["_jinja_extensions"]


def test_an_image_read_alone_is_that_of_the_whole_file() -> None:
    images = catalogue.load()["images"]
    assert list(images) == list(CATALOGUE["images"])
    assert {**images} == CATALOGUE["images"]
    assert catalogue.load()["families"] == CATALOGUE["families"]


def test_few_fields_are_those_of_the_whole_file() -> None:
    """Each is one line: one that goes on in the next would be cut off."""
    few = catalogue.load()["images"].few("tags", "title")
    assert few == {
        key: {"tags": image["tags"], "title": image["title"]}
        for key, image in CATALOGUE["images"].items()
    }
