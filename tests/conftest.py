"""What the fast tests share: renders of the template as it stands here, in this very process.

Copier renders committed states; `template` is this checkout with its uncommitted changes, committed
and tagged in a folder of its own, so that what is tested is what one sees.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import copier
import pytest
from repositories import FIXED, ROOT, git, git_settings


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_mine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a person or a system prefers would change renders: defaults in Copier's settings.yml, and on
    Windows git's line ends and the encoding of what programs print."""
    path = tmp_path_factory.mktemp("copier") / "settings.yml"
    path.write_text("{}\n", encoding="utf-8", newline="\n")
    variables = {"COPIER_SETTINGS_PATH": str(path), "PYTHONIOENCODING": "utf-8"}
    with pytest.MonkeyPatch.context() as patch:
        for key, value in (variables | git_settings(("core.autocrlf", "false"))).items():
            patch.setenv(key, value)
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout, committed and tagged: a git repository as Copier would clone it."""
    path = tmp_path_factory.mktemp("template")
    files = git("ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT)
    for name in files.split("\0"):
        if name and (ROOT / name).is_file():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, path / name)
    git("init", "--quiet", "--initial-branch=main", cwd=path)
    git("add", "--all", cwd=path)
    git("commit", "--quiet", "--message=as it stands", cwd=path)
    git("tag", "99999.0.0", cwd=path)
    return path


@pytest.fixture
def render(template: Path, tmp_path: Path) -> Callable[..., Path]:
    """A function that renders the template. In: answers, as `copier copy -d` would take them.
    Out: the folder. Raises SystemExit with the sentence when an answer is refused."""

    def render(destination: str | Path = "my-environment", **answers: str) -> Path:
        path = tmp_path / destination
        copier.run_copy(
            str(template),
            path,
            data=FIXED | answers,
            defaults=True,
            overwrite=True,
            quiet=True,
            unsafe=True,
        )
        return path

    return render
