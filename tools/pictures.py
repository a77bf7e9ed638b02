"""Take the picture of each strategy, docs/<strategy>.png: `nox -s pictures`.

It goes a person's whole way, in headless Chromium: the repository that the command of docs/<strategy>.md
makes is built and tested by its own ci/check.py, then started by a real JupyterHub behind its own proxy;
a user logs in, opens a notebook and runs a cell. Where a registry cannot be reached, the base image is the
stand-in that the tests have, and it says so. Needs Docker, npm and Chromium.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import copier
from playwright.sync_api import Page, expect, sync_playwright

from hub_image.check.containers import Containers
from hub_image.check.hub import Hub
from hub_image.check.report import Failed
from hub_image.engine import connect
from hub_image.settings import Settings
from tools import ROOT
from tools.cells import CELLS

sys.path.append(str(ROOT / "tests"))
from support import standins

DOCS = ROOT / "docs"
WIDTH, HEIGHT = 1280, 720  # pixels
TIMEOUT = 120  # seconds, for each step but the build
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# The hub's own, from npm. Not by `npx`, which would leave it running when the hub ends it.
PROXY = standins.CACHE / "proxy"


class Problem(Exception):
    """There is nothing to take a picture of: a sentence."""


def answers(strategy: str) -> dict[str, str]:
    """Return the answers in the command of a strategy's page."""
    page = (DOCS / f"{strategy}.md").read_text(encoding="utf-8")
    found = re.search(r"^    (copier copy .+)$", page, re.MULTILINE)
    if found is None:
        raise Problem(f"Give docs/{strategy}.md a command: it has none that makes a repository.")
    command = shlex.split(found[1])
    given = [command[place + 1] for place, word in enumerate(command) if word == "-d"]
    return dict(answer.split("=", 1) for answer in given)


def test(folder: Path, environment: dict[str, str]) -> Settings:
    """Build a repository's image and test it, as its README says.

    Args:
        folder: the repository's.
        environment: variables for the build.

    Returns:
        Its settings, which name the image.

    Raises:
        Problem: it does not pass.
    """
    standins.ensure_bases(folder)
    check = [sys.executable, "ci/check.py"]
    if subprocess.run(check, cwd=folder, env=environment, check=False).returncode:
        raise Problem(f"Mend {folder.name}: its check fails, for the reason above.")
    return Settings.read(folder)


@contextlib.contextmanager
def hub(settings: Settings) -> Iterator[str]:
    """Run a JupyterHub that spawns as the check's does, but that people log in to, behind its own proxy.

    Args:
        settings: those of a repository whose image is tested.

    Yields:
        The hub's address.

    Raises:
        Problem: it does not start.
    """
    client = connect()
    containers = Containers(client, settings, TIMEOUT)
    containers.image = client.images.get(settings.tested_image)
    with proxy() as (address, reached):
        running = Hub(
            containers,
            {
                "JupyterHub": {"authenticator_class": "dummy", "bind_url": address},
                "Authenticator": {"allow_all": True},
                "ConfigurableHTTPProxy": {**reached, "should_start": False},
            },
        )
        try:
            containers.prepare_home()
            running.start()
            yield address
        except Failed as failed:
            raise Problem(f"{failed.text}\n{failed.log}") from None
        finally:
            running.stop()
            containers.clean_up()


@contextlib.contextmanager
def proxy() -> Iterator[tuple[str, dict[str, str]]]:
    """Run the hub's proxy; yield its address, and how the hub reaches it."""
    install = ["npm", "install", "--silent", "--prefix", str(PROXY), "configurable-http-proxy@5"]
    subprocess.run(install, check=True)
    port, api_port = map(str, free_ports(2))
    here, token = "127.0.0.1", secrets.token_hex(16)
    command = [str(PROXY / "node_modules" / ".bin" / "configurable-http-proxy")]
    command += ["--ip", here, "--port", port, "--api-ip", here, "--api-port", api_port]
    env = os.environ | {"CONFIGPROXY_AUTH_TOKEN": token}
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as process:
        try:
            reached = {"api_url": f"http://{here}:{api_port}", "auth_token": token}
            yield f"http://{here}:{port}", reached
        finally:
            process.terminate()


def free_ports(count: int) -> list[int]:
    """Return ports that nothing listens at; asked for all at once, so that they differ."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def work(page: Page, address: str, cell: str) -> None:
    """Log in, open a notebook and run a cell, as a person does.

    Args:
        page: the browser's.
        address: the hub's.
        cell: its text.

    Raises:
        Problem: the cell fails.
    """
    page.goto(address)
    page.fill("#username_input", "ada")
    page.fill("#password_input", "any will do")
    page.click("#login_submit")
    page.click('.jp-LauncherCard[data-category="Notebook"]')
    # JupyterLab asks once whether it may fetch news
    page.get_by_role("button", name="No", exact=True).click()
    editor = page.locator(".jp-Notebook .cm-content")
    editor.click()
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    page.keyboard.insert_text(cell)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".jp-InputPrompt").first).to_have_text("[1]:")
    expect(page.locator(".jp-OutputArea-output").first).to_be_visible()
    mime = "application/vnd.jupyter."  # JupyterLab shows a traceback as what was printed to stderr
    failed = page.locator(f'[data-mime-type="{mime}stderr"], [data-mime-type="{mime}error"]')
    if failed.count():
        raise Problem(f"Mend the cell:\n{cell}\n\n{failed.first.inner_text()}")
    page.keyboard.press("Control+B")  # nothing is in the side bar yet
    page.wait_for_timeout(2000)  # milliseconds, for icons and messages that come and go


def take(settings: Settings, cell: str, picture: Path) -> None:
    """Take a picture.

    Args:
        settings: those of a repository whose image is tested.
        cell: the text to run.
        picture: the PNG to write.

    Raises:
        Problem: there is nothing to take, as from playwright's errors, and nothing is written.
    """
    with hub(settings) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser())
        page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(TIMEOUT * 1000)  # milliseconds
        expect.set_options(timeout=TIMEOUT * 1000)
        work(page, address, cell)
        page.screenshot(path=picture)
        chromium.close()


def browser() -> str | None:
    """Return the path of a Chromium here; None is playwright's own, if it is installed."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def main() -> None:
    """Take them all, and say where each is."""
    with (
        tempfile.TemporaryDirectory() as place,
        standins.micromamba_server(),
        standins.offline_environment() as environment,
    ):
        for number, (strategy, cell) in enumerate(CELLS.items(), start=1):
            print(f"{number} of {len(CELLS)}: {strategy}", flush=True)
            folder, picture = Path(place, f"picture-{strategy}"), DOCS / f"{strategy}.png"
            options: dict[str, Any] = {"defaults": True, "quiet": True, "unsafe": True}
            copier.run_copy(str(ROOT), folder, data=answers(strategy), vcs_ref="HEAD", **options)
            take(test(folder, environment), cell, picture)
            print(f"wrote {picture.relative_to(ROOT)}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        sys.exit(str(problem))
