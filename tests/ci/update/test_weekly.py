"""The weekly run: it keeps both workflows enabled, and starts the image's (P3, P4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.updates import Repository

Make = Callable[..., Repository]


def weekly(made: Repository, **env: str) -> int:
    """Run the second half after a first one that failed, so that nothing else is to be done."""
    return made.propose(**env).code


def test_the_image_s_workflow_is_started_on_the_default_branch(make: Make) -> None:
    """It has no schedule of its own."""
    made = make()
    assert weekly(made) == 0
    assert made.host.started == ["main"]


def test_it_is_not_started_from_the_form(make: Make) -> None:
    """Which asks for an update, and no more."""
    made = make()
    assert weekly(made, GITHUB_EVENT_NAME="workflow_dispatch") == 0
    assert made.host.started == [] and made.host.states["image.yml"] == "active"


def test_years_without_a_commit(make: Make) -> None:
    """As each run enables the files again, none is disabled."""
    made = make()
    for _ in range(20):
        made.host.wait(7)
        assert made.host.states.get("update.yml", "active") == "active"
        assert weekly(made) == 0
    assert made.host.started == 20 * ["main"]


def test_61_days_without_a_run(make: Make) -> None:
    """Then GitHub has disabled the file with the schedule, and that alone: a push still builds."""
    made = make()
    made.host.wait(61)
    assert made.host.states == {"update.yml": "disabled_inactivity"}


def test_a_disabled_file_is_enabled_before_it_is_started(make: Make) -> None:
    """As of a repository whose image.yml had a schedule."""
    made = make()
    made.edit(".github/workflows/image.yml", "on:\n  schedule:\n    - cron: x\n")
    made.host.wait(61)
    assert made.host.states["image.yml"] == "disabled_inactivity"
    assert weekly(made) == 0
    assert made.host.started == ["main"] and set(made.host.states.values()) == {"active"}


def test_a_disabled_file_cannot_be_started(make: Make) -> None:
    """What the program must not run into (benc-uk/workflow-dispatch#72)."""
    made = make()
    made.host.states["image.yml"] = "disabled_manually"
    done = made.propose()
    assert done.code == 0 and made.host.started == []
    assert "Cannot trigger a 'workflow_dispatch' on a disabled workflow" in done.said


def test_what_a_person_disabled_stays_disabled(make: Make) -> None:
    """GitHub says who did it."""
    made = make()
    made.host.states["image.yml"] = "disabled_manually"
    weekly(made)
    assert made.host.states["image.yml"] == "disabled_manually"


def test_it_happens_with_an_update_as_well(make: Make) -> None:
    """And before it, whatever becomes of that."""
    made = make("2.0.0")
    assert made.run().code == 0
    assert made.host.started == ["main", "update-by-template"]


def test_a_workflow_that_is_not_there_hides_no_update(make: Make) -> None:
    """A person may have removed the image's."""
    made = make("2.0.0")
    made.host.workflow_is_there = False
    done = made.run()
    assert done.code == 0 and made.request
    assert "did not start" in done.said


def test_a_workflow_that_is_kept_out_is_left_alone(make: Make) -> None:
    """One of the person's publishes instead: nothing is started, complained about or promised."""
    made = make("2.0.0", kept_files="[.github/workflows/image.yml]")
    made.host.workflow_is_there = False
    made.host.wait(61)
    done = made.run()
    assert done.code == 0 and made.host.started == [] and made.host.states["update.yml"] == "active"
    assert "did not start" not in done.said and "workflow Image" not in made.request["body"]


@pytest.mark.parametrize("host", ["gitlab"])
def test_gitlab_has_no_such_rule(make: Make, host: str) -> None:
    """Its schedule starts both jobs."""
    made = make(host=host)
    assert weekly(made) == 0 and made.host.asked == []
