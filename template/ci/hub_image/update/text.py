"""The text of a request or an issue; whatever comes from elsewhere stands in code in it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

from hub_image.markdown import LONGEST, code, fence
from hub_image.update.plan import Plan

INTRODUCTION = """\
This is newer than what the repository uses, or was asked for in the form. `copier update` brought it in. {}

| what | now | new |
|---|---|---|"""
SOURCES = """
**Later updates would come from {1}, no longer from {0}**: merge this only
**if you trust that address, as updates run its code.**"""
MOVED = """
**The template's address {0} leads to {1} by now**: this update came from there. Merge it only
**if you trust that address, as updates run its code.**"""
CONFLICTS = """
### A person must look at these

Both sides changed the same lines, so these files stayed as they are here. One command
shows both versions in them, for you to choose; then tick them off:
"""
END = """
`ci/update.py` wrote this and renews it weekly. What you commit on the branch stays: it is
left alone then. Closed, this very proposal does not come back."""


@dataclass
class Change:
    """What git says of an update."""

    base: str  # the commit that it starts from
    commit: str  # its commit
    removed: list[str] = field(default_factory=list)  # the files that it removes
    workflows: list[str] = field(
        default_factory=list
    )  # the workflow files that it makes or changes
    sources: list[str] = field(
        default_factory=list
    )  # where the template is, before and after, if that changes


def describe(plan: Plan, change: Change, tests: str, size: int = 6000) -> str:
    """Return the text of a request; of each part that comes from elsewhere at most `size` characters."""
    lines = [INTRODUCTION.format(tests)]
    lines += [f"| {what} | {code(old)} | {code(new)} |" for what, old, new in plan.rows]
    lines += [SOURCES.format(*map(code, change.sources))] if change.sources else []
    lines += [MOVED.format(*map(code, plan.moved))] if plan.moved else []
    lines += _conflicts(plan, change.base, size) if plan.conflicts else []
    if change.removed:
        back = shlex.join(["git", "checkout", change.base, "--", *change.removed])
        lines += ["", "### This removes files", "", *(f"- {code(name)}" for name in change.removed)]
        lines += ["", "If you still need one:", "", *fence(back, "shell", 6000)]
    if plan.releases and size:
        lines += ["", "### What the template's releases say", ""]
        lines += fence(plan.releases, "markdown", size)
    if plan.packages is not None:
        lines += ["", "### Packages that differ in the base image", ""]
        changes = fence("\n".join(plan.packages), "diff", 3 * size)
        lines += ["<details><summary>All of them</summary>", "", *changes, "", "</details>"]
    lines += ["", *(f"- not looked up: {code(note)}" for note in plan.notes), END]
    text = "\n".join(lines)
    if size and len(text) > LONGEST:
        return describe(plan, change, tests, size // 10)  # 6000, 600, 60, 6, 0
    return f"{text[:LONGEST]}\n\n{plan.mark}"


def _conflicts(plan: Plan, base: str, size: int) -> list[str]:
    """Return the lines on files that stayed as they are."""
    switch = shlex.join(["git", "switch", "--create", "by-hand", base])
    lines = [CONFLICTS, *fence(f"{switch} && {shlex.join(plan.command)}", "shell"), ""]
    lines += [f"- [ ] {code(name)}" for name in plan.conflicts]
    for name, diff in plan.conflicts.items():
        if diff and size:
            lines += ["", f"What the template would change in {code(name)}:", ""]
            lines += fence(diff, "diff", size)
    return lines


def instead(plan: Plan, why: str, text: str) -> str:
    """Return the text of an issue, for what cannot be a request: the command, why, and its text."""
    lines = ["In a clone of this repository, one command does it:", ""]
    return "\n".join([*lines, *fence(shlex.join(plan.command), "shell"), "", why, "", text])
