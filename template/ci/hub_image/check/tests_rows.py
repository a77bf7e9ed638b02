"""Rows of the repository's own tests: the first and the last."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

from hub_image import inside
from hub_image.check.containers import MEMORY, Containers, archive
from hub_image.check.report import Failed, row, tail

LIMIT = 3600  # seconds: tests may be slow, but nothing may hang
MOUNT = "/srv/check"  # where they appear in the image, outside every home
# pytest and nbmake with their pure-Python dependencies: lent to the image while the tests run
LENT = "exceptiongroup iniconfig nbmake packaging pluggy pygments pytest tomli typing_extensions"
COMPILED = (".so", ".pyd", ".dylib", ".pyc")


@row("tests")
def tests_there(containers: Containers) -> str:
    """There are tests."""
    named = re.compile(r"test_.*\.py|.*\.ipynb").fullmatch
    found = [path for path in _files(containers.tests) if named(path.name)]
    if not found:
        state = "holds no test_*.py and no *.ipynb" if containers.tests.is_dir() else "is not there"
        raise Failed(f"{containers.tests} {state}: add a test, as one that imports a package.")
    return f"files: {len(found)}"


@row("tests")
def tests_pass(containers: Containers) -> str:
    """The tests pass, with the home volume."""
    if containers.listing["python"] < [3, 10] and "pytest" not in containers.listing["pip"]:
        raise Failed("The image's Python is older than 3.10: install pytest in the image.")
    filler = containers.create(["true"], mounts=[containers.volume("tests", MOUNT)])
    filler.put_archive(MOUNT, archive(_mounted(containers.tests)))
    # A new container, not `docker exec` in the hub's: that would leave out ENTRYPOINT, and with it
    # the environment that the entrypoint or `start` gives to a server and its kernels.
    code, out = containers.run(
        ["python3", "-c", inside.source("run_tests"), MOUNT],
        limit=LIMIT,
        home=True,
        mounts=[containers.volume("tests", MOUNT, read_only=True)],
        environment={"PYTHONDONTWRITEBYTECODE": "1", "HUB_IMAGE_CHECK": "1"},
    )
    if code == 5:
        text = f"pytest collected no test in {containers.tests}: name the functions test_*."
        raise Failed(text, out)
    if code == 137:  # SIGKILL, by which the kernel ends what has no memory left
        raise Failed(f"The tests in {containers.tests} need {MEMORY}", out, "K13")
    if code:
        raise Failed(f"The tests in {containers.tests} do not pass (exit code {code}).", out)
    counts = re.findall(r"\d+ (?:passed|skipped|xfailed|xpassed)\b", tail(out, 10))
    return ", ".join(dict.fromkeys(counts))


def _files(tests: Path) -> list[Path]:
    """Return the files of the tests, without caches and .ipynb_checkpoints."""
    hidden = re.compile(r"(^|/)(\.|__pycache__/).*/").search
    paths = (path.relative_to(tests) for path in sorted(tests.rglob("*")) if path.is_file())
    return [path for path in paths if not hidden(path.as_posix())]


def _mounted(tests: Path) -> dict[str, bytes | Path]:
    """Return the files of the tests and of what is lent."""
    entries: dict[str, bytes | Path] = {f"tests/{p.as_posix()}": tests / p for p in _files(tests)}
    for name in LENT.split():
        for file in importlib.metadata.files(name) or []:
            # neither the programs in bin/ nor what is compiled for this Python
            if ".." not in file.parts and file.suffix not in COMPILED:
                entries[f"lent/{file.as_posix()}"] = Path(str(file.locate()))
    return entries
