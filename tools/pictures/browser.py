"""What a browser shows, as PNG: the hub's pages, JupyterLab, Jupyter Notebook, and GitHub's form."""

from __future__ import annotations

import contextlib
import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from playwright.sync_api import Page, expect, sync_playwright

from tools import ROOT
from tools.pictures import TIMEOUT, Problem

WIDTH, HEIGHT = 1280, 720  # pixels
TRY = 20  # seconds for a cell: JupyterLab forgets one that was sent while its kernel connected anew
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FORM = """
<style>
body {{ font: 14px system-ui, sans-serif; color: #1f2328; margin: 24px; width: 420px; }}
h1 {{ font-size: 20px; }} label {{ display: block; font-weight: 600; margin: 14px 0 5px; }}
select, input {{ font: inherit; width: 100%; box-sizing: border-box; padding: 6px 10px; background: #f6f8fa;
  border: 1px solid #d1d9e0; border-radius: 6px; }} .required {{ color: #d1242f; }}
button {{ font: inherit; font-weight: 600; color: #fff; background: #1f883d; border: 0; border-radius: 6px;
  margin-top: 20px; padding: 8px 16px; }}
</style>
<title>{name}</title><h1>{name}: Run workflow</h1>
<label>Use workflow from</label><select><option>Branch: main</option></select>
{fields}<button>Run workflow</button>
"""


def browser() -> str | None:
    """Return the path of a Chromium here; None is playwright's own, if it is installed."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextlib.contextmanager
def opened(width: int = WIDTH, height: int = HEIGHT) -> Iterator[Page]:
    """Open a page of that many pixels in headless Chromium."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser())
        page = chromium.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(TIMEOUT * 1000)  # milliseconds
        expect.set_options(timeout=TIMEOUT * 1000)
        yield page
        chromium.close()


def log_in(page: Page, address: str) -> None:
    """Log in to a hub, as a person does.

    Args:
        page: the browser's.
        address: the hub's.
    """
    page.goto(address)
    page.fill("#username_input", "ada")
    page.fill("#password_input", "any will do")
    page.click("#login_submit")


def open_lab(page: Page) -> Page:
    """Open a new notebook in JupyterLab; return its page."""
    # where a busy machine loses a file of JupyterLab's, a person loads the page again
    lost = page.get_by_role("dialog", name="Error Loading Theme")
    page.add_locator_handler(lost, lambda _: page.reload())
    page.click('.jp-LauncherCard[data-category="Notebook"]')
    # JupyterLab asks once whether it may fetch news
    page.get_by_role("button", name="No", exact=True).click()
    return page


def open_notebook(page: Page) -> Page:
    """Open a new notebook in Jupyter Notebook, which opens a page more; return that."""
    with page.expect_popup() as popup:
        page.get_by_role("menuitem", name="New", exact=True).click()
        page.get_by_role("menuitem", name="Python 3 (ipykernel)").first.click()
    popup.value.wait_for_timeout(3000)  # milliseconds, until it knows its keys
    return popup.value


def run_cell(page: Page, cell: str) -> None:
    """Run a cell of an open notebook.

    Args:
        page: the browser's.
        cell: its text.

    Raises:
        Problem: the cell fails, or does not run.
    """
    page.locator(".jp-Notebook .cm-content").first.click()
    expect(page.locator(".jp-Notebook-ExecutionIndicator").first).to_have_attribute(
        "data-status", "idle"
    )
    page.keyboard.insert_text(cell)
    prompt = page.locator(".jp-InputPrompt").first
    for _ in range(TIMEOUT // TRY):
        page.keyboard.press("Control+Enter")
        with contextlib.suppress(AssertionError):
            expect(prompt).to_have_text(re.compile(r"\[\d+\]:"), timeout=TRY * 1000)
            break
    else:
        raise Problem(f"Run the cell by hand: its prompt stays at {prompt.inner_text()}:\n{cell}")
    expect(page.locator(".jp-OutputArea-output").first).to_be_visible()
    mime = "application/vnd.jupyter."  # a traceback is shown as what was printed to stderr
    failed = page.locator(f'[data-mime-type="{mime}stderr"], [data-mime-type="{mime}error"]')
    if failed.count():
        raise Problem(f"Mend the cell:\n{cell}\n\n{failed.first.inner_text()}")
    page.wait_for_timeout(2000)  # milliseconds, for icons and messages that come and go


def take(address: str, default_url: str, cell: str, picture: Path) -> None:
    """Take a picture of a cell that has run in what a hub opens.

    Args:
        address: the hub's.
        default_url: what opens.
        cell: the text to run.
        picture: the PNG to write.

    Raises:
        Problem: there is nothing to take, as from playwright's errors, and nothing is written.
    """
    with opened() as page:
        log_in(page, address)
        page = (open_notebook if default_url == "/tree" else open_lab)(page)
        run_cell(page, cell)
        if default_url == "/lab":
            page.keyboard.press("Control+B")  # nothing is in the side bar yet
        page.screenshot(path=picture)


def take_profiles(address: str, chosen: str, picture: Path) -> None:
    """Take a picture of the page on which a hub lets one choose a profile.

    Args:
        address: the hub's.
        chosen: the name of the profile to choose.
        picture: the PNG to write.
    """
    with opened() as page:
        log_in(page, f"{address}/hub/login?next=%2Fhub%2Fspawn")
        page.get_by_role("heading", name=chosen, exact=True).click()
        page.wait_for_timeout(500)  # milliseconds, for the choice to be drawn
        page.screenshot(path=picture)


def form(workflow: str) -> str:
    """Return GitHub's form of a workflow as HTML.

    Args:
        workflow: the file's text, with `on.workflow_dispatch.inputs`.
    """
    file: dict[Any, Any] = yaml.safe_load(workflow)
    inputs = file[True]["workflow_dispatch"]["inputs"]  # YAML 1.1 reads `on` as true
    fields = ""
    for field in inputs.values():
        fields += f"<label>{html.escape(field['description'])}</label>"
        options = [field["default"]] if field["type"] == "choice" else []
        shown = "".join(f"<option>{html.escape(one)}</option>" for one in options)
        fields += f"<select>{shown}</select>\n" if options else "<input>\n"
    return FORM.format(name=html.escape(file["name"]), fields=fields)


def take_form(picture: Path) -> None:
    """Take a picture of the form behind "Set up", drawn from setup.yml."""
    text = (ROOT / ".github" / "workflows" / "setup.yml").read_text(encoding="utf-8")
    with opened(width=470) as page:
        page.set_content(form(text))
        page.screenshot(path=picture, full_page=True)
