"""A real browser runs a cell on each interface that the stand-ins have; RStudio and VS Code they have not."""

from __future__ import annotations

from pathlib import Path

import docker
from playwright.sync_api import Page, expect

from hub_image.settings import Settings
from support import checked, standins
from tools.pictures import server
from tools.pictures.browser import browser, log_in, open_lab, opened, run_cell


def in_notebook(page: Page, address: str) -> None:
    """Run a cell of the notebook that JupyterLab has made."""
    page.goto(f"{address}/user/ada/notebooks/Untitled.ipynb")
    page.locator(".jp-Notebook .cm-content").first.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("print(6 * 8)")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".jp-OutputArea-output").first).to_have_text("48")


def test_a_cell_runs_on_each_interface(
    good: str, tmp_path: Path, docker_client: docker.DockerClient
) -> None:
    """JupyterLab's page, then Notebook's, behind the hub's own proxy."""
    if not browser():
        standins.left_out("no Chromium here")
    settings = Settings.read(checked.write_repository(tmp_path))
    docker_client.images.get(good).tag(*settings.tested_image.split(":"))
    with server.hub(settings) as address, opened() as page:
        log_in(page, address)
        run_cell(open_lab(page), "print(6 * 7)")
        expect(page.locator(".jp-OutputArea-output").first).to_have_text("42")
        page.keyboard.press("Control+S")
        in_notebook(page, address)
