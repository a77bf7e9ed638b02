"""What an update proposes, renews and withdraws in pull requests on GitHub."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from support.code_hosts import BRANCH
from support.repositories import git
from support.updates import WORKFLOW, Repository

Make = Callable[..., Repository]
HOSTILE = "# `x` ``` @everyone ${{ github.token }} <!-- proposal: 0 --> [a](b)\n"


def writes(made: Repository) -> list[str]:
    """What was asked of the host for requests and issues, and to start tests of the branch."""
    weekly = ("PUT actions/", "POST actions/")
    return [asked for asked in made.host.writes if not asked.startswith(weekly)]


def runs_of_branch(made: Repository) -> int:
    """How often the image's workflow was started on the request's branch."""
    return made.host.started.count(BRANCH)


def test_nothing_is_newer(make: Make) -> None:
    """One line, and nothing is pushed or opened."""
    made = make()
    done = made.run(again=True)
    assert (done.code, done.said) == (0, "Nothing is newer.\n")
    assert writes(made) == [] and made.tip == ""


def test_a_newer_release_is_proposed(make: Make) -> None:
    """With what its notes say, what it removes, and one commit on top of the default branch."""
    made = make("2.0.0")
    assert made.run(again=True).code == 0
    request = made.request
    assert request["title"] == "Update the template to 99999.0.0"
    assert "| the template | `2.0.0` | `99999.0.0` |" in request["body"]
    assert "- ignores less" in request["body"] and "not of interest" not in request["body"]
    assert "- `dropped.txt`" in request["body"]
    assert "-- dropped.txt" in request["body"]
    assert "an older release" not in made.proposed(".gitignore")
    assert git("rev-list", "--count", f"main..{BRANCH}", cwd=made.remote) == "1"
    assert runs_of_branch(made) == 1 and writes(made) == ["POST pulls"]


def test_it_says_that_checks_wait_and_where_the_tests_are(make: Make) -> None:
    """P5, P6: no run of GITHUB_TOKEN is among the request's checks, and those wait for a person."""
    made = make("2.0.0")
    made.run()
    assert made.host.waiting == [1] and runs_of_branch(made) == 1
    body = made.request["body"]
    page = f"https://github.com/me/env/actions/workflows/image.yml?query=branch%3A{BRANCH}"
    assert page in body and "Approve and run" in body and "status of its last commit" in body


def test_a_rerun_repeats_nothing(make: Make) -> None:
    """Neither a push nor a request nor a run."""
    made = make("2.0.0")
    made.run()
    tip, before, started = made.tip, writes(made), runs_of_branch(made)
    done = made.run(again=True)
    assert done.code == 0 and "says so already" in done.said
    assert (made.tip, writes(made), runs_of_branch(made)) == (tip, before, started)
    assert len(made.host.threads) == 1


def test_a_rerun_renews(make: Make) -> None:
    """The default branch has moved on: the same request, on top of it."""
    made = make("2.0.0")
    made.run()
    tip = made.tip
    made.edit("notes.txt", "mine\n")
    assert made.run().code == 0
    assert made.tip != tip and made.proposed("notes.txt") == "mine"
    assert git("rev-list", "--count", f"main..{BRANCH}", cwd=made.remote) == "1"
    assert len(made.host.threads) == 1 and made.request["number"] == 1
    assert runs_of_branch(made) == 2


def test_another_strategy_from_the_form(make: Make) -> None:
    """With the files that the new one does not have."""
    made = make()
    assert made.run("--strategy", "repo2docker").code == 0
    assert made.request["title"] == "Update the strategy to repo2docker"
    assert "STRATEGY=repo2docker" in made.proposed("ci/image.env")
    assert "- `Dockerfile`" in made.request["body"]


def test_what_the_form_leaves_out_is_left(make: Make) -> None:
    """The template stays at its release."""
    made = make("2.0.0", repo2docker_version="0.1.0")
    assert made.run("--what", "pins").code == 0
    assert made.request["title"] == "Update repo2docker to 9999.1.0"
    assert "an older release" in made.proposed(".gitignore")
    assert "repo2docker_version: 9999.1.0" in made.proposed(".copier-answers.yml")


# --- a person decides ---------------------------------------------------------------------------------------


def test_conflicts_are_a_checklist(make: Make) -> None:
    """No marker is committed: the file stays, and the request says what the template would change."""
    made = make("2.0.0")
    made.edit(".gitignore", HOSTILE)
    mine = (made.folder / ".gitignore").read_text(encoding="utf-8")
    assert made.run().code == 0
    request = made.request
    assert request["title"] == "Update the template to 99999.0.0 (needs a person)"
    assert "- [ ] `.gitignore`" in request["body"]
    assert "\n-# an older release\n" in request["body"]
    assert made.proposed(".gitignore") == mine.strip()
    assert "an older release" not in made.proposed(".dockerignore")


def test_the_command_for_conflicts_shows_both_sides(make: Make) -> None:
    """As it stands in the request, pasted."""
    made = make("2.0.0")
    made.edit(".gitignore", HOSTILE)
    made.run()
    command = re.search(r"^git switch --create by-hand .*$", made.request["body"], re.MULTILINE)
    assert command
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = os.environ | {"PATH": path}
    subprocess.run(["bash", "-c", command[0]], cwd=made.folder, env=env, check=True)
    assert "<<<<<<< before updating" in (made.folder / ".gitignore").read_text(encoding="utf-8")


def test_a_commit_of_somebody_else_is_left_alone(make: Make) -> None:
    """Neither the branch nor the request changes."""
    made = make("2.0.0")
    made.run()
    made.take()
    (made.folder / "fix.txt").write_text("mine\n", encoding="utf-8")
    git("add", "--all", cwd=made.folder)
    git("commit", "--quiet", "--message=mine", cwd=made.folder)
    theirs = git("rev-parse", "HEAD", cwd=made.folder)
    git("push", "--quiet", str(made.remote), f"HEAD:{BRANCH}", cwd=made.folder)
    git("checkout", "--quiet", "main", cwd=made.folder)
    made.edit("notes.txt", "mine\n")
    before = writes(made)
    done = made.run()
    assert done.code == 0 and "left alone" in done.said
    assert (made.tip, writes(made)) == (theirs, before)


def test_what_a_person_closed_is_not_opened_again(make: Make) -> None:
    """But something newer is."""
    made = make("2.0.0")
    made.run()
    made.request["state"] = "closed"
    git("update-ref", "-d", f"refs/heads/{BRANCH}", cwd=made.remote)
    done = made.run()
    assert done.code == 0 and "not opened again" in done.said
    assert made.host.requests() == [] and made.tip == ""
    made.run("--strategy", "repo2docker")
    assert made.request["title"].endswith("the strategy to repo2docker")


def test_what_is_merged_is_no_refusal(make: Make) -> None:
    """Should the same be newer once more, it is proposed once more."""
    made = make("2.0.0")
    made.run()
    made.request.update(state="closed", merged_at="2026-11-23T00:00:00Z")
    assert made.run().code == 0
    assert made.request["number"] == 2


def test_what_nobody_needs_any_more_is_closed(make: Make) -> None:
    """And may come back: it was no person who closed it."""
    made = make("2.0.0")
    made.run()
    old = git("rev-parse", "HEAD", cwd=made.folder)
    git("fetch", "--quiet", str(made.remote), BRANCH, cwd=made.folder)
    git("checkout", "--quiet", "FETCH_HEAD", "--", ".", cwd=made.folder)
    (made.folder / "dropped.txt").unlink()
    made.push()
    assert made.run().code == 0
    assert made.host.requests() == [] and made.tip == ""
    assert made.host.comments == [(1, "The repository is current.")]
    git("reset", "--quiet", "--hard", old, cwd=made.folder)
    git("update-ref", "refs/heads/main", old, cwd=made.remote)
    assert made.run().code == 0
    assert made.request["number"] == 2


# --- where the template is ------------------------------------------------------------------------------------


def test_a_template_that_names_another_address_is_said_in_bold(
    make: Make,
) -> None:
    """It would bring code from there with the next update."""
    made = make("2.0.0")
    made.save()
    bundle = made.proposal / "update.bundle"
    git("fetch", "--quiet", str(bundle), "HEAD", cwd=made.folder)
    git("checkout", "--quiet", "FETCH_HEAD", cwd=made.folder)
    path = made.folder / ".copier-answers.yml"
    text = re.sub(r"_src_path: .*", "_src_path: https://example.org/`x`", path.read_text("utf-8"))
    path.write_text(text, encoding="utf-8", newline="\n")
    git("commit", "--quiet", "--all", "--message=evil", cwd=made.folder)
    git("bundle", "create", "--quiet", str(bundle), "HEAD", "^main", cwd=made.folder)
    git("checkout", "--quiet", "main", cwd=made.folder)
    assert made.propose().code == 0
    bold = re.findall(r"\*\*.*?\*\*", made.request["body"], re.DOTALL)
    assert "https://example.org/?x?" in bold[0]


def test_the_same_address_is_not_said(make: Make) -> None:
    """Nothing is in bold then."""
    made = make("2.0.0")
    made.run()
    assert "**" not in made.request["body"]


def test_what_the_first_half_committed_is_taken_as_files_only(make: Make) -> None:
    """Neither its author nor its parents nor its message get into the repository."""
    made = make("2.0.0")
    made.save()
    assert made.propose().code == 0
    shown = git("log", "-1", "--format=%an %ce %s", BRANCH, cwd=made.remote)
    assert shown == f"{BRANCH} {BRANCH} Update the template to 99999.0.0"
    parent = git("rev-parse", f"{BRANCH}^", cwd=made.remote)
    assert parent == git("rev-parse", "main", cwd=made.remote)


def test_workflow_is_the_same(make: Make) -> None:
    """A newer release that changes no workflow leaves it."""
    made = make("2.0.0")
    made.run()
    assert made.proposed(WORKFLOW) == git("show", f"main:{WORKFLOW}", cwd=made.remote)
