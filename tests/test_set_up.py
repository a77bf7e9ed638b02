"""tools/set_up.py and setup.yml: what "Use this template" makes becomes a repository, or stays as it was.

The copy is as the button makes it: the files of a commit, no history, no tags. GitHub's API and the
remote, which refuses created and changed workflows, are stand-ins that say so (tests/github.py).
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import copier
import github
import pytest
import test_update_repository as update
import yaml
from github import TOKEN
from repositories import ROOT, STRATEGIES, commit, git, text_of
from test_update_repository import Repository, act, needs_act, on_github

pipx_home, wheels = update.pipx_home, update.wheels
UPSTREAM = "https://github.com/acme/copier-hub-image"
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/setup.yml").read_text(encoding="utf-8"))
FIELDS = WORKFLOW[True]["workflow_dispatch"]["inputs"]  # YAML reads `on` so
HOSTILE = "$(touch pwned) `touch pwned` ${{ github.token }}\n: [a](b) '\" \\"
UNTOUCHED = "Nothing was changed here"


def option(name: str, answer: str) -> str:
    """In: a field of the form and an answer. Out: the option that gives it."""
    (found,) = [one for one in FIELDS[name]["options"] if one.partition(": ")[0] == answer]
    return found


def form(**answers: str) -> dict[str, str]:
    """In: what a person chooses or types. Out: the whole form, as GitHub hands it over."""
    chosen = {
        name: option(name, answer) if name in FIELDS and "options" in FIELDS[name] else answer
        for name, answer in answers.items()
    }
    return {name: field["default"] for name, field in FIELDS.items()} | chosen


@pytest.fixture
def upstream(template: Path, tmp_path: Path) -> Path:
    """Where the template lives: an older release, and today's; both have the same workflows."""
    folder = tmp_path / "upstream"
    git("clone", "--quiet", str(template), str(folder), cwd=template)
    git("tag", "--delete", "99999.0.0", cwd=folder)
    git("tag", "1.0.0", cwd=folder)
    (folder / "docs" / "new.md").write_text("new\n", encoding="utf-8", newline="\n")
    commit(folder)
    git("tag", "2.0.0", cwd=folder)
    return folder


@pytest.fixture
def press(
    upstream: Path, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Repository]]:
    """A function that presses the button. In: the state of the template that is copied. Out: the copy at
    its host, and the variables of a run there."""
    if sys.platform == "win32":
        pytest.skip(
            "GitHub runs the program on Linux; hooks and addresses of folders are POSIX's here"
        )
    update.forget_runs(monkeypatch)
    remote = github.make_remote(tmp_path / "remote.git")
    addresses = {UPSTREAM: upstream, f"{UPSTREAM}.git": upstream}
    addresses["https://github.com/me/env.git"] = remote
    lines = [f'[url "{path}"]\ninsteadOf = {url}\n' for url, path in addresses.items()]
    (tmp_path / "gitconfig").write_text("".join(lines), encoding="utf-8")
    with github.running(github.GitHub, remote) as server:
        server.repository = {
            "full_name": "me/env",
            "description": "Waves & tides",
            "template_repository": {"html_url": UPSTREAM},
        }

        def press(state: str = "2.0.0") -> Repository:
            folder = tmp_path / "env"
            git("clone", "--quiet", "--branch", state, str(upstream), str(folder), cwd=upstream)
            shutil.rmtree(folder / ".git")
            variables = on_github(tmp_path, server.url) | {
                "COPIER_CACHE_DIR": str(tmp_path / "cache"),
                "DOCKER_HOST": "tcp://127.0.0.1:1",  # none answers there
                "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
                "GITHUB_EVENT_NAME": "workflow_dispatch",
                "PIP_FIND_LINKS": str(wheels),
                "PIP_NO_INDEX": "1",
            }
            made = Repository(folder, remote, server, variables)
            tell_event(made)
            commit(folder, "Initial commit")
            git("remote", "add", "origin", "https://github.com/me/env.git", cwd=folder)
            git("push", "--quiet", str(remote), "HEAD:main", cwd=folder)
            return made

        yield press


def tell_event(made: Repository, **repository: Any) -> None:
    """What GitHub says of the repository in the run's event."""
    about = {"default_branch": "main", "fork": False, "full_name": "me/env", "is_template": False}
    event = {"repository": about | repository}
    Path(made.env["GITHUB_EVENT_PATH"]).write_text(json.dumps(event), encoding="utf-8")


def set_up(made: Repository, **answers: str) -> tuple[int, str]:
    """Run the program as the workflow's step does. Out: its exit code and the summary."""
    return run(made, json.dumps(form(**answers)))


def run(made: Repository, filled: str) -> tuple[int, str]:
    before = main_of(made)
    done = made.run(program="tools/set_up.py", FORM=filled)
    said = (made.folder.parent / "summary.md").read_text(encoding="utf-8")
    assert TOKEN not in said
    assert not list(made.folder.parent.rglob("pwned"))
    assert done.returncode == 0 or (UNTOUCHED in said and main_of(made) == before)
    return done.returncode, said


def main_of(made: Repository) -> str:
    return git("rev-parse", "main", cwd=made.remote)


def result(made: Repository) -> Path:
    """Out: a clone of the repository as it is now at its host."""
    folder = made.folder.parent / "result"
    git("clone", "--quiet", str(made.remote), str(folder), cwd=made.remote)
    return folder


def fresh(made: Repository, upstream: Path, **answers: Any) -> dict[str, str]:
    """Out: what `copier copy` makes of the same answers, as if from the template's address."""
    folder = made.folder.parent / "fresh" / "env"
    data = {"repository": "me/env", "description": "Waves & tides"} | answers
    copier.run_copy(
        str(upstream), folder, data=data, vcs_ref="2.0.0", defaults=True, quiet=True, unsafe=True
    )
    text = text_of(folder)
    text[".copier-answers.yml"] = text[".copier-answers.yml"].replace(str(upstream), UPSTREAM)
    return text


# --- what it makes ----------------------------------------------------------------------------------------


@needs_act
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_workflow_makes_what_copier_makes(
    press: Callable[..., Repository], upstream: Path, pipx_home: Path, strategy: str
) -> None:
    """By act; then its own update.yml keeps it current. image.yml: tests/images/test_image_workflow.py."""
    made = press("1.0.0")
    code, summary, log = act(
        made, pipx_home, "workflow_dispatch", "setup.yml", **form(strategy=strategy)
    )
    assert code == 0, log
    project = result(made)
    assert text_of(project) == fresh(made, upstream, strategy=strategy)
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert (answers["_src_path"], answers["_commit"]) == (UPSTREAM, "2.0.0")
    assert sorted(path.name for path in (project / ".github/workflows").iterdir()) == [
        "image.yml",
        "update.yml",
    ]
    assert git("log", "--format=%s by %an", cwd=project).splitlines() == [
        f"Set up by the strategy {strategy} by github-actions[bot]",
        "Initial commit by Test",
    ]
    assert made.host.started == ["main"]
    assert "https://mybinder.org/v2/gh/me/env/HEAD?urlpath=lab" in summary
    assert f"is set up by the strategy `{strategy}`" in summary and "### Next" in summary

    # the template moves on: the repository's own bot notices
    ignored = upstream / "template" / "{{ every_strategy }}" / ".gitignore"
    ignored.write_text(ignored.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    commit(upstream)
    git("tag", "3.0.0", cwd=upstream)
    made.folder = project
    git("remote", "set-url", "origin", "https://github.com/me/env.git", cwd=project)
    code, summary, log = act(made, pipx_home, "workflow_dispatch", what="template", strategy="keep")
    assert code == 0, log
    assert "Update the template to 3.0.0: https://github.com/me/env/pull/1" in summary


def test_answers_of_the_form(press: Callable[..., Repository], upstream: Path) -> None:
    made = press()
    code, said = set_up(
        made,
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
    project = result(made)
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert answers["languages"] == ["python", "r"]
    assert answers["interface"] == "rstudio" and answers["image"] == "quay.io/acme/env"
    assert "  - zarr\n" in (project / "environment.yml").read_text(encoding="utf-8")
    assert "once CI has published an image:" in said
    assert "https://mybinder.org/v2/gh/me/env/binder?urlpath=rstudio" in said


def test_what_a_person_added_stays(press: Callable[..., Repository], upstream: Path) -> None:
    """New files; one that the template would have written; one of the template's that it writes too. A
    file of the template that it does not write goes, with a link to what it was."""
    made = press()
    mine = {
        ".github/workflows/mine.yml": "on: workflow_dispatch\n",
        "LICENSE": "Do as you like.\n",
        "lessons/un jour.ipynb": "{}\n",
        "requirements.txt": "cowsay\n",
    }
    for name, text in mine.items():
        (made.folder / name).parent.mkdir(exist_ok=True)
        (made.folder / name).write_text(text, encoding="utf-8", newline="\n")
    script = made.folder / "lessons" / "run.sh"
    script.write_text("#!/bin/sh\n", encoding="utf-8", newline="\n")
    script.chmod(0o755)
    made.edit("noxfile.py", "# mine\n")
    before = main_of(made)
    code, said = set_up(made, strategy="repo2docker")
    assert code == 0, said
    project = result(made)
    texts = text_of(project)
    assert {name: texts[name] for name in mine} == mine
    assert (project / "lessons/run.sh").stat().st_mode & 0o100
    assert "environment.yml" not in texts, "two of them would be one too many"
    assert "noxfile.py" not in texts
    assert f"[`noxfile.py`](https://github.com/me/env/blob/{before}/noxfile.py)" in said
    assert "`lessons/un jour.ipynb`" in said
    assert not {name for name in texts if name.startswith(("docs/", "template/", "tools/"))}
    kept = yaml.safe_load(texts[".copier-answers.yml"])["kept_files"]
    assert {"LICENSE", "requirements.txt"} <= set(kept) and "noxfile.py" not in kept


@pytest.mark.parametrize("squashed", [True, False], ids=["squashed", "with history"])
def test_no_history_is_needed(press: Callable[..., Repository], squashed: bool) -> None:
    """A person's file is known by not being the template's, whichever commit brought it."""
    made = press()
    made.edit("mine.txt", "mine\n")
    if squashed:
        git("checkout", "--quiet", "--orphan", "new", cwd=made.folder)
        commit(made.folder, "All in one")
        git("push", "--quiet", "--force", str(made.remote), "HEAD:main", cwd=made.folder)
    code, said = set_up(made, strategy="dockerfile")
    assert code == 0, said
    texts = text_of(result(made))
    assert "mine.txt" in texts and "copier.yml" not in texts


def test_the_newest_release_with_the_copy_s_workflows(
    press: Callable[..., Repository], upstream: Path
) -> None:
    """A newer release that changed a workflow waits for the bot, which tells how."""
    workflow = upstream / ".github" / "workflows" / "image.yml"
    for path in (workflow, upstream / "template/{{ on_github }}/.github/workflows/image.yml"):
        path.write_text(path.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    commit(upstream)
    git("tag", "3.0.0", cwd=upstream)
    made = press("1.0.0")
    code, said = set_up(made, strategy="dockerfile")
    assert code == 0, said
    assert f"[2.0.0 of the template]({UPSTREAM}/tree/2.0.0)" in said


def test_main_before_its_next_release(press: Callable[..., Repository], upstream: Path) -> None:
    """The button copies main: where that has workflows of no release yet, its commit is taken."""
    for room in ("", "template/{{ on_github }}/"):
        path = upstream / f"{room}.github/workflows/image.yml"
        path.write_text(path.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    commit(upstream)
    made = press("main")
    code, said = set_up(made, strategy="dockerfile")
    assert code == 0, said
    answers = (result(made) / ".copier-answers.yml").read_text(encoding="utf-8")
    assert re.search(r"^_commit: 2\.0\.0-1-g[0-9a-f]+$", answers, re.MULTILINE)


def test_without_a_word_of_github_on_the_template(
    press: Callable[..., Repository], upstream: Path
) -> None:
    """Then the one place in copier.yml says where it lives."""
    made = press()
    made.host.repository = {}
    path = made.folder / "copier.yml"
    url = yaml.safe_load(path.read_text(encoding="utf-8"))["template_url"]["default"]
    text = path.read_text(encoding="utf-8").replace(url, UPSTREAM)
    path.write_text(text, encoding="utf-8", newline="\n")
    made.push()
    code, said = set_up(made, strategy="dockerfile")
    assert code == 0, said
    assert f"_src_path: {UPSTREAM}\n" in text_of(result(made))[".copier-answers.yml"]


@pytest.mark.parametrize("name", ["template", "index", "A.Very_long-name" * 2])
def test_any_name_of_a_repository(press: Callable[..., Repository], name: str) -> None:
    made = press()
    settings = made.folder.parent / "gitconfig"
    address = f"https://github.com/me/{name}.git"
    more = f'[url "{made.remote}"]\ninsteadOf = {address}\n'
    settings.write_text(settings.read_text(encoding="utf-8") + more, encoding="utf-8")
    made.env["GITHUB_REPOSITORY"] = f"me/{name}"
    made.host.RequestHandlerClass = type("Any", (github.GitHub,), {"prefix": f"/repos/me/{name}/"})
    code, said = set_up(made, strategy="dockerfile")
    assert code == 0, said
    answers = yaml.safe_load(text_of(result(made))[".copier-answers.yml"])
    assert answers["name"] == re.sub(r"[^a-z0-9]+", "-", name.lower())[:40].strip("-")
    assert answers["repository"] == f"me/{name}"


# --- where there is nothing to do -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("repository", "said"),
    [({"is_template": True}, "the template itself"), ({"fork": True}, "a fork of the template")],
    ids=["the template", "a fork"],
)
def test_nothing_to_do(
    press: Callable[..., Repository], repository: dict[str, bool], said: str
) -> None:
    made = press()
    tell_event(made, **repository)
    before = main_of(made)
    code, summary = set_up(made, strategy="inherit")
    assert code == 0 and said in summary
    assert main_of(made) == before and made.host.asked == []


def test_the_template_that_nobody_called_a_template(press: Callable[..., Repository]) -> None:
    made = press()
    page = yaml.safe_load((made.folder / "copier.yml").read_text(encoding="utf-8"))
    owner_name = page["template_url"]["default"].removeprefix("https://github.com/")
    made.env["GITHUB_REPOSITORY"] = owner_name
    code, summary = set_up(made, strategy="inherit")
    assert code == 0 and "the template itself" in summary and made.host.asked == []


def test_set_up_already(press: Callable[..., Repository]) -> None:
    made = press()
    (made.folder / ".copier-answers.yml").write_text("strategy: inherit\n", encoding="utf-8")
    made.push()
    code, summary = set_up(made, strategy="inherit")
    assert code == 0 and made.host.asked == []
    assert "set up already" in summary and "me/env/actions/workflows/update.yml" in summary


@needs_act
def test_the_workflow_where_there_is_nothing_to_do(
    press: Callable[..., Repository], pipx_home: Path
) -> None:
    made = press()
    tell_event(made, is_template=True)
    code, summary, log = act(
        made, pipx_home, "workflow_dispatch", "setup.yml", **form(strategy="inherit")
    )
    assert code == 0, log
    assert "the template itself" in summary and made.host.asked == []


# --- what leaves it as it was -----------------------------------------------------------------------------


def test_no_choice(press: Callable[..., Repository]) -> None:
    code, said = run(press(), json.dumps(form()))
    assert code == 2
    assert "strategy" in said and "community-image, inherit, repo2docker, dockerfile" in said


@pytest.mark.parametrize("name", FIELDS)
def test_hostile_text_in_a_field(press: Callable[..., Repository], name: str) -> None:
    made = press()
    filled = form(strategy="inherit") | {name: HOSTILE}
    code, said = run(made, json.dumps(filled))
    assert code == 2, said
    assert "touch" in said, "the sentence repeats the value"
    # and where all of the summary is Markdown, that value is a piece of code
    assert said.count("`") % 2 == 0 and "](b)" not in re.sub(r"`[^`]*`", "", said)


@needs_act
def test_hostile_text_in_every_field_of_the_workflow(
    press: Callable[..., Repository], pipx_home: Path
) -> None:
    made = press()
    before = main_of(made)
    inputs = dict.fromkeys(FIELDS, HOSTILE)
    code, summary, log = act(made, pipx_home, "workflow_dispatch", "setup.yml", **inputs)
    assert code != 0 and UNTOUCHED in summary, log
    assert main_of(made) == before
    assert not list(made.folder.parent.rglob("pwned")) and TOKEN not in summary


def test_hostile_description(press: Callable[..., Repository]) -> None:
    """GitHub asks for one beside the button."""
    made = press()
    made.host.repository["description"] = "$(touch pwned) `touch pwned` ${{ github.token }} [a](b)"
    code, said = set_up(made, strategy="inherit")
    assert code == 0, said
    assert "$(touch pwned)" in text_of(result(made))[".copier-answers.yml"]


def test_packages_that_nothing_would_install(press: Callable[..., Repository]) -> None:
    """A form shows the field whatever else is chosen."""
    made = press()
    code, said = set_up(made, strategy="community-image", pip_packages="cowsay")
    assert code == 2
    assert "pip_packages: nothing would install `cowsay` by the strategy community-image" in said
    made.edit("environment.yml", "dependencies: [python]\n")
    code, said = set_up(made, strategy="repo2docker", conda_packages="xarray")
    assert code == 2 and "with this base and your own files" in said


def test_a_template_that_cannot_be_reached(
    press: Callable[..., Repository], upstream: Path
) -> None:
    made = press()
    upstream.rename(upstream.with_name("away"))
    code, said = set_up(made, strategy="inherit")
    assert code == 2 and f"The template cannot be had from `{UPSTREAM}`" in said


@pytest.mark.parametrize("name", ["image", "setup", "update"])
def test_a_workflow_that_a_person_changed(press: Callable[..., Repository], name: str) -> None:
    made = press()
    path = made.folder / ".github" / "workflows" / f"{name}.yml"
    path.write_text(path.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    made.push()
    code, said = set_up(made, strategy="inherit")
    assert code == 2
    assert f"none that the template had together: `.github/workflows/{name}.yml`." in said


def test_a_template_whose_workflows_differ_in_a_render(
    press: Callable[..., Repository], upstream: Path
) -> None:
    """tests/test_workflows.py keeps them equal; if they ever are not, it is said before the push."""
    path = upstream / "template/{{ on_github }}/.github/workflows/image.yml"
    path.write_text(path.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    commit(upstream)
    git("tag", "3.0.0", cwd=upstream)
    made = press()
    code, said = set_up(made, strategy="inherit")
    assert code == 2
    assert "would differ from the copy's: `.github/workflows/image.yml`" in said


def test_a_protected_branch(press: Callable[..., Repository]) -> None:
    made = press()
    hook = made.remote / "hooks" / "update"
    rule = hook.read_text(encoding="utf-8")
    words = "protected branch hook declined: changes must be made through a pull request"
    hook.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n", encoding="utf-8")
    code, said = set_up(made, strategy="inherit")
    assert code == 2 and "GitHub did not take the commit" in said
    assert "if a rule protects `main`, lift it" in said
    # and so it can be run again
    hook.write_text(rule, encoding="utf-8")
    code, said = set_up(made, strategy="inherit")
    assert code == 0, said


def test_an_older_run_that_is_repeated(press: Callable[..., Repository]) -> None:
    """GitHub checks the commit of then out; what was added since counts."""
    made = press()
    other = made.folder.parent / "other"
    git("clone", "--quiet", str(made.remote), str(other), cwd=made.remote)
    (other / "mine.txt").write_text("mine\n", encoding="utf-8")
    commit(other)
    git("push", "--quiet", "origin", "HEAD:main", cwd=other)
    code, said = set_up(made, strategy="inherit")
    assert code == 0 and "`mine.txt`" in said
    assert "mine.txt" in text_of(result(made))
    code, said = set_up(made, strategy="dockerfile")
    assert code == 0 and "set up already" in said


def test_chosen_on_another_branch(press: Callable[..., Repository]) -> None:
    """The form lets one choose the branch whose workflow runs: it is the default branch that is set up."""
    made = press()
    made.env["GITHUB_REF_NAME"] = "try"
    code, said = set_up(made, strategy="inherit")
    assert code == 0, said
    assert "Dockerfile" in text_of(result(made))


def test_bad_credentials(press: Callable[..., Repository]) -> None:
    made = press()
    made.env["GITHUB_TOKEN"] = "none"
    code, said = set_up(made, strategy="inherit")
    assert code == 1 and "Bad credentials" in said


def test_a_first_build_that_does_not_start(press: Callable[..., Repository]) -> None:
    """The repository is made: the summary says how a person starts the build."""
    made = press()
    made.host.workflow_is_there = False
    code, said = set_up(made, strategy="inherit")
    assert code == 0
    assert (
        'Press "Run workflow" [here](https://github.com/me/env/actions/workflows/image.yml)' in said
    )


# --- the form -----------------------------------------------------------------------------------------------


def test_the_form_is_short_and_asks_the_template_s_questions(template: Path) -> None:
    questions = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    assert len(FIELDS) <= 10 and set(FIELDS) <= set(questions)
    assert list(FIELDS) == [name for name in questions if name in FIELDS]
    values = [one.partition(": ")[0] for one in FIELDS["strategy"]["options"]]
    assert values == ["choose", *questions["strategy"]["choices"].values()]
    catalogue = yaml.safe_load((ROOT / "extensions/catalogue.yml").read_text(encoding="utf-8"))
    bases = [one.partition(": ")[0] for one in FIELDS["base"]["options"]]
    assert bases == list(catalogue["images"])


CHOICES = [(n, o) for n, f in FIELDS.items() for o in f.get("options", []) if n != "strategy"]


@pytest.mark.parametrize(("name", "chosen"), CHOICES, ids=[f"{n}: {o}" for n, o in CHOICES])
def test_every_option_is_an_answer(render: Callable[..., Path], name: str, chosen: str) -> None:
    """In some strategy; what the interface may be depends on the environment."""
    value: Any = chosen.partition(": ")[0]
    if value == "usual":
        return
    answers: dict[str, Any] = {"strategy": "repo2docker" if name == "languages" else "inherit"}
    if value in ("rocker-binder", "rapids"):
        answers["base_tag"] = "latest@sha256:" + 64 * "a" if value == "rocker-binder" else None
    if value == "rstudio":
        answers["base"] = "py-rocket-base"
    answers = {key: one for key, one in answers.items() if one is not None}
    project = render(**answers, **{name: value.split(", ") if name == "languages" else value})
    stored = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert stored[name] == (value.split(", ") if name == "languages" else value)
