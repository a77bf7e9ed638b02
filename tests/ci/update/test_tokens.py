"""What tokens may do, who gets them, and what is said where they may not."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.code_hosts import BRANCH, TOKEN, UPDATE_TOKEN
from support.repositories import commit, git
from support.updates import WORKFLOW, Repository

Make = Callable[..., Repository]


def test_a_changed_workflow_is_one_issue(make: Make) -> None:
    """With the one command to run; a closed one does not come back (P7)."""
    made = make("1.0.0")
    for _ in range(2):
        assert made.run().code == 0
    (issue,) = made.host.issues()
    assert issue["title"] == "Update the template to 99999.0.0, by hand"
    assert "\ncopier update --trust --defaults\n" in issue["body"]
    assert f"`{WORKFLOW}`" in issue["body"] and "UPDATE_TOKEN" in issue["body"]
    assert made.host.writes.count("POST issues") == 1 and "POST pulls" not in made.host.writes
    assert made.tip == ""
    issue["state"] = "closed"
    assert made.run().code == 0 and made.host.issues() == []


def test_the_remote_refuses_workflows(make: Make) -> None:
    """What the program must not run into: the stand-in says GitHub's words."""
    made = make()
    path = made.folder / WORKFLOW
    path.write_bytes(path.read_bytes() + b"# changed\n")
    commit(made.folder)
    with pytest.raises(subprocess.CalledProcessError) as refused:
        git("push", str(made.remote), f"HEAD:{BRANCH}", cwd=made.folder)
    assert "refusing to allow a GitHub App to create or update workflow" in refused.value.stderr


def test_a_changed_workflow_by_a_token_of_a_person(make: Make) -> None:
    """Its request starts the image's workflow by itself, and nothing is said of waiting."""
    made = make("1.0.0")
    made.allow_workflows()
    assert made.run(UPDATE_TOKEN=UPDATE_TOKEN).code == 0
    assert made.request["title"] == "Update the template to 99999.0.0"
    assert "an older release" not in made.proposed(WORKFLOW)
    assert BRANCH not in made.host.started and made.host.waiting == []
    assert "Approve and run" not in made.request["body"]


def test_issues_are_written_with_the_run_s_token(make: Make) -> None:
    """UPDATE_TOKEN with the rights that the docs name gets 403 on issues in a private repository."""
    made = make("1.0.0")
    assert made.run().code == 0 and len(made.host.issues()) == 1
    made.allow_workflows()
    assert made.run(UPDATE_TOKEN=UPDATE_TOKEN).code == 0
    assert made.host.issues() == [] and made.request
    assert made.host.comments == [(1, "A pull request says it now.")]


def test_a_comment_on_a_request_is_written_with_the_run_s_token(make: Make) -> None:
    """Comments are issues, too, for GitHub."""
    made = make("2.0.0")
    made.run(UPDATE_TOKEN=UPDATE_TOKEN)
    made.edit("dropped.txt", "")
    git("fetch", "--quiet", str(made.remote), BRANCH, cwd=made.folder)
    git("checkout", "--quiet", "FETCH_HEAD", "--", ".", cwd=made.folder)
    (made.folder / "dropped.txt").unlink()
    made.push()
    assert made.run(UPDATE_TOKEN=UPDATE_TOKEN).code == 0
    assert made.host.requests() == [] and made.host.comments == [(1, "The repository is current.")]


def test_a_token_that_may_not_change_workflows_is_one_sentence(make: Make) -> None:
    """In GitHub's words."""
    done = make("1.0.0").run(UPDATE_TOKEN=UPDATE_TOKEN)
    assert done.code == 1
    assert "refusing to allow a GitHub App to create or update workflow" in done.said


def test_an_expired_token_is_one_sentence(make: Make) -> None:
    """With what to do."""
    made = make("2.0.0")
    made.host.expired.add(UPDATE_TOKEN)
    done = made.run(UPDATE_TOKEN=UPDATE_TOKEN)
    assert done.code == 1 and "Bad credentials (401): renew UPDATE_TOKEN if it has" in done.said


def test_bad_credentials_are_one_sentence(make: Make) -> None:
    """Of the run's own token no person can renew anything."""
    done = make("2.0.0").run(GITHUB_TOKEN="wrong")
    assert done.code == 1
    assert "The update broke off: `Bad credentials`" in done.said


def test_a_repository_that_lets_actions_open_nothing(make: Make) -> None:
    """One issue says which box to tick, and is closed once it is ticked."""
    made = make("2.0.0")
    made.host.may_open_requests = False
    for _ in range(2):
        assert made.run().code == 0
    (issue,) = made.host.issues()
    assert "Allow GitHub Actions to create and approve pull" in issue["body"].replace("\n", " ")
    assert f"https://github.com/me/env/compare/main...{BRANCH}?expand=1" in issue["body"]
    made.host.may_open_requests = True
    assert made.run().code == 0
    assert made.host.issues() == [] and made.request


def test_a_run_on_another_branch_does_nothing(make: Make) -> None:
    """Whatever the form says."""
    made = make("2.0.0")
    done = made.run(GITHUB_REF_NAME="fix `x`", GITHUB_EVENT_NAME="workflow_dispatch")
    assert (done.code, made.host.asked) == (2, [])
    assert "on the default branch" in done.said


# --- who gets the tokens --------------------------------------------------------------------------------------


def test_the_first_half_refuses_a_token_of_a_person(make: Make) -> None:
    """A child reads its parent's environment in /proc (P13), and the template's code is a child."""
    made = make("2.0.0")
    done = made.call("--save", str(made.proposal), UPDATE_TOKEN=UPDATE_TOKEN)
    assert done.code == 2 and "environment scope `update`" in done.said
    assert not made.proposal.exists()


def test_no_hook_gets_the_token(make: Make, tmp_path: Path) -> None:
    """A `pre-push` that something has left in the checkout does not run."""
    made = make("2.0.0")
    hook = made.folder / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nenv > {tmp_path}/seen\n", encoding="utf-8")
    hook.chmod(0o755)
    git("config", "core.hooksPath", str(hook.parent), cwd=made.folder)
    assert made.run().code == 0 and made.request
    assert not (tmp_path / "seen").exists()


def test_the_second_half_needs_no_package(make: Make) -> None:
    """The step with the tokens installs nothing: Python's own library is enough."""
    made = make("2.0.0")
    made.save()
    package = Path(__file__).parents[3] / "template" / "ci"
    program = "import sys; from hub_image.update.main import main; from pathlib import Path\n"
    program += f"sys.exit(main(['--propose', {str(made.proposal)!r}], Path({str(made.folder)!r})))"
    done = subprocess.run(
        [os.sys.executable, "-S", "-c", program],  # type: ignore[attr-defined]
        env=os.environ | made.env | made.tokens | {"PYTHONPATH": str(package)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert made.request and TOKEN not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"rows": 7}', '{"nothing": 1}', '{"rows": [[1]]}']
)
def test_what_the_first_half_hands_over_may_be_anything(make: Make, content: str) -> None:
    """Its job runs the template's code: the other says one sentence, or does nothing."""
    made = make("2.0.0")
    made.proposal.mkdir()
    (made.proposal / "proposal.json").write_text(content, encoding="utf-8")
    done = made.propose()
    assert done.code in (0, 1) and made.tip == "" and made.host.threads == {}
