"""tools/catalogue.py without Docker: what is rewritten, what is said, how it ends.

A small server stands in for registries, that of test_update_registry.py, with pages of 100 tags.
"""

from __future__ import annotations

import importlib.util
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import responses
import test_update_registry
import yaml
from repositories import CATALOGUE, ROOT, commit, git

registry = test_update_registry.registry
DAYS = test_update_registry.DAYS
DATA = (ROOT / "extensions" / "catalogue.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("catalogue", ROOT / "tools" / "catalogue.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


# --- what is rewritten --------------------------------------------------------------------------------


@pytest.mark.parametrize("key", CATALOGUE["images"])
def test_only_an_images_two_lines_change(tool: ModuleType, key: str) -> None:
    """Of each image of the catalogue as it stands: comments, order and quotes stay."""
    majors = CATALOGUE["images"][key]["tags"] or {5: ""}
    found = tool.Found({major: f"9999.{major}" for major in majors}, ["amd64", "arm64"])
    after = tool.rewrite(DATA, {key: found})
    pairs = zip(DATA.splitlines(), after.splitlines(), strict=True)
    changed = [new.strip() for old, new in pairs if old != new]
    tags = ", ".join(f'{major}: "9999.{major}"' for major in majors)
    assert changed[0] == f"tags: {{{tags}}}"
    assert changed[1:] in ([], ["architectures: [amd64, arm64]"])
    back = tool.Found(*(CATALOGUE["images"][key][name] for name in ("tags", "architectures")))
    assert tool.rewrite(after, {key: back}) == DATA


def test_nothing_found_changes_nothing(tool: ModuleType) -> None:
    assert tool.rewrite(DATA, {}) == DATA


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('    tags: {0: "26.06-cuda13-py3.14"}\n', '    tags:\n      0: "26.06-cuda13-py3.14"\n'),
        ("    architectures: [amd64, arm64]\n    gpu: true\n    languages: [python]\n    interfaces: [lab]\n",
         "    gpu: true\n    languages: [python]\n    interfaces: [lab]\n"),
        ("\n  rapids:\n    title", '\n  "rapids":\n    title'),
    ],
    ids=["a tag in a line of its own", "no line to change", "a key in quotes"],
)  # fmt: skip
def test_what_cannot_be_rewritten_is_refused(tool: ModuleType, old: str, new: str) -> None:
    """Rather than half written: the text says something else than was meant."""
    head, images, rest = DATA.partition("\nimages:\n")
    assert rest.count(old) == 1 or old.startswith("\n")
    text = head + images + rest.replace(old, new)
    with pytest.raises(ValueError, match=r"^catalogue\.yml: "):
        tool.rewrite(text, {"rapids": tool.Found({0: "26.08-cuda13-py3.14"}, ["amd64"])})


# --- which tag is the newest that fits ------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 3, 40])
@pytest.mark.parametrize("yanked", [set(), {0}, {39}, {1, 2}, set(range(40))])
def test_the_newest_that_fits_is_found(tool: ModuleType, count: int, yanked: set[int]) -> None:
    """Wherever another major begins; and by few looks, as each may pull gigabytes."""
    tags = [str(number) for number in range(count)]
    for first_of_next in range(count + 1):
        looks = []

        def fits(tag: str, end: int = first_of_next, looks: list[str] = looks) -> bool:
            looks.append(tag)
            return int(tag) < end

        there = [tag for tag in tags[:first_of_next] if int(tag) not in yanked]
        found = tool.newest(tags, lambda tag: int(tag) not in yanked, fits)
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
        "has arm64 as well: to be added by a person",
    ),
    (["amd64", "arm64"], False, [{"amd64"}], ["amd64"], "LOST arm64"),
    (["amd64", "arm64"], True, [{"arm64"}], ["arm64"], "LOST amd64"),
    (["amd64", "arm64"], False, [{"amd64"}, {"amd64", "arm64"}], ["amd64"], "LOST arm64"),
]


@pytest.mark.parametrize(("was", "warns", "there", "written", "said"), PROCESSORS)
def test_processors_shrink_by_themselves_and_grow_without_a_warning(
    tool: ModuleType,
    was: list[str],
    warns: bool,
    there: list[set[str]],
    written: list[str],
    said: str | None,
) -> None:
    image = {"architectures": was} | ({"warning": "amd64 only."} if warns else {})
    found = tool.Found({}, was)
    tool.settle(image, found, there)
    assert found.architectures == written
    assert [line.partition(",")[0] for line in found.said] == ([said] if said else [])


def test_an_image_without_a_processor_is_left(tool: ModuleType) -> None:
    image = {"architectures": ["amd64"], "warning": "amd64 only."}
    with pytest.raises(tool.Unsure, match="no processor is left of amd64"):
        tool.settle(image, tool.Found({}, ["amd64"]), [{"arm64"}])


# --- what is asked ----------------------------------------------------------------------------------------

program = test_update_registry.program


@pytest.fixture
def look(tool: ModuleType, program: ModuleType, registry: Any) -> Callable[..., Any]:
    """Look for one image in the stand-in registry. A table stands in for Docker: the JupyterHub of
    each tag. In: it, and what differs from a usual entry. Out: what is found."""

    def look(hubs: dict[str, str], **entry: Any) -> Any:
        inside = {"look_inside": lambda _, reference: hubs[reference.rpartition(":")[2]]}
        inside["hub_major"] = str
        image = {"image": f"{registry.host}/me/env", "tag_pattern": DAYS, "tags": {5: "2026-01-01"}}
        image |= {"architectures": ["amd64"]} | entry
        return tool.look(image, SimpleNamespace(**vars(program) | inside), "a client")

    return look


def listed(registry: Any, tags: list[str], *, there: list[str] | None = None) -> None:
    """List tags, in an order of no use; and have an image under all of them, or under some."""
    registry.listed["me/env"] = random.Random(1).sample(tags, len(tags))
    registry.image("amd64", *(tags if there is None else there))


def test_newest_of_each_major_over_many_pages(look: Callable[..., Any], registry: Any) -> None:
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
    assert (
        "2026-12-28 has JupyterHub 6, which is not listed: to be listed by a person" in found.said
    )


def test_a_tag_that_is_gone_is_passed_over(look: Callable[..., Any], registry: Any) -> None:
    listed(registry, ["2026-01-01", "2026-01-02", "2026-01-03"], there=["2026-01-01", "2026-01-02"])
    assert look({"2026-01-02": "5"}).tags == {5: "2026-01-02"}


def test_a_pinned_tag_that_is_gone_is_told(look: Callable[..., Any], registry: Any) -> None:
    listed(registry, ["2026-01-01"], there=[])
    found = look({})
    assert not found.sure and found.tags == {5: "2026-01-01"} and found.architectures == ["amd64"]
    assert found.said == ["2026-01-01 CANNOT BE PULLED any more, and nothing newer does instead"]


def test_a_registry_that_breaks_off_is_not_taken_for_one_without_the_tag(
    look: Callable[..., Any], program: ModuleType, registry: Any
) -> None:
    """As Docker Hub, which lists for strangers more often than it lets them pull."""
    listed(registry, ["2026-01-01", "2026-01-02"])
    with responses.RequestsMock() as web:
        web.add_passthru(f"http://{registry.host}/v2/me/env/tags/")
        web.get(f"http://{registry.host}/v2/me/env/manifests/2026-01-02", status=429)
        with pytest.raises(program.RegistryError, match=r"does not tell about .*429"):
            look({"2026-01-02": "5"})


@pytest.mark.parametrize("hub", ["$(id)", "5`", "-1", "\u0665"])
def test_a_version_that_is_none_is_left(
    look: Callable[..., Any], tool: ModuleType, registry: Any, hub: str
) -> None:
    listed(registry, ["2026-01-01", "2026-01-02"])
    with pytest.raises(tool.Unsure, match="2026-01-02 has a JupyterHub whose version begins with"):
        look({"2026-01-02": hub})


def test_tags_that_no_registry_may_have_are_passed_over(
    look: Callable[..., Any], registry: Any
) -> None:
    """A pattern may be wide, and Python's digits are any script's."""
    hostile = ["2026-\u06602-02", "2026-01-02 `x`", "-2026", '2026"}', "2026\n  x:", "9" * 129]
    listed(registry, ["2026-01-01", *hostile])
    assert look({}, tag_pattern="^(?s:.)*$").said == []


# --- the program -------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., tuple[int, dict[str, str]]]:
    """Run the program where no Docker answers, in a copy of what it needs. In: the images of the
    catalogue. Out: its exit code, and what it says of each."""
    for name in ("tools", "docs", "extensions", "template/{{ every_strategy }}"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in ("README.md", "copier.yml"):
        shutil.copy(ROOT / name, tmp_path)

    def run(**images: str) -> tuple[int, dict[str, str]]:
        lines = ["# Kept.", "images:"]
        for key, image in images.items():
            name, _, tag = image.rpartition(":")
            tags = f'{{5: "{tag}"}}' if tag else "{}"
            lines += [f"  {key}:", f"    image: {name}", f"    tags: {tags}"]
            lines += [f"    tag_pattern: '{DAYS}'", "    architectures: [amd64, arm64]"]
            lines += [
                "    title: x",
                "    homepage: x",
                "    languages: [r]",
                "    interfaces: [lab]",
            ]
        path = tmp_path / "extensions" / "catalogue.yml"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
        env = os.environ | {"DOCKER_HOST": "tcp://127.0.0.1:9", "PYTHONIOENCODING": "utf-8"}
        command = [sys.executable, str(tmp_path / "tools" / "catalogue.py")]
        done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8", check=False)
        assert "Traceback" not in done.stderr and "No Docker answers" in done.stderr
        assert not list((tmp_path / "template").rglob("*.pyc")), "what is rendered stays clean"
        assert path.read_text(encoding="utf-8").startswith("# Kept.\n")
        return done.returncode, dict(line.split(": ", 1) for line in done.stdout.splitlines())

    return run


def processors(tmp_path: Path) -> dict[str, list[str]]:
    text = (tmp_path / "extensions" / "catalogue.yml").read_text(encoding="utf-8")
    return {key: image["architectures"] for key, image in yaml.safe_load(text)["images"].items()}


def test_where_all_is_known_it_ends_well(
    run: Callable[..., Any], registry: Any, tmp_path: Path
) -> None:
    """Also without Docker, if nothing is newer; README.md's table follows."""
    listed(registry, ["2026-01-01", 12 * "f"])
    host = registry.host
    code, said = run(
        one=f"{host}/me/env:2026-01-01", two=f"{host}/me/env:{12 * 'f'}", three="x.org/x:"
    )
    assert code == 0
    assert said == {
        "one": "LOST arm64",
        "two": "tags like ffffffffffff have no order, so a person must look; LOST arm64",
        "three": "no tag is pinned, so a person must look",
    }
    both = ["amd64", "arm64"]
    assert processors(tmp_path) == {"one": ["amd64"], "two": ["amd64"], "three": both}
    table = (tmp_path / "README.md").read_text(encoding="utf-8").partition("<!-- catalogue -->")[2]
    assert re.search(r"^\| `one` .*:2026-01-01` .* amd64 \|$", table, re.MULTILINE)


def test_what_is_not_known_is_left_and_the_others_are_done(
    run: Callable[..., Any], registry: Any, tmp_path: Path
) -> None:
    listed(registry, ["2026-01-01", "2026-01-02"])
    host = registry.host
    code, said = run(
        absent=f"{host}/me/absent:2026-01-01",
        down="127.0.0.1:9/me/env:2026-01-01",
        older=f"{host}/me/env:2026-01-01",
        newest=f"{host}/me/env:2026-01-02",
    )
    assert code == 1 and list(said) == ["absent", "down", "older", "newest"]
    assert re.match(rf"LEFT: {host} does not tell about {host}/me/absent: .*404", said["absent"])
    assert said["down"].startswith(
        "LEFT: 127.0.0.1:9 cannot be reached, to ask about 127.0.0.1:9/me/env"
    )
    assert said["older"].startswith("LEFT: no Docker here")
    assert said["newest"] == "LOST arm64"
    both = ["amd64", "arm64"]
    assert list(processors(tmp_path).values()) == [both, both, both, ["amd64"]]


def test_sentences_stay_on_their_line_and_in_their_block(tool: ModuleType) -> None:
    """A request's text shows them between lines of backticks."""
    assert tool.plainly("a\n```\n::error::\x1b[0m") == "a " + 3 * "'" + " ::error::?[0m"


# --- the workflow ------------------------------------------------------------------------------------------

WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/catalogue.yml").read_text(encoding="utf-8"))
GH = """\
#!/bin/sh
# Stands in for GitHub's program: notes what it is asked, and knows the open requests in a file.
printf '%s\\n' "$*" >> "$RUNNER_TEMP/asked"
case "$1 $2" in
"pr list") cat "$RUNNER_TEMP/open" ;;
"pr create") echo 7 > "$RUNNER_TEMP/open" ;;
esac
for last; do :; done
case "$1 $2" in "pr create" | "pr edit") cp "$last" "$RUNNER_TEMP/said" ;; esac
"""
TITLE = "Renew the tags of the community images"


def script(job: str, name: str) -> str:
    (step,) = [step for step in WORKFLOW["jobs"][job]["steps"] if step["name"] == name]
    return step["run"]


class Runner:
    """A runner's job after its checkout, and the repository that it came from."""

    def __init__(self, folder: Path) -> None:
        self.origin, self.temp, self.folder = folder / "origin", folder / "temp", folder
        self.temp.mkdir()
        (self.temp / "open").touch()
        (folder / "bin").mkdir()
        (folder / "bin" / "gh").write_text(GH)
        (folder / "bin" / "gh").chmod(0o755)
        seed = folder / "seed"
        seed.mkdir()
        (seed / "catalogue.yml").write_text("one: 1\n")
        commit(seed)
        git("clone", "--quiet", "--bare", str(seed), str(self.origin), cwd=folder)

    def clone(self, name: str) -> Path:
        git("clone", "--quiet", str(self.origin), name, cwd=self.folder)
        return self.folder / name

    def run(self, text: str, checkout: Path, **env: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        env = os.environ | {"PATH": path, "RUNNER_TEMP": str(self.temp)} | env
        # as GitHub runs it
        command = ["bash", "--noprofile", "--norc", "-e", "-c", text]
        return subprocess.run(
            command, cwd=checkout, env=env, capture_output=True, encoding="utf-8", check=False
        )

    def propose(self, name: str, new: str, report: str) -> subprocess.CompletedProcess[str]:
        """Run the workflow's two jobs: keep what a program changed and said, then propose it."""
        checkout = self.clone(f"{name}-look")
        (checkout / "catalogue.yml").write_text(new)
        (self.temp / "report.txt").write_text(report)
        output = self.temp / f"{name}-output"
        done = self.run(
            script("look", "Keep what has changed"), checkout, GITHUB_OUTPUT=str(output)
        )
        assert done.returncode == 0, done.stderr
        change, start, *lines, end = output.read_text().splitlines()
        assert start == f"report<<{end}" and "\n".join(lines) == report.rstrip("\n")
        env = {"CHANGE": change.removeprefix("change="), "REPORT": report, "BASE": "main"}
        text = script("propose", "Open or renew the pull request")
        return self.run(text, self.clone(name), RUN="https://example.org/run", **env)

    def asked(self) -> list[str]:
        """What the stand-in was asked since the last time, without the names of files."""
        lines = (self.temp / "asked").read_text().splitlines()
        (self.temp / "asked").write_text("")
        return [line.partition(" --body-file")[0] for line in lines]


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="the workflow's runners are Linux")
def test_one_request_is_opened_and_then_renewed(runner: Runner) -> None:
    hostile = "env: LEFT: $(touch pwned) ``` ${{ github.token }} EOF\nEOF\n"
    done = runner.propose("first", "one: 2\n", f"{hostile}For CHANGELOG.md: x.\n")
    assert done.returncode == 0, done.stderr
    listing = "pr list --head catalogue --base main --state open --json number --jq .[0].number"
    create = f"pr create --head catalogue --base main --title {TITLE}"
    assert runner.asked() == ["auth setup-git", listing, create]
    text = (runner.temp / "said").read_text()
    assert f"\n````text\n{hostile}For CHANGELOG.md: x.\n\n````\n" in text
    assert "https://example.org/run" in text and not (runner.folder / "first" / "pwned").exists()
    assert git("show", "catalogue:catalogue.yml", cwd=runner.origin) == "one: 2"
    done = runner.propose("second", "one: 3\n", "one: broken o")
    assert done.returncode == 0, done.stderr
    assert runner.asked() == ["auth setup-git", listing, f"pr edit 7 --title {TITLE}"]
    assert git("show", "catalogue:catalogue.yml", cwd=runner.origin) == "one: 3"
    assert git("rev-list", "--count", "main..catalogue", cwd=runner.origin) == "1"


@pytest.mark.skipif(sys.platform != "linux", reason="the workflow's runners are Linux")
def test_nothing_newer_asks_nothing_of_github(runner: Runner) -> None:
    done = runner.propose("first", "one: 1\n", "one: is current\n")
    assert (done.returncode, done.stdout) == (0, "Nothing is newer.\n")
    assert not (runner.temp / "asked").exists()
    assert git("branch", "--list", "catalogue", cwd=runner.origin) == ""


@pytest.mark.skipif(sys.platform != "linux", reason="the workflow's runners are Linux")
def test_somebodys_commits_on_the_branch_stay(runner: Runner) -> None:
    assert runner.propose("first", "one: 2\n", "x\n").returncode == 0
    theirs = runner.clone("theirs")
    git("switch", "--quiet", "catalogue", cwd=theirs)
    (theirs / "catalogue.yml").write_text("one: mine\n")
    commit(theirs, "mine")
    git("push", "--quiet", cwd=theirs)
    done = runner.propose("second", "one: 3\n", "x\n")
    assert done.returncode == 1 and "left alone" in done.stdout
    assert git("show", "catalogue:catalogue.yml", cwd=runner.origin) == "one: mine"


def test_it_runs_in_the_template_only() -> None:
    """Neither in a fork nor in what "Use this template" makes."""
    conditions = {job.get("if") for job in WORKFLOW["jobs"].values()}
    assert conditions == {"github.event.repository.is_template"}
