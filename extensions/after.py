"""What people read after `copier copy` and `copier update`, for Jinja: what came of it, and the next command.

It only reads, and asks git what an update changed. It needs what extensions/environment.py, notes.py and switch.py add. Copier
loads this file by its path and, in one update, in two versions: it imports no sibling.
"""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import Any

import yaml
from copier_template_extensions import ContextHook

ANSWERS = ".copier-answers.yml"
# A line is left of markers: git's own names it, with the file and the number of the line.
KEEP = 'git diff HEAD --check && git add --all && git commit --message "{}"'
NEW_PAGE = "https://github.com/new"


def git(folder: Path, *arguments: str) -> str:
    """Return what git prints, nothing where it fails; it writes nothing, not even into its index."""
    command = ["git", "--no-optional-locks", *arguments]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True).stdout.decode(
        errors="replace"
    )


def names(folder: Path, *arguments: str) -> list[str]:
    """Return the files that git lists, each once; `-z` must be among the arguments."""
    return sorted(set(git(folder, *arguments).split("\0")) - {""})


def update_report(context: dict[str, Any], folder: Path) -> list[str]:
    """Return what an update did, with a line for each file that needs a person, and the next command.

    Args:
        context: the answers.
        folder: a repository that has just been updated, and was clean before.
    """
    name = context["name"]
    changed = git(folder, "status", "--porcelain", "-z").strip("\0")
    if not changed:
        return [f"Nothing changed: {name} is what this release and its answers make."]
    unmerged = {line.partition("\t")[2] for line in names(folder, "ls-files", "-z", "--unmerged")}
    rejected = names(folder, "ls-files", "-z", "--others", "--", "*.rej")
    lines = [f"Updated {name}. To see what changed: git status, git diff HEAD"]
    if changed == f" M {ANSWERS}":
        lines = [f"Nothing but {ANSWERS} changed: {name} has the same files by these answers."]
    lines += [
        f"  conflict    {shlex.quote(one)}: keep what is right of it" for one in sorted(unmerged)
    ]
    lines += [
        f"  conflict    {shlex.quote(one)} has the lines of yours that did not fit"
        for one in rejected
    ]
    lines += taken_away(context, folder, unmerged) + came_back(context, folder)
    lines += other_answers(context, folder) + not_used(context, folder) + context["from_notes"]()
    if unmerged:
        lines.append(
            "Next: in each conflict keep what is right, without the lines <<<<, ==== and >>>>."
        )
        lines.append("This commits it, and stops where such a line is left:")
    elif rejected:
        lines.append(
            "Next: put what is right of each .rej into its file, and delete the .rej. Then:"
        )
    else:
        lines.append("To keep it:")
    lines += ["  " + KEEP.format("Update from the template"), "To undo all of it instead:"]
    return [*lines, "  git add --all", "  git stash"]


def taken_away(context: dict[str, Any], folder: Path, unmerged: set[str]) -> list[str]:
    """Return a line for each file that is gone, with the command that shows it or brings it back.

    Some would turn the build around if they were there again: they are only shown.
    """
    lines = []
    for name in names(folder, "ls-files", "-z", "--deleted"):
        if name in unmerged:  # which git lists as well
            continue
        quoted = shlex.quote(name)
        back = f"to have it back: git checkout HEAD -- {quoted}"
        if why := stays_away(context, name):
            back = f"for {why}; to see it: git show HEAD:{quoted}"
        lines.append(f"  taken away  {quoted}; {back}")
    return lines


def stays_away(context: dict[str, Any], name: str) -> str:
    """Return what a file that was taken away would do if it were there again, where it must not be; or nothing."""
    strategy, conda = context["strategy"], context["with_conda_file"]
    lists = "requirements.txt" if conda else "environment.yml"
    if name == ".binder/Dockerfile" or (
        strategy == "repo2docker" and name in ("Dockerfile", lists)
    ):
        return "the image would be built from it, and not from your other files"
    ours = strategy in ("inherit", "dockerfile") and not context["takes_conda_file"]
    if name == "environment.yml" and ours:
        return "it would end the build: move its packages to requirements.txt"
    return ""


def came_back(context: dict[str, Any], folder: Path) -> list[str]:
    """Return a line for each file that is new again though it was deleted with other contents.

    Those that would end or turn the build are only shown: another strategy's Dockerfile, and a Python for `inherit`.
    """
    lines = []
    for name in names(folder, "ls-files", "-z", "--others", "--exclude-standard"):
        gone = git(folder, "log", "-1", "--diff-filter=D", "--format=%h", "--", name).strip()
        before = git(folder, "show", f"{gone}^:./{name}") if gone else ""
        now = (folder / name).read_text("utf-8", "replace")
        if before and before.splitlines() != now.splitlines():
            quoted = shlex.quote(name)
            back = f"as it was: git checkout {gone}~1 -- {quoted}"
            if name.endswith("Dockerfile") or other_python(context, name, before):
                back = f"to see it as it was: git show {gone}~1:{quoted}"
            lines.append(f"  new         {quoted}; {back}")
    return lines


def other_python(context: dict[str, Any], name: str, text: str) -> bool:
    """Whether a file asks for a Python where the base image has its own."""
    asked = name == "environment.yml" and context["asks_for_python"](text)
    return asked and context["strategy"] == "inherit"


def other_answers(context: dict[str, Any], folder: Path) -> list[str]:
    """Return a line for each answer that did not fit any more, for which the default was taken."""
    try:
        before = yaml.safe_load(git(folder, "show", f"HEAD:./{ANSWERS}")) or {}
    except yaml.YAMLError:
        return []
    given = context["_copier_conf"]["data"]
    return [
        f"  changed     {name} is {context[name]!r} now: {before[name]!r} is not possible here"
        for name in ("interface", "packages_with")
        if name in before and before[name] != context[name] and name not in given
    ]


def not_used(context: dict[str, Any], folder: Path) -> list[str]:
    """Return a line for each file of a person's that waits, or that lacks a line."""
    there = [
        n for n in (*context["environment_files"], "postBuild", "start") if (folder / n).exists()
    ]
    if context["strategy"] == "community-image":
        return [f"  not used    {name}: community-image installs nothing" for name in there]
    path = folder / "environment.yml"
    if not path.exists():
        return []
    text = path.read_text("utf-8", "replace")
    if other_python(context, path.name, text):
        return [f"  to do       {path.name}: remove its line on python, which the base image has"]
    inherit, conda = context["strategy"] == "inherit", context["with_conda_file"]
    if inherit or not conda or context["asks_for_python"](text):
        return []
    return [f"  incomplete  environment.yml: add the line - python={context['python_version']}"]


def ignored(context: dict[str, Any], folder: Path) -> list[str]:
    """Return lines on files of the template that a .gitignore of the person's leaves out of commits.

    Without ci/image.env, which many ignore as *.env, CI would take the repository for one that is not set up.
    """
    found = names(folder, "ls-files", "-z", "--others", "--ignored", "--exclude-standard")
    files = shlex.join(name for name in found if name in context["template_files"])
    return (
        ["Your .gitignore leaves these out of commits:", f"  git add --force {files}"]
        if files
        else []
    )


def first_run(context: dict[str, Any], folder: Path) -> list[str]:
    """Return the commands from a new repository to the first run of its CI.

    Args:
        context: the answers.
        folder: the new repository.
    """
    host, repository = context["code_host"], context["repository"]
    owner, _, name = repository.rpartition("/")
    address = {
        "github": f"https://github.com/{repository}.git",
        "gitlab": f"https://gitlab.com/{repository}.git",
    }.get(host, repository)
    lines = [f"  cd {shlex.quote(str(folder))}"] if folder.resolve() != Path.cwd() else []
    if not (folder / ".git").exists():
        lines.append("  git init --initial-branch=main")
    lines += ["  git add --all", '  git commit --message "Made by copier-hub-image"']
    if not git(folder, "remote"):
        lines.append(f"  git remote add origin {address}")
    lines.append("  git push --set-upstream origin HEAD")
    if host == "github" and not context["found"].get("repository"):
        page = f"{NEW_PAGE}?owner={owner}&name={name}"
        lines.insert(0, f"Make it, empty, at {page}")
        lines.insert(1, "Then type:")
    else:
        lines.insert(0, "Next, type:")
    runs = {
        "github": f"https://github.com/{repository}/actions",
        "gitlab": f"https://gitlab.com/{repository}/-/pipelines",
    }
    if host in runs:
        lines.append(f"Its first run is then at {runs[host]}")
    if owner != "OWNER":
        return lines
    return [
        "Type your account in place of OWNER in all that follows.",
        *lines,
        "Once it is there, put your account into its links and names, too:",
        "  copier update --trust --defaults --vcs-ref=:current: \\",
        f"    -d repository={repository}",
    ]


class After(ContextHook):
    """Gives every template and question these names.

    - `first_run`: a function; the lines that lead from a new repository to its first run
    - `ignored`: a function; lines on files that git would leave out of commits
    - `update_report`: a function; the lines on what an update did, and on what to do next
    """

    def hook(self, context: dict[str, Any]) -> None:
        """Add the names above.

        Args:
            context: Copier's, with the answers so far.
        """
        folder = Path(context["_copier_conf"]["dst_path"])
        context["first_run"] = lambda: first_run(context, folder)
        context["ignored"] = lambda: ignored(context, folder)
        context["update_report"] = lambda: update_report(context, folder)
