"""Test that this repository's image starts on a JupyterHub and on Binder, before you rely on it.

It is built by repo2docker, started by a real JupyterHub as Zero to JupyterHub does and as BinderHub
does, and used as people use it: a terminal, a cell in each kernel, the page, saving, git and pip over
HTTPS, a restart. And the tests pass in it.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

import requests
from docker.errors import DockerException

from hub_image import engine
from hub_image.check.build import build
from hub_image.check.containers import Containers
from hub_image.check.hub import Hub
from hub_image.check.image_rows import HUB
from hub_image.check.report import Failed, tail
from hub_image.check.rows import test_all
from hub_image.settings import Settings, UserError

ROOT = Path(__file__).resolve().parents[3]


def main(argv: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the check.

    Args:
        argv: the command line, without the program.
        root: the repository's folder.

    Returns:
        0 if every row holds, 1 if one does not, 2 if the check cannot run, 130 if it is interrupted.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a cancelled CI job is cleaned up
    code = 0
    try:
        options, settings = _parse(argv), Settings.read(root)
        _check(settings, options)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    except (DockerException, requests.RequestException) as error:
        print(f"\nDocker or the hub broke off: {error}", file=sys.stderr)
        return 2
    except Failed as failed:
        print(f"\nFAIL: {failed.row} {failed.text}\n{tail(failed.log, 65)}")
        code = 1
    if settings.contract:
        print(f"What the rows mean: {settings.contract}", flush=True)
    return code


def _parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="ci/check.py", description=__doc__)
    add = parser.add_argument
    add("image", nargs="?", metavar="IMAGE", help="check this image instead of building one")
    reuse = "reuse layers of this image, where they are the same, instead of building them"
    add("--cache-from", default="", metavar="IMAGE", help=reuse)
    add("--tests", type=Path, metavar="DIR", help="default: what image.env says")
    seconds = "how long a start may take (default: 300, as on a hub)"
    add("--timeout", type=float, default=300, metavar="SECONDS", help=seconds)
    options = parser.parse_args(argv)
    if not options.timeout >= 1:
        raise UserError(f"Give --timeout in seconds, as 300: '{options.timeout:g}' does not do.")
    return options


def _check(settings: Settings, options: argparse.Namespace) -> None:
    """Build the image unless there is one, test it, and name it as tested."""
    if sys.platform == "win32":
        raise UserError("Run the check inside WSL: JupyterHub does not run on win32.")
    if HUB.partition(".")[0] != settings.jupyterhub_major:
        raise UserError(
            f"Use `pipx run ci/check.py`, which brings JupyterHub {settings.jupyterhub_major}, as "
            f"JUPYTERHUB_MAJOR in image.env says: {HUB} is installed."
        )
    containers = Containers(engine.connect(), settings, options.timeout)
    hub = Hub(containers)
    containers.tests = (options.tests or settings.root / (settings.tests or "tests")).resolve()
    builds = not (options.image or settings.is_pointer)
    containers.reference = options.image or settings.base_image
    try:
        if builds:
            containers.reference = build(settings, containers.client, options.cache_from)
        test_all(containers, hub)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):  # a second one would leave things behind
            signal.signal(number, signal.SIG_IGN)
        hub.stop()
        containers.clean_up()
    if builds:
        containers.image.tag(settings.tested_image)  # the very one that all rows were about
