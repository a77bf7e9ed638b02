# /// script
# requires-python = ">=3.10"
# dependencies = [
#   "copier>=9.19,<10",
#   "copier-template-extensions",
#   "docker>=7.1,<8",
#   "jinja2-time",
#   "packaging>=24",
#   "pip>=23",
#   "python-dxf>=12,<13",
#   "pyyaml",
#   "requests>=2.32,<3",
# ]
# ///
"""Keep this repository current: with the template, with its base image, with its tools.

By hand, in a repository without uncommitted changes:

    pipx run update_repository.py

finds what is newer and applies it, as `copier update` does; `git diff` shows what it did. In CI, weekly
and from a form, it proposes the same in one pull or merge request, which it renews and never repeats.

It looks first, which takes seconds: for a newer release of the template; for a newer tag of the base
image, of the kind that image.env names and never of another JupyterHub major; for a newer repo2docker,
uv or micromamba, where this repository pins one. Then Copier does the work. Files in which both sides
changed the same lines stay as they are here, and the request lists them for a person to look at.

This file is written by the template: what varies stands in `image.env` and `.copier-answers.yml`.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

MISSING = ""
try:
    import dxf
    import requests
    from dxf.exceptions import DXFAuthInsecureError, DXFError

    # last, as the template's own catalogue uses the registry's part of this file without them
    import docker  # isort: skip
    import check_image
    import publish_image
    import yaml
    from check_image import HERE, Refusal
    from packaging.version import InvalidVersion, Version
    from publish_image import Contents, Run, plain, tell
except ModuleNotFoundError as error:  # told in main(), after mistakes that need no dependency
    MISSING = str(error.name)

BRANCH = "update-by-template"  # of the request; also who commits on it, and the label of an issue
STRATEGIES = ["community-image", "inherit", "repo2docker", "dockerfile"]
FROM_BASE = STRATEGIES[:2]
# A commit names no order; eight digits that start with 20 are a day.
COMMIT = re.compile(r"(?!20\d{6}$)[0-9a-f]{7,40}")
LONGEST = 60_000  # GitHub takes texts of 65536 characters
SECRETS = ("GITHUB_TOKEN", "UPDATE_TOKEN", "CI_JOB_TOKEN")  # no program that is started gets them
NOT_PERMITTED = "not permitted to create or approve pull requests"  # GitHub's words


# --- the registry: which tags there are ---------------------------------------------------------------


class RegistryError(Exception):
    """A registry does not say what it is asked: one sentence."""


def ask(image: str, question: Callable[[dxf.DXF], Any]) -> Any:
    """Put a question about an image, as registry/owner/name, to its registry, as nobody in particular.

    RegistryError for whatever fails. The client is dxf, which follows pages (`Link`) and gets the
    tokens that registries want of strangers as well (OCI distribution specification, "Content
    discovery"; distribution.github.io, "Token authentication specification").
    """
    host, _, name = image.partition("/")
    # as Docker does: plain HTTP on this machine only
    local = host.partition(":")[0] in ("localhost", "127.0.0.1")
    address = "registry-1.docker.io" if host == "docker.io" else host
    try:
        stranger = dxf.DXF(address, name, authenticate, insecure=local, timeout=60)
        with stranger as registry:
            return question(registry)
    except requests.ConnectionError:
        raise RegistryError(f"{host} cannot be reached, to ask about {image}.") from None
    except (DXFError, requests.RequestException, KeyError, TypeError, ValueError) as error:
        about = " ".join(f"{type(error).__name__} {error}".split())[:300]
        raise RegistryError(f"{host} does not tell about {image}: {about}.") from None


def authenticate(registry: dxf.DXFBase, response: requests.Response) -> None:
    """Get a stranger's token. By plain HTTP dxf asks for none, but a registry on this machine may."""
    try:
        registry.authenticate(response=response)
    except DXFAuthInsecureError:
        challenge = response.headers["WWW-Authenticate"].partition(" ")[2]
        where = requests.utils.parse_dict_header(challenge)
        answer = requests.get(where.pop("realm"), where, timeout=60)
        answer.raise_for_status()
        registry.token = answer.json()["token"]


def tags(image: str) -> list[str]:
    """Return all tags of an image, given as registry/owner/name; RegistryError if they are not told."""
    return list(ask(image, lambda registry: registry.list_aliases(batch_size=1000)))


def architectures(image: str, tag: str) -> list[str]:
    """Return the processors, as amd64, for which an image can be pulled under a tag or digest: of each
    manifest, the configuration says. RegistryError if it cannot be pulled, as one that was yanked."""

    def question(registry: dxf.DXF) -> set[str]:
        first = json.loads(registry.get_manifest_and_response(tag)[0])
        manifests = [
            json.loads(registry.get_manifest_and_response(entry["digest"])[0])
            for entry in first.get("manifests", [])
            if entry.get("platform", {}).get("os", "linux") == "linux"  # "unknown": of attestations
        ]
        digests = [one["config"]["digest"] for one in (manifests or [first])]
        configs = [b"".join(registry.pull_blob(digest)) for digest in digests]
        return {json.loads(config)["architecture"] for config in configs}

    return sorted(ask(image, question))


def digest_of(image: str, tag: str) -> str:
    """Return the digest of what a tag names now, RegistryError if it cannot be pulled."""

    def question(registry: dxf.DXF) -> str:
        data = registry.get_manifest_and_response(tag)[1].content
        return f"sha256:{hashlib.sha256(data).hexdigest()}"

    return ask(image, question)


def newer(tags: Iterable[str], current: str, pattern: str) -> list[str]:
    """Return those tags that match a pattern and are newer than the current one, oldest first: as
    numbers, so that 2026.10.1 is newer than 2026.9.30. None if the current tag does not match it, or if
    such tags have no order, as commits and `latest`. A digest behind the current tag does not count."""
    current = current.partition("@")[0]

    def ordered(tag: str) -> bool:
        has_order = re.search(r"\d", tag) and not COMMIT.fullmatch(tag)
        return bool(has_order and re.fullmatch(pattern, tag))

    found = {tag for tag in tags if ordered(tag) and numbers(tag) > numbers(current)}
    return sorted(found, key=numbers) if ordered(current) else []


def numbers(tag: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", tag)]


# --- look: what is newer --------------------------------------------------------------------------------


@dataclass
class Plan:
    """What to update: whether to the template's newest release, and with which answers; what for, as
    rows of what, old, new; the packages that differ in the base image; what could not be looked up."""

    template: bool = False
    answers: dict[str, str] = field(default_factory=dict)
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    packages: list[str] | None = None
    notes: list[str] = field(default_factory=list)
    failed: bool = False  # a note may be of today only

    def answer(self, what: str, key: str, old: str, new: str) -> None:
        self.answers[key] = new
        self.rows.append((what, old, new))

    @property
    def title(self) -> str:
        news = [f"{what} to {plain(new.rpartition('/')[2])}" for what, _, new in self.rows]
        return f"Update {', '.join(news)}"[:200]

    @property
    def fingerprint(self) -> str:
        """By which the same proposal is known again, whatever the branch it starts from."""
        return hashlib.sha256(json.dumps(self.rows).encode()).hexdigest()[:16]

    @property
    def command(self) -> list[str]:
        where = [] if self.template else ["--vcs-ref=:current:"]
        given = [word for key, new in self.answers.items() for word in ("-d", f"{key}={new}")]
        return ["copier", "update", "--trust", "--defaults", *where, *given]


def run(command: list[str], folder: Path) -> str:
    """Run a program without this run's secrets and return what it printed; a Refusal with its last
    words if it fails."""
    env = {key: value for key, value in os.environ.items() if key not in SECRETS}
    options = {"capture_output": True, "encoding": "utf-8", "errors": "replace"}
    done = subprocess.run(command, cwd=folder, env=env, check=False, **options)
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        shown = command[2:] if command[0] == sys.executable else command
        raise Refusal(f"{code(shlex.join(shown))} says: {code(words[:500])}")
    return done.stdout


def look(answers: dict[str, Any], env: dict[str, str], what: str, strategy: str) -> Plan:
    """Return what is newer; in: the stored answers, image.env, and what the form says."""
    plan = Plan()
    source = str(answers.get("_src_path", ""))
    if not re.match(r"[\w.+-]{2,}:|[\w.-]+@", source) and not Path(source).is_dir():
        raise Refusal(
            f"This repository was made from the template in the folder {code(source)}, not here: "
            "put the template's address behind _src_path in .copier-answers.yml."
        )
    if what in ("all", "template"):
        copier = [sys.executable, "-m", "copier", "check-update", "--output-format", "json"]
        found = json.loads(run(copier, HERE))
        if found["update_available"]:
            plan.template = True
            plan.rows.append(("the template", found["current_version"], found["latest_version"]))
    if strategy not in ("keep", answers["strategy"]):
        plan.answer("the strategy", "strategy", answers["strategy"], strategy)
    now = plan.answers.get("strategy", answers["strategy"])
    if what in ("all", "image") and now in FROM_BASE and env["BASE_IMAGE"]:
        with noted(plan):
            look_for_base(plan, answers, env)
    if what in ("all", "pins"):
        look_for_pins(plan, answers, now)
    return plan


@contextlib.contextmanager
def noted(plan: Plan) -> Iterator[None]:
    """What fails elsewhere is told, and hides no other update."""
    try:
        yield
    except (RegistryError, Refusal) as error:
        plan.notes.append(str(error))
    except (docker.errors.DockerException, requests.RequestException) as error:
        plan.notes.append(f"Docker broke off: {' '.join(str(error).split())[:300]}")
    else:
        return
    plan.failed = True


def look_for_pins(plan: Plan, answers: dict[str, Any], strategy: str) -> None:
    pins = [("repo2docker", "repo2docker_version", lambda: newest("jupyter-repo2docker"))]
    if strategy == "dockerfile" and answers.get("packages_with") == "conda":
        image, pin = "docker.io/mambaorg/micromamba", "micromamba_version"
        kind = r"\d+\.\d+\.\d+"
        found = lambda: [str(answers[pin]), *newer(tags(image), str(answers[pin]), kind)][-1]
        pins.append(("micromamba", pin, found))
    elif strategy == "dockerfile":
        pins.append(("uv", "uv_version", lambda: newest("uv")))
    for what, pin, find in pins:
        with noted(plan):
            old, new = str(answers[pin]), find()
            if Version(new) > Version(old):
                plan.answer(what, pin, old, new)


def newest(package: str) -> str:
    """Return the newest release of a Python package, as pip would install it: no pre-release."""
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--dry-run"]
    pip += ["--no-deps", "--ignore-installed", "--quiet", "--report", "-", package]
    return json.loads(run(pip, HERE))["install"][0]["metadata"]["version"]


def look_for_base(plan: Plan, answers: dict[str, Any], env: dict[str, str]) -> None:
    """Find the newest tag of the base image that has the hub's JupyterHub inside."""
    reference, _, digest = env["BASE_IMAGE"].partition("@")
    image, _, tag = reference.rpartition(":")
    kind = pattern_of(env.get("BASE_TAGS", ""))
    if not kind:
        plan.notes.append(
            f"Tags like {image}:{tag} have no order: whether one is newer, you decide."
        )
        return
    major, named = env["JUPYTERHUB_MAJOR"], re.match(r"hub-\d+", tag)
    candidates = newer(tags(image), tag, kind)
    if named:
        candidates = [one for one in candidates if re.match(rf"hub-{major}\D", one)]
    if not candidates:
        return
    try:
        client = check_image.connect()
    except Refusal:
        if not named:  # nothing but Docker tells which JupyterHub is inside
            raise
        client = None
    needed = {one.partition("/")[2] for one in (env["PLATFORMS"] or "linux/amd64").split(",")}
    inside = cache(lambda tag: look_inside(client, f"{image}:{tag}"))
    # JupyterHub's major only ever grows with the tags: the newest first, then by halves
    new, first, end, middle = "", 0, len(candidates), len(candidates) - 1
    while first < end:
        if not can_be_pulled(image, candidates[middle], needed):
            del candidates[middle]
            end -= 1
        # where there is none, `inherit` adds it
        elif named or hub_major(inside(candidates[middle])) in ("", major):
            new, first = candidates[middle], middle + 1
        else:
            end = middle
        middle = (first + end) // 2
    if not new:
        plan.notes.append(f"No newer {image} that can be pulled has JupyterHub {major} inside.")
        return
    if client:
        plan.packages = inside(new).changes(look_inside(client, env["BASE_IMAGE"]))
    old = tag
    if digest:
        old, new = f"{tag}@{digest}", f"{new}@{digest_of(image, new)}"
    if answers["base"] == "other":
        plan.answer("the base image", "base_reference", env["BASE_IMAGE"], f"{image}:{new}")
    else:
        plan.answer("the base image", "base_tag", old, new)


def pattern_of(kind: str) -> str:
    """Return the regular expression of what image.env says with "%" for a digit, "%+" for several."""
    return re.escape(kind).replace(r"%\+", r"\d+").replace("%", r"\d")


def can_be_pulled(image: str, tag: str, needed: set[str]) -> bool:
    """Return whether an image is there for these processors; a tag may be listed and gone."""
    with contextlib.suppress(RegistryError):
        return needed <= set(architectures(image, tag))
    return False


def look_inside(client: Any, reference: str) -> Contents:
    """Return what is in an image. What was not on this machine before does not stay."""
    try:
        image, stays = client.images.get(reference), True
    except docker.errors.ImageNotFound:
        image, stays = client.images.pull(reference), False
    try:
        return Contents.of(image, client)
    except (IndexError, KeyError, ValueError) as error:
        raise Refusal(f"{reference} does not tell its packages ({type(error).__name__}).") from None
    finally:
        if not stays:
            client.images.remove(reference, force=True)


def hub_major(contents: Contents) -> str:
    """Return the major of the JupyterHub in an image, or nothing if there is none."""
    packages = contents.packages["conda"] | contents.packages["pip"]
    return packages.get("jupyterhub", "").partition(".")[0]


# --- apply: Copier does the work ------------------------------------------------------------------------


@dataclass
class Outcome:
    """What an update has done: the commit and the tree of it; per file left as it is, what the template
    would change; the files it removes; the workflows that it writes."""

    commit: str
    tree: str
    conflicts: dict[str, str]
    removed: list[str]
    workflows: list[str]


def git(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run git and return what it printed; CalledProcessError if it fails."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=cwd,
        env=os.environ | (env or {}),
        check=True,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",  # a file's name may be written in any encoding
    )
    return done.stdout.strip()


def names(*arguments: str, cwd: Path) -> list[str]:
    """Return the names of files that git prints."""
    return [name for name in git(*arguments, "-z", cwd=cwd).split("\0") if name]


def update(plan: Plan, folder: Path) -> None:
    """Let Copier update a folder; a Refusal with its last words if it refuses."""
    run([sys.executable, "-m", *plan.command, "--quiet", "--conflict=inline"], folder)


def unmerged(folder: Path) -> list[str]:
    return sorted(
        {entry.partition("\t")[2] for entry in names("ls-files", "--unmerged", cwd=folder)}
    )


def settle(folder: Path) -> dict[str, str]:
    """Take back what Copier could not merge: no conflict is ever committed. Return what the template
    would change, by file."""
    found = {}
    for name in unmerged(folder):
        sides = [f":{stage}:./{name}" for stage in (1, 3)]
        with contextlib.suppress(subprocess.CalledProcessError):  # a side may have no such file
            found[name] = git("diff", *sides, cwd=folder)
    for name in names("ls-files", "--others", "--exclude-standard", cwd=folder):
        if name.endswith(".rej"):  # Copier's other way
            found[name.removesuffix(".rej")] = (folder / name).read_text("utf-8", "replace")
            (folder / name).unlink()
    changed = {*names("diff", "--name-only", "--no-renames", "HEAD", cwd=folder), *unmerged(folder)}
    for name in changed - found.keys():
        path, marker = folder / name, b"<<<<<<< before updating"
        if path.is_file() and marker in path.read_bytes():
            found.setdefault(name, "")
    for name in found:
        try:
            git("checkout", "HEAD", "--", name, cwd=folder)
        except subprocess.CalledProcessError:  # it was not here before
            git("rm", "--force", "--quiet", "--ignore-unmatch", "--", name, cwd=folder)
    return found


def apply(plan: Plan, folder: Path) -> Outcome:
    """Update a work tree of this repository, and make the commit of it."""
    update(plan, folder)
    conflicts = settle(folder)
    git("add", "--all", cwd=folder)
    tree = git("write-tree", cwd=folder)
    mine = {
        f"GIT_{who}_{what}": BRANCH for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    commit = git("commit-tree", tree, "-p", "HEAD", "-m", plan.title, cwd=folder, env=mine)
    staged = ["diff", "--cached", "--name-only", "--no-renames", "HEAD"]
    removed = names(*staged, "--diff-filter=D", cwd=folder)
    # GitHub lets a run's token delete workflows, but neither make nor change them
    workflows = [
        name
        for name in names(*staged, "--diff-filter=d", cwd=folder)
        if name.startswith(".github/workflows/")
    ]
    return Outcome(commit, tree, conflicts, removed, workflows)


def release_notes(folder: Path, old: str, new: str) -> str:
    """Return what the template's CHANGELOG.md says of its releases after `old` up to `new`."""
    answers = yaml.safe_load((folder / ".copier-answers.yml").read_text(encoding="utf-8"))
    source = re.sub(r"^git\+", "", str(answers["_src_path"]))
    for short, long in {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}.items():
        source = source.replace(short, long, 1) if source.startswith(short) else source
    text = ""
    with tempfile.TemporaryDirectory() as place, contextlib.suppress(Refusal, OSError):
        clone = ["git", "clone", "--quiet", "--depth=1", f"--branch={answers['_commit']}"]
        run([*clone, "--", source, place], folder)
        text = (Path(place) / "CHANGELOG.md").read_text("utf-8", "replace")
    wanted = []
    for section in re.split(r"(?m)^(?=## )", text):
        with contextlib.suppress(InvalidVersion):
            version = Version(re.sub(r"^## \[?([^\s\]]+).*", r"\1", section.partition("\n")[0]))
            wanted += [section.strip()] if Version(old) < version <= Version(new) else []
    return "\n\n".join(wanted)


# --- the request's text -----------------------------------------------------------------------------------


def code(text: str) -> str:
    """Return a text as Markdown shows it in one line, whatever it holds."""
    text = "".join(c if c.isprintable() and c not in "`|" else "?" for c in text)
    return f"`{text[:300] or '-'}`"


def fence(text: str, language: str = "", size: int = LONGEST) -> list[str]:
    """Return a text as Markdown shows it line by line, whatever it holds; at most so long."""
    text = "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)
    text = text if len(text) <= size else f"{text[:size]}\n[...]"
    marks = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return [f"{marks}{language}", *text.splitlines(), marks]


def describe(plan: Plan, done: Outcome, base: str, notes: str, size: int = 6000) -> str:
    """Return the text of the request. `base`: the commit it starts from; `notes`: of releases; `size`:
    how long each part may be at most."""
    lines = [
        "This is newer than what the repository uses, or was asked for in the form. `copier update`"
    ]
    lines += [
        "brought it in, and the workflow Image proves it.",
        "",
        "| what | now | new |",
        "|---|---|---|",
    ]
    lines += [f"| {what} | {code(old)} | {code(new)} |" for what, old, new in plan.rows]
    by_hand = ["git", "switch", "--create", "by-hand", base]
    command = f"{shlex.join(by_hand)} && {shlex.join(plan.command)}"
    if done.conflicts:
        lines += ["", "### A person must look at these", ""]
        lines += ["Both sides changed the same lines, so these files stayed as they are here. One"]
        lines += ["command shows both versions in them, for you to choose; then tick them off:", ""]
        lines += [*fence(command, "shell"), ""]
        lines += [f"- [ ] {code(name)}" for name in done.conflicts]
        for name, diff in done.conflicts.items():
            if diff and size:
                lines += ["", f"What the template would change in {code(name)}:", ""]
                lines += fence(diff, "diff", size)
    if done.removed:
        back = shlex.join(["git", "checkout", base, "--", *done.removed])
        lines += ["", "### This removes files", ""]
        lines += [*map("- {}".format, map(code, done.removed)), "", "If you still need one:", ""]
        lines += fence(back, "shell", 6000)
    if notes and size:
        lines += ["", "### What the template's releases say", "", *fence(notes, "markdown", size)]
    if plan.packages is not None:
        lines += ["", "### Packages that differ in the base image", ""]
        changes = fence("\n".join(plan.packages), "diff", 3 * size)
        lines += ["<details><summary>All of them</summary>", "", *changes, "", "</details>"]
    lines += ["", *(f"- not looked up: {code(note)}" for note in plan.notes)]
    lines += [
        "",
        "`update_repository.py` wrote this and renews it weekly. What somebody commits on the",
    ]
    lines += ["branch stays: it is left alone then. Closed, this very proposal does not come back."]
    text = "\n".join(lines)
    if size and len(text) > LONGEST:
        return describe(plan, done, base, notes, size // 10)  # 6000, 600, 60, 6, 0
    return f"{text[:LONGEST]}\n\n{mark(plan)}"


def mark(plan: Plan) -> str:
    """Return the last line of a text, by which its proposal is known again."""
    return f"<!-- proposal: {plan.fingerprint} -->"


# --- GitHub and GitLab --------------------------------------------------------------------------------------


class HostError(Exception):
    """GitHub or GitLab refuses something: what it says, and the status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass
class Thread:
    """A request, or an issue, that this program has opened."""

    kind: str
    number: int
    title: str
    text: str
    url: str

    def proposes(self, plan: Plan) -> bool:
        return self.text.rstrip().endswith(mark(plan))


@dataclass
class Host:
    """Where the repository lives, and the token with which to ask and to push."""

    project: str
    default_branch: str
    token: str
    own_token: bool  # somebody gave it: it is not the run's own

    def ask(self, method: str, path: str, content: Any = None) -> Any:
        """Return what the API answers; HostError if it refuses."""
        url, headers = f"{self.api}/{path}".rstrip("/"), self.headers
        answer = requests.request(method, url, json=content, headers=headers, timeout=60)
        if not answer.ok:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                raise HostError(answer.status_code, str(answer.json()["message"])[:300])
            raise HostError(answer.status_code, f"{method} {path}: {answer.status_code}")
        return answer.json() if answer.content else None

    def remote(self, *arguments: str) -> str:
        """Run git on the repository at its host; the token is written to no file."""
        header = base64.b64encode(f"{self.user}:{self.token}".encode()).decode()
        number = int(os.environ.get("GIT_CONFIG_COUNT") or 0)  # after what a runner may have set
        env = {
            "GIT_CONFIG_COUNT": str(number + 1),
            f"GIT_CONFIG_KEY_{number}": f"http.{self.server}/.extraheader",
            f"GIT_CONFIG_VALUE_{number}": f"Authorization: Basic {header}",
            "GIT_TERMINAL_PROMPT": "0",
        }
        command, *more = arguments
        return git(
            command, "--quiet", f"{self.server}/{self.project}.git", *more, cwd=HERE, env=env
        )


class GitHub(Host):
    user = "x-access-token"
    api = property(lambda self: f"{os.environ['GITHUB_API_URL']}/repos/{self.project}")
    server = property(lambda self: os.environ["GITHUB_SERVER_URL"])

    @property
    def headers(self) -> dict[str, str]:
        accept = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        return accept | {"Authorization": f"Bearer {self.token}"}

    def threads(self, kind: str, state: str) -> list[Thread]:
        """Return this program's requests or issues, newest first: docs.github.com/rest/pulls/pulls and
        /rest/issues/issues. Only who may triage gives labels, so no stranger's issue is taken for one."""
        owner = self.project.partition("/")[0]
        head = quote(f"{owner}:{BRANCH}", safe="")
        which = f"pulls?head={head}&" if kind == "request" else f"issues?labels={BRANCH}&"
        return [
            Thread(kind, one["number"], one["title"], one["body"] or "", one["html_url"])
            for one in self.ask("GET", f"{which}state={state}&per_page=100")
            if not one.get("merged_at") and (kind == "request" or "pull_request" not in one)
        ]

    def write(self, kind: str, old: Thread | None, title: str, text: str) -> str:
        """Open a request or an issue, or renew it; return its address."""
        path = "pulls" if kind == "request" else "issues"
        content = {"title": title, "body": text}
        if old:
            return self.ask("PATCH", f"{path}/{old.number}", content)["html_url"]
        more = {"labels": [BRANCH]}
        if kind == "request":
            more = {"head": BRANCH, "base": self.default_branch}
        return self.ask("POST", path, content | more)["html_url"]

    def close(self, old: Thread, sentence: str) -> None:
        # closed by this program, the same may come back: its mark goes
        path = "pulls" if old.kind == "request" else "issues"
        content = {"state": "closed", "body": f"{old.text}\n<!-- closed: moot -->"}
        self.ask("PATCH", f"{path}/{old.number}", content)
        self.ask("POST", f"issues/{old.number}/comments", {"body": sentence})

    def prove(self, branch: str = BRANCH) -> None:
        """Start the image's workflow on a branch: what a run's own token does starts none."""
        if not self.own_token:
            self.ask("POST", "actions/workflows/image.yml/dispatches", {"ref": branch})


class GitLab(Host):
    user = "oauth2"
    server = property(lambda self: os.environ["CI_SERVER_URL"])
    headers = property(lambda self: {"PRIVATE-TOKEN": self.token})

    @property
    def api(self) -> str:
        return f"{os.environ['CI_API_V4_URL']}/projects/{quote(self.project, safe='')}"

    def threads(self, kind: str, state: str) -> list[Thread]:
        """Return this program's requests, newest first: docs.gitlab.com/api/merge_requests. There are
        no issues, as GitLab lets workflow files be pushed."""
        if kind == "issue":
            return []
        states = {"open": "opened"}
        which = f"source_branch={BRANCH}&state={states.get(state, state)}&per_page=100"
        return [
            Thread(kind, one["iid"], one["title"], one["description"] or "", one["web_url"])
            for one in self.ask("GET", f"merge_requests?{which}")
        ]

    def write(self, kind: str, old: Thread | None, title: str, text: str) -> str:
        content = {"title": title, "description": text}
        if old:
            return self.ask("PUT", f"merge_requests/{old.number}", content)["web_url"]
        more = {"source_branch": BRANCH, "target_branch": self.default_branch}
        more |= {"remove_source_branch": True}
        return self.ask("POST", "merge_requests", content | more)["web_url"]

    def close(self, old: Thread, sentence: str) -> None:
        text = f"{old.text}\n<!-- closed: moot -->"
        content = {"state_event": "close", "description": text}
        self.ask("PUT", f"merge_requests/{old.number}", content)
        self.ask("POST", f"merge_requests/{old.number}/notes", {"body": sentence})

    def prove(self) -> None:
        """Merge requests start their pipelines by themselves."""


def host_of(run: Run) -> Host:
    """Return where this run's repository lives; a Refusal where nothing may be proposed."""
    token = os.environ.get("UPDATE_TOKEN", "")
    if run.on == "github":
        event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
        branch, default = os.environ["GITHUB_REF_NAME"], event["repository"]["default_branch"]
        host = GitHub(run.project, default, token or os.environ["GITHUB_TOKEN"], bool(token))
    else:
        branch, default = os.environ.get("CI_COMMIT_BRANCH", ""), os.environ["CI_DEFAULT_BRANCH"]
        host = GitLab(run.project, default, token, True)
    if branch != default:
        raise Refusal(f"{code(branch)} is not the default branch: run this on {code(default)}.")
    return host


# --- propose ------------------------------------------------------------------------------------------------


def fetched(host: Host) -> str:
    """Return the commit at which the request's branch is, or nothing; a Refusal if somebody else has
    committed on it."""
    if not (listed := host.remote("ls-remote", f"refs/heads/{BRANCH}")):
        return ""
    host.remote("fetch", f"refs/heads/{BRANCH}")
    if set(git("log", "--format=%ce", "HEAD..FETCH_HEAD", cwd=HERE).split("\n")) - {BRANCH, ""}:
        raise LeftAlone(f"Somebody has committed on the branch {BRANCH}, so it is left alone.")
    return listed.split()[0]


class LeftAlone(Exception):
    """There is something to propose, but a person decided otherwise: one sentence."""


def withdraw(host: Host, sentence: str, kinds: Iterable[str] = ("request", "issue")) -> None:
    """Close what this program has opened and is moot, with one sentence, and remove the branch."""
    branch = "request" in kinds and fetched(host)
    for kind in kinds:
        for old in host.threads(kind, "open"):
            host.close(old, sentence)
            tell(f"{old.url} is closed: {sentence}")
    if branch:
        host.remote("push", f":refs/heads/{BRANCH}")


def open_or_renew(host: Host, kind: str, plan: Plan, title: str, text: str) -> None:
    """Have one request, or one issue, that says this."""
    old = next(iter(host.threads(kind, "open")), None)
    if old and (old.title, old.text.replace("\r\n", "\n").strip()) == (title, text.strip()):
        tell(f"{old.url} says so already.")
        return
    if not old and any(thread.proposes(plan) for thread in host.threads(kind, "closed")):
        raise LeftAlone(f"This was proposed and closed: {plan.title}. It is not opened again.")
    tell(f"{title}: {host.write(kind, old, title, text)}")


def propose(plan: Plan, host: Host) -> None:
    """Have one request with the update, or one issue where it cannot be pushed."""
    at = fetched(host)
    if any(thread.proposes(plan) for thread in host.threads("request", "closed")):
        raise LeftAlone(f"This was proposed and closed: {plan.title}. It is not opened again.")
    base = git("rev-parse", "HEAD", cwd=HERE)
    with work_tree() as folder:
        done = apply(plan, folder)
        old, new = plan.rows[0][1:]
        notes = release_notes(folder, old, new) if plan.template else ""
    if done.tree == git("rev-parse", "HEAD^{tree}", cwd=HERE):
        withdraw(host, "The repository is current.")
        return
    title = plan.title + (" (needs a person)" if done.conflicts else "")
    text = describe(plan, done, base, notes)
    if done.workflows and not host.own_token:
        withdraw(host, "An issue says what is newer, as this cannot be pushed.", ["request"])
        files = ", ".join(map(code, done.workflows))
        why = f"""GitHub lets no run's own token change workflow files, as this update does: {files}. Or
give this repository the secret UPDATE_TOKEN, a token that may write contents, pull requests and
workflows."""
        tell_by_issue(host, plan, title, text, why)
        return
    pushed = not at or git("rev-parse", f"{at}^{{tree}}", cwd=HERE) != done.tree
    if pushed:
        lease = f"--force-with-lease=refs/heads/{BRANCH}:{at}"
        host.remote("push", lease, f"{done.commit}:refs/heads/{BRANCH}")
    try:
        open_or_renew(host, "request", plan, title, text)
    except HostError as error:
        if NOT_PERMITTED not in str(error):
            raise
        page = f"{host.server}/{host.project}"
        why = f"""The branch is pushed, but this repository lets GitHub Actions not open pull requests:
{page}/compare/{quote(host.default_branch)}...{BRANCH}?expand=1 opens it. For the next time, tick "Allow GitHub
Actions to create and approve pull requests" at {page}/settings/actions. Without it:"""
        tell_by_issue(host, plan, title, text, why)
        return
    withdraw(host, "A pull request says it now.", ["issue"])
    if pushed:
        try:
            host.prove()
        except HostError as error:
            tell(f"The image's workflow did not start on {BRANCH}: {code(str(error))}.")


def tell_by_issue(host: Host, plan: Plan, title: str, text: str, why: str) -> None:
    """Have one issue with the one command to run instead."""
    how = ["In a clone of this repository, one command does it:", ""]
    how += [*fence(shlex.join(plan.command), "shell"), "", why, ""]
    open_or_renew(host, "issue", plan, f"{title}, by hand", "\n".join([*how, text]))


@contextlib.contextmanager
def work_tree() -> Iterator[Path]:
    """Make a work tree of this commit beside this one, which stays as it is."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / HERE.name
        git("worktree", "add", "--quiet", "--detach", str(folder), "HEAD", cwd=HERE)
        try:
            yield folder
        finally:
            git("worktree", "remove", "--force", str(folder), cwd=HERE)


def by_hand(plan: Plan) -> None:
    """Update this very folder, and say what to look at."""
    before = git("rev-parse", "HEAD", cwd=HERE)
    update(plan, HERE)
    for name in unmerged(HERE):
        print(f"Both sides changed {name}: choose between the versions in it, then `git add` it.")
    for name in names("diff", "--name-only", "--no-renames", "--diff-filter=D", cwd=HERE):
        print(f"Removed {name}; to keep it: {shlex.join(['git', 'checkout', before, '--', name])}")
    print("`git diff` shows what it did, `git stash --include-untracked` undoes it.")


# --- the command line ---------------------------------------------------------------------------------------


def main(argv: list[str] | None = None) -> int:
    """Return 0 if it is done, 1 if something outside fails, 2 if it cannot be done."""
    parser = argparse.ArgumentParser(
        prog="update_repository.py", description="Find what is newer, and apply or propose it."
    )
    what = ["all", "template", "image", "pins"]
    parser.add_argument("--what", choices=what, default="all", help="what to update")
    parser.add_argument("--strategy", choices=["keep", *STRATEGIES], default="keep")
    options = parser.parse_args(argv)
    if MISSING:
        use = "use `pipx run update_repository.py`"
        print(f"This Python has no package '{MISSING}': {use}.", file=sys.stderr)
        return 2
    try:
        env = check_image.read_image_env(HERE / "image.env")
        path = HERE / ".copier-answers.yml"
        if not path.is_file():
            raise Refusal(f"{path} is not there: the template can only update what it has made.")
        answers = yaml.safe_load(path.read_text(encoding="utf-8"))
        where = Run.of(dict(os.environ))
        host = host_of(where) if where.on else None
        plan = look(answers, env, options.what, options.strategy)
        for what, old, new in plan.rows:
            print(f"{what}: {old} -> {new}", file=sys.stderr)
        for note in plan.notes:
            tell(code(note))
        if not plan.rows:
            tell("Nothing is newer.")
            everything = (options.what, options.strategy) == ("all", "keep")
            if host and host.token and everything and not plan.failed:
                withdraw(host, "The repository is current.")
        elif host is None:
            by_hand(plan)
        elif host.token:
            propose(plan, host)
        else:
            raise Refusal(
                f"{plan.title}: to propose it, GitLab needs a project access token (api, "
                "write_repository) in the variable UPDATE_TOKEN, masked and protected."
            )
        return 0
    except LeftAlone as reason:
        tell(str(reason))
        return 0
    except Refusal as refusal:
        tell(str(refusal))
        return 2
    except (HostError, OSError, requests.RequestException) as error:
        tell(f"The update broke off: {code(' '.join(str(error).split())[:300])}")
        return 1
    except subprocess.CalledProcessError as error:
        words = (error.stderr or "").strip().splitlines() or [str(error.returncode)]
        why = next((line for line in words if "refus" in line), words[-1])
        tell(f"git broke off: {code(why)}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
