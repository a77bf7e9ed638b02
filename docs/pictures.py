"""Takes the picture of each strategy, docs/<strategy>.png: `nox -s pictures`.

It goes a person's whole way, in headless Chromium: the repository that the command of docs/<strategy>.md
makes is built and proved by its own check_image.py, then started by a real JupyterHub behind its own proxy;
a user logs in, opens a notebook and runs a cell. Where a registry cannot be reached, the base image is the
stand-in that the tests have, and it says so. Needs Docker, npm and Chromium.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import copier
import requests
from playwright.sync_api import Page, expect, sync_playwright

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT / "tests" / "images"))
import standins

SIZE = {"width": 1280, "height": 720}  # pixels
TIMEOUT = 120  # seconds, for each step but the build
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# The hub's own, from npm. Not by `npx`, which would leave it running when the hub ends it.
PROXY = standins.CACHE / "proxy"

# What is run in each picture: something of what that page's command installs.
CELLS = {
    "community-image": """\
import numpy as np, pandas as pd

heights = np.random.default_rng(7).gamma(4, 0.5, size=(1000, 4))
pd.DataFrame(heights, columns=["spring", "summer", "autumn", "winter"]).describe()""",
    "inherit": """\
import matplotlib.pyplot as plt, numpy as np

x = np.linspace(0, 12, 600)
fig, ax = plt.subplots(figsize=(9, 4))
for n in range(1, 7):
    ax.plot(x, np.sin(x * n / 3) / n, label=f"{n}")
ax.legend(title="wave", loc="upper right");""",
    "repo2docker": """\
import numpy as np, pandas as pd, xarray as xr

days = pd.date_range("2026-01-01", periods=365)
sea = xr.Dataset(
    {"height": (("time", "buoy"), np.random.default_rng(7).gamma(4, 0.5, (365, 12)))},
    coords={"time": days, "buoy": range(12)},
    attrs={"title": "Waves at twelve buoys"},
)
sea""",
    "dockerfile": """\
from graphviz import Digraph

image = Digraph(graph_attr={"rankdir": "LR"}, node_attr={"shape": "box", "style": "rounded"})
for file in ["apt.txt", "environment.yml", "requirements.txt", "your own lines"]:
    image.edge(file, "Dockerfile")
image.edge("Dockerfile", "image")
for place in ["JupyterHub", "Binder"]:
    image.edge("image", place)
image""",
}


class Problem(Exception):
    """There is nothing to take a picture of: a sentence."""


def answers(strategy: str) -> dict[str, str]:
    """Out: the answers in the command of the strategy's page."""
    page = (DOCS / f"{strategy}.md").read_text(encoding="utf-8")
    command = shlex.split(re.search(r"^    (copier copy .+)$", page, re.MULTILINE)[1])
    given = [command[place + 1] for place, word in enumerate(command) if word == "-d"]
    return dict(answer.split("=", 1) for answer in given)


def prove(folder: Path, environment: dict[str, str]) -> tuple[ModuleType, str]:
    """Build a repository's image and prove it, as its README says. In: the repository, variables for the
    build. Out: its check_image.py, and the image's name; a Problem if it does not pass."""
    standins.ensure_bases(folder)
    check = [sys.executable, "check_image.py"]
    if subprocess.run(check, cwd=folder, env=environment, check=False).returncode:
        raise Problem(f"{folder.name}: its image does not start on a hub; the reason stands above.")
    spec = importlib.util.spec_from_file_location("check_image", folder / "check_image.py")
    module = importlib.util.module_from_spec(spec)
    with contextlib.ExitStack() as stack:
        stack.callback(sys.modules.pop, "check_image", None)
        sys.modules["check_image"] = module  # where dataclasses look for it
        spec.loader.exec_module(module)
    env = module.read_image_env(folder / "image.env")
    pointer = env["STRATEGY"] == "community-image"
    return module, env["BASE_IMAGE"] if pointer else f"{module.local_name(env)}:proved"


@contextlib.contextmanager
def hub(program: ModuleType, image: str, folder: Path) -> Iterator[str]:
    """Run a JupyterHub that spawns as the check's does, but which people log in to, behind its own proxy. In:
    check_image.py, the image's name, the repository. Out: the hub's address."""
    client = program.connect()
    env = program.read_image_env(folder / "image.env")
    check = program.Check(env, image, folder, TIMEOUT, client, program.Addresses.of(client))
    check.image_there()
    # asked for all at once, so that they differ
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(3)]
        for one in sockets:
            one.bind((check.addresses.bind, 0))
        hub_port, port, api_port = (one.getsockname()[1] for one in sockets)
    settings = check.hub_settings(hub_port, "")
    for key in ("load_roles", "services", "tornado_settings"):  # the check's own way in
        del settings["JupyterHub"][key]
    address = f"http://127.0.0.1:{port}"
    settings["JupyterHub"] |= {"authenticator_class": "dummy", "bind_url": address}
    settings["Authenticator"] = {"allow_all": True}
    settings["ConfigurableHTTPProxy"] = {
        "api_url": f"http://127.0.0.1:{api_port}",
        "command": [str(PROXY / "node_modules" / ".bin" / "configurable-http-proxy")],
    }
    install = ["npm", "install", "--silent", "--prefix", str(PROXY), "configurable-http-proxy@5"]
    subprocess.run(install, check=True)
    check.nothing_in_home()  # which makes the home volume
    work = Path(tempfile.mkdtemp())
    (work / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    (work / "hub.py").write_text(
        "import json\nc = get_config()\nwith open('settings.json') as file:\n"
        "    for section, values in json.load(file).items():\n        c[section].update(values)\n",
        encoding="utf-8",
    )
    variables = os.environ | {"CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(16)}
    with (work / "hub.log").open("wb") as log:
        command = [sys.executable, "-m", "jupyterhub", "-f", "hub.py"]
        running = subprocess.Popen(command, cwd=work, env=variables, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + TIMEOUT
        session = requests.Session()
        session.trust_env = False  # no proxy stands between this machine and itself
        while True:
            with contextlib.suppress(requests.RequestException):
                if session.get(f"{address}/hub/health", timeout=10).ok:
                    break
            if running.poll() is not None or time.monotonic() > deadline:
                said = (work / "hub.log").read_text(encoding="utf-8")
                raise Problem(f"JupyterHub does not answer at {address}:\n{said}")
            time.sleep(0.5)
        yield address
    finally:
        running.send_signal(signal.SIGTERM)  # it ends its proxy itself
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(timeout=30)
        running.kill()
        check.clean_up()
        shutil.rmtree(work)


def work(page: Page, address: str, cell: str) -> None:
    """Log in, open a notebook and run a cell, as a person does. In: the browser's page, the hub's address,
    the cell's text. A Problem if the cell fails."""
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
        raise Problem(f"The cell fails:\n{cell}\n\n{failed.first.inner_text()}")
    page.keyboard.press("Control+B")  # nothing is in the side bar yet
    page.wait_for_timeout(2000)  # milliseconds, for icons and messages that come and go


def take(program: ModuleType, image: str, folder: Path, cell: str, picture: Path) -> None:
    """Take a picture. In: what prove() gave, the repository, the cell to run, the PNG to write. Raises
    Problem, and playwright's errors, and then writes nothing."""
    with hub(program, image, folder) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser())
        page = chromium.new_page(viewport=SIZE)
        page.set_default_timeout(TIMEOUT * 1000)  # milliseconds
        expect.set_options(timeout=TIMEOUT * 1000)
        work(page, address, cell)
        page.screenshot(path=picture)
        chromium.close()


def browser() -> str | None:
    """Out: the path of a Chromium here; None if there is none, which is playwright's own, if installed."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def main() -> None:
    """Take them all, and say where each is."""
    with (
        tempfile.TemporaryDirectory() as work,
        standins.micromamba_server(),
        standins.offline_environment() as environment,
    ):
        for number, (strategy, cell) in enumerate(CELLS.items(), start=1):
            print(f"{number} of {len(CELLS)}: {strategy}", flush=True)
            folder, picture = Path(work, f"picture-{strategy}"), DOCS / f"{strategy}.png"
            settings: dict[str, Any] = {"defaults": True, "quiet": True, "unsafe": True}
            copier.run_copy(str(ROOT), folder, data=answers(strategy), vcs_ref="HEAD", **settings)
            take(*prove(folder, environment), folder, cell, picture)
            print(f"wrote {picture.relative_to(ROOT)}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        sys.exit(str(problem))
