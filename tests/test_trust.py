"""What `--trust` trusts: rendering helpers, and nothing else. The promise of README.md, held."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent

# Run in a process of its own, as an audit hook can never be taken out again.
WATCH = """
import sys, copier
template, destination = sys.argv[1:]
events = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        events.append(f"network: {arguments}")
    elif event == "subprocess.Popen":
        program = str(arguments[0]).rpartition("/")[2]
        if program != "git":
            events.append(f"program: {program}")
    elif event == "open" and isinstance(arguments[0], str):
        path, mode = arguments[:2]
        writes = isinstance(mode, str) and set(mode) & set("wax+")
        if writes and not path.startswith((destination, TEMPORARY, "/dev/null")):
            events.append(f"write: {path}")
import tempfile
TEMPORARY = tempfile.gettempdir()
sys.addaudithook(watch)
copier.run_copy(template, destination, data={"strategy": "inherit"}, defaults=True,
                quiet=True, unsafe=True)
print("\\n".join(events))
"""


@pytest.mark.skipif(
    sys.platform == "win32",
    reason="the watch knows POSIX's folders, and Windows' Python opens sockets to itself",
)
def test_a_render_runs_nothing_and_reaches_nothing(template: Path, tmp_path: Path) -> None:
    """No network, no program but git, no write outside the render and the temporary folder."""
    # The temporary folder of the process is another than the one the test's own paths are in.
    (tmp_path / "tmp").mkdir()
    result = subprocess.run(
        [sys.executable, "-B", "-c", WATCH, str(template), str(tmp_path / "new")],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TMPDIR": str(tmp_path / "tmp")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == []
    assert (tmp_path / "new" / "Dockerfile").exists()


def test_no_tasks_and_no_migrations() -> None:
    settings = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    assert not {"_tasks", "_migrations", "_external_data"} & set(settings)


def test_extensions_import_nothing_that_could_do_more() -> None:
    """An extension may compute and read: the data files beside it, and the folder that is rendered.
    One asks git which files an update took away or left in conflict."""
    allowed = {
        "__future__", "copier_template_extensions", "difflib", "functools", "jinja2", "jinja2.ext",
        "jinja2.runtime", "pathlib", "prompt_toolkit.application", "re", "shlex", "typing", "urllib.parse",
        "yaml",
    }  # fmt: skip
    for path in (ROOT / "extensions").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.name == "folder.py":
            assert text.count("subprocess.") == 1 and '["git", "ls-files", ' in text
            text = text.replace("import subprocess\n", "")
        for line in text.splitlines():
            if line.startswith(("import ", "from ")):
                assert line.split()[1] in allowed, f"{path.name}: {line}"
