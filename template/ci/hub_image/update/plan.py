"""What is newer, and what bringing it in does: what the looking half of an update hands to the proposing half.

The looking half runs the template's code and holds no token; the proposing half holds the tokens and runs
only this package and git. What lies between them is data: a JSON document, and the new files as a git bundle.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from hub_image.markdown import plain

BRANCH = "update-by-template"  # of the request; also who commits on it, and the label of an issue
BUNDLE = "update.bundle"  # the updated files, as a git commit
DOCUMENT = "proposal.json"


@dataclass
class Plan:
    """What to update, and what that changes."""

    template: bool = False  # whether to the template's newest release
    answers: dict[str, str] = field(default_factory=dict)  # those that change, by question
    rows: list[tuple[str, str, str]] = field(default_factory=list)  # what, old and new version
    packages: list[str] | None = None  # that differ in the base image; None if nobody looked
    notes: list[str] = field(default_factory=list)  # what could not be looked up, a sentence each
    failed: bool = False  # whether a note may be of today only
    everything: bool = False  # whether all was looked for: no row means then that nothing is newer
    releases: str = ""  # what the template's CHANGELOG.md says of the releases in between
    conflicts: dict[str, str] = field(default_factory=dict)  # by file that stays: what would change
    moved: list[str] = field(default_factory=list)  # the template's address, where it redirects to

    def answer(self, what: str, key: str, old: str, new: str) -> None:
        """Add a changed answer."""
        self.answers[key] = new
        self.rows.append((what, old, new))

    @property
    def title(self) -> str:
        """What is updated, in one line of at most 200 characters."""
        news = [f"{what} to {plain(new.rpartition('/')[2])}" for what, _, new in self.rows]
        return f"Update {', '.join(news)}"[:200]

    @property
    def mark(self) -> str:
        """The last line of a text, by which its proposal is known again, whatever it starts from."""
        rows = hashlib.sha256(json.dumps(self.rows).encode()).hexdigest()[:16]
        return f"<!-- proposal: {rows} -->"

    @property
    def command(self) -> list[str]:
        """The command that does it."""
        where = [] if self.template else ["--vcs-ref=:current:"]
        given = [word for key, new in self.answers.items() for word in ("-d", f"{key}={new}")]
        return ["copier", "update", "--trust", "--defaults", *where, *given]

    def write(self, folder: Path) -> None:
        """Write this as a JSON document into a folder."""
        (folder / DOCUMENT).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Plan:
        """Read what `write` wrote; ValueError for anything else."""
        try:
            return cls(**json.loads((folder / DOCUMENT).read_text(encoding="utf-8")))
        except TypeError as error:
            raise ValueError(f"{DOCUMENT} is not of its form: {error}") from None
