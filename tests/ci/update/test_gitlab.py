"""What an update proposes on GitLab."""

from __future__ import annotations

from collections.abc import Callable

from support.code_hosts import BRANCH, TOKEN, open_merge_request
from support.repositories import git
from support.updates import Repository

Make = Callable[..., Repository]


def test_a_request_with_workflow_files(make: Make) -> None:
    """Which are ordinary ones there; the same is not proposed twice, nor after it was closed."""
    made = make("1.0.0", "gitlab")
    for _ in range(2):
        assert made.run().code == 0
    assert made.request["title"] == "Update the template to 99999.0.0"
    assert made.host.writes == ["POST merge_requests"]
    assert "an older release" not in made.proposed(".gitignore")
    assert "Approve and run" not in made.request["body"]
    made.request["state"] = "closed"
    assert "not opened again" in made.run().said


def test_without_a_token(make: Make) -> None:
    """One sentence says which."""
    made = make("2.0.0", "gitlab")
    done = made.run(UPDATE_TOKEN="")
    assert done.code == 2 and "the variable UPDATE_TOKEN" in done.said
    assert made.host.asked == []


def test_without_a_token_and_without_news(make: Make) -> None:
    """Nothing is amiss."""
    made = make(host="gitlab")
    done = made.run(UPDATE_TOKEN="")
    assert done.code == 0 and made.host.asked == []


def test_an_expired_token(make: Make) -> None:
    """Tokens of persons expire (P11): one sentence says that, and a person renews it."""
    made = make("2.0.0", "gitlab")
    made.host.expired.add(TOKEN)
    done = made.run()
    assert done.code == 1 and "(401): renew UPDATE_TOKEN if it has expired" in done.said
    assert made.tip == ""


def test_what_nobody_needs_any_more_is_closed(make: Make) -> None:
    """And its branch goes."""
    made = make("2.0.0", "gitlab")
    made.run()
    git("pull", "--quiet", "--rebase", str(made.remote), BRANCH, cwd=made.folder)
    made.push()
    assert made.run().code == 0
    assert made.host.requests() == [] and made.tip == ""
    assert made.host.comments == [(1, "The repository is current.")]


def forked(made: Repository, text: str = "theirs") -> None:
    """Let a fork have a request from a branch of the same name."""
    content = {"title": "Theirs", "description": text, "source_branch": BRANCH}
    open_merge_request(made.host, content, fork=True)


def test_a_fork_s_request_is_not_taken_for_ours(make: Make) -> None:
    """P12: neither renewed nor closed, and ours is opened beside it."""
    made = make("2.0.0", "gitlab")
    forked(made)
    assert made.run().code == 0
    theirs, ours = made.host.requests()
    assert theirs["title"] == "Theirs" and theirs["description"] == "theirs"
    assert ours["title"] == "Update the template to 99999.0.0"


def test_a_fork_s_request_is_not_withdrawn(make: Make) -> None:
    """When the repository is current."""
    made = make(host="gitlab")
    forked(made)
    assert made.run().code == 0
    assert len(made.host.requests()) == 1 and made.host.writes == []


def test_a_fork_cannot_forbid_a_proposal(make: Make) -> None:
    """By a closed request with the same mark."""
    made = make("2.0.0", "gitlab")
    made.run()
    forked(made, made.request["description"])
    made.host.threads[1]["state"], made.host.threads[2]["state"] = "merged", "closed"
    assert made.run().code == 0
    assert [one["state"] for one in made.host.threads.values()] == ["merged", "closed", "open"]
