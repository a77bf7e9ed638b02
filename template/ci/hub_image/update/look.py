"""Look what is newer, which takes seconds: of the template, the base image and the pinned tools."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from docker.errors import DockerException
from packaging.version import Version

from hub_image.markdown import code
from hub_image.registry import Registry, RegistryError
from hub_image.settings import Settings, UserError
from hub_image.update.base import look_for_base
from hub_image.update.plan import Plan
from hub_image.update.tags import newer

PYTHON = [sys.executable, "-P", "-m"]  # no module of the repository is ever imported
HOSTS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/", "git+": ""}


def run(command: list[str], folder: Path, **env: str) -> str:
    """Run a program and return what it prints; UserError with its last words if it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | env,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        shown = command[len(PYTHON) :] if command[: len(PYTHON)] == PYTHON else command
        raise UserError(f"{code(shlex.join(shown))} says: {code(words[:500])}")
    return done.stdout


def look(answers: dict[str, Any], settings: Settings, what: str, strategy: str) -> Plan:
    """Return what is newer or was asked for, by main's options; UserError if Copier cannot look."""
    plan = Plan(everything=(what, strategy) == ("all", "keep"))
    source = address(str(answers.get("_src_path", "")))
    if not re.match(r"[\w.+-]{2,}:|[\w.-]+@", source) and not Path(source).is_dir():
        raise UserError(
            "Put the template's address behind _src_path in .copier-answers.yml: this repository was "
            f"made from the template in the folder {code(source)}, not here."
        )
    if what in ("all", "template"):
        _look_for_template(plan, source, settings.root)
    if strategy not in ("keep", answers["strategy"]):
        plan.answer("the strategy", "strategy", answers["strategy"], strategy)
    now = plan.answers.get("strategy", answers["strategy"])
    from_base = now in ("community-image", "inherit") and settings.base_image
    if what in ("all", "image") and from_base:
        with _noted(plan):
            look_for_base(plan, answers, settings)
    if what in ("all", "pins"):
        _look_for_pins(plan, answers, now, settings.root)
    return plan


def address(source: str) -> str:
    """Return the template's address as git knows it, of what the answers say."""
    start = next((one for one in HOSTS if source.startswith(one)), "")
    return HOSTS.get(start, "") + source.removeprefix(start)


@contextlib.contextmanager
def _noted(plan: Plan) -> Iterator[None]:
    """Note what fails elsewhere: it hides no other update."""
    try:
        yield
    except (RegistryError, UserError) as error:
        plan.notes.append(str(error))
    except (DockerException, requests.RequestException) as error:
        plan.notes.append(f"Docker broke off: {' '.join(str(error).split())[:300]}")
    else:
        return
    plan.failed = True


def _look_for_template(plan: Plan, source: str, root: Path) -> None:
    """Add a newer release of the template, and where its address leads by now."""
    found = json.loads(run([*PYTHON, "copier", "check-update", "--output-format", "json"], root))
    if found["update_available"]:
        plan.template = True
        plan.rows.append(("the template", found["current_version"], found["latest_version"]))
    # git follows a redirect of the first request, and says so
    command, env = ["git", "ls-remote", "--", source, "HEAD"], os.environ | {"LC_ALL": "C"}
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, check=False)
    said = done.stderr.decode("utf-8", "replace")
    plan.moved = [source, moved[1]] if (moved := re.search(r"redirecting to (\S+)", said)) else []


def _look_for_pins(plan: Plan, answers: dict[str, Any], strategy: str, root: Path) -> None:
    """Add newer releases of the tools that the repository pins."""
    pins = {"repo2docker": "jupyter-repo2docker"}
    if strategy == "dockerfile":
        tool = "micromamba" if answers.get("packages_with") == "conda" else "uv"
        pins[tool] = tool
    for tool, package in pins.items():
        with _noted(plan):
            old = str(answers[f"{tool}_version"])
            new = _newest_image(old) if tool == "micromamba" else _newest_release(package, root)
            if Version(new) > Version(old):
                plan.answer(tool, f"{tool}_version", old, new)


def _newest_image(old: str) -> str:
    """Return the newest micromamba of which there is an image."""
    tags = Registry("docker.io/mambaorg/micromamba").tags()
    return [old, *newer(tags, old, r"\d+\.\d+\.\d+")][-1]


def _newest_release(package: str, root: Path) -> str:
    """Return the newest release of a Python package that pip would install: no pre-release."""
    pip = [*PYTHON, "pip", "install", "--disable-pip-version-check", "--dry-run", "--no-deps"]
    pip += ["--ignore-installed", "--quiet", "--report", "-", package]
    return str(json.loads(run(pip, root))["install"][0]["metadata"]["version"])
