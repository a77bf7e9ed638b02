"""The bench's arithmetic, its table, its JSON and its picture. Nothing is timed here."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from support.repositories import CATALOGUE, git
from tools.bench import main, table, templates, workflow
from tools.bench.measure import BenchError, Measured, Row, in_turn, medians, run

ROW = Row.of("one", ("a `copy`", "an <empty> one"), 1.4, "s", Measured(1.5, 3.0, 2.0, 3))


# --- arithmetic -----------------------------------------------------------------------------------


def test_the_ratio_is_the_median_of_the_pairs() -> None:
    """And not the ratio of the medians, which a machine that gets slower would move."""
    assert medians([(1, 1), (40, 20), (30, 10)]) == Measured(2, 30, 10, 3)


def test_each_is_first_in_every_other_pair() -> None:
    order: list[str] = []

    def measure(name: str) -> float:
        order.append(name)
        return 1

    in_turn(lambda: measure("a"), lambda: measure("b"), 3, "letters")
    assert "".join(order) == "abbaab"


@pytest.mark.parametrize(
    ("ratio", "goal", "holds"),
    [(1.4, 1.4, True), (1.404, 1.4, True), (1.41, 1.4, False), (9, None, True)],
)
def test_a_goal_holds_as_far_as_it_is_printed(
    ratio: float, goal: float | None, holds: bool
) -> None:
    assert replace(ROW, ratio=ratio, goal=goal).holds is holds


def test_processor_time_of_what_a_program_runs_counts(tmp_path: Path) -> None:
    """As git's that Copier runs; sleep takes none."""
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    assert run([sys.executable, "-c", nested], tmp_path).cpu > 0.3


def test_a_program_that_fails_says_what_it_printed(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="no such thing"):
        run([sys.executable, "-c", "import sys; sys.exit('no such thing')"], tmp_path)


# --- what is compared -----------------------------------------------------------------------------


@pytest.mark.parametrize("count", [5, 500])
def test_a_catalogue_of_another_length(template: Path, tmp_path: Path, count: int) -> None:
    made = templates.with_images(template, tmp_path / "made", count)
    text = (made / "extensions" / "catalogue.yml").read_text(encoding="utf-8")
    images = yaml.load(text, Loader=yaml.CSafeLoader)["images"]
    assert len(images) == count
    assert images["jupyter-scipy"] == CATALOGUE["images"]["jupyter-scipy"]


def test_the_empty_template_has_two_releases(tmp_path: Path) -> None:
    made = templates.empty(tmp_path)
    assert {"1.0.0", "2.0.0"} == set(git("tag", cwd=made).split())


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("needs: [plan, publish]", "needs: [plan, image, publish]", [("binder", "image")]),
        ("ci/publish.py tag", "ci/publish.py report", [("publish", "image")]),
        (
            "needs.*.result",
            "needs.plan.result",
            [("result", one) for one in ("test", "image", "publish", "binder")],
        ),
    ],
    ids=["as it stands", "a job more", "without what comes by the registry", "without results"],
)
def test_a_job_that_waits_in_vain_is_counted(
    old: str, new: str, expected: list[tuple[str, str]]
) -> None:
    text = workflow.WORKFLOW.read_text(encoding="utf-8")
    assert old in text
    waits = workflow.in_vain(text.replace(old, new) if old else text)
    assert len(waits) >= 8 and [one for one, vain in waits.items() if vain] == expected


# --- table, JSON and picture ------------------------------------------------------------------------


def test_the_table_has_a_line_for_each_row() -> None:
    head, line = table.text([ROW]).splitlines()
    assert head.split()[0] == "measure"
    assert re.split("  +", line) == [
        "a `copy`",
        "an <empty> one",
        "1.50",
        "<= 1.40, missed",
        "3",
        "2",
        "s",
        "3",
    ]


@pytest.mark.parametrize(
    ("value", "shown"), [(3, "3"), (0.6466, "0.647"), (12345.6, "12 346"), (47.25, "47.2")]
)
def test_numbers_have_three_digits(value: float, shown: str) -> None:
    assert table.number(value) == shown


def test_a_run_of_some_groups_keeps_the_others(tmp_path: Path) -> None:
    path = tmp_path / "measures.json"
    other = replace(ROW, group="two")
    table.write(path, [ROW, other], {"day": "2026-01-01"})
    new = replace(ROW, ratio=1.1)
    assert table.write(path, [new], {"day": "2026-02-02"}) == [new, other] == table.read(path)
    days = {group: on["day"] for group, on in json.loads(path.read_text())["machines"].items()}
    assert days == {"one": "2026-02-02", "two": "2026-01-01"}


def test_the_picture_shows_each_row_that_has_a_goal() -> None:
    rows = [ROW, replace(ROW, ratio=1.2), replace(ROW, goal=None), replace(ROW, ratio=99)]
    root = ElementTree.fromstring(table.picture(rows))
    words = [one.text for one in root.iter() if one.text]
    assert words.count("a copy: an <empty> one") == 3
    kinds = [one.get("class") for one in root.iter()]
    assert [kinds.count(kind) for kind in ("fails", "holds", "goal")] == [2, 1, 3]
    longest = max(
        float(one.get("width", "0")) for one in root.iter() if one.get("class") == "fails"
    )
    assert longest == table.BARS, "within its column"


def test_the_picture_of_docs_is_that_of_the_json() -> None:
    rows = table.read(main.MEASURES)
    assert main.PICTURE.read_text(encoding="utf-8") == table.picture(rows)


# --- the program ------------------------------------------------------------------------------------


def test_an_unknown_group_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main.main(["speed"])
    assert stopped.value.code == 2 and "'speed' is none" in capsys.readouterr().err


@pytest.mark.parametrize(("goal", "code"), [(1.6, 0), (1.4, 1)])
def test_a_missed_goal_fails_the_session(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, goal: float, code: int
) -> None:
    monkeypatch.setattr(workflow, "rows", lambda folder, runs: [replace(ROW, goal=goal)])
    path = tmp_path / "measures.json"
    before = replace(ROW, group="render", ratio=99)  # of another run, which said so
    table.write(path, [before], {})
    assert main.main(["--json", str(path), "workflow"]) == code
    assert table.read(path) == [before, replace(ROW, goal=goal)]


def test_there_is_a_module_for_each_group() -> None:
    for group in main.GROUPS:
        assert (Path(main.__file__).parent / f"{group}.py").is_file()
