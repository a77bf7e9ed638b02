"""tools/catalogue.py without Docker: what is found, what is said, how it ends.

A small server stands in for registries, with pages of 100 tags.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import responses
import yaml

from hub_image.registry import RegistryError
from hub_image.update.tags import newest
from support import plain_registry
from support.web import bridge
from tools import catalogue, newer_images, readme
from tools.catalogue_file import Found
from tools.newer_images import Look, Unsure, settle

DAYS = r"^\d{4}-\d{2}-\d{2}$"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry that fails is asked once: the pauses are tested with the client."""
    bridge(monkeypatch)


@pytest.fixture
def registry() -> Iterator[plain_registry.Registry]:
    with plain_registry.running() as server:
        yield server


# --- which tag is the newest that fits ------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 3, 40])
@pytest.mark.parametrize("yanked", [set(), {0}, {39}, {1, 2}, set(range(40))], ids=len)
def test_the_newest_that_fits_is_found(count: int, yanked: set[int]) -> None:
    """Wherever another major begins; and by few looks, as each may pull gigabytes."""
    tags = [str(number) for number in range(count)]
    for first_of_next in range(count + 1):
        looks: list[str] = []

        def fits(tag: str, end: int = first_of_next, looks: list[str] = looks) -> bool:
            looks.append(tag)
            return int(tag) < end

        there = [tag for tag in tags[:first_of_next] if int(tag) not in yanked]
        found = newest(tags, lambda tag: int(tag) not in yanked, fits)
        assert found == (there[-1] if there else "")
        assert len(looks) <= 7


# --- the processors ---------------------------------------------------------------------------------------

PROCESSORS = [
    # the entry, whether it warns, what each tag has; what is written, what is said
    (["amd64"], False, [{"amd64"}], ["amd64"], None),
    (["amd64"], False, [{"amd64", "arm64"}], ["amd64", "arm64"], "has arm64 as well: added"),
    (
        ["amd64"],
        True,
        [{"amd64", "arm64"}],
        ["amd64"],
        "has arm64 as well: add it yourself",
    ),
    (["amd64", "arm64"], False, [{"amd64"}], ["amd64"], "LOST arm64"),
    (["amd64", "arm64"], True, [{"arm64"}], ["arm64"], "LOST amd64"),
    (["amd64", "arm64"], False, [{"amd64"}, {"amd64", "arm64"}], ["amd64"], "LOST arm64"),
]


@pytest.mark.parametrize(("was", "warns", "there", "written", "said"), PROCESSORS)
def test_processors_shrink_by_themselves_and_grow_without_a_warning(
    was: list[str],
    warns: bool,
    there: list[set[str]],
    written: list[str],
    said: str | None,
) -> None:
    image = {"architectures": was} | ({"warning": "amd64 only."} if warns else {})
    found = Found({}, was)
    settle(image, found, there)
    assert found.architectures == written
    assert [line.partition(",")[0] for line in found.said] == ([said] if said else [])


def test_an_image_without_a_processor_is_left() -> None:
    image = {"architectures": ["amd64"], "warning": "amd64 only."}
    with pytest.raises(Unsure, match="no processor is left of amd64"):
        settle(image, Found({}, ["amd64"]), [{"arm64"}])


# --- what is asked ----------------------------------------------------------------------------------------


@pytest.fixture
def look(
    registry: plain_registry.Registry, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Found]:
    """A function that looks for one image in the stand-in registry.

    A table stands in for Docker: the JupyterHub of each tag. It takes that, and what differs from a usual
    entry.
    """

    def look(hubs: dict[str, str], **entry: Any) -> Found:
        def inside(_client: object, reference: str) -> SimpleNamespace:
            return SimpleNamespace(hub_major=hubs[reference.rpartition(":")[2]])

        monkeypatch.setattr(newer_images, "look_inside", inside)
        image = {"image": f"{registry.host}/me/env", "tag_pattern": DAYS, "tags": {5: "2026-01-01"}}
        image |= {"architectures": ["amd64"]} | entry
        client: Any = "a client"
        return Look(image, client).found()

    return look


def listed(
    registry: plain_registry.Registry, tags: list[str], *, there: list[str] | None = None
) -> None:
    """List tags, in an order of no use; and have an image under all of them, or under some."""
    registry.listed["me/env"] = random.Random(1).sample(tags, len(tags))
    registry.image("amd64", *(tags if there is None else there))


def test_newest_of_each_major_over_many_pages(
    look: Callable[..., Found], registry: plain_registry.Registry
) -> None:
    days = [f"2026-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    noise = [*(f"cuda12-{day}" for day in days), *(f"{number:012x}" for number in range(300))]
    listed(registry, [*days, *noise, "latest", "main"])
    hubs = {day: "5" if day < "2026-07-07" else "6" for day in days}
    # from the next major's tag on nothing is looked into for this one
    few = {day: hub for day, hub in hubs.items() if day < "2026-07-14"} | {"2026-12-28": "6"}
    found = look(few, tags={5: "2026-01-01", 6: "2026-07-14"})
    assert len([path for path in registry.asked if "/tags/list" in path]) == 10
    assert found.tags == {5: "2026-07-06", 6: "2026-12-28"} and found.sure
    found = look(hubs)
    assert found.tags == {5: "2026-07-06"}
    assert "list JupyterHub 6 yourself: 2026-12-28 has it" in found.said


def test_a_tag_that_is_gone_is_passed_over(
    look: Callable[..., Found], registry: plain_registry.Registry
) -> None:
    listed(registry, ["2026-01-01", "2026-01-02", "2026-01-03"], there=["2026-01-01", "2026-01-02"])
    assert look({"2026-01-02": "5"}).tags == {5: "2026-01-02"}


def test_a_pinned_tag_that_is_gone_is_told(
    look: Callable[..., Found], registry: plain_registry.Registry
) -> None:
    listed(registry, ["2026-01-01"], there=[])
    found = look({})
    assert not found.sure and found.tags == {5: "2026-01-01"} and found.architectures == ["amd64"]
    assert found.said == ["2026-01-01 CANNOT BE PULLED any more, and nothing newer does instead"]


def test_a_registry_that_breaks_off_is_not_taken_for_one_without_the_tag(
    look: Callable[..., Found], registry: plain_registry.Registry
) -> None:
    """As Docker Hub, which lists anonymously more often than it lets pull."""
    listed(registry, ["2026-01-01", "2026-01-02"])
    with responses.RequestsMock() as web:
        web.add_passthru(f"http://{registry.host}/v2/me/env/tags/")
        web.get(f"http://{registry.host}/v2/me/env/manifests/2026-01-02", status=429)
        with pytest.raises(RegistryError, match=r"429"):
            look({"2026-01-02": "5"})


@pytest.mark.parametrize("hub", ["$(id)", "5`", "-1", "\u0665"])
def test_a_version_that_is_none_is_left(
    look: Callable[..., Found], registry: plain_registry.Registry, hub: str
) -> None:
    listed(registry, ["2026-01-01", "2026-01-02"])
    with pytest.raises(Unsure, match="2026-01-02 has a JupyterHub whose version begins with"):
        look({"2026-01-02": hub})


def test_tags_that_no_registry_may_have_are_passed_over(
    look: Callable[..., Found], registry: plain_registry.Registry
) -> None:
    """A pattern may be wide, and Python's digits are any script's."""
    hostile = ["2026-\u06602-02", "2026-01-02 `x`", "-2026", '2026"}', "2026\n  x:", "9" * 129]
    listed(registry, ["2026-01-01", *hostile])
    assert look({}, tag_pattern="^(?s:.)*$").said == []


# --- the program -------------------------------------------------------------------------------------


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, dict[str, str]]]:
    """A function that runs the program where no Docker answers, on a catalogue of its own.

    It takes the images of the catalogue, and returns the exit code and what is said of each.
    """
    path = tmp_path / "catalogue.yml"
    monkeypatch.setattr(catalogue, "CATALOGUE", path)
    monkeypatch.setattr(readme, "write", (tmp_path / "pages").touch)
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")

    def run(**images: str) -> tuple[int, dict[str, str]]:
        lines = ["# Kept.", "images:"]
        for key, image in images.items():
            name, _, tag = image.rpartition(":")
            tags = f'{{5: "{tag}"}}' if tag else "{}"
            lines += [f"  {key}:", f"    image: {name}", f"    tags: {tags}"]
            lines += [f"    tag_pattern: '{DAYS}'", "    architectures: [amd64, arm64]"]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
        code = catalogue.main()
        out, errors = capsys.readouterr()
        assert "Install or start Docker: none answers at tcp://127.0.0.1:9" in errors
        assert path.read_text(encoding="utf-8").startswith("# Kept.\n")
        return code, dict(line.split(": ", 1) for line in out.splitlines())

    return run


def processors(tmp_path: Path) -> dict[str, list[str]]:
    text = (tmp_path / "catalogue.yml").read_text(encoding="utf-8")
    return {key: image["architectures"] for key, image in yaml.safe_load(text)["images"].items()}


def test_where_all_is_known_it_ends_well(
    run: Callable[..., tuple[int, dict[str, str]]],
    registry: plain_registry.Registry,
    tmp_path: Path,
) -> None:
    """Also without Docker, if nothing is newer; the pages follow."""
    listed(registry, ["2026-01-01", 12 * "f"])
    host = registry.host
    code, said = run(
        one=f"{host}/me/env:2026-01-01", two=f"{host}/me/env:{12 * 'f'}", three="x.org/x:"
    )
    assert code == 0
    assert said == {
        "one": "LOST arm64",
        "two": "look at it yourself: tags like ffffffffffff have no order; LOST arm64",
        "three": "look at it yourself: no tag is pinned",
    }
    both = ["amd64", "arm64"]
    assert processors(tmp_path) == {"one": ["amd64"], "two": ["amd64"], "three": both}
    assert (tmp_path / "pages").exists()


def test_the_table_shows_what_the_catalogue_says(monkeypatch: pytest.MonkeyPatch) -> None:
    image = {
        "title": "x",
        "homepage": "https://example.org",
        "image": "example.org/me/env",
        "tags": {5: "2026-01-01"},
        "languages": ["r"],
        "interfaces": ["lab"],
        "architectures": ["amd64"],
    }
    monkeypatch.setattr(readme, "images", lambda: {"one": image})
    assert re.search(
        r"^\| `one` .*:2026-01-01` .* amd64 \|$", readme.catalogue_table(), re.MULTILINE
    )


def test_what_is_not_known_is_left_and_the_others_are_done(
    run: Callable[..., tuple[int, dict[str, str]]],
    registry: plain_registry.Registry,
    tmp_path: Path,
) -> None:
    listed(registry, ["2026-01-01", "2026-01-02"])
    host = registry.host
    code, said = run(
        absent=f"{host}/me/absent:2026-01-09",
        down="127.0.0.1:9/me/env:2026-01-01",
        older=f"{host}/me/env:2026-01-01",
        newest=f"{host}/me/env:2026-01-02",
    )
    assert code == 1 and list(said) == ["absent", "down", "older", "newest"]
    assert said["absent"].startswith("2026-01-09 CANNOT BE PULLED any more")
    assert said["down"].startswith("LEFT: ") and "127.0.0.1:9 cannot be reached" in said["down"]
    assert said["older"] == "LEFT: start Docker to see which JupyterHub is in newer tags"
    assert said["newest"] == "LOST arm64"
    both = ["amd64", "arm64"]
    assert list(processors(tmp_path).values()) == [both, both, both, ["amd64"]]


def test_sentences_stay_on_their_line_and_in_their_block() -> None:
    """A request's text shows them between lines of backticks."""
    assert catalogue.plainly("a\n```\n::error::\x1b[0m") == "a " + 3 * "'" + " ::error::?[0m"
