"""Hostile answers: each is refused in one sentence, or stands in files that parse to those very texts."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import copier
import yaml
from dotenv import dotenv_values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from repositories import FIXED, STRATEGIES, text_of

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


@st.composite
def answers(draw: st.DrawFn) -> dict[str, str]:
    """One to three hostile answers among fine ones; half of the sets hurt free texts only."""
    names = FREE if draw(st.booleans()) else FREE + STRICT
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
    hostile = {name: draw(HOSTILE) for name in chosen}
    if "base_reference" in hostile:
        hostile |= {"base": "other", "base_family": "pangeo"}
    return {"strategy": draw(st.sampled_from(STRATEGIES)), **hostile}


def shown_by_markdown(text: str) -> str:
    """In: Markdown. Out: the text that a reader sees of its first paragraphs, images left out."""
    words = []
    for token in MarkdownIt().parse(text):
        for child in token.children or []:
            words.append(child.content if child.type in ("text", "text_special") else "")
    return "".join(words)


def test_hostile_answers(template: Path, tmp_path_factory) -> None:
    outcome = {"refused": 0, "rendered": 0}

    @given(given_answers=answers())
    @settings(
        max_examples=500, deadline=None, derandomize=bool(os.environ.get("CI")), database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def one(given_answers: dict[str, str]) -> None:
        folder = tmp_path_factory.mktemp("hostile") / "new"
        try:
            copier.run_copy(
                str(template),
                folder,
                data=FIXED | given_answers,
                defaults=True,
                quiet=True,
                unsafe=True,
            )
        except SystemExit as refusal:
            sentence = str(refusal.code)
            assert sentence.isprintable() and 20 < len(sentence) < 700, "one line, one sentence"
            assert not folder.exists(), "nothing is written"
            outcome["refused"] += 1
            return
        outcome["rendered"] += 1
        files = text_of(folder)
        stored = yaml.safe_load(files[".copier-answers.yml"])
        for name, value in given_answers.items():
            if name not in ("languages", "platforms"):  # lists
                assert stored[name] == value
        assert not (folder / "pwned").exists()
        description = stored["description"]
        readme = files["README.md"]
        _, snippet = re.findall(r"```yaml\n(.*?)\n```", readme, re.DOTALL)
        (profile,) = yaml.safe_load(snippet)["singleuser"]["profileList"]
        assert profile["description"] == description
        about = readme.partition("\n\n")[2].partition("\n\n")[2].partition("\n\n<!-- Above")[0]
        assert shown_by_markdown(about) == description
        assert f"{stored['author']}\n" in files["LICENSE"]
        # Everything that a machine reads holds no free text at all.
        machine = {
            "Dockerfile",
            ".binder/Dockerfile",
            "check_image.py",
            "image.env",
            "environment.yml",
        }
        machine |= {"requirements.txt", "apt.txt", "runtime.txt", "tests/example.ipynb"}
        for name in machine & set(files):
            for free in FREE:
                if len(re.sub(r"[\w ./:\"'#-]", "", given_answers.get(free, ""))) > 2:
                    assert given_answers[free] not in files[name]
        for line in dotenv_values(folder / "image.env").values():
            assert re.fullmatch(r"[A-Za-z0-9_./:@,~%+-]*", line or ""), line
        json.loads(files["tests/example.ipynb"])
        yaml.safe_load(files.get("environment.yml", ""))

    one()
    assert sum(outcome.values()) >= 500
    assert min(outcome.values()) > 50, f"both ends are reached: {outcome}"
