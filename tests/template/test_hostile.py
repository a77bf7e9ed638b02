"""Hostile answers: each is refused in one sentence, or stands in files that parse to those very texts.

Most sets of answers are rendered without the files that no answer reaches; test_tree.py holds that these
are the same bytes everywhere. A smaller sample is rendered whole.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from dotenv import dotenv_values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from support.renders import Renders
from support.repositories import FIXED, ROOT, STRATEGIES, text_of

PIECES = [
    '"', "'", "\\", "\n", "\r", "\0", "\x1b[31m", "${{ secrets.GITHUB_TOKEN }}", "{{ 7 * 7 }}",
    "{% raw %}", "{# x #}", "$(touch pwned)", "`touch pwned`", "&anchor", "*alias", "<<: *x", "!!python/object",
    "- item", "# comment", ": value", "| block", "> folded", "%TAG", "@at", "...", "---", "yes", "null", "1.0",
    "\u202eRTL", "שלום", "مرحبا", "🚀", "é", "\u2028", "--option", "-rf", "; id", "&& id", "|| id", "<script>",
    "[x](javascript:alert(1))", "![x](http://e.org)", "<!-- ", " -->", "```", "\t", " ", "a" * 10_000, "../..",
    "/etc/passwd", "C:\\", "~", "FROM scratch", "RUN id", "::set-output name=x::y", "\\\n", "%0A", "x" * 63,
    "owner/name", "ghcr.io/a/b", "quay.io/a/b:1", "2026-07-28", "numpy", "3.13", "arm64", "[arm64, amd64]", "[", ",", "]",
]  # fmt: skip
HOSTILE = st.one_of(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join),
    st.text(max_size=60),
)
FREE = ["author", "description"]
STRICT = [
    "apt_packages", "base_reference", "base_tag", "binder", "code_host", "conda_packages", "image", "interface",
    "julia_packages", "julia_version", "jupyterhub_major", "languages", "license", "micromamba_version", "name",
    "packages_with", "pip_packages", "platforms", "python_version", "r_packages", "r_version",
    "repo2docker_version", "repository", "uv_version", "year",
]  # fmt: skip
# Files that a machine reads hold no free text at all. Programs do not either: their Jinja is in comments.
MACHINE = {
    ".binder/Dockerfile",
    "Dockerfile",
    "apt.txt",
    "ci/check.py",
    "ci/image.env",
    "ci/publish.py",
    "ci/update.py",
    "environment.yml",
    "requirements.txt",
    "runtime.txt",
    "tests/example.ipynb",
}
# What has no Jinja in it.
NO_ANSWER_REACHES = [
    re.sub(r"^{{ \w+ }}/", "", path.relative_to(ROOT / "template").as_posix())
    for path in (ROOT / "template").rglob("*")
    if path.is_file() and path.suffix != ".jinja" and "__pycache__" not in path.parts
    if "{" not in path.name  # an answer decides whether it is there
]


@st.composite
def answers(draw: st.DrawFn) -> dict[str, str]:
    """One to three hostile answers among fine ones; half of the sets hurt free texts only."""
    names = FREE if draw(st.booleans()) else FREE + STRICT
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
    hostile = {name: draw(HOSTILE) for name in chosen}
    if "base_reference" in hostile:
        hostile |= {"base": "other", "base_family": "pangeo"}
    return {"strategy": draw(st.sampled_from(STRATEGIES)), **hostile}


@dataclass(frozen=True)
class Rendered:
    """Answers that were not refused, and the files they gave."""

    given: dict[str, str]
    files: dict[str, str]

    @property
    def stored(self) -> dict[str, Any]:
        """The answers in the repository."""
        answers: dict[str, Any] = yaml.safe_load(self.files[".copier-answers.yml"])
        return answers


@dataclass
class Outcome:
    """What became of all sets of answers."""

    refused: list[str] = field(default_factory=list)
    rendered: list[Rendered] = field(default_factory=list)
    left_behind: list[Path] = field(default_factory=list)


def outcome_of(template: Path, folder: Path, number: int, without: list[str]) -> Outcome:
    """Render sets of hostile answers.

    Args:
        template: a git repository.
        folder: an empty one.
        number: of sets.
        without: files to leave out.

    Returns:
        Each sentence of refusal, each render, and what was written in spite of a refusal.
    """
    outcome = Outcome()

    @given(given_answers=answers())
    @settings(
        max_examples=number, deadline=None, derandomize=bool(os.environ.get("CI")), database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def one(given_answers: dict[str, str]) -> None:
        path = folder / str(len(outcome.refused) + len(outcome.rendered))
        options: dict[str, Any] = {"defaults": True, "quiet": True, "unsafe": True}
        options |= {"exclude": without, "user_defaults": FIXED}
        try:
            copier.run_copy(str(template), path, data=given_answers, **options)
        except SystemExit as refusal:
            outcome.refused.append(str(refusal.code))
            outcome.left_behind += [path] if path.exists() else []
        else:
            outcome.rendered.append(Rendered(given_answers, text_of(path)))

    one()
    return outcome


@pytest.fixture(scope="module")
def outcome(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """500 sets, without the files that no answer reaches."""
    folder = tmp_path_factory.mktemp("hostile")
    return outcome_of(template, folder, 500, [f"/{name}" for name in NO_ANSWER_REACHES])


@pytest.fixture(scope="module")
def whole(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """25 sets, rendered whole."""
    return outcome_of(template, tmp_path_factory.mktemp("whole"), 25, [])


def shown_by_markdown(text: str) -> str:
    """The text that a reader sees of Markdown, images left out."""
    words = []
    for token in MarkdownIt().parse(text):
        for child in token.children or []:
            words.append(child.content if child.type in ("text", "text_special") else "")
    return "".join(words)


def each(outcome: Outcome, wrong: Callable[[Rendered], object]) -> list[object]:
    """What is wrong with renders; the answers say which they are."""
    return [(fault, one.given) for one in outcome.rendered if (fault := wrong(one))]


def test_both_ends_are_reached(outcome: Outcome) -> None:
    """Some are refused and some rendered, or the tests below would show nothing."""
    assert len(outcome.refused) + len(outcome.rendered) >= 500
    assert min(len(outcome.refused), len(outcome.rendered)) > 50


def test_each_refusal_is_one_sentence(outcome: Outcome) -> None:
    """On one line, without signs that a terminal would obey."""
    assert not [said for said in outcome.refused if not said.isprintable()]
    assert not [said for said in outcome.refused if not 20 < len(said) < 700]


def test_a_refusal_writes_nothing(outcome: Outcome, whole: Outcome) -> None:
    """Not even a folder."""
    assert outcome.left_behind + whole.left_behind == []


def test_answers_are_stored_as_given(outcome: Outcome) -> None:
    """Lists apart, which have an order of their own."""

    def wrong(one: Rendered) -> object:
        texts = {k: v for k, v in one.given.items() if k not in ("languages", "platforms")}
        return {name for name, value in texts.items() if one.stored[name] != value}

    assert not each(outcome, wrong)


def test_no_answer_is_run(outcome: Outcome, whole: Outcome) -> None:
    """Neither by a shell nor by Jinja."""
    assert not each(outcome, lambda one: "pwned" in one.files)
    assert not each(whole, lambda one: [name for name in one.files if "pwned" in name])
    assert not Path("pwned").exists()


def test_a_description_is_one_text_in_yaml(outcome: Outcome) -> None:
    """In the profile that people paste into their hub's configuration."""

    def wrong(one: Rendered) -> bool:
        _, snippet = re.findall(r"```yaml\n(.*?)\n```", one.files["README.md"], re.DOTALL)
        (profile,) = yaml.safe_load(snippet)["singleuser"]["profileList"]
        return bool(profile["description"] != one.stored["description"])

    assert not each(outcome, wrong)


def test_a_description_is_shown_as_it_is(outcome: Outcome) -> None:
    """Markdown makes nothing of it."""

    def wrong(one: Rendered) -> bool:
        page = one.files["README.md"].partition("\n\n")[2].partition("\n\n")[2]
        shown = shown_by_markdown(page.partition("\n\n<!-- Above")[0])
        return shown != str(one.stored["description"])

    assert not each(outcome, wrong)


def test_an_author_stands_in_the_licence(outcome: Outcome) -> None:
    """At a line's end, as given."""
    assert not each(outcome, lambda one: f"{one.stored['author']}\n" not in one.files["LICENSE"])


def test_no_machine_reads_free_text(outcome: Outcome, whole: Outcome, renders: Renders) -> None:
    """Each answer with more than two signs of its own is in none of their files more often than in anybody's."""

    def wrong(one: Rendered, machine: Callable[[str], bool]) -> object:
        texts = [one.given.get(name, "") for name in FREE]
        special = [text for text in texts if len(re.sub(r"[\w ./:\"'#-]", "", text)) > 2]
        usual = renders.files(strategy=one.given["strategy"])
        return {
            name
            for name in one.files
            if machine(name)
            and any(
                one.files[name].count(text) > usual.get(name, "").count(text) for text in special
            )
        }

    assert not each(outcome, lambda one: wrong(one, MACHINE.__contains__))
    programs = re.compile(r"(ci/.*\.py|\.github/.*|\.gitlab-ci\.yml)")
    assert not each(whole, lambda one: wrong(one, lambda name: bool(programs.fullmatch(name))))


def test_image_env_is_safe_for_a_shell(outcome: Outcome) -> None:
    """CI reads it line by line."""

    def wrong(one: Rendered) -> object:
        values = dotenv_values(stream=StringIO(one.files["ci/image.env"])).values()
        return [v for v in values if not re.fullmatch(r"[A-Za-z0-9_./:@,~%+-]*", v or "")]

    assert not each(outcome, wrong)


def test_notebooks_and_environments_parse(outcome: Outcome, whole: Outcome) -> None:
    """As JSON and YAML."""
    for one in outcome.rendered:
        json.loads(one.files["tests/example.ipynb"])
        yaml.safe_load(one.files.get("environment.yml", ""))
    for one in whole.rendered:
        for name, text in one.files.items():
            if name.endswith((".yml", ".yaml")):
                yaml.safe_load(text)
