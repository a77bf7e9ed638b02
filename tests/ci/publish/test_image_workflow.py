"""image.yml: who gets secrets, what pushes, signs and writes, and the one check that can be required.

Which of its jobs do what in a run is in tests/images/test_image_workflow.py.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from support.repositories import ROOT

PATH = ROOT / "template" / "{{ on_github }}" / ".github" / "workflows" / "image.yml"
WORKFLOW: dict[Any, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
JOBS: dict[str, Any] = WORKFLOW["jobs"]
PUBLISHES = "needs.plan.outputs.publish == 'true'"
OPEN = "steps.gate.outputs.open == 'true'"
SECRET = re.compile(r"github\.token|secrets\.\w+")


def holds(expression: str, **github: str) -> bool:
    """Evaluate an expression of the workflow on a run, of which `github` says the most."""
    text = expression.replace("&&", " and ").replace("||", " or ").replace("!=", " != ")
    text = re.sub(
        r"format\('refs/heads/\{0\}', github\.event\.repository\.default_branch\)",
        "'refs/heads/main'",
        text,
    )
    text = text.replace("github.event.repository.default_branch", "'main'")
    text = re.sub(r"github\.(\w+)", lambda found: repr(github[found[1]]), text)
    return bool(eval(" ".join(text.split()), {"__builtins__": {}}))


def run(event: str, kind: str, name: str) -> dict[str, str]:
    """Return what GitHub says of a run on a branch or tag."""
    place = "heads" if kind == "branch" else "tags"
    if event == "pull_request":  # "GITHUB_REF": the merge's
        return {
            "event_name": event,
            "ref_type": "branch",
            "ref_name": name,
            "ref": f"refs/pull/{name}",
        }
    return {"event_name": event, "ref_type": kind, "ref_name": name, "ref": f"refs/{place}/{name}"}


def steps(job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = JOBS[job]["steps"]
    return found


@pytest.mark.parametrize(
    ("event", "kind", "name", "opens"),
    [
        ("push", "branch", "main", True),
        ("push", "tag", "v1", True),
        ("push", "tag", "fix", True),
        ("workflow_dispatch", "branch", "main", True),
        ("workflow_dispatch", "tag", "v1", True),
        ("workflow_dispatch", "branch", "update-by-template", False),
        ("push", "branch", "fix", False),
        ("pull_request", "branch", "7/merge", False),
        ("pull_request", "branch", "main", False),
        ("pull_request_target", "branch", "fix", False),
    ],
)
def test_gate(event: str, kind: str, name: str, opens: bool) -> None:
    """By the workflow alone, whatever the code of a branch says (issue 12, Security)."""
    assert holds(steps("plan")[0]["if"], **run(event, kind, name)) is opens
    environment = JOBS["plan"]["environment"]["name"].strip("${} ")
    assert holds(environment, **run(event, kind, name)) is opens


def test_the_gate_opens_before_any_code_is_there() -> None:
    first = steps("plan")[0]
    assert first["id"] == "gate" and "uses" not in first
    assert first["run"] == 'echo "open=true" >> "$GITHUB_OUTPUT"'
    assert [step.get("id") for step in steps("plan")].count("gate") == 1


@pytest.mark.parametrize("output", ["publish", "binder"])
def test_what_the_plan_says_counts_behind_the_gate_only(output: str) -> None:
    wanted = f"${{{{ {OPEN} && steps.plan.outputs.{output} == 'true' }}}}"
    assert JOBS["plan"]["outputs"][output] == wanted


def test_secrets_of_the_plan_are_behind_the_gate() -> None:
    secrets = [value for value in steps("plan")[-1]["env"].values() if SECRET.search(value)]
    assert len(secrets) == 3
    assert all(value.startswith(f"${{{{ {OPEN} && ") for value in secrets)
    assert all(value.endswith(" || '' }}") for value in secrets)


CONDITIONS = {
    "image": PUBLISHES,
    "publish": PUBLISHES,
    "binder": "needs.plan.outputs.binder == 'true' && needs.publish.outputs.public == 'true'",
}


def test_secrets_of_other_jobs_are_behind_the_gate() -> None:
    """Each job that has a secret runs by what the gate lets through; `result` runs no code of the repository."""
    with_secrets = {job for job in JOBS if SECRET.search(str(JOBS[job]))} - {"plan", "result"}
    assert {job: JOBS[job]["if"] for job in with_secrets} == CONDITIONS


def test_an_unread_change_is_tested_without_a_token() -> None:
    """As that of a proposed update: what a job may write is in its runner's memory, for any program of the build.

    GitHub's `permissions` take no condition, so it is a job of its own.
    """
    assert JOBS["test"]["permissions"] == {"contents": "read"}
    assert not SECRET.search(str(JOBS["test"])) and "environment" not in JOBS["test"]


def test_one_of_two_jobs_builds() -> None:
    assert JOBS["test"]["if"] == "needs.plan.outputs.build == 'true' && " + PUBLISHES.replace(
        "==", "!="
    )
    assert JOBS["image"]["if"] == PUBLISHES


def test_what_is_published_is_tested_as_a_request_is() -> None:
    """By the same steps; what finds the last image may read a private one where it publishes."""
    without = [step for step in steps("test") if step.get("id") != "last"]
    assert [step for step in steps("image") if step in without] == without
    own = ("strategy", "runs-on", "timeout-minutes", "concurrency", "needs")
    assert [JOBS["test"][key] for key in own] == [JOBS["image"][key] for key in own]


PACKAGES = re.compile(r"\b(pipx|pip|uvx?|npx|npm|conda)\b")  # what brings packages of others


@pytest.mark.parametrize("job", JOBS)
def test_no_package_runs_where_a_token_is(job: str) -> None:
    """None is pinned by its hash (issue 12): Python's own library does, or GitHub's `gh`."""
    for step in steps(job):
        if SECRET.search(str(step.get("env", ""))):
            assert not PACKAGES.search(step["run"]), step["name"]
            assert re.search(
                r"^(if .*; then )?(  )?(python3 (-Es )?ci/|gh api )", step["run"], re.MULTILINE
            )


@pytest.mark.parametrize("job", JOBS)
def test_no_package_runs_once_docker_is_logged_in(job: str) -> None:
    """A login stays in a file, for whatever runs after it."""
    runs = [str(step.get("run")) for step in steps(job)]
    logs_in = [bool(re.search(r"publish\.py (push|tag)|docker login", text)) for text in runs]
    after = runs[logs_in.index(True) :] if any(logs_in) else []
    assert not [text for text in after if PACKAGES.search(text)]
    assert any(logs_in) is (job in ("image", "publish"))


@pytest.mark.parametrize("job", JOBS)
def test_a_login_is_left_on_no_machine(job: str) -> None:
    """A runner of one's own has later jobs, those of pull requests too: RUNNER_TEMP is emptied before them."""
    for step in steps(job):
        logs_in = re.search(r"publish\.py (push|tag)", str(step.get("run")))
        if logs_in or "actions/attest" in step.get("uses", ""):
            assert step["env"]["DOCKER_CONFIG"] == "${{ runner.temp }}/docker"


def test_the_push_reads_no_settings_of_packages() -> None:
    """Nor of what they may have left for Python: PYTHONPATH, a `.pth` in the user's own folder."""
    assert [
        run for step in steps("image") if "publish.py push" in (run := step.get("run", ""))
    ] == [run for step in steps("image") if (run := step.get("run", "")).startswith("python3 -Es ")]


@pytest.mark.parametrize("job", JOBS)
def test_what_pushes_signs_or_writes_is_behind_the_gate(job: str) -> None:
    writes = re.compile(r"publish\.py (push|tag|binder)|actions/attest")
    for step in steps(job):
        if writes.search(f"{step.get('run')} {step.get('uses')}"):
            assert JOBS[job]["if"] == CONDITIONS[job]


ENVIRONMENTS = {
    "plan": f"${{{{ {steps('plan')[0]['if']} && 'publish' || '' }}}}",
    "image": "publish",
    "publish": "publish",
}


def test_secrets_may_lie_in_an_environment() -> None:
    """Whose rules keep them for the default branch and tags; it is named nowhere else, and deploys nothing.

    A name that is empty names none: actions/runner, WorkflowTemplateConverter.cs,
    ConvertToActionEnvironmentReference. `deployment: false`: GitHub's changelog of 2026-03-19.
    """
    with_secrets = {job for job in JOBS if "secrets." in str(JOBS[job])}
    named = {job: JOBS[job]["environment"] for job in JOBS if "environment" in JOBS[job]}
    assert with_secrets == set(named)
    assert named == {job: {"name": name, "deployment": False} for job, name in ENVIRONMENTS.items()}


def test_what_publishes_waits_and_is_not_left_out() -> None:
    """Two runs of one commit, of a branch and a git tag, share the commit's tag.

    GitHub keeps one run that waits, and cancels it for a later one, unless it is told to `queue: max`
    (changelog of 2026-05-07); which run is first counts.
    """
    for job in ("publish", "binder"):
        wanted = {"group": job, "cancel-in-progress": False, "queue": "max"}
        assert JOBS[job]["concurrency"] == wanted


def test_no_secret_is_the_whole_workflow_s() -> None:
    """Nor a whole job's: each step has what it needs."""
    assert "env" not in WORKFLOW
    assert not any(SECRET.search(str(job.get("env", ""))) for job in JOBS.values())


def test_it_has_no_schedule() -> None:
    """GitHub disables a file with one after 60 days, pushes and requests included (platforms P3)."""
    assert set(WORKFLOW[True]) == {
        "push",
        "pull_request",
        "workflow_dispatch",
    }  # YAML reads `on` so


# --- the one check to require ------------------------------------------------------------------------


def test_result_depends_on_every_job() -> None:
    result = JOBS["result"]
    assert set(result["needs"]) == set(JOBS) - {"result"}
    assert "strategy" not in result, "a matrix that is skipped reports an unexpanded name (P8)"
    assert result["name"].endswith("|| 'Image result' }}")


def test_result_is_there_whatever_was_skipped() -> None:
    """But for a push to a branch, whose commit it would call good though nothing was tested."""
    assert JOBS["result"]["if"] == "always() && needs.plan.result != 'skipped'"
    skipped = [
        (event, kind, name)
        for event in ("push", "pull_request", "workflow_dispatch")
        for kind, name in (("branch", "main"), ("branch", "fix"), ("tag", "v1"))
        if not holds(JOBS["plan"]["if"], **run(event, kind, name))
    ]
    assert skipped == [("push", "branch", "fix")]


def test_result_fails_where_a_job_has() -> None:
    state = JOBS["result"]["env"]["STATE"]
    for bad in ("failure", "cancelled"):
        assert f"contains(needs.*.result, '{bad}')" in state
    assert state.endswith("&& 'failure' || 'success' }}")
    assert steps("result")[-1]["run"] == 'test "$STATE" = success'


@pytest.mark.parametrize(
    ("event", "kind", "name", "reports"),
    [
        ("workflow_dispatch", "branch", "update-by-template", True),
        ("workflow_dispatch", "branch", "main", False),
        ("workflow_dispatch", "tag", "v1", False),
        ("pull_request", "branch", "7/merge", False),
        ("push", "branch", "main", False),
    ],
)
def test_a_run_on_a_branch_reports_to_its_commit(
    event: str, kind: str, name: str, reports: bool
) -> None:
    """It is no check of the branch's pull request (platforms P5)."""
    assert holds(steps("result")[0]["if"], **run(event, kind, name)) is reports


def test_a_required_check_is_satisfied_by_that_report() -> None:
    """A name that is required may be a check's or a status's ("Troubleshooting required status checks")."""
    (name,) = re.findall(r"\|\| '(.*?)' }}", JOBS["result"]["name"])
    assert re.findall(r'-f context="(.*?)"', steps("result")[0]["run"]) == [name]


def test_what_reports_runs_no_code_of_the_branch() -> None:
    assert JOBS["result"]["permissions"] == {"statuses": "write"}
    assert not any("uses" in step for step in steps("result"))
    assert steps("result")[0]["run"].startswith("gh api ")


# --- the signature -----------------------------------------------------------------------------------


def sign() -> dict[str, Any]:
    return next(step for step in steps("publish") if "actions/attest" in step.get("uses", ""))


def test_a_signature_that_fails_leaves_the_publication_as_it_is() -> None:
    assert sign()["continue-on-error"] is True
    after = steps("publish")[steps("publish").index(sign()) + 1]
    assert after["if"] == "steps.sign.outcome == 'failure'"
    assert "not signed" in after["run"] and after["run"].endswith('>> "$GITHUB_STEP_SUMMARY"')


def test_a_signature_warns_of_nothing_in_organizations() -> None:
    """P9: actions/attest, src/attest.ts."""
    assert sign()["with"]["create-storage-record"] is False
