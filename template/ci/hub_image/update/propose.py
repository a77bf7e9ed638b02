"""Have one request with the update, or one issue where it cannot be pushed. It runs no code of the template."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from hub_image.git import git, identity, names
from hub_image.markdown import code
from hub_image.runs import Run, summarize
from hub_image.settings import UserError
from hub_image.update.hosts import GitHub, Host, HostError, host_of
from hub_image.update.plan import BRANCH, BUNDLE, DOCUMENT, Plan
from hub_image.update.text import Change, describe, instead

NOT_PERMITTED = "not permitted to create or approve pull requests"  # GitHub's words
CURRENT = "The repository is current."
WORKFLOWS = """GitHub lets no run's own token change workflow files, as this update does: {}. Or give
this repository the secret UPDATE_TOKEN, a token that may write contents, pull requests and workflows."""
SETTING = """The branch is pushed, but this repository lets GitHub Actions not open pull requests:
{0}/compare/{1}...{2}?expand=1 opens it. For the next time, tick "Allow GitHub Actions
to create and approve pull requests" at {0}/settings/actions. Without it:"""


class LeftAlone(Exception):
    """There is something to propose, but a person decided otherwise: one sentence."""


def propose(folder: Path, root: Path) -> None:
    """Propose what `apply.save` wrote to a folder, which is empty if that failed.

    Raises:
        UserError: nothing can be proposed here.
        LeftAlone: a person decided otherwise.
        HostError, OSError, CalledProcessError: the host or git refuses.
    """
    host = host_of(Run.current(dict(os.environ)), root)
    _tried(host, host.keep_going, "The weekly run of the workflow Image did not start")
    if not (folder / DOCUMENT).is_file():
        return
    plan = Plan.read(folder)
    if plan.rows and not host.token:
        raise UserError(
            "Give GitLab a token (api, write_repository) as the variable UPDATE_TOKEN, masked and "
            f"protected, to propose this: {plan.title}."
        )
    if plan.rows:
        _propose(plan, host, folder)
    elif host.token and plan.everything and not plan.failed:
        _withdraw(host, CURRENT)


def _tried(host: Host, what: Callable[[], None], sentence: str) -> None:
    """Do what hides no update if it fails."""
    try:
        what()
    except HostError as error:
        summarize(f"{sentence}: {code(str(error))}.", host.root)


def _propose(plan: Plan, host: Host, folder: Path) -> None:
    """Have what says this, and nothing else."""
    _not_closed(host, "request", plan)
    at, change = _fetched(host), _received(plan, folder, host.root)
    if _tree(change.commit, host.root) == _tree("HEAD", host.root):
        _withdraw(host, CURRENT)
        return
    title = plan.title + (" (needs a person)" if plan.conflicts else "")
    text, why = describe(plan, change, host.tests), ""
    if change.workflows and isinstance(host, GitHub) and host.token == host.own:
        _withdraw(host, "An issue says what is newer, as this cannot be pushed.", "request")
        why = WORKFLOWS.format(", ".join(map(code, change.workflows)))
    pushed = not why and (not at or _tree(at, host.root) != _tree(change.commit, host.root))
    if pushed:
        lease = f"--force-with-lease=refs/heads/{BRANCH}:{at}"
        host.remote("push", lease, f"{change.commit}:refs/heads/{BRANCH}")
    if not why:
        try:
            _have_one(host, "request", plan, title, text)
        except HostError as error:
            if NOT_PERMITTED not in str(error):
                raise
            why = SETTING.format(f"{host.server}/{host.project}", quote(host.branch), BRANCH)
    if why:
        _have_one(host, "issue", plan, f"{title}, by hand", instead(plan, why, text))
        return
    _withdraw(host, "A pull request says it now.", "issue")
    if pushed:
        _tried(host, host.start_tests, f"The workflow Image did not start on {BRANCH}")


def _fetched(host: Host) -> str:
    """Return the commit at which the request's branch is, or nothing; LeftAlone if it is a person's."""
    if not (listed := host.remote("ls-remote", f"refs/heads/{BRANCH}")):
        return ""
    host.remote("fetch", f"refs/heads/{BRANCH}")
    committers = git("log", "--format=%ce", "HEAD..FETCH_HEAD", cwd=host.root).splitlines()
    if set(committers) - {BRANCH}:
        raise LeftAlone(f"Somebody has committed on the branch {BRANCH}, so it is left alone.")
    return listed.split()[0]


def _received(plan: Plan, folder: Path, root: Path) -> Change:
    """Take the files from the bundle, in a commit of our own, and see what they change."""
    bundle = ("--quiet", "--no-tags", str(folder / BUNDLE), "HEAD")
    git("-c", "fetch.fsckObjects=true", "fetch", *bundle, cwd=root)
    made = ("commit-tree", _tree("FETCH_HEAD", root), "-p", "HEAD", "-m", plan.title)
    commit = git(*made, cwd=root, env=identity(BRANCH))
    changed = ("diff", "--name-only", "--no-renames", "HEAD", commit)
    sources = [_source(one, root) for one in ("HEAD", commit)]
    # GitHub lets a run's token delete workflows, but neither make nor change them
    new = names(*changed, "--diff-filter=d", cwd=root)
    return Change(
        base=git("rev-parse", "HEAD", cwd=root),
        commit=commit,
        removed=names(*changed, "--diff-filter=D", cwd=root),
        workflows=[name for name in new if name.startswith(".github/workflows/")],
        sources=sources if sources[0] != sources[1] else [],
    )


def _tree(commit: str, root: Path) -> str:
    """Return the files of a commit, as git names them."""
    return git("rev-parse", f"{commit}^{{tree}}", cwd=root)


def _source(commit: str, root: Path) -> str:
    """Return what a commit's answers say of the template's address."""
    answers = git("show", f"{commit}:.copier-answers.yml", cwd=root)
    return " ".join(line for line in answers.splitlines() if "_src_path" in line)


def _not_closed(host: Host, kind: str, plan: Plan) -> None:
    """LeftAlone if a person has closed this very proposal."""
    if any(one.text.rstrip().endswith(plan.mark) for one in host.threads(kind, "closed")):
        raise LeftAlone(f"This was proposed and closed: {plan.title}. It is not opened again.")


def _have_one(host: Host, kind: str, plan: Plan, title: str, text: str) -> None:
    """Have one request, or one issue, that says this."""
    old = next(iter(host.threads(kind, "open")), None)
    if old and (old.title, old.text.replace("\r\n", "\n").strip()) == (title, text.strip()):
        summarize(f"{old.url} says so already.", host.root)
        return
    if not old:
        _not_closed(host, kind, plan)
    summarize(f"{title}: {host.write(kind, old, title, text)}", host.root)


def _withdraw(host: Host, sentence: str, kind: str = "") -> None:
    """Close what this program has opened, of one kind or of all, and remove a closed request's branch."""
    kinds = [one for one in host.paths if kind in ("", one)]
    branch = "request" in kinds and _fetched(host)
    for one in kinds:
        for old in host.threads(one, "open"):
            host.close(one, old, sentence)
            summarize(f"{old.url} is closed: {sentence}", host.root)
    if branch:
        host.remote("push", f":refs/heads/{BRANCH}")
