# /// script
# requires-python = ">=3.10"
# dependencies = [
#   "copier>=9.19,<10",
#   "copier-template-extensions",
#   "cyclonedx-python-lib>=11,<12",
#   "docker>=7.1,<8",
#   "jinja2-time",
#   "packaging>=24",
#   "python-dxf>=12,<13",
#   "pyyaml",
#   "requests>=2.32,<3",
# ]
# ///
"""Makes a repository of what GitHub's button "Use this template" copied: setup.yml runs this.

In such a copy it renders the template, from where the template lives and never from the copy, so that
`copier update` knows its way; replaces the template's own files by what it rendered; keeps what a person
added; and pushes that in one commit, or nothing at all. Then it starts the first build of the image.

The release is the newest whose workflows are the copy's, byte for byte, as GitHub lets no run's own token
create or change a workflow. Where main has moved on since, it is the newest such commit of main.

In the template itself, in a fork and in a repository that is set up it does nothing, and says so. The
form's answers come in the variable FORM, as JSON; all else GitHub Actions says of a run
(docs.github.com/actions/reference: "Variables", "Events that trigger workflows").
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import catalogue
import requests
import yaml
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parent.parent
ANSWERS = ".copier-answers.yml"
WORKFLOWS = ".github/workflows"
# By these the state of the template is known that a copy was made of: the form asks its questions.
KNOWN_BY = [f"{WORKFLOWS}/{name}.yml" for name in ("image", "setup", "update")]
TICK = '"Allow GitHub Actions to create and approve pull requests"'
AUTHOR = ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")

# How GitHub is asked and how a run's summary is written is what every generated repository has too.
program = catalogue.update_repository()
code, git, tell, Refusal = program.code, program.git, program.tell, program.Refusal


def reason_to_stop(repository: dict[str, Any], page: str, home: str) -> str:
    """In: what the run's event says of the repository, its page, and the template's address. Out: why
    there is nothing to set up, a sentence; or nothing."""
    press = (
        'press "Use this template" on its page, and run this in the repository which that makes.'
    )
    if repository.get("is_template") or page == home:
        return f"This is the template itself: {press}"
    if repository.get("fork"):
        return (
            f"This is a fork of the template, in which one works on it. For an environment, {press}"
        )
    return ""


def given(form: dict[str, str]) -> dict[str, Any]:
    """In: the form's fields. Out: the answers in them, by question; fields left as they were are none."""
    workflow = yaml.safe_load((ROOT / KNOWN_BY[1]).read_text(encoding="utf-8"))
    fields = workflow[True]["workflow_dispatch"]["inputs"]  # YAML reads `on` so
    answers: dict[str, Any] = {}
    for name, said in form.items():
        field = fields.get(name, {})
        if said == field.get("default", "") and name != "strategy":
            continue
        answers[name] = said.partition(": ")[0] if "options" in field else said.strip()
        if name == "languages":
            answers[name] = answers[name].split(", ")
    return answers


def last_words(command: list[str]) -> str:
    """Run a program without this run's secrets. Out: its last words if it failed, else nothing."""
    env = {key: text for key, text in os.environ.items() if key not in program.SECRETS}
    env |= {"GIT_TERMINAL_PROMPT": "0"}
    options = {"capture_output": True, "encoding": "utf-8", "errors": "replace"}
    done = subprocess.run(command, env=env, check=False, **options)
    return (done.stderr.strip() or "no word").splitlines()[-1] if done.returncode else ""


def clone(home: str, folder: Path) -> None:
    """Clone the template, as nobody in particular; a Refusal if that fails."""
    said = last_words(["git", "clone", "--quiet", "--no-checkout", home, str(folder)])
    if said:
        raise Refusal(
            f"The template cannot be had from {code(home)}: git says {code(said)}. If that page opens "
            "without logging in, run this workflow again later; else whoever owns it must make it public."
        )


def states(template: Path) -> list[str]:
    """In: a clone of the template. Out: its states to choose from: the releases, newest first, then the
    commits of the default branch, newest first."""
    releases = {}
    for tag in git("tag", "--list", cwd=template).splitlines():
        with contextlib.suppress(InvalidVersion):
            if not Version(tag).is_prerelease:
                releases[Version(tag)] = tag
    commits = git("log", "--first-parent", "--format=%H", cwd=template).splitlines()
    return [*(tag for _, tag in sorted(releases.items(), reverse=True)), *commits]


def files(repository: Path, state: str, *paths: str) -> dict[str, str]:
    """In: a repository, a tag or commit, and which paths, or all. Out: its files' contents, as git
    names them, by path."""
    lines = git("ls-tree", "-r", "-z", state, "--", *paths, cwd=repository).split("\0")
    return {line.partition("\t")[2]: line.partition("\t")[0] for line in lines if line}


def state_of(template: Path, tip: str) -> str:
    """In: a clone of the template, the copy's commit. Out: the newest state of the template whose workflows
    are the copy's; a Refusal if there is none."""
    ours = files(ROOT, tip, *KNOWN_BY)
    for state in states(template):
        if files(template, state, *KNOWN_BY) == ours:
            return state
    ever = known(template)
    changed = [path for path in KNOWN_BY if (path, content(ours.get(path, ""))) not in ever]
    which = ", ".join(code(path) for path in changed or KNOWN_BY)
    raise Refusal(
        f"The workflows here are none that the template had together: {which}. GitHub lets no run "
        "change workflows, so they must be the template's: undo the change to them, or make a new "
        'repository by "Use this template". Or set this one up on a computer: `copier copy --trust`.'
    )


def content(entry: str) -> str:
    """In: what git's ls-tree says of a file. Out: the name of its content."""
    return entry.rpartition(" ")[2]


def known(template: Path) -> set[tuple[str, str]]:
    """In: a clone of the template. Out: each file that it ever had, as path and content's name."""
    raw = ["--raw", "--no-abbrev", "--no-renames", "-m", "--root", "-z"]
    said = git("log", "--all", "--format=", *raw, cwd=template).split("\0")
    # ":100644 100644 OLD NEW M", then the path
    return {(path, line.split()[3]) for line, path in zip(said[::2], said[1::2], strict=False)}


def render(home: str, state: str, folder: Path, answers: dict[str, Any], description: str) -> None:
    """Render the template over what a person added. In: the template's address and state, the folder, the
    form's answers, what GitHub says that the repository is for. A Refusal, with the template's own
    sentence, if an answer is bad; and if packages were given that nothing there installs."""
    more = {"code_host": "github", "repository": os.environ["GITHUB_REPOSITORY"]}
    if description:
        more["description"] = description
    data = folder.parent.parent / "answers.json"  # JSON is YAML
    data.write_text(json.dumps(answers | more), encoding="utf-8", newline="\n")
    options = ["--trust", "--defaults", "--overwrite", "--quiet", f"--vcs-ref={state}"]
    copier = [sys.executable, "-m", "copier", "copy", *options, f"--data-file={data}"]
    if said := last_words([*copier, home, str(folder)]):
        raise Refusal(code(said))
    installing = [folder / name for name in ("apt.txt", "environment.yml", "requirements.txt")]
    lines = " ".join(path.read_text(encoding="utf-8") for path in installing if path.is_file())
    for name, value in answers.items():
        if name.endswith("_packages") and not all(word in lines for word in value.split()):
            raise Refusal(
                f"{name}: nothing would install {code(value)} by the strategy {answers['strategy']}, "
                "with this base and your own files: leave the field empty, or choose another."
            )


def make_commit(
    template: Path, tip: str, folder: Path, fill: Callable[[], None]
) -> tuple[str, list[str], list[str]]:
    """Make the commit on the copy's, in no branch yet. In: a clone of the template, the copy's commit, an
    empty folder, what renders into it. Out: the new commit; which files are a person's; which were the
    template's, changed by a person, and are there no more. A Refusal if it would create or change a
    workflow."""
    env = {"GIT_INDEX_FILE": str(folder.parent.parent / "index")}
    env |= {"GIT_DIR": git("rev-parse", "--absolute-git-dir", cwd=ROOT)}
    for key, text in zip(("NAME", "EMAIL"), AUTHOR, strict=True):
        env |= {f"GIT_AUTHOR_{key}": text, f"GIT_COMMITTER_{key}": text}

    ever = known(template)
    here = files(ROOT, tip)
    theirs = [path for path, entry in here.items() if (path, content(entry)) not in ever]
    for path in theirs:
        mode, _, name = here[path].split()
        git("update-index", "--add", "--cacheinfo", f"{mode},{name},{path}", cwd=ROOT, env=env)
    git("checkout-index", "--all", f"--prefix={folder.as_posix()}/", cwd=ROOT, env=env)
    fill()
    answers = yaml.safe_load((folder / ANSWERS).read_text(encoding="utf-8"))
    templates = {path for path, _ in ever} - set(answers["kept_files"])
    gone = sorted(set(theirs) & templates)
    for path in gone:
        (folder / path).unlink()
    git("--work-tree=.", "add", "--all", "--force", ".", cwd=folder, env=env)
    tree = git("write-tree", cwd=ROOT, env=env)

    compare = ["diff", "--name-only", "--diff-filter=d", tip, tree, "--", WORKFLOWS]
    if changed := git(*compare, cwd=ROOT).splitlines():
        raise Refusal(
            f"These workflows would differ from the copy's: {', '.join(map(code, changed))}. GitHub lets "
            "no run create or change workflows: tell those who maintain the template, or set this "
            "repository up on a computer, by `copier copy --trust`."
        )
    message = f"Set up by the strategy {answers['strategy']}"
    commit = git("commit-tree", tree, "-p", tip, "-m", message, cwd=ROOT, env=env)
    return commit, sorted(set(theirs) - set(gone)), gone


def publish(host: Any, commit: str) -> None:
    """Push the commit to the default branch; a Refusal if that is not where it was."""
    try:
        host.remote("push", f"{commit}:refs/heads/{host.default_branch}")
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or ["no word"]
        why = next((line for line in lines if "refus" in line or "reject" in line), lines[-1])
        raise Refusal(
            f"GitHub did not take the commit: {code(why)}. If somebody has just changed the repository, run "
            f"this workflow again; if a rule protects {code(host.default_branch)}, lift it for that long."
        ) from None


def start_build(host: Any, page: str) -> str:
    """Start the image's first build; return the sentence about it."""
    where = f"{page}/actions/workflows/image.yml"
    try:
        host.prove(host.default_branch)
    except (program.HostError, requests.RequestException) as error:
        said = code(" ".join(str(error).split()))
        return (
            f'Press "Run workflow" [here]({where}): the first build could not be started, {said}.'
        )
    return f"[Watch the first build]({where}). Its summary has the lines by which a hub gets the image."


def summary(host: Any, origin: str, folder: Path, first: str) -> list[str]:
    """In: where it was done, from what, what it made, the sentence on the first build. Out: the lines of
    the summary."""
    page = f"{host.server}/{host.project}"
    env = program.check_image.read_image_env(folder / "image.env")
    ref = "binder" if env["BINDER"] == "image" else "HEAD"
    run = program.Run(on="github", head=(host.project, ref))
    binder = program.publish_image.binder_link(env, run)
    return [
        f"## [{host.project}]({page}) is set up by the strategy `{env['STRATEGY']}`",
        "",
        f"Made from {origin}. Its README tells how to change packages, try it and use it on a hub.",
        "It opens on Binder by this link"
        + (", once CI has published an image:" * (ref != "HEAD") or ":"),
        "",
        binder,
        "",
        "What is there now:",
        "",
        *program.fence("\n".join(sorted(path.name for path in folder.iterdir()))),
        "",
        "### Next",
        "",
        f"1. {first}",
        f"2. In [Settings, Actions, General]({page}/settings/actions) tick {TICK}, for weekly updates.",
    ]


def set_up(repository: dict[str, Any], form: dict[str, str]) -> None:
    """Do it, from what the run's event says of the repository, and the form; a Refusal, before anything is
    pushed, if it cannot be."""
    project, default = os.environ["GITHUB_REPOSITORY"], repository["default_branch"]
    page = f"{os.environ['GITHUB_SERVER_URL']}/{project}"
    questions = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    home = questions["template_url"]["default"]
    if why := reason_to_stop(repository, page, home):
        tell(why)
        return
    host = program.GitHub(project, default, os.environ["GITHUB_TOKEN"], False)
    # not the checkout's commit, which is an older one where somebody repeats an older run
    host.remote("fetch", "--depth=1", f"refs/heads/{default}")
    tip = git("rev-parse", "FETCH_HEAD", cwd=ROOT)
    if ANSWERS in files(ROOT, tip, ANSWERS):
        update = f"{page}/actions/workflows/update.yml"
        tell(f"This repository is set up already. [Update]({update}) switches to another strategy.")
        return

    about = host.ask("GET", "")
    # The one that was pressed, if GitHub says so: docs.github.com/rest/repos/repos, "Get a repository"
    home = (about.get("template_repository") or {}).get("html_url") or home
    # as Copier knows an address of git by
    source = (
        home if home.startswith(("https://github.com/", "https://gitlab.com/")) else f"{home}.git"
    )
    answers, description = given(form), about.get("description") or ""
    with tempfile.TemporaryDirectory() as work:
        template, folder = Path(work, "template"), Path(work, "made", project.partition("/")[2])
        folder.mkdir(parents=True)
        clone(source, template)
        state = state_of(template, tip)
        commit, kept, gone = make_commit(
            template, tip, folder, lambda: render(source, state, folder, answers, description)
        )
        publish(host, commit)
        first = start_build(host, page)
        origin = f"[{state[:12]} of the template]({home}/tree/{quote(state)})"
        lines = summary(host, origin, folder, first)
    if kept:
        lines += ["", f"Yours, which stay as they are: {', '.join(map(code, kept))}"]
    if gone:
        old = ", ".join(f"[{code(name)}]({page}/blob/{tip}/{quote(name)})" for name in gone)
        lines += ["", f"The template's, which you had changed, and which are gone: {old}"]
    tell("\n".join(lines))


def main() -> int:
    """Return 0 if it is done or there is nothing to do, 1 if something outside fails, 2 if it cannot
    be done."""
    unchanged = "Nothing was changed here: you can run this workflow again."
    try:
        event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
        set_up(event["repository"], json.loads(os.environ["FORM"]))
        return 0
    except Refusal as refusal:
        tell(f"{refusal}\n\n{unchanged}")
        return 2
    except (program.HostError, OSError, requests.RequestException) as error:
        tell(f"It broke off: {code(' '.join(str(error).split()))}\n\n{unchanged}")
        return 1
    except subprocess.CalledProcessError as error:
        words = (error.stderr or "").strip().splitlines() or [str(error.returncode)]
        tell(f"git broke off: {code(words[-1])}\n\n{unchanged}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
