"""The programs that run in the image: each by a Python of this machine, as the image's runs it."""

from __future__ import annotations

import ast
import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from traitlets.config.loader import PyFileConfigLoader

from hub_image import inside
from hub_image.check.tests_rows import _mounted

FOLDER = Path(inside.__file__).parent
IN_IMAGE = sorted({path.stem for path in FOLDER.glob("*.py")} - {"__init__", "hub_config"})


def run(name: str, *arguments: str, options: str = "-c", **env: str) -> tuple[int, str]:
    """Run a program; return its exit code and what it prints."""
    done = subprocess.run(
        [sys.executable, *options.split(), inside.source(name), *arguments],
        env={"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"} | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def package(folder: Path, name: str, code: str = "", version: str = "1") -> None:
    """Write a package as pip would install it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(code)
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text(f"{name}.py,,\n")


@pytest.mark.parametrize("name", IN_IMAGE)
def test_an_old_python_reads_it(name: str) -> None:
    """The oldest that JupyterHub 5 runs on."""
    ast.parse(inside.source(name), feature_version=(3, 8))


@pytest.mark.parametrize(
    ("code", "started"),
    [
        ("__version__ = '4.5.0'", "jupyter-lab"),
        ("__version__ = '2.3.1'", "jupyter-notebook"),
        ("raise ImportError('no jupyterlab')", "jupyter-notebook"),
    ],
    ids=["lab", "old", "none"],
)
def test_binder_starts_what_there_is(code: str, started: str, tmp_path: Path) -> None:
    """B2: with all arguments; and it says why it is not JupyterLab."""
    (tmp_path / "jupyterlab").mkdir()
    (tmp_path / "jupyterlab" / "__init__.py").write_text(code)
    (tmp_path / "jupyterlab" / "labapp.py").touch()
    for name in ("jupyter-lab", "jupyter-notebook"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho "ran {name} $*"\n')
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"
    found = run("binder_start", "--ip=0.0.0.0", PATH=path, PYTHONPATH=str(tmp_path))
    assert found[0] == 0
    assert f"ran {started} --ip=0.0.0.0" in found[1]
    assert ("cannot import jupyterlab: no jupyterlab" in found[1]) == code.startswith("raise")


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    """A folder as the image gets it, with what is lent, and no tests."""
    (tmp_path / "none").mkdir()
    for name, content in _mounted(tmp_path / "none").items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.read_bytes())
    (tmp_path / "tests").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("test", "code", "words"),
    [
        ("def test_it(): open(__file__ + '.new', 'w').close()", 0, "1 passed"),
        ("def test_it(): assert 6 * 7 == 41", 1, "assert (6 * 7) == 41"),
        ("def no_test(): pass", 5, "no tests ran"),
    ],
    ids=["passes", "fails", "none"],
)
def test_tests_run_by_what_is_lent(mount: Path, test: str, code: int, words: str) -> None:
    """-S: this Python has no packages of its own. They run from a copy: the mount stays as it is."""
    (mount / "tests" / "test_it.py").write_text(test)
    found = run("run_tests", str(mount), options="-S -c")
    assert found[0] == code, found[1]
    assert words in found[1]
    assert [path.name for path in (mount / "tests").iterdir()] == ["test_it.py"]


def test_notebooks_need_a_kernel(mount: Path) -> None:
    """Or one sentence says what to install."""
    (mount / "tests" / "it.ipynb").write_text("{}")
    code, out = run("run_tests", str(mount), options="-S -c")
    assert code == 1
    assert out.startswith("Install jupyterlab") and "nbclient, nbformat, ipykernel" in out


def test_a_hub_without_a_proxy(tmp_path: Path) -> None:
    """Its configuration is what settings.json says, and routes are remembered."""
    (tmp_path / "hub.py").write_text(inside.source("hub_config"))
    for section, own in (("JupyterHub", True), ("ConfigurableHTTPProxy", False)):
        (tmp_path / "settings.json").write_text(json.dumps({section: {"bind_url": "here"}}))
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path)
            config = PyFileConfigLoader("hub.py", str(tmp_path)).load_config()
        assert config[section].bind_url == "here"
        assert ("proxy_class" in config.JupyterHub) == own
        if own:
            proxy = config.JupyterHub.proxy_class()
            asyncio.run(proxy.add_route("/user/ada/", "http://there", {"user": "ada"}))
            route = {"routespec": "/user/ada/", "target": "http://there", "data": {"user": "ada"}}
            assert asyncio.run(proxy.get_all_routes()) == {"/user/ada/": route}
            asyncio.run(proxy.delete_route("/user/ada/"))
            assert asyncio.run(proxy.get_all_routes()) == {}


def test_what_lies_in_a_home_is_listed(tmp_path: Path) -> None:
    """Programs on PATH and modules on PYTHONPATH, below the home that is named; no moved source."""
    for name in ("bin", "lib"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"mine-{name}").touch()
    for name, there in (("stayed", tmp_path), ("moved", tmp_path / "gone")):
        package(tmp_path / "lib", name)
        origin = {"url": there.as_uri(), "dir_info": {"editable": True}}
        direct = tmp_path / "lib" / f"{name}-1.dist-info" / "direct_url.json"
        direct.write_text(json.dumps(origin))
    env = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "PYTHONPATH": str(tmp_path / "lib")}
    listing = inside.answer(run("listing", str(tmp_path), **env)[1])
    assert listing["programs"] == {"mine-bin": f"{tmp_path}/bin"}
    assert listing["modules"]["mine-lib"] == f"{tmp_path}/lib"
    assert "stayed" in listing["pip"] and "moved" not in listing["pip"]
    elsewhere = inside.answer(run("listing", "/home/nobody", **env)[1])
    assert elsewhere["programs"] == elsewhere["modules"] == {}


def test_packages_are_imported(tmp_path: Path) -> None:
    """What is absent, and what is there and cannot be imported, are two things."""
    package(tmp_path, "works")
    package(tmp_path, "breaks", "raise ImportError('libGL.so.1: cannot open shared object file')")
    package(tmp_path, "crashes", "import os; os.abort()")
    call = (
        f"{inside.source('imports')}\ntell(['Works', 'breaks', 'no-such'], ['crashes', 'libgdal'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", call],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    seen = inside.answer(done.stdout)
    assert seen["absent"] == ["no-such", "libgdal"]
    assert seen["broken"].keys() == {"breaks", "crashes"}
    assert seen["broken"]["breaks"].endswith("libGL.so.1: cannot open shared object file")
    assert seen["imported"] == 3


def test_scripts_that_are_gone_are_listed(tmp_path: Path) -> None:
    """Those that stood beside others: what a distributor has left out as a whole is not missed."""
    package(tmp_path / "lib/python3/site-packages", "jupyterlab")
    static = tmp_path / "share/jupyter/lab/static"
    static.mkdir(parents=True)
    (static / "there.js").touch()
    lines = [
        f"../../../share/jupyter/lab/{name},,"
        for name in ("static/there.js", "static/gone.js", "other/gone.js")
    ]
    record = tmp_path / "lib/python3/site-packages/jupyterlab-1.dist-info/RECORD"
    record.write_text("\n".join([*lines, "../../../share/jupyter/lab/static/gone.js.map,,"]))
    path = str(tmp_path / "lib/python3/site-packages")
    listing = inside.answer(run("listing", options="-S -c", PYTHONPATH=path)[1])
    assert listing["lost"] == [str(static / "gone.js")]


def test_what_a_person_cannot_use_is_told(tmp_path: Path) -> None:
    """A folder that is made if need be, an encoding, a time zone: each with the reason."""
    good = {"TMPDIR": str(tmp_path / "new" / "made"), "TZ": "UTC", "PYTHONUTF8": "1"}
    bad = {"TMPDIR": "/proc/none", "TZ": "Europe/Atlantis", "PYTHONIOENCODING": "ascii"}
    assert inside.answer(run("person", **good)[1])["unfit"] == {}
    assert inside.answer(run("person", **bad)[1])["unfit"].keys() == {"TMPDIR", "TZ", "LANG"}
