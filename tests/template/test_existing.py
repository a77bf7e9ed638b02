"""`copier copy` over repositories of each of repo2docker's build packs: theirs stays theirs, and runs as before."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from support import repo2docker_sources
from support.adopting import adopt, stored
from support.existing import EXISTING, HOPELESS, Existing, blobs, clone_of, make, what_runs
from support.repositories import ROOT, commit, git

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="repo2docker asks for a uid, which Windows has none of"
)
SWITCHES_ANSWERS = {".copier-answers.yml"}


@pytest.fixture(scope="module", autouse=True)
def sources() -> Iterator[None]:
    """Where repo2docker looks for versions of Julia and R."""
    with repo2docker_sources.reachable():
        yield


@dataclass
class Life:
    """What came of a repository: before, adopted, updated, switched and back."""

    what: Existing
    folder: Path
    before: dict[str, str]
    ran: tuple[str, str]
    message: str = ""
    status: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    adopted: dict[str, str] = field(default_factory=dict)
    runs: list[tuple[str, str]] = field(default_factory=list)
    after_update: str = "not updated"
    refused: str = ""
    switched: dict[str, str] = field(default_factory=dict)
    back: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module", params=EXISTING)
def life(
    request: pytest.FixtureRequest,
    template: Path,
    update: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Life:
    """Each of EXISTING: `copier copy`, an update with nothing new, a switch there and back."""
    what = EXISTING[request.param]
    folder = make(tmp_path_factory.mktemp("existing") / "mine", what.files, what.extra)
    life = Life(what, folder, blobs(folder), what_runs(folder))
    with contextlib.redirect_stderr(io.StringIO()) as said:
        adopt(template, folder)
    life.message, life.answers = said.getvalue(), stored(folder)
    life.status = git("status", "--porcelain", cwd=folder)
    commit(folder, "adopted")
    life.adopted = blobs(folder)
    with clone_of(folder) as clone:
        life.runs = [what_runs(folder), what_runs(clone)]
    update(folder)
    life.after_update = git("status", "--porcelain", cwd=folder)
    try:
        update(folder, **what.switch)
    except SystemExit as refused:
        life.refused = str(refused)
        return life
    commit(folder, "switched")
    life.switched = blobs(folder)
    update(folder, strategy=life.answers["strategy"])
    commit(folder, "and back")
    life.back = blobs(folder)
    return life


def test_the_answers_are_read(life: Life) -> None:
    """From the files and from git's remote."""
    expected = life.what.answers | {"repository": "ada/My_Notes", "code_host": "github"}
    assert {name: life.answers.get(name) for name in expected} == expected
    assert life.answers["name"] == "my-notes"


def test_nothing_of_theirs_changes(life: Life) -> None:
    """Neither in the work tree nor, by line ends for one, in what is committed."""
    assert not re.search(r"^(?!\?\?)", life.status, re.MULTILINE) or life.status == ""
    assert {name: life.adopted.get(name) for name in life.before} == life.before


def test_what_would_be_passed_over_does_not_come_in(life: Life) -> None:
    """Nor does what would change the image or the files: no .dockerignore where there was none, no hooks."""
    unwanted = life.what.absent | {".dockerignore", ".pre-commit-config.yaml"}
    assert not (set(life.adopted) - set(life.before)) & unwanted


def test_rules_for_line_ends_are_for_the_template_s_files_alone(life: Life) -> None:
    """Theirs stay as they are, on Windows too."""
    if ".gitattributes" not in life.before:
        rules = (life.folder / ".gitattributes").read_text(encoding="utf-8").splitlines()
        names = {line.split()[0] for line in rules}
        assert names == {"#", ".copier-answers.yml", "ci/**"}


def test_the_programs_come_in(life: Life) -> None:
    """The check, and what it reads."""
    assert {"ci/check.py", "ci/image.env", ".copier-answers.yml"} <= set(life.adopted)


def test_repo2docker_detects_and_runs_what_it_did(life: Life) -> None:
    """The build pack, and each line of its Dockerfile: in the work tree and in a fresh clone as Binder's."""
    assert life.runs == [life.ran, life.ran]


def test_an_update_with_nothing_new_changes_nothing(life: Life) -> None:
    """Byte for byte."""
    assert life.after_update == ""


def test_a_switch_keeps_theirs_or_is_refused(life: Life) -> None:
    """Refused with what would do, where the other strategy would not install what they have."""
    if life.what.refused:
        assert re.search(life.what.refused, life.refused)
        assert git("status", "--porcelain", cwd=life.folder) == ""
    else:
        assert life.refused == ""
        assert {name: life.switched.get(name) for name in life.before} == life.before


def test_a_switch_back_gives_what_was_adopted(life: Life) -> None:
    """But for answers that the other strategy has asked for."""
    if not life.what.refused:
        changed = {name for name, blob in life.back.items() if life.adopted.get(name) != blob}
        assert changed <= SWITCHES_ANSWERS and life.back.keys() == life.adopted.keys()


@pytest.mark.parametrize("name", HOPELESS)
def test_what_could_never_start_is_refused(template: Path, tmp_path: Path, name: str) -> None:
    """One sentence, the remedy first, and nothing is written."""
    files, sentence = HOPELESS[name]
    folder = make(tmp_path / "mine", files)
    with pytest.raises(SystemExit) as refused:
        adopt(template, folder)
    assert re.search(sentence, str(refused.value))
    assert git("status", "--porcelain", cwd=folder) == ""


def test_questions_that_the_files_answer_are_not_asked() -> None:
    """Each question whose answer may be found has `not in found` in its `ask`, or is never asked."""
    questions = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    readable = {name for existing in EXISTING.values() for name in existing.answers}
    readable |= {"repository", "code_host"}
    for name in readable - {"name", "strategy"}:
        asked = str(questions[name].get("ask"))
        assert f"'{name}' not in found" in asked or asked == "False", name
