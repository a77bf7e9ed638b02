"""Dockerfiles: what hadolint says of them, and what the contract of hubs and Binder wants of them."""

from __future__ import annotations

import functools
import json
import re
import subprocess

import pytest

from support.renders import Renders
from support.repositories import CATALOGUE


def dockerfile(files: dict[str, str]) -> str:
    """The text of a repository's Dockerfile; of repo2docker's, which has none, nothing."""
    return files.get("Dockerfile") or files.get(".binder/Dockerfile", "")


def last_stage(files: dict[str, str]) -> str:
    """The part of a Dockerfile of one's own that makes the image."""
    text = files.get("Dockerfile", "")
    return text[text.rindex("\nFROM ") :] if text else ""


@functools.cache
def faults_of_dockerfile(text: str) -> str:
    """What hadolint says of a text; many repositories have the same."""
    command = ["hadolint", "--failure-threshold", "warning", "-"]
    result = subprocess.run(command, input=text, capture_output=True, encoding="utf-8", check=False)
    return result.stdout if result.returncode else ""


def test_hadolint_finds_nothing(files: dict[str, str]) -> None:
    """No known mistake is in it, or the line says why."""
    if text := dockerfile(files):
        assert faults_of_dockerfile(text) == ""


def test_hadolint_would_find_something() -> None:
    """A mistake ends the command above with another code than 0."""
    assert "DL3006" in faults_of_dockerfile("FROM debian\n")


def test_a_dockerfile_is_where_repo2docker_looks(
    row: dict[str, str], files: dict[str, str]
) -> None:
    """A pointer's is Binder's alone; repo2docker's own strategy has none, which would win (C1)."""
    where = {"community-image": ".binder/Dockerfile", "repo2docker": ""}
    wanted = where.get(row["strategy"], "Dockerfile")
    assert {name for name in files if name.endswith("Dockerfile")} == {wanted} - {""}


def test_every_base_has_a_tag(files: dict[str, str]) -> None:
    """Or each build starts from another image (B5)."""
    bases = re.findall(r"^FROM (\S+)", dockerfile(files), re.MULTILINE)
    assert all(":" in base for base in bases)


def test_no_base_is_the_latest(files: dict[str, str]) -> None:
    """But for one whose digest stands beside it (K17)."""
    assert not re.search(r":latest(?!@sha256)", dockerfile(files))


def test_arguments_have_defaults_after_from(row: dict[str, str], files: dict[str, str]) -> None:
    """repo2docker and Binder pass them, a plain `docker build` does not (D1, D2)."""
    final = last_stage(files)
    if not final:
        return
    arguments = {"NB_UID=1000"} | ({"NB_USER="} if row["strategy"] == "dockerfile" else set())
    assert not {argument for argument in arguments if f"\nARG {argument}" not in final}


def test_every_builder_can_build_it(files: dict[str, str]) -> None:
    """COPY by a pattern that matches nothing fails in podman, buildah and with DOCKER_BUILDKIT=0."""
    copied = re.findall(r"^COPY (.*)$", files.get("Dockerfile", ""), re.MULTILINE)
    assert not [line for line in copied if re.search(r"[*?[]", line)]


def test_a_change_leaves_what_changes_less(row: dict[str, str], files: dict[str, str]) -> None:
    """What hubs start comes before apt.txt, and that before what compiles with it; else each line builds all anew."""
    if row["strategy"] == "dockerfile":
        final = last_stage(files)
        ordered = (
            "jupyterlab notebook",
            " /files/apt.txt ",
            " /files/packages/ ",
            "Lines of your own",
        )
        places = [final.index(part) for part in ordered]
        assert places == sorted(places)


def test_no_builder_can_hide_the_files(files: dict[str, str]) -> None:
    """C8: they lie outside the home, whatever REPO_DIR the builder gives or does not give."""
    if final := last_stage(files):
        assert "ARG REPO_DIR" not in final
        assert re.search(r"^COPY --from=files .* /files/repo/ \./$", final, re.MULTILINE)
        assert re.search(r"^WORKDIR (/srv/|\$\{REPO_DIR\})", final, re.MULTILINE)


def test_the_image_does_not_run_as_root(files: dict[str, str]) -> None:
    """The last USER is another (B6)."""
    if final := last_stage(files):
        assert not final[final.rindex("\nUSER ") :].startswith("\nUSER root")


def test_a_start_works(files: dict[str, str]) -> None:
    """The entry point ends with the program that runs a person's `start`."""
    if final := last_stage(files):
        entrypoint = json.loads(re.findall(r"^ENTRYPOINT (.*)$", final, re.MULTILINE)[-1])
        assert entrypoint[-1] == "repo-start"


def test_the_command_follows_the_entry_point(files: dict[str, str]) -> None:
    """ENTRYPOINT drops the base's CMD."""
    if final := last_stage(files):
        assert final.rindex("ENTRYPOINT") < final.rindex("CMD")


FAMILIES = {
    family: next(name for name, image in CATALOGUE["images"].items() if image["family"] == family)
    for family in CATALOGUE["families"]
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("major", ["5", "6"])
def test_inherit_is_for_people_to_read(renders: Renders, family: str, major: str) -> None:
    """At most 50 lines, and no program inside a line of its own language."""
    answers = {"strategy": "inherit", "base": FAMILIES[family], "jupyterhub_major": major}
    if family == "rocker":
        answers["base_tag"] = "latest@sha256:" + 64 * "0"
    text = renders.files(**answers)["Dockerfile"]
    assert "python3 -c" not in text and "python -c" not in text
    assert len(text.splitlines()) <= 50
