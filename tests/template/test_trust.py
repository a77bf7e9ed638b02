"""What `--trust` trusts: rendering helpers, and nothing else. The promise of README.md, held."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support.repositories import ROOT

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
    """Copier would run them as programs; and it reads no file but the template's."""
    settings = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    assert not {"_tasks", "_migrations", "_external_data"} & set(settings)


EXTENSIONS = sorted((ROOT / "extensions").glob("*.py"))
# Of a repository's package: an extension runs this file, as the programs have the same functions.
LINKS = ROOT / "template" / "ci" / "hub_image" / "links.py"
ALLOWED = {
    "__future__", "collections.abc", "copier_template_extensions", "difflib", "functools", "jinja2",
    "jinja2.ext", "jinja2.runtime", "json", "pathlib", "prompt_toolkit.application", "re", "reprlib", "shlex",
    "tomllib", "types", "typing", "urllib.parse", "yaml",
}  # fmt: skip
# One asks git what an update changed, by commands that write nothing; one runs LINKS.
EXCEPTIONS = {
    "subprocess": '    command = ["git", "--no-optional-locks", *arguments]\n',
    "runpy": "runpy.run_path(str(PATH))",
}


def imports(text: str) -> set[str]:
    """The modules that a program imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


@pytest.mark.parametrize("path", [*EXTENSIONS, LINKS], ids=lambda path: path.name)
def test_extensions_import_nothing_that_could_do_more(path: Path) -> None:
    """An extension may compute and read: the data files beside it, and the folder that is rendered."""
    assert imports(path.read_text(encoding="utf-8")) <= ALLOWED | set(EXCEPTIONS)


@pytest.mark.parametrize("path", [*EXTENSIONS, LINKS], ids=lambda path: path.name)
def test_extensions_write_nothing(path: Path) -> None:
    """Nor do they get round the test above by functions that Python has without an import."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name):
            assert node.id not in {"__import__", "compile", "eval", "exec", "open"}
        if isinstance(node, ast.Attribute):
            assert not re.fullmatch("write.*|unlink|mkdir|rename|rmdir|touch|chmod", node.attr)


@pytest.mark.parametrize("module", EXCEPTIONS)
def test_one_extension_does_one_thing_more(module: str) -> None:
    """And in one place."""
    texts = [path.read_text(encoding="utf-8") for path in EXTENSIONS]
    (text,) = [text for text in texts if module in imports(text)]
    assert text.count(f"{module}.") == 1 and EXCEPTIONS[module] in text


def test_git_is_only_asked() -> None:
    """Each command of git's that an extension gives it, by its first word."""
    (text,) = [
        text for text in (path.read_text("utf-8") for path in EXTENSIONS) if "subprocess" in text
    ]
    asked = set(re.findall(r"""(?:git|names)\(folder, "([\w-]+)\"""", text))
    assert {"status", "ls-files"} <= asked <= {"log", "ls-files", "remote", "show", "status"}


def test_the_file_that_is_run_is_that_of_the_links() -> None:
    """Its imports are looked at above."""
    text = (ROOT / "extensions" / "links.py").read_text(encoding="utf-8")
    assert re.search(r"^PATH = .*\"hub_image\" / \"links\.py\"$", text, re.MULTILINE)
