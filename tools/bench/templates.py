"""The templates that are compared: this one as it stands, one that is empty, and catalogues of other lengths."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from support.repositories import checkout, commit, git, git_settings

ANSWERS = "{{ _copier_answers|to_nice_yaml }}"
EMPTY = {
    "copier.yml": "_subdirectory: template\nname: {type: str, default: my-environment}\n",
    "template/{{ _copier_conf.answers_file }}.jinja": ANSWERS,
    "template/README.md": "# My environment\n",
}
ENTRY = re.compile(r"^  [\w-]+:\n(?:    .*\n|\s*\n)+", re.MULTILINE)  # an image of the catalogue


def variables(folder: Path) -> dict[str, str]:
    """Return the variables of a person who has no settings of their own for Copier or git.

    Args:
        folder: for Copier's cache.
    """
    folder.mkdir(parents=True)
    (folder / "settings.yml").write_text("{}\n", encoding="utf-8")
    name, mail = ("user.name", "Bench"), ("user.email", "bench@example.org")
    return {
        **os.environ,
        "COPIER_CACHE_DIR": str(folder / "cache"),
        "COPIER_SETTINGS_PATH": str(folder / "settings.yml"),
    } | git_settings(name, mail, ("gc.auto", "0"), ("maintenance.auto", "false"))


def packed(folder: Path) -> Path:
    """Pack a repository's objects, as in a fresh clone: else Copier clones and removes a file for each."""
    git("repack", "-a", "-d", "--quiet", cwd=folder)
    git("prune-packed", "--quiet", cwd=folder)
    return folder


def this(folder: Path) -> Path:
    """Commit this checkout in a folder of its own, with its uncommitted changes, and tag it."""
    folder.mkdir()
    checkout(folder)
    return packed(folder)


def empty(folder: Path) -> Path:
    """Make a template with one question and one file, which the second of its two releases changes."""
    for path, text in EMPTY.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    for release, text in {"1.0.0": "# Mine\n", "2.0.0": "# My environment\n"}.items():
        (folder / "template" / "README.md").write_text(text, encoding="utf-8")
        commit(folder, release)
        git("tag", release, cwd=folder)
    return packed(folder)


def of_files(releases: dict[str, Path], folder: Path) -> Path:
    """Make a template of repositories' files as they are, with one question.

    Args:
        releases: a repository for each release, the oldest first.
        folder: where to.
    """
    for release, repository in releases.items():
        shutil.rmtree(folder / "template", ignore_errors=True)
        shutil.copytree(repository, folder / "template")
        (folder / "template" / ".copier-answers.yml").unlink()
        for path in ("copier.yml", "template/{{ _copier_conf.answers_file }}.jinja"):
            (folder / path).write_text(EMPTY[path], encoding="utf-8")
        commit(folder, release)
        git("tag", release, cwd=folder)
    return packed(folder)


def with_images(template: Path, folder: Path, count: int) -> Path:
    """Copy a template, with a catalogue of another length: the first of its images, or these again and again.

    Args:
        template: the template.
        folder: where to.
        count: how many images; the default one is among them.
    """
    shutil.copytree(template, folder)
    path = folder / "extensions" / "catalogue.yml"
    head, _, rest = path.read_text(encoding="utf-8").partition("\nimages:\n")
    entries = ENTRY.findall(rest)
    entries.sort(key=lambda entry: not entry.startswith("  jupyter-scipy:"))
    many = list(entries)
    while len(many) < count:
        number = len(many)
        many.append(re.sub(r"^  ([\w-]+)", rf"  \1-{number}", entries[number % len(entries)]))
    path.write_text(f"{head}\nimages:\n{''.join(many[:count])}", encoding="utf-8")
    commit(folder, f"{count} images")
    git("tag", "--force", "99999.0.0", cwd=folder)
    return packed(folder)
