"""What the half without a token saves for the half with one: files in one folder."""

from __future__ import annotations

BUNDLE = "made.bundle"  # the commit, for git
TIP = "tip.txt"  # the copy's commit, on which that one lies
SUMMARY = "summary.md"
FIRST_BUILD = "<!-- first build -->"  # where the summary says whether it was started
