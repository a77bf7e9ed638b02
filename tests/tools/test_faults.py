"""Faults seen in other repositories of this kind, and the tests that keep them out of this one.

Each fault has a guard that fails when it comes back. What no other test holds is held here.
"""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from support.repositories import ROOT

# By number: the fault; what keeps it out; and the tests, or other files, that hold that.
FAULTS: dict[int, tuple[str, str, tuple[str, ...]]] = {
    1: (
        "built as the runner's user, uid 1001",
        "the check builds with --user-id 1000, row B6",
        ("test_a_broken_image_is_rejected_for_its_own_row",),
    ),
    2: (
        "tests silently not collected",
        "no test is a failure",
        ("test_tests_that_test_nothing_or_fail_are_rejected",),
    ),
    3: (
        "tests copied to the home, run elsewhere",
        "tests are mounted, with the home volume",
        ("test_a_good_image_passes_every_row",),
    ),
    4: (
        "wrong conda prefix after another FROM",
        "the family of the base decides each line",
        ("test_starts_on_a_hub_with_what_was_asked_for", "test_hadolint_finds_nothing"),
    ),
    5: (
        "package caches left in the image, or cleaned in a layer of their own",
        "hadolint on each Dockerfile",
        ("test_hadolint_finds_nothing", "test_hadolint_would_find_something"),
    ),
    6: (
        "a pull request is built otherwise than a push",
        "one job for both; another job publishes",
        ("test_pull_request_publishes_nothing",),
    ),
    7: (
        "the first push publishes nothing, as the name is a comment",
        "the name is an answer, and GitHub's own registry where the owner was not known yet",
        ("test_image_name",),
    ),
    8: (
        "the tag that is built is not the one tested",
        "ci/publish.py pushes `:tested` only, which ci/check.py gives",
        ("test_push_publishes_what_was_tested", "test_another_image_than_the_tested_one"),
    ),
    9: (
        "a second tag is put on a name that was never pulled",
        "the registry's own manifest gets the second tag",
        ("test_push_publishes_what_was_tested", "test_platforms_are_merged_by_buildx"),
    ),
    10: (
        "pushed before the last test",
        "nothing is in the registry after a failure in any part",
        ("test_broken_image_is_not_published",),
    ),
    11: (
        "changes of workflows are not tested by them",
        "only documentation is left out",
        ("test_plan", "test_documentation_builds_nothing"),
    ),
    12: (
        "a condition on the event that is never true",
        "actionlint, and act runs the file with each event",
        ("test_workflow", "tests/images/test_image_workflow.py"),
    ),
    13: (
        "the Binder link of a fork's request leads to the base",
        "head repository and commit",
        ("test_pull_request_publishes_nothing", "test_report_of_a_request"),
    ),
    14: (
        "CI forces a push, removes binder/",
        "CI pushes to the branch `binder` only, never by force, never on the default branch",
        ("test_binder", "test_binder_leaves_all_else_as_it_is"),
    ),
    15: (
        "a warm-up call to a federation member that is gone",
        "links lead to mybinder.org alone",
        ("test_nowhere_in_the_template",),
    ),
    16: (
        "no cache as there is no `latest`",
        "the last published image is the cache",
        ("test_second_push_(tells|reports)_the_difference_and_reuses_layers",),
    ),
    17: (
        "pytest is always installed into the tested image",
        "it is lent from outside while the tests run, and the image's own wins",
        ("test_a_good_image_passes_every_row",),
    ),
    18: (
        "a test that cannot fail",
        "each row has an image that it rejects",
        ("test_a_broken_image_is_rejected_for_its_own_row",),
    ),
    19: (
        "the image published is another build than the tested one; its SBOM expires",
        "one build a run; SBOM and provenance are attached in the registry",
        ("test_push_publishes_what_was_tested",),
    ),
    20: (
        "a token given as build argument",
        "builds get no token, and no Dockerfile asks for one",
        ("test_nowhere_in_the_template",),
    ),
    21: (
        "`write-all`, keys that live for years",
        "each permission has a reason",
        ("test_workflow", "test_faults_are_found"),
    ),
    22: (
        "a tag whose image changes its kind",
        "no `latest`, nothing without a tag",
        ("test_refused", "test_no_base_is_the_latest", "test_every_base_has_a_tag"),
    ),
    23: (
        "base images at a registry that is no longer kept",
        "the catalogue holds today's addresses; weekly, the tests pull them",
        (".github/workflows/weekly.yml", ".github/workflows/test.yml"),
    ),
    24: (
        "writer and reader of a start hook disagree on the folder",
        "a `start` is written, and seen to act, in each way",
        ("test_starts_on_a_hub_with_what_was_asked_for", "test_a_start_works"),
    ),
    25: (
        "Binder's environment is not the hub's",
        "one set of files for both; both are started",
        ("test_a_good_image_passes_every_row",),
    ),
    26: (
        "bases and installers past their end in the example itself",
        "weekly, each repository builds without a cache, and so do this template's tests",
        ("test_a_fresh_run_uses_no_cache", ".github/workflows/weekly.yml"),
    ),
    27: ("`pull_request_target`", "nowhere", ("test_workflow", "test_faults_are_found")),
    28: (
        "a README that names other repositories",
        "rendered from answers",
        ("test_nothing_of_the_template_leaks", "test_commands_of_a_generated_readme"),
    ),
}
# What no file of the template may hold: a fault's number, and a pattern with what it must find.
NOWHERE = {
    15: (r"https://(?!mybinder\.org)[\w.-]*binder[\w.-]*\.org", "https://gke.mybinder.org/build"),
    20: (r"(?i)^ARG .*(token|secret|password|_pat)\b", "ARG GITHUB_PAT"),
}


@cache
def known_tests() -> set[str]:
    """Return the names of all tests."""
    return {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


@cache
def rendered() -> dict[str, str]:
    """Return the text of what is rendered and of what renders it, by path."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for folder in ("template", "extensions")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not {"__pycache__", ".mypy_cache"} & set(path.parts)
    }


def test_no_fault_is_forgotten() -> None:
    assert list(FAULTS) == list(range(1, 29))


@pytest.mark.parametrize("number", FAULTS)
def test_the_guard_exists(number: int) -> None:
    fault, kept_out, guards = FAULTS[number]
    for guard in guards:
        found = (ROOT / guard).exists() or any(re.fullmatch(guard, name) for name in known_tests())
        assert found, f"{fault}: {kept_out}, but there is no {guard}"


@pytest.mark.parametrize("number", NOWHERE)
def test_nowhere_in_the_template(number: int) -> None:
    pattern, fault = NOWHERE[number]
    assert re.search(pattern, fault)
    found = [path for path, text in rendered().items() if re.search(pattern, text, re.MULTILINE)]
    assert found == []


def test_an_image_of_another_user_is_rejected() -> None:
    """Fault 1: the image that row B6 rejects is among the broken ones."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")]
    assert any('"other-uid"' in text for text in texts if "FAULTS: dict" not in text)
