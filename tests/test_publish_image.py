"""publish_image.py of a rendered repository: what it decides and what it says. No Docker, no network.

What it asks of a registry is in tests/test_publish_registry.py.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import copier
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from repositories import FIXED, commit, git, load

NEW, OLD, TIP, NONE = 40 * "a", 40 * "b", 40 * "c", 40 * "0"
DIGEST = f"sha256:{64 * 'd'}"
PUBLISHED = f"ghcr.io/me/env@{DIGEST}"

# --- what the tests share -----------------------------------------------------------------------


@pytest.fixture(scope="session")
def rendered(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository as Copier makes it; tests change copies."""
    path = tmp_path_factory.mktemp("rendered") / "env"
    answers = {"strategy": "dockerfile", "name": "env", "repository": "me/env", "binder": "image"}
    options = {"defaults": True, "quiet": True, "unsafe": True}
    copier.run_copy(str(template), path, data=FIXED | answers, **options)
    return path


@pytest.fixture
def repository(rendered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, not committed. The test runs in no CI and is logged in nowhere, wherever it runs."""
    for name in list(os.environ):
        if re.match(r"CI$|CI_|GITHUB_|GITLAB_|REGISTRY_|PYTHONPATH$", name):
            monkeypatch.delenv(name)
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "config.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    return Path(shutil.copytree(rendered, tmp_path / "env"))


@pytest.fixture
def publish(repository: Path) -> ModuleType:
    """The program of the repository, imported."""
    return load(repository, "publish_image")


def change(repository: Path, **values: str) -> None:
    """Give image.env other values."""
    path = repository / "image.env"
    text = path.read_text(encoding="utf-8")
    for key, value in values.items():
        text, count = re.subn(rf"(?m)^{key}=.*$", f"{key}={value}", text)
        assert count == 1
    path.write_text(text, encoding="utf-8", newline="\n")


def run(repository: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the program by the standard library alone, as the workflow's python3 does."""
    command = [sys.executable, "-S", "publish_image.py", *arguments]
    options = {"capture_output": True, "encoding": "utf-8", "timeout": 60}
    return subprocess.run(command, cwd=repository, env=os.environ | env, check=False, **options)


# --- where it runs: by GitHub's and GitLab's documentation of their variables and events ------------


def about(**more: Any) -> dict[str, Any]:
    """The repository, as GitHub's events have it."""
    owner = {"login": "me", "type": "User"}
    return {"full_name": "me/env", "default_branch": "main", "fork": False, "owner": owner} | more


def github(folder: Path, name: str, ref: str = "branch main", **event: Any) -> dict[str, str]:
    """What GitHub Actions says. `event`: its payload, with the repository unless that is None."""
    payload = {key: value for key, value in ({"repository": about()} | event).items() if value}
    path = folder / "event.json"
    path.write_text(json.dumps(payload), encoding="utf-8")
    kind, _, ref_name = ref.partition(" ")
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": name,
        "GITHUB_EVENT_PATH": str(path),
        "GITHUB_REF_NAME": ref_name,
        "GITHUB_REF_TYPE": kind,
        "GITHUB_REPOSITORY": payload.get("repository", about())["full_name"],
        "GITHUB_RUN_ID": "7",
        "GITHUB_SERVER_URL": "https://github.com",
    }


def gitlab(source: str, **more: str) -> dict[str, str]:
    """What GitLab CI says. `more`: variables, without CI_ before them."""
    env = {"PIPELINE_SOURCE": source, "COMMIT_SHA": NEW, "COMMIT_BEFORE_SHA": NONE}
    env |= {"DEFAULT_BRANCH": "main", "PROJECT_PATH": "me/env"}
    env |= {"PROJECT_URL": "https://gitlab.com/me/env", "SERVER_URL": "https://gitlab.com"}
    return {"GITLAB_CI": "true"} | {f"CI_{key}": value for key, value in (env | more).items()}


def pull(head: dict[str, Any] | None) -> dict[str, Any]:
    """What an event says of a pull request from a repository; None: it was deleted since."""
    return {"pull_request": {"head": {"sha": NEW, "repo": head}}}


READER = about(full_name="reader/env", fork=True)
MERGE = {"MERGE_REQUEST_DIFF_BASE_SHA": OLD}
FROM_READER = MERGE | {"MERGE_REQUEST_SOURCE_PROJECT_PATH": "reader/env"}
# Event, ref and payload; what holds of the run; the commit before; where a request comes from.
ON_GITHUB = [
    ("push", "branch main", {"before": OLD}, "publishes", OLD, ""),
    ("push", "branch fix", {"before": OLD}, "", OLD, ""),
    ("push", "tag v1", {"before": NONE}, "publishes", NONE, ""),
    ("push", "tag main", {"before": NONE}, "publishes", NONE, ""),
    ("push", "branch main", {"before": OLD, "repository": READER}, "publishes fork", OLD, ""),
    ("pull_request", "branch 7/merge", pull(about()), "request", "HEAD^1", f"me/env {NEW}"),
    ("pull_request", "branch 7/merge", pull(READER), "request", "HEAD^1", f"reader/env {NEW}"),
    ("pull_request", "branch 7/merge", pull(None), "request", "HEAD^1", ""),
    # one that was merged
    ("pull_request", "branch main", pull(READER), "request", "HEAD^1", f"reader/env {NEW}"),
    ("schedule", "branch main", {"repository": None}, "publishes fresh", "", ""),
    ("workflow_dispatch", "branch main", {}, "publishes fresh", "", ""),
    ("workflow_dispatch", "branch fix", {}, "fresh", "", ""),
]
# The same, of GitLab: source and variables.
ON_GITLAB = [
    ("push", {"COMMIT_BRANCH": "main", "COMMIT_BEFORE_SHA": OLD}, "publishes", OLD, ""),
    ("push", {"COMMIT_BRANCH": "fix"}, "", NONE, ""),
    ("push", {"COMMIT_TAG": "v1"}, "publishes", NONE, ""),
    ("merge_request_event", FROM_READER, "request", OLD, f"reader/env {NEW}"),
    (
        "merge_request_event",  # of a merged result, which is a commit of its own
        FROM_READER | {"MERGE_REQUEST_SOURCE_BRANCH_SHA": TIP},
        "request",
        OLD,
        f"reader/env {TIP}",
    ),
    ("merge_request_event", MERGE, "request", OLD, ""),  # the fork was deleted
    ("schedule", {"COMMIT_BRANCH": "main"}, "publishes fresh", NONE, ""),
    ("schedule", {"COMMIT_BRANCH": "fix"}, "fresh", NONE, ""),
    ("web", {"COMMIT_BRANCH": "main"}, "publishes fresh", NONE, ""),
]


def seen(made: Any) -> tuple[str, str, str]:
    """In: a Run. Out: what the tables say of it."""
    words = ("publishes", "fresh", "request", "fork")
    head = " ".join(made.head) if made.request and all(made.head) else ""
    return " ".join(word for word in words if getattr(made, word)), made.before, head


@pytest.mark.parametrize(("name", "ref", "event", "words", "before", "head"), ON_GITHUB)
def test_run_on_github(
    publish: ModuleType,
    tmp_path: Path,
    name: str,
    ref: str,
    event: dict[str, Any],
    words: str,
    before: str,
    head: str,
) -> None:
    made = publish.Run.of(github(tmp_path, name, ref, **event))
    assert seen(made) == (words, before, head)
    assert made.url == f"https://github.com/{made.project}/actions/runs/7"
    assert made.secrets_page == f"https://github.com/{made.project}/settings/secrets/actions"


@pytest.mark.parametrize(("source", "more", "words", "before", "head"), ON_GITLAB)
def test_run_on_gitlab(
    publish: ModuleType, source: str, more: dict[str, str], words: str, before: str, head: str
) -> None:
    made = publish.Run.of(gitlab(source, **more))
    assert seen(made) == (words, before, head)
    assert made.secrets_page.startswith("https://gitlab.com/me/env/-/settings/ci_cd#")


def test_run_by_hand(publish: ModuleType) -> None:
    by_hand = publish.Run.of({})
    assert (seen(by_hand), by_hand.on) == (("", "", ""), "")


# --- plan -------------------------------------------------------------------------------------------

ONLY_DOCS = ["README.md", "docs/x.png", "docs/deep/y.ipynb", "LICENSE"]
CHANGED = {
    "documentation": (ONLY_DOCS, False),
    "what git reads": ([".gitignore", ".gitattributes", ".pre-commit-config.yaml"], False),
    "a lesson in Markdown": (["lessons/01.md"], True),
    "documentation and packages": ([*ONLY_DOCS, "environment.yml"], True),
    "the workflow": ([".github/workflows/image.yml"], True),
    "the pipeline": ([".gitlab-ci.yml"], True),
    "a folder named alike": (["docs-data/x.csv"], True),
    "a folder deeper down": (["tests/docs/x.csv"], True),
}
PACKAGES, GITLAB = ["environment.yml"], {"SOURCE": "https://gitlab.com/me/env"}
OWN, POINTER = (
    {"SOURCE": "https://github.com/Reader/Env"},
    {
        "STRATEGY": "community-image",
        "IMAGE": "",
        "BASE_IMAGE": "quay.io/jupyter/base-notebook:2026-07-28",
        "PLATFORMS": "",
        "BINDER": "repository",
    },
)
# Event, ref and payload; what changed; other values in image.env; what is to be done.
PLANS = [
    ("push", "branch main", {"before": OLD}, ["README.md"], {}, "build publish binder"),
    ("push", "branch main", {"before": NONE}, ["README.md"], {}, "build publish binder"),
    ("push", "branch main", {}, PACKAGES, {"BINDER": "repository"}, "build publish"),
    ("push", "branch main", {}, PACKAGES, POINTER, "build"),
    ("push", "branch main", {"repository": READER}, PACKAGES, {}, "build fork"),
    ("push", "branch main", {"repository": READER}, PACKAGES, OWN, "build publish binder"),
    ("push", "tag v1", {"before": NONE}, ["README.md"], {}, "build publish"),
    ("push", "tag v1", {}, ["README.md"], {}, "build publish"),  # a tag that was moved
    ("push", "tag v1", {"repository": READER}, PACKAGES, {}, "build fork"),
    ("pull_request", "branch 7/merge", pull(about()), ["README.md"], {}, ""),
    ("pull_request", "branch 7/merge", pull(about()), PACKAGES, {}, "build"),
    ("pull_request", "branch 7/merge", pull(READER), PACKAGES, {}, "build"),
    ("schedule", "branch main", {"repository": None}, ["README.md"], {}, "build publish binder"),
    ("schedule", "branch main", {}, ["README.md"], POINTER, "build"),
    ("workflow_dispatch", "branch main", {}, ["README.md"], {}, "build publish binder"),
    ("workflow_dispatch", "branch fix", {}, ["README.md"], {}, "build"),
]
PLANS_ON_GITLAB = [
    ("push", {"COMMIT_BRANCH": "main"}, PACKAGES, "build publish binder"),
    ("push", {"COMMIT_BRANCH": "main", "PROJECT_PATH": "reader/env"}, PACKAGES, "build fork"),
    ("push", {"COMMIT_TAG": "v1"}, PACKAGES, "build publish"),
    ("schedule", {"COMMIT_BRANCH": "main"}, ["README.md"], "build publish binder"),
    ("merge_request_event", FROM_READER, PACKAGES, "build"),
    ("merge_request_event", {"MERGE_REQUEST_DIFF_BASE_SHA": "HEAD^"}, ["README.md"], ""),
]


def tip(repository: Path, name: str) -> str:
    """In: a branch. Out: its commit."""
    return git("rev-parse", name, cwd=repository).strip()


def write(repository: Path, *names: str) -> str:
    """Commit a new line in each of these files. Out: the commit before."""
    commit(repository)
    for name in names:
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        with (repository / name).open("a", encoding="utf-8", newline="\n") as file:
            file.write("new\n")
    commit(repository)
    return tip(repository, "HEAD^")


def plan(repository: Path, env: dict[str, str]) -> tuple[str, list[str]]:
    """Plan as the workflow does. Out: what is to be done, and "fork" if the summary tells of one; the
    platforms."""
    made, told = repository.parent / "outputs", repository.parent / "summary"
    made.unlink(missing_ok=True)
    told.unlink(missing_ok=True)
    done = run(repository, "plan", **env, GITHUB_OUTPUT=str(made), GITHUB_STEP_SUMMARY=str(told))
    assert done.returncode == 0, done.stderr
    lines = made.read_text(encoding="utf-8")
    assert done.stdout == lines, "GitLab reads what is printed"
    found = {key: json.loads(value) for key, _, value in map(partition, lines.splitlines())}
    assert list(found) == ["build", "publish", "binder", "platforms"]
    summary = told.read_text(encoding="utf-8") if told.exists() else ""
    assert ("Only documentation changed" in summary) is not found["build"]
    words = [word for word in ("build", "publish", "binder") if found[word] is True]
    return " ".join(words + ["fork"] * ("This is a fork of " in summary)), found["platforms"]


def partition(line: str) -> tuple[str, str, str]:
    return line.partition("=")


@pytest.mark.parametrize(("names", "builds"), CHANGED.values(), ids=CHANGED)
def test_plan(repository: Path, tmp_path: Path, names: list[str], builds: bool) -> None:
    """A push of nothing but documentation builds nothing; any other does, the workflow's as well."""
    env = github(tmp_path, "push", before=write(repository, *names))
    done = "build publish binder" if builds else ""
    assert plan(repository, env) == (done, ["linux/amd64"])


@pytest.mark.parametrize(("name", "ref", "event", "names", "values", "done"), PLANS)
def test_plan_of_each_run(
    repository: Path,
    tmp_path: Path,
    name: str,
    ref: str,
    event: dict[str, Any],
    names: list[str],
    values: dict[str, str],
    done: str,
) -> None:
    change(repository, **values)
    before = {"before": write(repository, *names)}
    env = github(tmp_path, name, ref, **((before if name == "push" else {}) | event))
    assert plan(repository, env) == (done, ["linux/amd64"])


@pytest.mark.parametrize(("source", "more", "names", "done"), PLANS_ON_GITLAB)
def test_plan_on_gitlab(
    repository: Path, source: str, more: dict[str, str], names: list[str], done: str
) -> None:
    change(repository, **GITLAB)
    env = gitlab(source, COMMIT_BEFORE_SHA=write(repository, *names))
    assert plan(repository, env | gitlab(source, **more))[0] == done


def test_plan_of_a_request_looks_at_the_request(repository: Path, tmp_path: Path) -> None:
    """Not at what was merged into the default branch meanwhile."""
    env = github(tmp_path, "pull_request", "branch 7/merge", **pull(READER))
    commit(repository)
    git("switch", "--quiet", "--create=request", cwd=repository)
    write(repository, "README.md")
    git("switch", "--quiet", "-", cwd=repository)
    write(repository, "environment.yml")
    git("merge", "--quiet", "--no-edit", "request", cwd=repository)
    assert plan(repository, env)[0] == ""


@pytest.mark.parametrize(("old", "new"), [("docs/x.csv", "x.csv"), ("x.csv", "docs/x.csv")])
def test_plan_of_a_move(repository: Path, tmp_path: Path, old: str, new: str) -> None:
    """Into docs/ or out of it: both places changed, though git would name the new one alone."""
    write(repository, old, "docs/y.csv")
    before = tip(repository, "HEAD")
    git("mv", old, new, cwd=repository)
    commit(repository)
    assert plan(repository, github(tmp_path, "push", before=before))[0] == "build publish binder"


@pytest.mark.skipif(sys.platform != "linux", reason="a file's name is Unicode there")
def test_plan_reads_any_name(repository: Path, tmp_path: Path) -> None:
    commit(repository)
    before = tip(repository, "HEAD")
    (repository / "docs").mkdir()
    for name in (b"caf\xe9.png", "caf\N{LATIN SMALL LETTER E WITH ACUTE}.png".encode(), b"a\n|`"):
        (repository / "docs" / os.fsdecode(name)).touch()
    commit(repository)
    assert plan(repository, github(tmp_path, "push", before=before))[0] == ""


def test_plan_of_several_platforms(repository: Path, tmp_path: Path) -> None:
    change(repository, PLATFORMS="linux/amd64,linux/arm64")
    assert plan(repository, github(tmp_path, "schedule"))[1] == ["linux/amd64", "linux/arm64"]


def test_the_standard_library_alone(repository: Path) -> None:
    """The interpreter that plans has no package indeed; what needs one says which in one sentence."""
    done = run(repository, "last")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "This Python has no package 'docker': use `pipx run publish_image.py`.\n"
    )


# --- names, links and lines ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "image", "name"),
    [
        ("github", "ghcr.io/owner/my-environment", "ghcr.io/me/env"),
        ("github", "ghcr.io/owners/env", "ghcr.io/owners/env"),
        ("github", "quay.io/owner/env", "quay.io/owner/env"),
        ("github", "registry.gitlab.com/owner/env", "registry.gitlab.com/owner/env"),
        ("gitlab", "registry.gitlab.com/owner/env", "registry.gitlab.com/me/env"),
        ("gitlab", "registry.gitlab.com/team/env", "registry.gitlab.com/team/env"),
        ("gitlab", "ghcr.io/owner/env", "ghcr.io/owner/env"),
        ("", "ghcr.io/owner/env", "ghcr.io/owner/env"),
    ],
)
def test_image_name(
    publish: ModuleType, monkeypatch: pytest.MonkeyPatch, on: str, image: str, name: str
) -> None:
    """Where the owner was not known, the image goes to the repository's own registry; nowhere else."""
    monkeypatch.setenv("CI_REGISTRY_IMAGE", "registry.gitlab.com/me/env")
    assert publish.image_name({"IMAGE": image}, publish.Run(on=on, project="Me/Env")) == name


@pytest.mark.parametrize(
    ("on", "project", "url", "link"),
    [
        ("github", "reader/My.Env", "/lab", f"gh/reader/My.Env/{NEW}?urlpath=lab"),
        ("github", "me/env", "/rstudio", f"gh/me/env/{NEW}?urlpath=rstudio"),
        ("gitlab", "team/sub/env", "/tree", f"gl/team%2Fsub%2Fenv/{NEW}?urlpath=tree"),
    ],
)
def test_binder_link(publish: ModuleType, on: str, project: str, url: str, link: str) -> None:
    made = publish.Run(on=on, request=True, head=(project, NEW))
    assert publish.binder_link({"DEFAULT_URL": url}, made) == f"https://mybinder.org/v2/{link}"


@pytest.mark.parametrize(
    ("image", "owner", "page"),
    [
        ("ghcr.io/me/env", "User", "https://github.com/users/me/packages/container/env/settings"),
        (
            "ghcr.io/team/env/gpu",
            "Organization",
            "https://github.com/orgs/team/packages/container/env%2Fgpu/settings",
        ),
        ("quay.io/me/env", "User", "https://quay.io/repository/me/env?tab=settings"),
        ("docker.io/me/env", "", "https://hub.docker.com/repository/docker/me/env/settings"),
        ("registry.gitlab.com/me/env", "", "https://gitlab.com/me/env/edit"),
        ("registry.example.org:5000/env", "", "https://registry.example.org:5000"),
    ],
)
def test_visibility_page(
    publish: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    image: str,
    owner: str,
    page: str,
) -> None:
    monkeypatch.setenv("CI_REGISTRY", "registry.gitlab.com")
    monkeypatch.setenv("CI_PROJECT_URL", "https://gitlab.com/me/env")
    if owner:
        env = github(tmp_path, "push", repository=about(owner={"type": owner}))
        monkeypatch.setenv("GITHUB_EVENT_PATH", env["GITHUB_EVENT_PATH"])
    assert publish.visibility_page(image) == page


LISTED = {
    "os": "debian",
    "conda": {"numpy": "2.4.1", "ruamel.yaml": "0.18"},
    "pip": {"numpy": "2.4.1", "ruamel-yaml": "0.18", "nbgitpuller": "1.2.2", "a`b|c": "1\n<b>"},
    "apt": {"git": "1:2.47.3-0+deb13u1"},
    "R": {"data.table": "1.17.0"},
}


def docker(publish: ModuleType, patch: pytest.MonkeyPatch, **attrs: Any) -> tuple[Any, Any]:
    """A stand-in for Docker that has one image. Out: the image, the client."""
    image = SimpleNamespace(id="sha256:1", labels=None)
    image.attrs = {"Size": 9 * 10**9, "Os": "linux", "Architecture": "amd64", "RepoDigests": []}
    answer = f"an entrypoint speaks\nCHECK {json.dumps(LISTED)}\n".encode()
    containers = SimpleNamespace(run=lambda *_, **__: answer)
    client = SimpleNamespace(containers=containers, images=SimpleNamespace(get=lambda _: image))
    patch.setattr(publish.check_image, "connect", lambda: client)
    return image, client


@pytest.mark.parametrize(
    "answers",
    [
        {"strategy": "community-image", "base": "jupyter-r", "interface": "notebook"},
        {"strategy": "community-image", "base": "rocker-binder-4"},
        {"strategy": "community-image", "base": "rocker-binder", "base_tag": f"latest@{DIGEST}"},
        {
            "strategy": "community-image",
            "base": "other",
            "base_reference": "registry.example.org:5000/team/image:2026-01-02",
            "base_family": "docker-stacks",
        },
        {"strategy": "inherit", "base": "rocker-binder-4", "interface": "rstudio"},
        {"strategy": "inherit", "base": "pangeo-notebook", "image": "localhost:5000/me/env"},
        {"strategy": "repo2docker", "languages": "[r]", "interface": "rstudio"},
        {"strategy": "dockerfile", "interface": "notebook", "code_host": "gitlab"},
    ],
)
def test_hub_lines_are_the_readme_s(
    render: Callable[..., Path],
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answers: dict[str, str],
) -> None:
    made = render("made", **answers)
    publish = load(made, "publish_image")
    env = publish.check_image.read_image_env(made / "image.env")
    if env["IMAGE"]:
        lines = "\n".join(publish.hub_lines(env, env["IMAGE"], "YYYY-MM-DD"))
    else:
        docker(publish, monkeypatch)
        publish.report(env, publish.Run())
        lines = capsys.readouterr().err
    readme = (made / "README.md").read_text(encoding="utf-8")
    everyone, _, spawner = blocks(readme)
    assert blocks(lines) == [everyone, spawner]


def blocks(markdown: str) -> list[str]:
    return re.findall(r"^```(?:yaml|python)\n(.*?)^```$", markdown, re.MULTILINE | re.DOTALL)


# --- what is in an image --------------------------------------------------------------------------


def test_contents_of_an_image(publish: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """What conda installed is not pip's as well; a name goes into Markdown, so it is made plain."""
    found = publish.Contents.of(*docker(publish, monkeypatch))
    assert (found.size, found.system) == (9 * 10**9, "debian")
    assert found.packages["pip"] == {"a?b?c": "1??b?", "nbgitpuller": "1.2.2"}
    assert found.packages["conda"] == LISTED["conda"]
    assert found.packages["apt"] == LISTED["apt"]


@pytest.mark.parametrize(
    "text", ["`rm`", "a\nb", "a|b", "<b>", "${{ github.token }}", "[a](b)", "*"]
)
def test_plain_takes_markdown_away(publish: ModuleType, text: str) -> None:
    assert re.fullmatch(r"[\w.?]+", publish.plain(text))


@pytest.mark.parametrize(
    "text", ["data.table", "1:2.47.3-0+deb13u1~bpo", "2!1.0rc1+local", "libstdc++6", "r-base_1"]
)
def test_plain_leaves_names_and_versions(publish: ModuleType, text: str) -> None:
    assert publish.plain(text) == text


def test_sbom_and_back(publish: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = publish.Contents.of(*docker(publish, monkeypatch))
    data = contents.sbom("ghcr.io/me/env")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(data.decode()) is None
    document = json.loads(data)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert document["metadata"]["component"]["name"] == "ghcr.io/me/env"
    purls = {component["purl"] for component in document["components"]}
    assert purls >= {
        "pkg:conda/numpy@2.4.1",
        "pkg:pypi/nbgitpuller@1.2.2",
        "pkg:deb/debian/git@1:2.47.3-0%2Bdeb13u1",
        "pkg:cran/data.table@1.17.0",
    }
    again = publish.Contents.from_sbom(data)
    assert (again.size, again.packages) == (contents.size, contents.packages)
    assert again.changes(contents) == contents.changes(again) == []


@pytest.mark.parametrize("more", [{}, {"metadata": {"properties": [{"name": "x"}]}}])
def test_sbom_of_another_tool(publish: ModuleType, more: dict[str, Any]) -> None:
    """Anyone who may push can attach one: it is not read, and nothing breaks off."""
    document = {"bomFormat": "CycloneDX", "components": [{"name": "numpy"}]} | more
    assert publish.Contents.from_sbom(json.dumps(document).encode()) is None


def test_changes(publish: ModuleType) -> None:
    nothing = {tool: {} for tool in publish.TOOLS}
    old = publish.Contents(1, "", nothing | {"conda": {"a": "1", "b": "1"}, "R": {"c": "1"}})
    new = publish.Contents(
        1, "", nothing | {"conda": {"b": "2"}, "R": {"c": "1"}, "pip": {"d": "1"}}
    )
    assert new.changes(old) == ["- conda: a 1", "! conda: b 1 -> 2", "+ pip: d 1"]


@pytest.mark.parametrize(
    ("head", "link"),
    [(READER, f"https://mybinder.org/v2/gh/reader/env/{NEW}?urlpath=lab"), (None, "")],
)
def test_report_of_a_request(
    repository: Path,
    publish: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    head: dict[str, Any] | None,
    link: str,
) -> None:
    """With one link to what it asks to merge, as a part of what a run tells; none if its fork was
    deleted."""
    change(repository, **POINTER)
    commit(repository)
    docker(publish, monkeypatch)
    for key, value in github(tmp_path, "pull_request", "branch 7/merge", **pull(head)).items():
        monkeypatch.setenv(key, value)
    assert publish.main(["plan"]) == publish.main(["report"]) == 0
    told = capsys.readouterr().err
    assert re.findall(r"- try this request: (\S+)", told) == ([link] if link else [])
    assert "- size: 9.00 GB\n- packages: 2 conda, 2 pip, 1 apt, 1 R\n" in told
    assert "pip: nbgitpuller 1.2.2\n" in told and "<b>" not in told


# --- the branch `binder` ----------------------------------------------------------------------------


@pytest.fixture
def remote(repository: Path) -> Path:
    """Where the repository was pushed to; it takes no forced push."""
    path = repository.parent / "remote.git"
    git("init", "--quiet", "--bare", "--initial-branch=main", str(path), cwd=repository.parent)
    git("config", "receive.denyNonFastForwards", "true", cwd=path)
    write(repository, ".gitlab-ci.yml", ".binder/Dockerfile", "binder/postBuild", "data.csv")
    git("branch", "--move", "main", cwd=repository)
    git("push", "--quiet", str(path), "main", cwd=repository)
    git("remote", "add", "origin", str(path), cwd=repository)
    return path


def test_binder(repository: Path, remote: Path) -> None:
    main = tip(remote, "main")
    done = run(repository, "binder", PUBLISHED)
    assert done.returncode == 0, done.stderr
    assert done.stderr == f"Binder starts `{PUBLISHED}` from the branch `binder`.\n"
    files = set(git("ls-tree", "-r", "--name-only", "binder", cwd=remote).splitlines())
    mine = set(git("ls-files", cwd=repository).splitlines())
    ours = {".gitlab-ci.yml", "binder/postBuild"}
    ours |= {f".github/workflows/{name}.yml" for name in ("image", "update")}
    assert ours < mine and files == mine - ours
    dockerfile = git("show", "binder:.binder/Dockerfile", cwd=remote).splitlines()
    assert dockerfile[-2:] == [f"FROM {PUBLISHED}", "COPY --chown=1000 . ."]
    assert tip(remote, "main") == main == tip(repository, "HEAD")
    assert git("status", "--porcelain", cwd=repository) == ""


def test_binder_moves_on(repository: Path, remote: Path) -> None:
    """The remote, which takes no forced push, takes the second one, also from a clone without history."""
    assert run(repository, "binder", PUBLISHED).returncode == 0
    old = tip(remote, "binder")
    write(repository, "data.csv")
    git("push", "--quiet", "origin", "main", cwd=repository)
    clone = repository.parent / "clone"
    git("clone", "--quiet", "--depth=1", remote.as_uri(), str(clone), cwd=remote)
    newer = PUBLISHED.replace("d" * 64, "e" * 64)
    done = run(clone, "binder", newer)
    assert done.returncode == 0, done.stderr
    git("merge-base", "--is-ancestor", old, "binder", cwd=remote)
    assert git("show", "binder:data.csv", cwd=remote) == "new\nnew"
    assert f"FROM {newer}" in git("show", "binder:.binder/Dockerfile", cwd=remote)


@pytest.mark.parametrize(
    ("image", "env", "sentence"),
    [
        (
            "ghcr.io/me/env:2026-11-22",
            {},
            "'ghcr.io/me/env:2026-11-22' is no image with its digest",
        ),
        ("", {}, "'' is no image with its digest: give name@sha256:..."),
        (f"x\nRUN y@sha256:{64 * 'd'}", {}, "is no image with its digest"),
        (PUBLISHED, {"GITHUB_REF_NAME": "binder"}, "This branch is called 'binder'"),
        (PUBLISHED, {"CI_COMMIT_BRANCH": "binder"}, "This branch is called 'binder'"),
    ],
)
def test_binder_refuses(
    repository: Path, remote: Path, image: str, env: dict[str, str], sentence: str
) -> None:
    done = run(repository, "binder", image, **env)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr and "Traceback" not in done.stderr
    assert git("branch", "--list", "binder", cwd=remote) == ""


@pytest.mark.parametrize("on", ["github", "gitlab", ""])
def test_binder_that_may_not_push(repository: Path, remote: Path, tmp_path: Path, on: str) -> None:
    git("config", "receive.hideRefs", "refs/heads/binder", cwd=remote)  # refuses it
    env = {"github": github(tmp_path, "push"), "gitlab": gitlab("push"), "": {}}[on]
    done = run(repository, "binder", PUBLISHED, **env)
    where = {"github": "Settings, Actions", "gitlab": "Settings, CI/CD", "": "the rules"}[on]
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"The branch 'binder' could not be pushed: let CI do so ({where}")


# --- what counts as changed -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "since"), [({"org.opencontainers.image.revision": OLD}, OLD), ({}, ""), (None, "")]
)
def test_changes_count_since_the_last_published_image(
    publish: ModuleType, monkeypatch: pytest.MonkeyPatch, labels: dict[str, str] | None, since: str
) -> None:
    """Not since the push before: that one's run may have failed, or been ended by this one."""
    config = json.dumps({"config": {"Labels": labels}}).encode()
    manifest = publish.Manifest(b'{"config": {"digest": "sha256:c"}}', publish.MANIFEST)
    there = SimpleNamespace(
        blob=lambda _: config,
        last=lambda: "2026-11-22",
        manifest=lambda _: manifest,
        of_platform=lambda found, _: found,
    )
    env, run = {"STRATEGY": "inherit", "PLATFORMS": "linux/amd64"}, publish.Run(before=NEW)
    monkeypatch.setattr(publish, "published", lambda *_: there)
    assert publish.changed_since(env, run) == since
    there.last = lambda: ""  # nothing was published yet: everything is new
    assert publish.changed_since(env, run) == ""
    # without a registry to read, for requests and for pointers: what the event says
    assert publish.changed_since(env, publish.Run(request=True, before=NEW)) == NEW
    assert publish.changed_since({"STRATEGY": "community-image"}, run) == NEW
    monkeypatch.setattr(publish, "published", lambda *_: None)
    assert publish.changed_since(env, run) == NEW
