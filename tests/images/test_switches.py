"""What a repository held before keeps its effect after each switch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import copier

from support.checking import BY_CONDA, check, with_extras, with_local_packages
from support.repositories import commit

PYTHON = "  - python=3.13\n"


def test_what_was_asked_for_comes_through_every_switch(
    render: Callable[..., Path], environment: dict[str, str]
) -> None:
    """environment.yml, apt.txt, postBuild and start of one strategy are installed by the next.

    `inherit` has the Python of its base image, so the line that names one goes before it.
    """
    repository = with_extras(render(strategy="repo2docker", python_version="3.13", **BY_CONDA))
    with_local_packages(repository)
    check(repository, environment)
    packages = repository / "environment.yml"
    for strategy in ("dockerfile", "inherit"):
        if strategy == "inherit":
            packages.write_text(packages.read_text().replace(PYTHON, ""))
        commit(repository)
        before = packages.read_bytes()
        assert (PYTHON.encode() in before) == (strategy == "dockerfile")
        copier.run_update(
            repository,
            {"strategy": strategy},
            vcs_ref=copier.VcsRef.CURRENT,
            defaults=True,
            overwrite=True,
            quiet=True,
            unsafe=True,
        )
        assert packages.read_bytes() == before
        check(repository, environment)
