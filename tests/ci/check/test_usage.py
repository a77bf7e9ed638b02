"""Mistakes in the command line of ci/check.py and in ci/image.env: one sentence, exit code 2. No Docker."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hub_image.check.main import main

GOOD = {
    "STRATEGY": "inherit",
    "IMAGE": "ghcr.io/owner/name",
    "BASE_IMAGE": "quay.io/jupyter/scipy-notebook:2026-07-28",
    "JUPYTERHUB_MAJOR": "5",
    "DEFAULT_URL": "/lab",
    "HOME_DIR": "/home/jovyan",
    "WORKING_DIR": "",
}
Sentence = Callable[..., str]


def write(root: Path, **changes: str) -> None:
    """Write a repository's ci/image.env, good but for the changes."""
    lines = [f"{key}={value}\n" for key, value in (GOOD | changes).items()]
    (root / "ci").mkdir(exist_ok=True)
    (root / "ci" / "image.env").write_text("# a comment\n\n" + "".join(lines), encoding="utf-8")


@pytest.fixture
def sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Sentence:
    """Run the check in the folder; return the one sentence that it prints, having seen that it is one."""

    def run(*arguments: str) -> str:
        assert main([*arguments], tmp_path) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and err.rstrip().endswith(".")
        return err

    return run


def test_it_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` says what the argument is for."""
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "check this image instead of building one" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("STRATEGY", "copy"),
        ("BASE_IMAGE", "quay.io/jupyter/scipy-notebook"),
        ("JUPYTERHUB_MAJOR", "five"),
        ("DEFAULT_URL", "lab"),
        ("HOME_DIR", "jovyan"),
        ("WORKING_DIR", "rstudio"),
        ("PLATFORMS", "linux/riscv64"),
        ("BINDER", "both"),
        ("SOURCE", "git@example.org:a/b"),
    ],
)
def test_a_wrong_value_is_repeated(
    key: str, value: str, tmp_path: Path, sentence: Sentence
) -> None:
    """With what would do."""
    write(tmp_path, **{key: value})
    found = sentence()
    assert found.startswith(f"Let {key} in image.env be ") and f"'{value}'" in found


def test_a_pointer_needs_its_image(tmp_path: Path, sentence: Sentence) -> None:
    """Or there is nothing to start."""
    write(tmp_path, STRATEGY="community-image", BASE_IMAGE="")
    assert "Let BASE_IMAGE in image.env be an image with its tag" in sentence()


def test_a_missing_key_is_named(tmp_path: Path, sentence: Sentence) -> None:
    """A key that a value must have."""
    (tmp_path / "ci").mkdir()
    (tmp_path / "ci" / "image.env").write_text("STRATEGY=inherit\n", encoding="utf-8")
    assert "JUPYTERHUB_MAJOR" in sentence()


def test_a_malformed_line_is_repeated(tmp_path: Path, sentence: Sentence) -> None:
    """A line without "=" is no setting."""
    (tmp_path / "ci").mkdir()
    (tmp_path / "ci" / "image.env").write_text("STRATEGY\n", encoding="utf-8")
    assert sentence() == "Write KEY=value in image.env: 'STRATEGY' is not of that form.\n"


def test_a_missing_image_env_is_named(tmp_path: Path, sentence: Sentence) -> None:
    """With its path."""
    assert str(tmp_path / "ci" / "image.env") in sentence()


@pytest.mark.parametrize("value", ["0", "-5", "nan"])
def test_a_timeout_that_is_none_is_repeated(value: str, tmp_path: Path, sentence: Sentence) -> None:
    """Seconds are a number of at least one."""
    write(tmp_path)
    assert f"'{value}' does not do" in sentence("--timeout", value)


def test_an_unknown_option_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """As argparse does it."""
    with pytest.raises(SystemExit, match="2"):
        main(["--packages"])
    assert "unrecognized arguments: --packages" in capsys.readouterr().err


def test_another_jupyterhub_is_refused(tmp_path: Path, sentence: Sentence) -> None:
    """K11: the check's hub is of the major that the repository names."""
    write(tmp_path, JUPYTERHUB_MAJOR="4")
    assert re.match(r"Use `pipx run ci/check\.py`, which brings JupyterHub 4, .*: 5\.", sentence())


def run(
    repository: Path, *options: str, program: str = "check"
) -> subprocess.CompletedProcess[str]:
    """Run one of a repository's programs as a person does."""
    command = [sys.executable, *options, f"ci/{program}.py", "--help"]
    return subprocess.run(
        command, cwd=repository, capture_output=True, check=False, encoding="utf-8", timeout=60
    )


@pytest.mark.parametrize("program", ["check", "publish", "update"])
def test_the_work_tree_stays_clean(render: Callable[..., Path], program: str) -> None:
    """Python writes bytecode, and the .gitignore may be a person's: there must be none to ignore."""
    repository = render(strategy="inherit")
    done = run(repository, program=program)
    assert done.returncode == 0, done.stderr
    assert not list(repository.rglob("__pycache__"))


@pytest.mark.parametrize("program", ["check", "publish", "update"])
def test_modules_of_a_person_break_nothing(render: Callable[..., Path], program: str) -> None:
    """A calendar.py or docker.py at the root or beside the programs hides no module, whatever its name."""
    repository = render(strategy="inherit")
    standard = [name for name in sys.stdlib_module_names if not name.startswith("_")]
    for name in (*filter(importlib.util.find_spec, standard), "docker", "requests", "yaml"):
        for folder in (repository, repository / "ci"):
            (folder / f"{name}.py").write_text("raise SystemExit(9)\n", encoding="utf-8")
    done = run(repository, program=program)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("program", ["check", "publish", "update"])
def test_a_missing_package_is_a_sentence(render: Callable[..., Path], program: str) -> None:
    """Whoever runs it by a bare Python gets the two commands that bring the packages along."""
    done = run(render(strategy="inherit"), "-S", program=program)
    if program == "check":
        assert done.returncode == 2
        assert re.fullmatch(
            r"Use `pipx run ci/check\.py` or `uv run ci/check\.py`: this Python has no package '\w+'\.\n",
            done.stderr,
        )
    assert "Traceback" not in done.stderr
