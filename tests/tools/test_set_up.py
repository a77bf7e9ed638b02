"""tools/set_up.py: what "Use this template" makes becomes a repository."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from support import button, code_hosts
from support.button import UPSTREAM, Copy
from support.code_hosts import TOKEN
from support.repositories import STRATEGIES, commit, git, text_of

Press = Callable[..., Copy]


# --- what it makes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_it_makes_what_copier_makes(press: Press, upstream: Path, strategy: str) -> None:
    made = press("1.0.0")
    code, said = made.set_up(strategy=strategy)
    assert code == 0, said
    project = made.result()
    assert text_of(project) == button.fresh(made.place, upstream, strategy=strategy)
    answers = button.answers_of(project)
    assert (answers["_src_path"], answers["_commit"]) == (UPSTREAM, "2.0.0")
    assert f"is set up by the strategy `{strategy}`" in said


def test_one_commit_by_the_bot(press: Press) -> None:
    made = press()
    assert made.set_up(strategy="dockerfile")[0] == 0
    log = git("log", "--format=%s by %an", cwd=made.result())
    assert log.splitlines() == [
        "Set up by the strategy dockerfile by github-actions[bot]",
        "Initial commit by Test",
    ]


def test_its_summary(press: Press) -> None:
    made = press()
    code, said = made.set_up(strategy="inherit")
    assert code == 0 and made.host.started == ["main"]
    assert "https://mybinder.org/v2/gh/me/env/HEAD?urlpath=lab" in said
    assert (
        "1. [Watch the first build](https://github.com/me/env/actions/workflows/image.yml)" in said
    )
    assert f"[2.0.0 of the template]({UPSTREAM}/tree/2.0.0)" in said
    assert "<!--" not in said


def test_answers_of_the_form(press: Press) -> None:
    made = press()
    code, said = made.set_up(
        strategy="repo2docker",
        languages="python, r",
        conda_packages=" xarray zarr ",
        apt_packages="git",
        interface="rstudio",
        image="quay.io/acme/env",
        binder="image",
        jupyterhub_major="5",
    )
    assert code == 0, said
    project = made.result()
    answers = button.answers_of(project)
    assert answers["languages"] == ["python", "r"]
    assert answers["interface"] == "rstudio" and answers["image"] == "quay.io/acme/env"
    assert "  - zarr\n" in (project / "environment.yml").read_text(encoding="utf-8")
    assert "once CI has published an image:" in said
    assert "https://mybinder.org/v2/gh/me/env/binder?urlpath=rstudio" in said


MINE = {
    ".github/workflows/mine.yml": "on: workflow_dispatch\n",
    "LICENSE": "Do as you like.\n",
    "lessons/un jour.ipynb": "{}\n",
    "requirements.txt": "cowsay\n",
}


@pytest.fixture
def edited(press: Press) -> Copy:
    """A copy in which a person has added files, and changed one of the template's."""
    made = press()
    for name, text in MINE.items():
        (made.folder / name).parent.mkdir(exist_ok=True)
        (made.folder / name).write_text(text, encoding="utf-8", newline="\n")
    script = made.folder / "lessons" / "run.sh"
    script.write_text("#!/bin/sh\n", encoding="utf-8", newline="\n")
    script.chmod(0o755)
    made.edit("noxfile.py", "# mine\n")
    return made


def test_what_a_person_added_stays(edited: Copy) -> None:
    """New files; one that the template would have written; one of the template's that it writes too."""
    code, said = edited.set_up(strategy="repo2docker")
    assert code == 0, said
    project = edited.result()
    texts = text_of(project)
    assert {name: texts[name] for name in MINE} == MINE
    assert (project / "lessons/run.sh").stat().st_mode & 0o100
    assert "environment.yml" not in texts, "two of them would be one too many"
    assert "`lessons/un jour.ipynb`" in said
    kept = button.answers_of(project)["kept_files"]
    assert {"LICENSE", "requirements.txt"} <= set(kept) and "noxfile.py" not in kept


def test_the_templates_own_files_go(edited: Copy) -> None:
    """Of one that a person has changed, the summary has a link to what it was."""
    before = edited.main
    code, said = edited.set_up(strategy="repo2docker")
    assert code == 0, said
    texts = text_of(edited.result())
    assert "noxfile.py" not in texts
    assert f"[`noxfile.py`](https://github.com/me/env/blob/{before}/noxfile.py)" in said
    assert not {name for name in texts if name.startswith(("docs/", "template/", "tools/"))}


@pytest.mark.parametrize("squashed", [True, False], ids=["squashed", "with history"])
def test_no_history_is_needed(press: Press, squashed: bool) -> None:
    """A person's file is known by not being the template's, whichever commit brought it."""
    made = press()
    made.edit("mine.txt", "mine\n")
    if squashed:
        git("checkout", "--quiet", "--orphan", "new", cwd=made.folder)
        made.push()
    code, said = made.set_up(strategy="dockerfile")
    assert code == 0, said
    texts = text_of(made.result())
    assert "mine.txt" in texts and "copier.yml" not in texts


# --- from which state of the template -----------------------------------------------------------------


def test_the_newest_release_with_the_copy_s_workflows(press: Press, upstream: Path) -> None:
    """A newer release that changed a workflow waits for the update, which tells how."""
    button.change_both_workflows(upstream)
    commit(upstream)
    git("tag", "3.0.0", cwd=upstream)
    code, said = press("1.0.0").set_up(strategy="dockerfile")
    assert code == 0, said
    assert f"[2.0.0 of the template]({UPSTREAM}/tree/2.0.0)" in said


def test_main_before_its_next_release(press: Press, upstream: Path) -> None:
    """The button copies main: where that has workflows of no release yet, its commit is taken."""
    button.change_both_workflows(upstream)
    commit(upstream)
    made = press("main")
    code, said = made.set_up(strategy="dockerfile")
    assert code == 0, said
    stored = button.answers_of(made.result())["_commit"]
    assert re.fullmatch(r"2\.0\.0-1-g[0-9a-f]+", stored)


def test_without_a_word_of_github_on_the_template(press: Press) -> None:
    """Then the one place in copier.yml says where it lives."""
    made = press()
    made.host.repository = {}
    path = made.folder / "copier.yml"
    text = path.read_text(encoding="utf-8")
    url = yaml.safe_load(text)["template_url"]["default"]
    path.write_text(text.replace(url, UPSTREAM), encoding="utf-8", newline="\n")
    made.push()
    code, said = made.set_up(strategy="dockerfile")
    assert code == 0, said
    assert button.answers_of(made.result())["_src_path"] == UPSTREAM


# --- whatever it is called, and whatever lies there -----------------------------------------------------


@pytest.mark.parametrize("name", ["template", "index", "A.Very_long-name" * 2])
def test_any_name_of_a_repository(press: Press, name: str) -> None:
    made = press()
    settings = made.place / "gitconfig"
    more = f'[url "{made.remote}"]\ninsteadOf = https://github.com/me/{name}.git\n'
    settings.write_text(settings.read_text(encoding="utf-8") + more, encoding="utf-8")
    made.env["GITHUB_REPOSITORY"] = f"me/{name}"
    prefix = {"prefix": f"/repos/me/{name}/"}
    made.host.RequestHandlerClass = type("Any", (code_hosts.GitHub,), prefix)
    code, said = made.set_up(strategy="dockerfile")
    assert code == 0, said
    answers = button.answers_of(made.result())
    assert answers["name"] == re.sub(r"[^a-z0-9]+", "-", name.lower())[:40].strip("-")
    assert answers["repository"] == f"me/{name}"


def test_hostile_description(press: Press) -> None:
    """GitHub asks for one beside the button."""
    made = press()
    made.host.repository["description"] = "$(touch pwned) `touch pwned` ${{ github.token }} [a](b)"
    code, said = made.set_up(strategy="inherit")
    assert code == 0, said
    assert "$(touch pwned)" in text_of(made.result())[".copier-answers.yml"]


def test_the_half_with_the_token_needs_no_package_and_no_file_of_a_person(press: Press) -> None:
    """It runs this repository's own files alone: no library, no module and no hook of others."""
    made = press()
    for name in ("yaml", "json", "docker", "tools/json", "tools/button/secrets"):
        path = made.folder / f"{name}.py"
        path.write_text("raise SystemExit('imported')\n", encoding="utf-8", newline="\n")
    made.push()
    saved = made.place / "saved"
    made.checkout()
    form = '{"strategy": "' + button.option("strategy", "inherit") + '"}'
    env = os.environ | made.env | {"FORM": form, "GITHUB_OUTPUT": str(made.place / "out")}
    program = [sys.executable, "tools/set_up.py", "--save", str(saved)]
    about = made.place / "about.json"
    about.write_text(f'{{"template_repository": {{"html_url": "{UPSTREAM}"}}}}', encoding="utf-8")
    program += ["--about", str(about)]
    done = subprocess.run(
        program, cwd=made.folder, env=env, check=False, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    hook = made.folder / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho hook >&2\nexit 1\n", encoding="utf-8", newline="\n")
    hook.chmod(0o755)
    alone = [sys.executable, "-S", "tools/set_up.py", "--push", str(saved)]  # no package
    env |= {"GITHUB_TOKEN": TOKEN}
    done = subprocess.run(
        alone, cwd=made.folder, env=env, check=False, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Dockerfile" in text_of(made.result())


# --- where there is nothing to do ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("repository", "said"),
    [({"is_template": True}, "the template itself"), ({"fork": True}, "a fork of the template")],
    ids=["the template", "a fork"],
)
def test_nothing_to_do(press: Press, repository: dict[str, bool], said: str) -> None:
    made = press()
    made.event(**repository)
    before = made.main
    code, summary = made.set_up(strategy="inherit")
    assert code == 0 and said in summary
    assert made.main == before and made.host.started == []


def test_the_template_that_nobody_called_a_template(press: Press) -> None:
    made = press()
    page = yaml.safe_load((made.folder / "copier.yml").read_text(encoding="utf-8"))
    made.env["GITHUB_REPOSITORY"] = page["template_url"]["default"].removeprefix(
        "https://github.com/"
    )
    before = made.main
    code, summary = made.set_up(strategy="inherit")
    assert code == 0 and "the template itself" in summary and made.main == before


def test_set_up_already(press: Press) -> None:
    made = press()
    (made.folder / ".copier-answers.yml").write_text("strategy: inherit\n", encoding="utf-8")
    made.push()
    before = made.main
    code, summary = made.set_up(strategy="inherit")
    assert code == 0 and made.main == before
    assert "set up already" in summary and "me/env/actions/workflows/update.yml" in summary


def test_the_default_branch_is_set_up_wherever_the_form_was_sent_from(press: Press) -> None:
    """The form lets one choose the branch whose workflow runs."""
    made = press()
    made.env["GITHUB_REF_NAME"] = "try"
    code, said = made.set_up(strategy="inherit")
    assert code == 0, said
    assert "Dockerfile" in text_of(made.result())


def test_an_older_run_that_is_repeated(press: Press) -> None:
    """What was added since counts, as the workflow checks the branch out and not the run's commit."""
    made = press()
    other = made.place / "other"
    git("clone", "--quiet", str(made.remote), str(other), cwd=made.remote)
    (other / "mine.txt").write_text("mine\n", encoding="utf-8")
    commit(other)
    git("push", "--quiet", "origin", "HEAD:main", cwd=other)
    code, said = made.set_up(strategy="inherit")
    assert code == 0 and "`mine.txt`" in said
    assert "mine.txt" in text_of(made.result())
    code, said = made.set_up(strategy="dockerfile")
    assert code == 0 and "set up already" in said
