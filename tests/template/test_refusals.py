"""Bad input: one clear sentence that repeats the value, exit code not 0, and nothing written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import copier
import pytest

from support.repositories import STRATEGIES, commit, git, pinned

OPTIONS: dict[str, Any] = {"defaults": True, "quiet": True, "unsafe": True}
LONG = "a" * 41
SCIPY = pinned("jupyter-scipy")
# What is given, the value that the sentence repeats, and what it says would do.
REFUSED: dict[str, tuple[dict[str, str], str, str]] = {
    "no strategy": ({}, "strategy", "-d strategy=community-image"),
    "unknown strategy": ({"strategy": "binder"}, "binder", "inherit"),
    "misspelt question": (
        {"strategy": "inherit", "pyhton_version": "3.13"},
        "pyhton_version",
        "python_version",
    ),
    "name in capitals": ({"strategy": "inherit", "name": "My Image"}, "My Image", "my-environment"),
    "name too long": ({"strategy": "inherit", "name": LONG}, LONG, "at most 40"),
    "empty description": ({"strategy": "inherit", "description": " "}, " ", "a few words"),
    "description of two lines": (
        {"strategy": "inherit", "description": "a\nb"},
        r"a\nb",
        "one line",
    ),
    "unknown image": (
        {"strategy": "inherit", "base": "jupyter-scipi"},
        "jupyter-scipi",
        "jupyter-scipy",
    ),
    "image without JupyterHub": (
        {"strategy": "community-image", "base": "rapids"},
        "rapids",
        "docs/catalogue.md",
    ),
    "image without a tag": (
        {"strategy": "inherit", "base": "other", "base_reference": "quay.io/jupyter/base-notebook"},
        "quay.io/jupyter/base-notebook",
        ":2026-07-28",
    ),
    "image missing": (
        {"strategy": "inherit", "base": "other", "base_family": "pangeo"},
        "''",
        "has no tag",
    ),
    "image of unknown family": (
        {"strategy": "inherit", "base": "other", "base_reference": "quay.io/a/b:1"},
        "base_family",
        "-d base_family=",
    ),
    "image with the tag latest": (
        {"strategy": "inherit", "base": "other", "base_reference": "quay.io/a/b:latest"},
        "latest",
        "2026-07-28",
    ),
    "the catalogue's image with the tag latest": (
        {"strategy": "inherit", "base_tag": "latest"},
        "latest",
        "2026-07-28",
    ),
    "a moving variant": (
        {"strategy": "inherit", "base": "jupyter-tensorflow-cuda", "base_tag": "cuda-latest"},
        "cuda-latest",
        "digest",
    ),
    "reference no registry accepts": (
        {"strategy": "inherit", "base": "other", "base_reference": "quay.io/Team/Image:1"},
        "quay.io/Team/Image:1",
        "lower case",
    ),
    "reference without a registry": (
        {"strategy": "inherit", "base": "other", "base_reference": "jupyter/base-notebook:1"},
        "jupyter/base-notebook:1",
        "registry",
    ),
    "tag no registry accepts": ({"strategy": "inherit", "base_tag": "a b"}, "a b", "2026-07-28"),
    "tag of another image": (
        {"strategy": "inherit", "base": "pangeo-notebook", "base_tag": "2026-07-28"},
        "2026-07-28",
        pinned("pangeo-notebook"),
    ),
    "digest too short": (
        {"strategy": "inherit", "base_tag": "2026-07-28@sha256:abc"},
        "2026-07-28@sha256:abc",
        "64 hex digits",
    ),
    "rolling image without a digest": (
        {"strategy": "inherit", "base": "rocker-binder"},
        "rocker-binder",
        "base_tag=latest@sha256:",
    ),
    "no tag for that hub": (
        {"strategy": "community-image", "base": "jupyter-r", "jupyterhub_major": "6"},
        "jupyter-r",
        "inherit",
    ),
    "tag for another hub": (
        {"strategy": "community-image", "base_tag": SCIPY, "jupyterhub_major": "6"},
        SCIPY,
        "inherit",
    ),
    "unknown JupyterHub": ({"strategy": "inherit", "jupyterhub_major": "4"}, "4", "5, 6"),
    "published name over 63 characters (K16)": (
        {"strategy": "inherit", "image": "ghcr.io/" + 30 * "a" + "/" + 13 * "b"},
        "52 characters",
        "at most 50",
    ),
    "published name from a long repository (K16)": (
        {
            "strategy": "inherit",
            "repository": 50 * "a" + "/env",
        },
        "characters",
        "at most 50",
    ),
    "published name with a tag": (
        {"strategy": "inherit", "image": "ghcr.io/a/b:1"},
        "ghcr.io/a/b:1",
        "tag",
    ),
    "repository not owner/name": ({"strategy": "inherit", "repository": "me"}, "me", "owner/name"),
    "repository as an address": (
        {"strategy": "inherit", "repository": "https://github.com/a/b"},
        "https://github.com/a/b",
        "owner/name",
    ),
    "GitLab project without group": (
        {"strategy": "inherit", "code_host": "gitlab", "repository": "me"},
        "me",
        "group/name",
    ),
    "git address without https": (
        {"strategy": "inherit", "code_host": "other", "repository": "git@host:a/b"},
        "git@host:a/b",
        "https://",
    ),
    "Python repo2docker has no base for": (
        {"strategy": "repo2docker", "python_version": "3.9"},
        "3.9",
        "3.13",
    ),
    "Python that conda does not have yet": (
        {"strategy": "dockerfile", "python_version": "3.15"},
        "3.15",
        "3.14",
    ),
    "R version without its date": (
        {"strategy": "repo2docker", "languages": "[r]", "r_version": "4.5"},
        "4.5",
        "4.5-2026-11-01",
    ),
    "R version that does not exist": (
        {"strategy": "repo2docker", "languages": "[r]", "r_version": "4.9-2026-11-01"},
        "4.9-2026-11-01",
        "4.5",
    ),
    "R before the first snapshot": (
        {"strategy": "repo2docker", "languages": "[r]", "r_version": "4.5-2017-01-01"},
        "4.5-2017-01-01",
        "2018-12-07",
    ),
    "Julia version": (
        {"strategy": "repo2docker", "languages": "[julia]", "julia_version": "2"},
        "'2'",
        "1.11",
    ),
    "no language": (
        {"strategy": "repo2docker", "languages": "[]"},
        "languages is []",
        "python, r, julia",
    ),
    "unknown language": (
        {"strategy": "repo2docker", "languages": "[perl]"},
        "perl",
        "python, r, julia",
    ),
    "pip with R beside Python": (
        {"strategy": "repo2docker", "languages": "[python, r]", "packages_with": "pip"},
        "pip",
        "Use conda",
    ),
    "conda where the base has none": (
        {"strategy": "inherit", "base": "b-data-base", "packages_with": "conda"},
        "conda",
        "Use pip",
    ),
    "conda packages where pip installs": (
        {"strategy": "dockerfile", "packages_with": "pip", "conda_packages": "gdal"},
        "gdal",
        "Leave conda_packages out",
    ),
    "R packages where there is no R": (
        {"strategy": "inherit", "r_packages": "ggplot2"},
        "ggplot2",
        "Leave r_packages out",
    ),
    "Julia package of unknown UUID": (
        {"strategy": "repo2docker", "languages": "[julia]", "julia_packages": "NoSuch"},
        "NoSuch",
        "NoSuch=UUID",
    ),
    "package that is none": ({"strategy": "inherit", "pip_packages": "$(id)"}, "$(id)", "spaces"),
    "apt option instead of a package": (
        {"strategy": "inherit", "apt_packages": "-o"},
        "-o",
        "graphviz",
    ),
    "RStudio where there is none": (
        {"strategy": "inherit", "interface": "rstudio"},
        "rstudio",
        "lab",
    ),
    "no processor": (
        {"strategy": "dockerfile", "platforms": "[]"},
        "platforms is []",
        "amd64, arm64",
    ),
    "unknown processor": (
        {"strategy": "dockerfile", "platforms": "[amd64, riscv64]"},
        "riscv64",
        "amd64, arm64",
    ),
    "processor that is no list": (
        {"strategy": "dockerfile", "platforms": "arm64"},
        "arm64",
        "[amd64, arm64]",
    ),
    "list that YAML cannot read": (
        {"strategy": "repo2docker", "languages": "[python,, r]"},
        "[python,, r]",
        "[python, r, julia]",
    ),
    "processor the base is not built for": (
        {"strategy": "inherit", "base": "cryocloud", "platforms": "[amd64, arm64]"},
        "quay.io/cryointhecloud/cryo-hub-image is not built for 'arm64'",
        "Use amd64, or another base",
    ),
    "processor without RStudio": (
        {"strategy": "repo2docker", "languages": "[python, r]", "platforms": "[arm64]"},
        "RStudio to R, which is not built for 'arm64'",
        "Use amd64, or languages without r",
    ),
    "processor that GitLab has no runners for": (
        {"strategy": "dockerfile", "code_host": "gitlab", "platforms": "[arm64]"},
        "only GitHub has runners that build 'arm64'",
        "Use amd64",
    ),
    "processor where no CI is known": (
        {"strategy": "inherit", "code_host": "other", "platforms": "[amd64, arm64]"},
        "only GitHub has runners that build 'arm64'",
        "Use amd64",
    ),
    "unknown start of Binder": (
        {"strategy": "inherit", "binder": "published"},
        "published",
        "repository, image",
    ),
    "unknown licence": ({"strategy": "inherit", "license": "GPL"}, "GPL", "BSD-3-Clause"),
    "folder of the template": (
        {"strategy": "inherit", "dockerfile": "."},
        "dockerfile",
        "is no question of this template",
    ),
    "version of a tool": (
        {"strategy": "inherit", "repo2docker_version": "main"},
        "main",
        "2026.4.0",
    ),
}


@pytest.mark.parametrize(("answers", "repeated", "would_do"), REFUSED.values(), ids=REFUSED)
def test_refused(
    template: Path, tmp_path: Path, answers: dict[str, str], repeated: str, would_do: str
) -> None:
    """One sentence on one line, before anything is written."""
    with pytest.raises(SystemExit) as refusal:
        copier.run_copy(str(template), tmp_path / "new", data=answers, **OPTIONS)
    sentence = refusal.value.code
    assert isinstance(sentence, str) and "\n" not in sentence and len(sentence) < 420
    assert repeated in sentence and would_do in sentence
    assert not (tmp_path / "new").exists(), "nothing is written"


@pytest.mark.parametrize("target", ["taken", "taken/new"])
def test_a_file_is_no_place_for_a_repository(template: Path, tmp_path: Path, target: str) -> None:
    """Copier alone ends in a traceback (NotADirectoryError)."""
    file = tmp_path / "taken"
    file.write_text("mine\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"^Name a folder, .*taken' is a file\.$"):
        copier.run_copy(str(template), tmp_path / target, data={"strategy": "inherit"}, **OPTIONS)
    assert file.read_text(encoding="utf-8") == "mine\n"


def test_refused_on_the_command_line(template: Path, tmp_path: Path) -> None:
    """What a person sees: the sentence alone, no traceback, exit code 1."""
    copy = [sys.executable, "-m", "copier", "copy", "--trust", "--defaults"]
    result = subprocess.run(
        [*copy, "-d", "strategy=binder", str(template), "new"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        f"Let strategy be one of {', '.join(STRATEGIES)}: 'binder' is none of the choices."
    ]
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("strategy: inherit", "strategy: inherits"),
        ("base: jupyter-scipy", "base: gone-from-the-catalogue"),
        (f"base_tag: '{SCIPY}'", "base_tag: latest"),
        ("platforms:\n- amd64", "platforms:\n- riscv64"),
        ("platforms:\n- amd64", "platforms: arm64"),
        ("binder: repository", "binder: published"),
    ],
)
def test_an_update_never_guesses(render: Callable[..., Path], old: str, new: str) -> None:
    """Copier alone would drop a stored answer that is not valid any more, and take the default."""
    project = render(strategy="inherit")
    answers = project / ".copier-answers.yml"
    text = answers.read_text(encoding="utf-8")
    assert old in text
    answers.write_text(text.replace(old, new), encoding="utf-8", newline="\n")
    commit(project)
    with pytest.raises(SystemExit) as refusal:
        copier.run_update(project, overwrite=True, **OPTIONS)
    assert new.rpartition(" ")[2] in str(refusal.value.code)
    assert git("status", "--porcelain", cwd=project) == ""


@pytest.fixture
def for_both(render: Callable[..., Path]) -> Path:
    """A repository on GitHub whose image is built for both processors, committed."""
    project = render(strategy="dockerfile", platforms="[amd64, arm64]")
    commit(project)
    return project


def change(project: Path, **answers: str) -> None:
    """Change answers by `copier update --vcs-ref=:current:`."""
    ref = copier.VcsRef.CURRENT
    copier.run_update(project, data=answers, overwrite=True, vcs_ref=ref, **OPTIONS)


@pytest.mark.parametrize("platforms", ["", "[arm64]", "[arm64, amd64]"])
def test_processors_follow_the_code_host(for_both: Path, platforms: str) -> None:
    """An answer that another one rules out is refused, stored or given, and not dropped."""
    more = {"platforms": platforms} if platforms else {}
    with pytest.raises(SystemExit, match="Use amd64"):
        change(for_both, code_host="gitlab", **more)
    assert git("status", "--porcelain", cwd=for_both) == ""


def test_processors_change_with_the_code_host(for_both: Path) -> None:
    """`-d` takes both answers at once."""
    change(for_both, code_host="gitlab", platforms="[amd64]")
    env = (for_both / "ci" / "image.env").read_text(encoding="utf-8")
    assert "\nPLATFORMS=linux/amd64\n" in env
