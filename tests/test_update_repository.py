"""update_repository.py: what it proposes, renews and withdraws, against stand-ins for GitHub and GitLab.

The template under update has two older releases: 2.0.0 differs from today's in a file that all
repositories have, 1.0.0 in a workflow as well.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import copier
import github
import pytest
import test_update_registry
from github import BRANCH, TOKEN
from markdown_it import MarkdownIt
from repositories import CATALOGUE, FIXED, ROOT, commit, git, load

registry = test_update_registry.registry
EVERY = "template/{{ every_strategy }}"
WORKFLOW = ".github/workflows/image.yml"
PINS = {
    "repo2docker_version": "9999.1.0",
    "uv_version": "9999.1.0",
    "micromamba_version": "9999.1.0",
}
HOSTILE = "# `x` ``` @everyone ${{ github.token }} <!-- proposal: 0 --> [a](b)\n"


# --- what the tests share -------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def releases(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with older releases before today's, and what they say of themselves."""
    path = tmp_path_factory.mktemp("releases") / "template"
    git("clone", "--quiet", str(template), str(path), cwd=template)
    git("checkout", "--quiet", "--orphan", "history", cwd=path)
    git("tag", "--delete", "99999.0.0", cwd=path)
    today = {
        name: (path / name).read_bytes()
        for name in (f"{EVERY}/.gitignore", f"{EVERY}/.dockerignore")
    }
    workflow = path / "template" / "{{ on_github }}" / WORKFLOW
    proved = workflow.read_bytes()
    for name, text in today.items():
        (path / name).write_bytes(b"# an older release\n" + text)
    (path / EVERY / "dropped.txt").write_text("once\n", encoding="utf-8", newline="\n")
    workflow.write_bytes(proved + b"# an older release\n")
    commit(path)
    git("tag", "1.0.0", cwd=path)
    workflow.write_bytes(proved)
    commit(path)
    git("tag", "2.0.0", cwd=path)
    for name, text in today.items():
        (path / name).write_bytes(text)
    (path / EVERY / "dropped.txt").unlink()
    notes = "# Changes\n\n## 99999.0.0 (2026-11-23)\n\n- ignores less\n- @everyone `x` ```\n\n"
    notes += "## [2.0.0]\n\n- not of interest any more\n"
    (path / "CHANGELOG.md").write_text(notes, encoding="utf-8", newline="\n")
    commit(path)
    git("tag", "99999.0.0", cwd=path)
    return path


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pip finds instead of a package registry: newer and older releases, and a pre-release."""
    folder = tmp_path_factory.mktemp("wheels")
    for name in ("jupyter_repo2docker", "uv"):
        for version in ("0.1.0", "9999.1.0", "9999.2.0rc1"):
            info = f"{name}-{version}.dist-info"
            with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
                wheel.writestr(
                    f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
                )
                wheel.writestr(
                    f"{info}/WHEEL",
                    "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
                )
                wheel.writestr(f"{info}/RECORD", "")
    return folder


@dataclass
class Repository:
    """A repository at a host: its folder, its remote, the stand-in for the host, and the variables of a
    run there."""

    folder: Path
    remote: Path
    host: github.Server
    env: dict[str, str]

    def run(
        self, *arguments: str, program: str = "update_repository.py", **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the program, as CI's step does."""
        summary = self.folder.parent / "summary.md"
        summary.unlink(missing_ok=True)
        variables = os.environ | self.env | {"GITHUB_STEP_SUMMARY": str(summary)} | env
        command = [sys.executable, program, *arguments]
        options = {"capture_output": True, "encoding": "utf-8", "timeout": 300}
        done = subprocess.run(command, cwd=self.folder, env=variables, check=False, **options)
        print(done.stdout, done.stderr)
        assert "Traceback" not in done.stderr and TOKEN not in done.stdout + done.stderr
        assert (
            git("status", "--porcelain", cwd=self.folder) == "" or "GITHUB_ACTIONS" not in variables
        )
        return done

    def edit(self, name: str, text: str) -> None:
        """A person's change in front of a file, on the default branch."""
        path = self.folder / name
        old = path.read_bytes() if path.is_file() else b""
        path.write_bytes(text.encode() + old)
        self.push()

    def push(self) -> str:
        made = commit(self.folder)
        may = self.remote / "hooks" / "may-change-workflows"
        may.touch()
        git("push", "--quiet", str(self.remote), "HEAD:main", cwd=self.folder)
        may.unlink()
        return made

    def proposed(self, name: str) -> str:
        return git("show", f"{BRANCH}:{name}", cwd=self.remote)

    @property
    def tip(self) -> str:
        return git(
            "for-each-ref", "--format=%(objectname)", f"refs/heads/{BRANCH}", cwd=self.remote
        )

    @property
    def request(self) -> dict[str, Any]:
        """The only open request."""
        (request,) = self.host.requests()
        return request


@pytest.fixture
def make(
    releases: Path, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Repository]]:
    """A function that makes a repository at a host. In: the template's release, answers. Out: it."""
    if sys.platform == "win32":
        pytest.skip("CI runs the program on Linux; hooks and addresses of folders are POSIX's here")
    forget_runs(monkeypatch)
    remote = github.make_remote(tmp_path / "remote.git")
    addresses = ("https://github.com/me/env.git", "https://gitlab.com/me/env.git")
    lines = "".join(f"insteadOf = {address}\n" for address in addresses)
    (tmp_path / "gitconfig").write_text(f'[url "{remote.as_posix()}"]\n{lines}', encoding="utf-8")
    variables = {
        "COPIER_CACHE_DIR": str(tmp_path / "cache"),
        "DOCKER_HOST": "tcp://127.0.0.1:1",  # none answers there
        "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
        "PIP_FIND_LINKS": str(wheels),
        "PIP_NO_INDEX": "1",
    }
    servers = []

    def make(release: str = "99999.0.0", host: str = "github", **answers: str) -> Repository:
        folder = tmp_path / "env"
        data = FIXED | PINS | {"name": "env", "repository": "me/env", "code_host": host}
        data |= {"strategy": "dockerfile", "packages_with": "pip"} | answers
        copier.run_copy(
            str(releases),
            folder,
            data=data,
            vcs_ref=release,
            defaults=True,
            quiet=True,
            unsafe=True,
        )
        kind = {"github": github.GitHub, "gitlab": github.GitLab}[host]
        running = github.running(kind, remote)
        server = running.__enter__()
        servers.append(running)
        of_host = on_github if host == "github" else on_gitlab
        made = Repository(folder, remote, server, variables | of_host(tmp_path, server.url))
        made.push()
        return made

    yield make
    for server in servers:
        server.__exit__(None, None, None)


def forget_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What CI says of the run that runs these tests is not said of theirs."""
    for name in list(os.environ):
        if re.match(r"CI$|CI_|GITHUB_|GITLAB_|REGISTRY_|UPDATE_TOKEN|PYTHONPATH$", name):
            monkeypatch.delenv(name)


def on_github(folder: Path, url: str) -> dict[str, str]:
    """What GitHub Actions says of a weekly run."""
    event = {
        "schedule": "37 3 * * 2",
        "repository": {"default_branch": "main", "full_name": "me/env"},
    }
    (folder / "event.json").write_text(json.dumps(event), encoding="utf-8")
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": url,
        "GITHUB_EVENT_NAME": "schedule",
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_REF_NAME": "main",
        "GITHUB_REF_TYPE": "branch",
        "GITHUB_REPOSITORY": "me/env",
        "GITHUB_RUN_ID": "7",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_TOKEN": TOKEN,
    }


def on_gitlab(folder: Path, url: str) -> dict[str, str]:
    """What GitLab CI says of a scheduled pipeline, with the token that a person gave it."""
    return {
        "CI_API_V4_URL": url,
        "CI_COMMIT_BRANCH": "main",
        "CI_COMMIT_SHA": 40 * "a",
        "CI_DEFAULT_BRANCH": "main",
        "CI_PIPELINE_SOURCE": "schedule",
        "CI_PROJECT_PATH": "me/env",
        "CI_PROJECT_URL": "https://gitlab.com/me/env",
        "CI_SERVER_URL": "https://gitlab.com",
        "GITLAB_CI": "true",
        "UPDATE_TOKEN": TOKEN,
    }


# --- nothing to do ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["repo2docker", "dockerfile"])
def test_nothing_is_newer(make: Callable[..., Repository], strategy: str) -> None:
    """One line, and nothing is rendered, pushed or opened."""
    made = make(strategy=strategy)
    done = made.run()
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "Nothing is newer.\n"
    assert made.host.writes == [] and made.tip == ""


# --- one request ------------------------------------------------------------------------------------------


def test_a_newer_release_is_proposed(make: Callable[..., Repository], releases: Path) -> None:
    made = make("2.0.0")
    assert made.run().returncode == 0
    request = made.request
    assert request["title"] == "Update the template to 99999.0.0"
    assert "| the template | `2.0.0` | `99999.0.0` |" in request["body"]
    assert "- ignores less" in request["body"] and "not of interest" not in request["body"]
    assert "- `dropped.txt`" in request["body"]
    assert "-- dropped.txt" in request["body"]
    assert "an older release" not in made.proposed(".gitignore")
    assert git("rev-list", "--count", f"main..{BRANCH}", cwd=made.remote) == "1"
    assert made.host.started == [BRANCH]
    assert made.host.writes == ["POST pulls", "POST actions/workflows/image.yml/dispatches"]
    print(request["title"], request["body"], sep="\n\n")


def test_a_rerun_repeats_nothing(make: Callable[..., Repository]) -> None:
    made = make("2.0.0")
    made.run()
    tip, writes = made.tip, list(made.host.writes)
    done = made.run()
    assert done.returncode == 0 and "says so already" in done.stderr
    assert (made.tip, made.host.writes) == (tip, writes)
    assert len(made.host.threads) == 1


def test_a_rerun_renews(make: Callable[..., Repository]) -> None:
    """The default branch has moved on: the same request, on top of it."""
    made = make("2.0.0")
    made.run()
    tip = made.tip
    made.edit("notes.txt", "mine\n")
    assert made.run().returncode == 0
    assert made.tip != tip and made.proposed("notes.txt") == "mine"
    assert git("rev-list", "--count", f"main..{BRANCH}", cwd=made.remote) == "1"
    assert len(made.host.threads) == 1 and made.request["number"] == 1
    assert made.host.started == [BRANCH, BRANCH]


def test_another_strategy_from_the_form(make: Callable[..., Repository]) -> None:
    made = make()
    assert made.run("--strategy", "repo2docker").returncode == 0
    assert made.request["title"] == "Update the strategy to repo2docker"
    assert "STRATEGY=repo2docker" in made.proposed("image.env")
    assert "- `Dockerfile`" in made.request["body"]


def test_what_the_form_leaves_out_is_left(make: Callable[..., Repository]) -> None:
    made = make("2.0.0", repo2docker_version="0.1.0")
    assert made.run("--what", "pins").returncode == 0
    assert made.request["title"] == "Update repo2docker to 9999.1.0"
    assert "an older release" in made.proposed(".gitignore")
    assert "repo2docker_version: 9999.1.0" in made.proposed(".copier-answers.yml")


def test_pins_are_proposed_without_pre_releases(make: Callable[..., Repository]) -> None:
    made = make(repo2docker_version="0.1.0", uv_version="0.1.0")
    assert made.run().returncode == 0
    assert made.request["title"] == "Update repo2docker to 9999.1.0, uv to 9999.1.0"
    assert "uv:9999.1.0" in made.proposed("Dockerfile") or "uv==9999.1.0" in made.proposed(
        "Dockerfile"
    )


# --- the base image -------------------------------------------------------------------------------------------


def of_base(registry: Any, *tags: str, **images: str) -> dict[str, str]:
    """Answers for a base image in a registry that has these tags and what was made earlier."""
    registry.listed["me/base"] = [*tags]
    for tag in tags:
        registry.image("amd64", tag)
    reference = f"{registry.host}/me/base:{tags[0]}"
    return {
        "strategy": "inherit",
        "base": "other",
        "base_family": "docker-stacks",
        "base_reference": reference,
    }


def test_a_newer_tag_that_names_the_hub(make: Callable[..., Repository], registry: Any) -> None:
    """Its major is in its name, so no Docker is needed."""
    base = of_base(
        registry, "hub-5.4.2", "hub-5.4.10", "hub-5.4.9", "hub-6.0.0", "latest", "2026-10-05"
    )
    made = make(**base)
    assert made.run().returncode == 0
    old, new = base["base_reference"], f"{registry.host}/me/base:hub-5.4.10"
    assert f"| the base image | `{old}` | `{new}` |" in made.request["body"]
    assert f"FROM {new}\n" in made.proposed("Dockerfile")
    assert f"BASE_IMAGE={new}\n" in made.proposed("image.env")


def test_a_digest_gets_the_new_tag_s(make: Callable[..., Repository], registry: Any) -> None:
    base = of_base(registry, "hub-5.4.2", "hub-5.4.9")
    digest = registry.image("amd64")["digest"]
    base["base_reference"] += f"@sha256:{64 * '0'}"
    made = make(**base)
    assert made.run().returncode == 0
    assert f"BASE_IMAGE={registry.host}/me/base:hub-5.4.9@{digest}\n" in made.proposed("image.env")


def test_a_yanked_tag_is_passed_over(make: Callable[..., Repository], registry: Any) -> None:
    base = of_base(registry, "hub-5.4.2", "hub-5.4.9", "hub-5.4.10")
    del registry.stored["hub-5.4.10"]
    made = make(**base)
    assert made.run().returncode == 0
    assert "me/base:hub-5.4.9" in made.proposed("image.env")


def test_no_docker_no_tag(make: Callable[..., Repository], registry: Any) -> None:
    """Nobody knows which JupyterHub is in it. An open request stays, as this may be of today only."""
    made = make(**of_base(registry, "2026-07-28", "2026-10-05"))
    done = made.run()
    assert done.returncode == 0 and made.host.asked == []
    assert "No Docker answers" in done.stderr and "Nothing is newer." in done.stderr


def test_tags_without_order(make: Callable[..., Repository], registry: Any) -> None:
    made = make(**of_base(registry, "b39d8d901d7b", "f39d8d901d7b"))
    done = made.run()
    assert done.returncode == 0 and made.host.writes == []
    assert "me/base:b39d8d901d7b have no order" in done.stderr


def test_a_registry_that_fails_is_told(make: Callable[..., Repository], registry: Any) -> None:
    base = of_base(registry, "hub-5.4.2")
    registry.listed.clear()
    done = make(**base).run()
    assert done.returncode == 0 and f"{registry.host} does not tell about" in done.stderr


@pytest.mark.parametrize(
    ("hubs", "wanted", "pulled"),
    [
        ({1: 5, 2: 5, 3: 5}, 3, 2),
        ({1: 5, 2: 5, 3: 6}, 2, 3),
        ({1: 5, 2: 6, 3: 6, 4: 6, 5: 6, 6: 6, 7: 6, 8: 6}, 1, 5),
        ({1: 6, 2: 6}, 0, 2),
        ({1: 0, 2: 0}, 2, 2),
        ({}, 0, 0),
    ],
)
def test_never_another_major_of_the_hub(
    make: Callable[..., Repository], registry: Any, monkeypatch: pytest.MonkeyPatch,
    hubs: dict[int, int], wanted: int, pulled: int,
) -> None:  # fmt: skip
    """The newest tag with the hub's major, found by few pulls; tests/images/ has the same with Docker,
    for which something stands in here. The old image is pulled too, for the difference."""
    of_tag = {f"2026-11-{day:02}": hub for day, hub in hubs.items()}
    made = make(**of_base(registry, "2026-07-28", *of_tag))
    update = load(made.folder, "update_repository")
    asked = []

    def inside(client: object, reference: str) -> Any:
        asked.append(reference.rpartition(":")[2])
        hub = of_tag.get(asked[-1], 5)
        packages = {
            "conda": {},
            "pip": {"jupyterhub": f"{hub}.1.0"} if hub else {},
            "apt": {},
            "R": {},
        }
        return update.Contents(1, "", packages)

    monkeypatch.setattr(update, "look_inside", inside)
    monkeypatch.setattr(update.check_image, "connect", lambda: "stands in for Docker")
    plan, env = update.Plan(), update.check_image.read_image_env(made.folder / "image.env")
    update.look_for_base(plan, {"base": "other"}, env)
    new = f"{registry.host}/me/base:2026-11-{wanted:02}"
    assert plan.answers == ({"base_reference": new} if wanted else {})
    assert len(asked) == len(set(asked)) <= pulled
    if wanted:
        assert plan.packages == (["- pip: jupyterhub 5.1.0"] if not hubs[wanted] else [])


# --- a person decides ---------------------------------------------------------------------------------------


def test_conflicts_are_a_checklist(make: Callable[..., Repository]) -> None:
    """No marker is committed: the file stays as it is here, and the request says what the template
    would change."""
    made = make("2.0.0")
    made.edit(".gitignore", HOSTILE)
    mine = (made.folder / ".gitignore").read_text(encoding="utf-8")
    assert made.run().returncode == 0
    request = made.request
    assert request["title"] == "Update the template to 99999.0.0 (needs a person)"
    assert "- [ ] `.gitignore`" in request["body"]
    assert "\n-# an older release\n" in request["body"]
    assert made.proposed(".gitignore") == mine.strip()
    assert "an older release" not in made.proposed(".dockerignore")
    command = re.search(r"^git switch --create by-hand .*$", request["body"], re.MULTILINE)[0]
    bin_ = Path(sys.executable).parent
    env = os.environ | made.env | {"PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(["bash", "-c", command], cwd=made.folder, env=env, check=True)
    assert "<<<<<<< before updating" in (made.folder / ".gitignore").read_text(encoding="utf-8")


def test_a_commit_of_somebody_else_is_left_alone(make: Callable[..., Repository]) -> None:
    made = make("2.0.0")
    made.run()
    git("fetch", "--quiet", str(made.remote), BRANCH, cwd=made.folder)
    git("checkout", "--quiet", "FETCH_HEAD", cwd=made.folder)
    (made.folder / "fix.txt").write_text("mine\n", encoding="utf-8")
    theirs = commit(made.folder)
    git("push", "--quiet", str(made.remote), f"HEAD:{BRANCH}", cwd=made.folder)
    git("checkout", "--quiet", "main", cwd=made.folder)
    made.edit("notes.txt", "mine\n")
    writes = list(made.host.writes)
    done = made.run()
    assert done.returncode == 0 and "left alone" in done.stderr
    assert (made.tip, made.host.writes) == (theirs, writes)


def test_what_a_person_closed_is_not_opened_again(make: Callable[..., Repository]) -> None:
    """But something newer is."""
    made = make("2.0.0")
    made.run()
    made.request["state"] = "closed"
    git("update-ref", "-d", f"refs/heads/{BRANCH}", cwd=made.remote)
    done = made.run()
    assert done.returncode == 0 and "not opened again" in done.stderr
    assert made.host.requests() == [] and made.tip == ""
    made.run("--strategy", "repo2docker")
    assert made.request["title"].endswith("the strategy to repo2docker")


def test_what_is_merged_is_no_refusal(make: Callable[..., Repository]) -> None:
    made = make("2.0.0")
    made.run()
    made.request.update(state="closed", merged_at="2026-11-23T00:00:00Z")
    assert made.run().returncode == 0
    assert made.request["number"] == 2


def test_what_is_moot_is_closed(make: Callable[..., Repository]) -> None:
    """And may come back: it was no person who closed it."""
    made = make("2.0.0")
    made.run()
    old = git("rev-parse", "HEAD", cwd=made.folder)
    git("fetch", "--quiet", str(made.remote), BRANCH, cwd=made.folder)
    git("checkout", "--quiet", "FETCH_HEAD", "--", ".", cwd=made.folder)
    (made.folder / "dropped.txt").unlink()
    made.push()
    assert made.run().returncode == 0
    assert made.host.requests() == [] and made.tip == ""
    assert made.host.comments == [(1, "The repository is current.")]
    git("reset", "--quiet", "--hard", old, cwd=made.folder)
    git("update-ref", "refs/heads/main", old, cwd=made.remote)
    assert made.run().returncode == 0
    assert made.request["number"] == 2


# --- what GitHub does not let a run's token do ----------------------------------------------------------------


def test_a_changed_workflow_is_one_issue(make: Callable[..., Repository]) -> None:
    made = make("1.0.0")
    for _ in range(2):
        assert made.run().returncode == 0
    (issue,) = made.host.issues()
    assert issue["title"] == "Update the template to 99999.0.0, by hand"
    assert "\ncopier update --trust --defaults\n" in issue["body"]
    assert f"`{WORKFLOW}`" in issue["body"] and "UPDATE_TOKEN" in issue["body"]
    assert made.host.writes == ["POST issues"] and made.tip == ""
    issue["state"] = "closed"
    done = made.run()
    assert done.returncode == 0 and made.host.issues() == []


def test_the_remote_refuses_workflows(make: Callable[..., Repository]) -> None:
    """What the program must not run into: the stand-in says GitHub's words."""
    made = make()
    path = made.folder / WORKFLOW
    path.write_bytes(path.read_bytes() + b"# changed\n")
    commit(made.folder)
    with pytest.raises(subprocess.CalledProcessError) as refused:
        git("push", str(made.remote), f"HEAD:{BRANCH}", cwd=made.folder)
    assert "refusing to allow a GitHub App to create or update workflow" in refused.value.stderr


def test_a_changed_workflow_by_a_token_of_a_person(make: Callable[..., Repository]) -> None:
    """Its request starts the image's workflow by itself."""
    made = make("1.0.0")
    (made.remote / "hooks" / "may-change-workflows").touch()
    assert made.run(GITHUB_TOKEN="the-run's-own", UPDATE_TOKEN=TOKEN).returncode == 0
    assert made.request["title"] == "Update the template to 99999.0.0"
    assert "an older release" not in made.proposed(WORKFLOW)
    assert made.host.started == []


def test_a_token_that_may_not_is_told(make: Callable[..., Repository]) -> None:
    done = make("1.0.0").run(UPDATE_TOKEN=TOKEN)
    assert done.returncode == 1
    assert "refusing to allow a GitHub App to create or update workflow" in done.stderr


def test_a_repository_that_lets_actions_open_nothing(make: Callable[..., Repository]) -> None:
    made = make("2.0.0")
    made.host.may_open_requests = False
    for _ in range(2):
        assert made.run().returncode == 0
    (issue,) = made.host.issues()
    assert "Allow GitHub Actions to create and approve pull" in issue["body"].replace("\n", " ")
    assert f"https://github.com/me/env/compare/main...{BRANCH}?expand=1" in issue["body"]
    made.host.may_open_requests = True
    assert made.run().returncode == 0
    assert made.host.issues() == [] and made.request


def test_a_run_on_another_branch_does_nothing(make: Callable[..., Repository]) -> None:
    made = make("2.0.0")
    done = made.run(GITHUB_REF_NAME="fix `x`")
    assert (done.returncode, made.host.asked) == (2, [])
    assert "is not the default branch" in done.stderr


def test_bad_credentials_are_one_sentence(make: Callable[..., Repository]) -> None:
    done = make("2.0.0").run(GITHUB_TOKEN="wrong")
    assert done.returncode == 1
    assert "The update broke off: `Bad credentials`" in done.stderr


def test_a_refusal_of_the_template_is_told(make: Callable[..., Repository]) -> None:
    made = make("2.0.0")
    made.edit(".copier-answers.yml", "")
    path = made.folder / ".copier-answers.yml"
    text = path.read_text(encoding="utf-8").replace("license: BSD-3-Clause", "license: nonsense")
    path.write_text(text, encoding="utf-8", newline="\n")
    made.push()
    done = made.run()
    assert done.returncode == 2 and "nonsense" in done.stderr
    assert made.host.writes == [] and made.tip == ""


def test_a_template_that_is_not_here_is_told(make: Callable[..., Repository]) -> None:
    made = make("2.0.0")
    path = made.folder / ".copier-answers.yml"
    text = re.sub("_src_path: .*", "_src_path: /no/such/folder", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8", newline="\n")
    made.push()
    done = made.run()
    assert done.returncode == 2 and "the folder `/no/such/folder`, not here" in done.stderr


# --- GitLab, and by hand ----------------------------------------------------------------------------------


def test_gitlab(make: Callable[..., Repository]) -> None:
    """With workflow files as well, which are ordinary ones there."""
    made = make("1.0.0", "gitlab")
    for _ in range(2):
        assert made.run().returncode == 0
    assert made.request["title"] == "Update the template to 99999.0.0"
    assert made.host.writes == ["POST merge_requests"]
    assert "an older release" not in made.proposed(".gitignore")
    made.request["state"] = "closed"
    assert "not opened again" in made.run().stderr


def test_gitlab_without_a_token(make: Callable[..., Repository]) -> None:
    made = make("2.0.0", "gitlab")
    done = made.run(UPDATE_TOKEN="")
    assert done.returncode == 2 and "the variable UPDATE_TOKEN" in done.stderr
    assert made.host.asked == []


def test_gitlab_moot(make: Callable[..., Repository]) -> None:
    made = make("2.0.0", "gitlab")
    made.run()
    git("pull", "--quiet", "--rebase", str(made.remote), BRANCH, cwd=made.folder)
    made.push()
    assert made.run().returncode == 0
    assert made.host.requests() == [] and made.tip == ""


def test_by_hand(make: Callable[..., Repository]) -> None:
    """It applies what it finds, and pushes nothing."""
    made = make("2.0.0")
    made.env = {key: made.env[key] for key in made.env if not key.startswith("GITHUB_")}
    done = made.run()
    assert done.returncode == 0 and made.host.asked == [] and made.tip == ""
    assert "an older release" not in (made.folder / ".gitignore").read_text(encoding="utf-8")
    assert "Removed dropped.txt; to keep it: git checkout " in done.stdout


def test_by_hand_with_uncommitted_changes(make: Callable[..., Repository]) -> None:
    made = make("2.0.0")
    made.env = {key: made.env[key] for key in made.env if not key.startswith("GITHUB_")}
    (made.folder / "README.md").write_text("mine\n", encoding="utf-8")
    done = made.run()
    assert done.returncode == 2 and "repository is dirty" in done.stderr
    assert (made.folder / "README.md").read_text(encoding="utf-8") == "mine\n"


# --- hostile texts ------------------------------------------------------------------------------------------

BAD = [
    "`x`", "```\n# x", "<!-- -->", "<script>", "@everyone", "[a](https://example.org)", "a|b", "${{ github.token }}",
    "\n\n# heading", "$(touch pwned)", "; touch pwned", "--output=pwned", "\udcff", "\x1b[31m", "````\n<b>", "x" * 5_000,
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_hostile_texts_are_shown_as_they_are(rendered: Path, bad: str) -> None:
    """Tags, versions, names of files, release notes, differences: nothing of them becomes Markdown or a
    command of its own, and the text is one that GitHub takes."""
    update = load(rendered, "update_repository")
    rows = [("the base image", bad, f"quay.io/a/b:{bad}")]
    plan = update.Plan(True, {"base_tag": bad}, rows, [f"+ pip: {bad} 1"], [bad])
    done = update.Outcome("a", "b", {bad: bad, "Dockerfile": bad}, [bad], [])
    text = update.describe(plan, done, 40 * "a", bad)
    assert len(text) < 65_536 and text.endswith(update.mark(plan))
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    inline = [child for token in tokens for child in token.children or []]
    shown = {token.type for token in [*tokens, *inline]}
    assert not shown & {"html_inline", "link_open", "image"}
    html = [token.content for token in tokens if token.type == "html_block"]
    details = "<details><summary>All of them</summary>"
    assert [one.strip() for one in html] == [details, "</details>", update.mark(plan)]
    said = "".join(child.content for child in inline if child.type == "text")
    assert not re.search(r"everyone|heading|example|touch|xxxxx", said)
    headings = [token for token in tokens if token.type == "heading_open"]
    assert len(headings) <= 4
    (command,) = [token.content for token in tokens if token.content.startswith("git switch")]
    if "\n" not in bad and bad.isprintable():
        *_, last = shlex.split(command)
        assert last == f"base_tag={bad}"
    assert re.fullmatch(r"[\w.?, +~:!@-]*", plan.title) and len(plan.title) <= 200
    assert plan.command[-1] == f"base_tag={bad}"


@pytest.fixture(scope="session")
def rendered(releases: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rendered") / "env"
    data = FIXED | {"strategy": "repo2docker", "name": "env"}
    copier.run_copy(str(releases), path, data=data, defaults=True, quiet=True, unsafe=True)
    return path


# --- what newer tags look like ------------------------------------------------------------------------------

KINDS = [
    ("2026-07-28", "%%%%-%%-%%"),
    ("cuda12-2026-07-28", "cuda12-%%%%-%%-%%"),
    ("2026.06.04", "%%%%.%+.%+"),
    ("2026.6.4-v1", "%%%%.%+.%+-v%+"),
    ("26.06-cuda13-py3.14", "%%.%+-cuda13-py3.14"),
    ("hub-5.4.2", "hub-5.%+.%+"),
    ("v1.2.3", "v1.%+.%+"),
    (f"4.4.2@sha256:{64 * 'a'}", "4.%+.%+"),
    ("x86_64-2024-10-14", "x86_64-%%%%-%%-%%"),
    ("latest", ""),
    ("b39d8d901d7b", ""),
    ("2026-07-28\n", ""),
    ("$(id)", ""),
    ("", ""),
]


@pytest.mark.parametrize(("tag", "kind"), KINDS)
def test_what_newer_tags_look_like(rendered: Path, tag: str, kind: str) -> None:
    """Without a pattern of the catalogue: the same words, another day or version."""
    catalogue = load_extension()
    assert catalogue.newer_tags(tag) == kind
    pattern = load(rendered, "update_repository").pattern_of(kind)
    assert not kind or re.fullmatch(pattern, tag.partition("@")[0])


@pytest.mark.parametrize("name", CATALOGUE["images"])
def test_image_env_says_the_pattern_of_the_catalogue(rendered: Path, name: str) -> None:
    """Digit by digit the same, and nothing that a shell would take apart."""
    image = CATALOGUE["images"][name]
    for tag in image["tags"].values():
        kind = load_extension().newer_tags(tag, image["tag_pattern"])
        assert shlex.quote(kind) == (kind or "''")
        if name == "cryocloud":
            assert kind == ""
        else:
            pattern = load(rendered, "update_repository").pattern_of(kind)
            assert re.escape(pattern) and f"^{pattern}$" == expanded(image["tag_pattern"])


def expanded(pattern: str) -> str:
    """`\\d{2}` as `\\d\\d`, and `-` as re.escape() writes it."""
    pattern = re.sub(r"\\d\{(\d)\}", lambda digits: r"\d" * int(digits[1]), pattern)
    return pattern.replace("-", r"\-")


def load_extension() -> ModuleType:
    spec = importlib.util.spec_from_file_location("catalogue", ROOT / "extensions" / "catalogue.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- the workflow itself ----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def pipx_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pipx")


def act(
    made: Repository, pipx_home: Path, event: str, workflow: str = "update.yml", **inputs: str
) -> tuple[int, str, str]:
    """Run a workflow by `act` on this machine, in place of a runner, without Docker. Out: its exit code,
    the summary and the log."""
    folder = made.folder.parent
    payload = json.loads(Path(made.env["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    (folder / "act.json").write_text(json.dumps(payload | {"inputs": inputs}), encoding="utf-8")
    bin_ = Path(sys.executable).parent
    # pip finds the program's dependencies where this machine has them
    ours = {key: value for key, value in made.env.items() if not re.match("GITHUB_|PIP_", key)}
    env = os.environ | ours
    env |= {"PATH": f"{bin_}{os.pathsep}{env['PATH']}", "PIPX_HOME": str(pipx_home)}
    command = [
        str(bin_ / "act"),
        event,
        "--json",
        "--no-cache-server",
        "--secret",
        f"GITHUB_TOKEN={TOKEN}",
    ]
    command += [
        "--workflows",
        f".github/workflows/{workflow}",
        "--platform",
        "ubuntu-latest=-self-hosted",
    ]
    command += ["--eventpath", str(folder / "act.json"), "--env", f"GITHUB_API_URL={made.host.url}"]
    done = subprocess.run(
        command, cwd=made.folder, env=env, capture_output=True, encoding="utf-8", check=False
    )
    log, summary = done.stderr, ""
    for line in done.stdout.splitlines():
        entry = json.loads(line) if line.startswith("{") else {}
        log += entry.get("msg", line) + "\n"
        if entry.get("command") == "summary":
            summary += entry["content"]
    print(log)
    return done.returncode, summary, log


needs_act = pytest.mark.skipif(
    sys.platform != "linux", reason="act runs the workflow on Linux only"
)


@needs_act
def test_the_workflow_proposes_and_renews(make: Callable[..., Repository], pipx_home: Path) -> None:
    made = make("2.0.0", repo2docker_version="9999.1.0")
    git("remote", "add", "origin", "https://github.com/me/env.git", cwd=made.folder)
    code, summary, log = act(made, pipx_home, "schedule")
    assert code == 0, log
    assert "Update the template to 99999.0.0: https://github.com/me/env/pull/1" in summary
    assert made.host.started == [BRANCH] and made.request["number"] == 1
    code, summary, _ = act(made, pipx_home, "schedule")
    assert code == 0 and "says so already" in summary
    code, summary, log = act(
        made, pipx_home, "workflow_dispatch", what="pins", strategy="repo2docker"
    )
    assert code == 0, log
    assert made.request["title"] == "Update the strategy to repo2docker"
    assert made.request["number"] == 1


@needs_act
@pytest.mark.parametrize(
    ("release", "mine", "said"),
    [
        ("1.0.0", "", "https://github.com/me/env/issues/1"),
        ("2.0.0", "mine\n", "(needs a person): https://github.com/me/env/pull/1"),
        ("99999.0.0", "", "Nothing is newer."),
    ],
    ids=["workflow file changed", "conflict", "nothing to do"],
)
def test_the_workflow_in_other_cases(
    make: Callable[..., Repository], pipx_home: Path, release: str, mine: str, said: str
) -> None:
    """The cases themselves are above; here GitHub's file runs them."""
    made = make(release)
    if mine:
        made.edit(".gitignore", mine)
    git("remote", "add", "origin", "https://github.com/me/env.git", cwd=made.folder)
    code, summary, log = act(made, pipx_home, "schedule", what="template")
    assert code == 0, log
    assert said in summary


@needs_act
def test_the_workflow_proposes_a_tag(
    make: Callable[..., Repository], registry: Any, pipx_home: Path
) -> None:
    made = make(**of_base(registry, "hub-5.4.2", "hub-5.4.9"))
    git("remote", "add", "origin", "https://github.com/me/env.git", cwd=made.folder)
    code, _, log = act(made, pipx_home, "workflow_dispatch", what="image", strategy="keep")
    assert code == 0, log
    assert made.request["title"] == "Update the base image to base:hub-5.4.9"
    assert made.host.started == [BRANCH]
    # moot, as a person has done it
    git("pull", "--quiet", "--rebase", str(made.remote), BRANCH, cwd=made.folder)
    made.push()
    code, _, log = act(made, pipx_home, "schedule")
    assert code == 0, log
    assert made.host.requests() == [] and made.tip == ""


@needs_act
def test_the_workflow_in_the_template_itself(
    make: Callable[..., Repository], releases: Path, pipx_home: Path
) -> None:
    made = make()
    shutil.rmtree(made.folder)
    git("clone", "--quiet", str(releases), str(made.folder), cwd=releases)
    code, summary, log = act(made, pipx_home, "schedule")
    assert code == 0, log
    assert "not set up" in summary and made.host.asked == []
