"""What a request says: nothing that comes from elsewhere becomes Markdown or a command of its own."""

from __future__ import annotations

import re
import shlex

import pytest
from markdown_it import MarkdownIt

from hub_image.update.plan import Plan
from hub_image.update.text import Change, describe

BAD = [
    "`x`", "```\n# x", "<!-- -->", "<script>", "@everyone", "[a](https://example.org)", "a|b", "${{ github.token }}",
    "\n\n# heading", "$(touch pwned)", "; touch pwned", "--output=pwned", "\udcff", "\x1b[31m", "````\n<b>", "x" * 5_000,
    "**bold**",
]  # fmt: skip


def hostile(bad: str) -> tuple[Plan, str]:
    """Return a plan in which everything is bad, and its text."""
    rows = [("the base image", bad, f"quay.io/a/b:{bad}")]
    conflicts = {bad: bad, "Dockerfile": bad}
    plan = Plan(True, {"base_tag": bad}, rows, [f"+ pip: {bad} 1"], [bad], conflicts=conflicts)
    plan.releases = bad
    change = Change(40 * "a", "b", [bad], [], [bad, bad])
    return plan, describe(plan, change, "Its pipeline tests it.")


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_hostile_texts_are_shown_as_they_are(bad: str) -> None:
    """Tags, versions, names of files, release notes, differences, addresses; GitHub takes the text."""
    plan, text = hostile(bad)
    assert len(text) < 65_536 and text.endswith(plan.mark)
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    inline = [child for token in tokens for child in token.children or []]
    shown = {token.type for token in [*tokens, *inline]}
    assert not shown & {"html_inline", "link_open", "image"}
    html = [token.content for token in tokens if token.type == "html_block"]
    details = "<details><summary>All of them</summary>"
    assert [one.strip() for one in html] == [details, "</details>", plan.mark]
    said = "".join(child.content for child in inline if child.type == "text")
    assert not re.search(r"everyone|heading|example|touch|xxxxx", said)
    assert len([token for token in tokens if token.type == "heading_open"]) <= 4


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_hostile_texts_stay_one_word_of_a_command(bad: str) -> None:
    """Where a person pastes it."""
    plan, text = hostile(bad)
    tokens = MarkdownIt("commonmark").parse(text)
    (command,) = [token.content for token in tokens if token.content.startswith("git switch")]
    if "\n" not in bad and bad.isprintable():
        *_, last = shlex.split(command)
        assert last == f"base_tag={bad}"
    assert plan.command[-1] == f"base_tag={bad}"


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_titles_are_plain_and_short(bad: str) -> None:
    """They are a commit's message as well."""
    plan, _ = hostile(bad)
    assert re.fullmatch(r"[\w.?, +~:!@-]*", plan.title) and len(plan.title) <= 200


@pytest.mark.parametrize("size", [0, 1, 1000, 10_000])
def test_the_longest_text_is_one_that_github_takes(size: int) -> None:
    """However much there is of everything."""
    plan = Plan(True, {}, [("the template", "1", "2")], size * ["+ pip: numpy 1"], [])
    plan.conflicts = {f"file-{number}": "x\n" * size for number in range(min(size, 300))}
    plan.releases = "y\n" * size
    change = Change("a", "b", [f"gone-{number}" for number in range(min(size, 2000))])
    text = describe(plan, change, "")
    assert len(text) < 65_536 and text.endswith(plan.mark)
