"""Which image was published last: its layers are the cache of the next build."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import responses

from hub_image.publish.main import main
from hub_image.publish.target import last
from hub_image.runs import Run
from hub_image.settings import Settings
from support.repositories import commit
from support.strict_registry import StrictRegistry


@pytest.mark.parametrize(
    ("tags", "day"),
    [
        (["2026-11-02", "2026-11-22", "2026-09-30"], "2026-11-22"),
        (
            ["latest", "fedcba987654", "2026-01-01", "2026-13", "cuda-2027-01-01", "2027-01-01-x"],
            "2026-01-01",
        ),
        (["v2027-01-01", "2027-01-01\n", "20270101", "9999999999ab", f"sha256-{64 * '9'}"], ""),
    ],
)
def test_last_is_the_newest_day(
    repository: Path,
    web: responses.RequestsMock,
    capsys: pytest.CaptureFixture[str],
    tags: list[str],
    day: str,
) -> None:
    commit(repository)
    registry = StrictRegistry(web, "ghcr.io/me/env", public=True)
    for order in (tags, tags[::-1]):
        registry.held.clear()
        registry.hold_image(*order)
        assert main(["last"], repository) == 0
        assert capsys.readouterr().out == f"image={f'ghcr.io/me/env:{day}' if day else ''}\n"


def test_a_fresh_run_uses_no_cache(
    change: Callable[..., Settings],
    web: responses.RequestsMock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It would hide what has changed outside the repository."""
    registry = StrictRegistry(web, "ghcr.io/me/env", public=True)
    registry.hold_image("2026-11-22")
    settings = change()
    commit(settings.root)
    for fresh, found in ((False, "ghcr.io/me/env:2026-11-22"), (True, "")):
        last(settings, Run(fresh=fresh))
        assert capsys.readouterr().out == f"image={found}\n"
