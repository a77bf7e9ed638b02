"""Every strategy, every image of the catalogue, and the other answers pairwise: what a render is."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import copier
import nbformat
import pytest
import yaml
from allpairspy import AllPairs
from dotenv import dotenv_values
from repo2docker.app import Repo2Docker
from repo2docker.buildpacks import (
    CondaBuildPack,
    DockerBuildPack,
    JuliaProjectTomlBuildPack,
    PythonBuildPack,
    RBuildPack,
)
from repositories import CATALOGUE, FIXED, STRATEGIES, commit, git, text_of
from yamllint import linter
from yamllint.config import YamlLintConfig

try:
    import tomllib
except ImportError:
    import tomli as tomllib

YAMLLINT = YamlLintConfig(file=str(Path(__file__).parent.parent / ".yamllint.yml"))
ROLLING = "latest@sha256:" + 64 * "0"

VALUES = {
    "way": [
        *(
            ("community-image", base)
            for base in [*CATALOGUE["images"], "other"]
            if base != "rapids"
        ),
        *(("inherit", base) for base in [*CATALOGUE["images"], "other"]),
        ("repo2docker", ""),
        ("dockerfile", ""),
    ],
    "apt_packages": ["", "graphviz libgdal-dev"],
    "binder": ["", "image"],
    "code_host": ["github", "gitlab", "other"],
    "conda_packages": ["", "xarray>=2025.1 numpy=2.* 1"],
    "interface": ["", "notebook", "rstudio"],
    "jupyterhub_major": ["5", "6"],
    "languages": [
        "[python]",
        "[r]",
        "[julia]",
        "[python, r]",
        "[python, julia]",
        "[python, r, julia]",
    ],
    "license": ["BSD-3-Clause", "MIT", "Apache-2.0"],
    "packages_with": ["conda", "pip"],
    "pip_packages": ["", "nbgitpuller dask[complete]>=2025,<2027"],
    "platforms": ["", "[arm64]", "[arm64, amd64]"],
    "python_version": ["3.10", "3.14"],
}


def sensible(row: list[Any]) -> bool:
    """Leave out what the questions refuse; tests/test_refusals.py sees that they do."""
    answers = dict(zip(VALUES, row, strict=False))
    strategy, base = answers["way"]
    family = CATALOGUE["families"][CATALOGUE["images"].get(base, {}).get("family", "docker-stacks")]
    image = CATALOGUE["images"].get(base, {})
    languages = answers.get("languages", "[python]")
    conda = answers.get("packages_with", "conda") == "conda"
    by_conda = "r" in languages and languages != "[r]" and strategy == "repo2docker"
    interface = answers.get("interface")
    if interface:
        known = image.get("interfaces", ["lab", "notebook", "rstudio"])
        if strategy == "repo2docker" and not re.search(r"\br\b", languages):
            known = ["lab", "notebook"]
        if strategy == "dockerfile":
            known = ["lab", "notebook"]
        if interface not in known:
            return False
    if strategy == "inherit" and conda and "conda" not in family and "packages_with" in answers:
        return False
    if answers.get("conda_packages") and strategy != "community-image":
        if not conda or (strategy == "inherit" and "conda" not in family):
            return False
        if strategy == "repo2docker" and "python" not in languages:
            return False
    if answers.get("pip_packages") and strategy == "repo2docker" and "python" not in languages:
        return False
    if re.search(r"\br\b", languages) and by_conda and not conda:
        return False
    if answers.get("platforms") and strategy != "community-image":
        if answers.get("code_host", "github") != "github":
            return False
        if strategy == "inherit" and "arm64" not in image.get("architectures", ["arm64"]):
            return False
        if strategy == "repo2docker" and re.search(r"\br\b", languages):
            return False
    tags = {str(major) for major in image.get("tags", {})}
    major = answers.get("jupyterhub_major", "5")
    return not (strategy == "community-image" and tags and major not in tags)


def answers_of(row: list[Any]) -> dict[str, str]:
    """In: one row of VALUES. Out: the answers to give."""
    answers = dict(zip(VALUES, row, strict=True))
    strategy, base = answers.pop("way")
    answers |= {"strategy": strategy}
    if base:
        answers["base"] = base
    if base == "rocker-binder":
        answers["base_tag"] = ROLLING
    if base == "other":
        answers["base_reference"] = "registry.example.org:5000/team/image:2026-01-02"
        answers["base_family"] = "docker-stacks"
    repositories = {
        "github": "my-org/My.Repo",
        "gitlab": "group/sub-group/project",
        "other": "https://git.example.org/team/project.git",
    }
    answers["repository"] = repositories[answers["code_host"]]
    return {name: value for name, value in answers.items() if value}


ROWS = [answers_of(row) for row in AllPairs(list(VALUES.values()), filter_func=sensible)]


def row_id(answers: dict[str, str]) -> str:
    return "-".join([answers["strategy"], answers.get("base", ""), answers["code_host"]])


def test_the_rows_hold_every_strategy_with_every_image() -> None:
    seen = {(row["strategy"], row.get("base", "")) for row in ROWS}
    assert seen == set(VALUES["way"])


PROGRAMS = ("_image.py", "update_repository.py")


@pytest.fixture(params=ROWS, ids=row_id)
def rendered(request: pytest.FixtureRequest, render: Callable[..., Path]) -> tuple[dict, Path]:
    return request.param, render(**request.param)


def test_render(rendered: tuple[dict[str, str], Path]) -> None:
    """One render, looked at from all sides, as making it takes longer than looking."""
    answers, folder = rendered
    files = text_of(folder)
    for name, text in files.items():
        assert text.endswith("\n") and not text.endswith("\n\n"), f"{name}: its last newline"
        assert not re.search(r"[ \t]$", text, re.MULTILINE), f"{name}: space at a line's end"
        # "${{" is GitHub's own; programs speak of None and Undefined themselves.
        leaks = re.findall(r"(?<!\$)\{\{|\{%|\{#|built-in method|Undefined|\bNone\b", text)
        assert not leaks or name.endswith(PROGRAMS), f"{name} leaks {leaks}"
        assert "copier.yml" not in text, f"{name} speaks of the template's inside"
        if name.endswith((".yml", ".yaml")):
            yaml.safe_load(text)
            assert not list(linter.run(text, YAMLLINT)), name
        if name.endswith(".toml"):
            tomllib.loads(text)
        if name.endswith(".ipynb"):
            nbformat.validate(nbformat.reads(text, as_version=4))
    assert_answers_arrive(answers, files, folder)
    assert_build_pack(answers, folder)
    assert_links(answers, files["README.md"])
    assert_dockerfile(answers, folder)
    assert_hub_snippets(files["README.md"], dotenv_values(folder / "image.env"))
    assert_ci_knows(answers, dotenv_values(folder / "image.env"))


def assert_answers_arrive(answers: dict[str, str], files: dict[str, str], folder: Path) -> None:
    """Packages given as answers stand in the files that install them, and in no other strategy's."""
    strategy = answers["strategy"]
    stored = yaml.safe_load(files[".copier-answers.yml"])
    lists = {"languages", "platforms"}
    assert {k: v for k, v in stored.items() if k in answers and k not in lists} == {
        k: v for k, v in answers.items() if k not in lists
    }
    environment = yaml.safe_load(files.get("environment.yml", "{}")).get("dependencies", [])
    pip = next((entry["pip"] for entry in environment if isinstance(entry, dict)), [])
    wanted = answers.get("pip_packages", "").split()
    conda = answers.get("conda_packages", "").split()
    listed = [line for line in files.get("requirements.txt", "").splitlines() if line[0] != "#"]
    if strategy != "community-image" and answers["jupyterhub_major"] == "6":
        # repo2docker brings JupyterHub 5 (K11); the same file serves all strategies.
        assert "jupyterhub==6.*" in listed or "jupyterhub-singleuser=6" in environment
        listed = [line for line in listed if not line.startswith("jupyterhub")]
    if strategy == "community-image":
        assert not {"environment.yml", "requirements.txt", "apt.txt", "Dockerfile"} & set(files)
        return
    assert sorted(pip + listed) == sorted(wanted)
    assert all(package in environment for package in conda)
    apt = [line for line in files.get("apt.txt", "").splitlines() if line[0] != "#"]
    assert apt == answers.get("apt_packages", "").split()
    assert not ("environment.yml" in files and "requirements.txt" in files), "one hides the other"
    if strategy == "inherit" and environment:
        assert "(python|pip|r-base)" in files["Dockerfile"], "the base's Python and R stay"


def assert_build_pack(answers: dict[str, str], folder: Path) -> None:
    """repo2docker's own `detect()` picks the intended build pack (C1, C2, D5, D6)."""
    languages = answers.get("languages", "[python]")
    conda = answers.get("packages_with", "conda") == "conda"
    if answers["strategy"] != "repo2docker":
        intended: type = DockerBuildPack
    elif "julia" in languages:
        intended = JuliaProjectTomlBuildPack
    elif languages == "[r]":
        intended = RBuildPack
    else:
        intended = CondaBuildPack if conda else PythonBuildPack
    before = Path.cwd()
    os.chdir(folder)
    try:
        app = Repo2Docker()
        packs = (pack(app.base_image) for pack in app.buildpacks)
        chosen = next(pack for pack in packs if pack.detect())
        assert type(chosen) is intended
        if intended in (CondaBuildPack, PythonBuildPack, JuliaProjectTomlBuildPack):
            if "python" in languages:
                assert chosen.python_version == answers.get("python_version", "3.13")
            if re.search(r"\br\b", languages):
                assert chosen.uses_r and chosen.r_version.startswith("4.5")
        if intended is RBuildPack:
            assert chosen.r_version.startswith("4.5.")
            assert str(chosen.checkpoint_date) == "2026-11-01"
    finally:
        os.chdir(before)


def assert_links(answers: dict[str, str], readme: str) -> None:
    """Binder and nbgitpuller links parse back to what they mean (B12, and fault 13's owner)."""
    links = re.findall(r"\((https://(?:mybinder.org/v2|hub\.example)[^)\s]+)\)", readme)
    assert len(links) == 4
    provider = {"github": "gh", "gitlab": "gl", "other": "git"}[answers["code_host"]]
    page = {"github": "https://github.com/", "gitlab": "https://gitlab.com/", "other": ""}
    content = page[answers["code_host"]] + answers["repository"]
    branch = "binder" if starts_image(answers) else "HEAD"
    for link in links:
        url = urlsplit(link)
        query = parse_qs(url.query)
        if url.hostname == "mybinder.org":
            kind, _, rest = url.path.removeprefix("/v2/").partition("/")
            repository, _, ref = rest.rpartition("/")
            assert (kind, unquote(repository), ref) == (provider, answers["repository"], branch)
            assert kind == "gh" or "/" not in repository, "a slash would end the name"
            (path,) = query["urlpath"]
            if not path.startswith("git-pull"):
                assert path in ("lab", "tree", "rstudio")
                continue
            query = parse_qs(urlsplit(path).query)
        assert query["repo"] == [content] and query["branch"] == ["main"]
        assert query["targetPath"] == ["my-environment"]
        assert query["urlpath"] == ["lab/tree/my-environment"]


def starts_image(answers: dict[str, str]) -> bool:
    """In: one row's answers. Out: whether CI keeps the branch from which Binder starts the image."""
    has_ci = answers["strategy"] != "community-image" and answers["code_host"] != "other"
    return has_ci and answers.get("binder") == "image"


def assert_ci_knows(answers: dict[str, str], env: dict[str, str | None]) -> None:
    """What CI reads follows from the answers."""
    platforms = {"[arm64]": "linux/arm64", "[arm64, amd64]": "linux/amd64,linux/arm64"}
    wanted = platforms.get(answers.get("platforms", ""), "linux/amd64")
    assert env["PLATFORMS"] == ("" if answers["strategy"] == "community-image" else wanted)
    assert env["BINDER"] == ("image" if starts_image(answers) else "repository")
    host = {"github": "https://github.com/", "gitlab": "https://gitlab.com/", "other": ""}
    assert env["SOURCE"] == host[answers["code_host"]] + answers["repository"]


def assert_dockerfile(answers: dict[str, str], folder: Path) -> None:
    """hadolint finds nothing, and what the contract wants of every Dockerfile stands in it."""
    path = folder / (
        ".binder/Dockerfile" if answers["strategy"] == "community-image" else "Dockerfile"
    )
    if answers["strategy"] == "repo2docker":
        assert not path.exists()
        return
    hadolint = ["hadolint", "--failure-threshold", "warning", path]
    result = subprocess.run(hadolint, capture_output=True, encoding="utf-8", check=False)
    assert result.returncode == 0, result.stdout
    text = path.read_text(encoding="utf-8")
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert all(":" in base or base == "system" for base in bases), "B5: every base has a tag"
    assert not re.search(r":latest(?!@sha256)", text), "K17: no latest without a digest"
    if answers["strategy"] == "community-image":
        return
    final = text[text.rindex("\nFROM ") :]
    arguments = {"NB_UID=1000"} | ({"NB_USER="} if answers["strategy"] == "dockerfile" else set())
    if "/srv/files" not in final:  # else REPO_DIR is the base's own
        arguments.add("REPO_DIR=/home/")
    for argument in arguments:
        assert f"\nARG {argument}" in final, f"D1, D2: {argument} with a default, after FROM"
    assert not final[final.rindex("\nUSER ") :].startswith("\nUSER root"), "B6: not root at the end"
    entrypoint = json.loads(re.findall(r"^ENTRYPOINT (.*)$", final, re.MULTILINE)[-1])
    assert entrypoint[-1] == "repo-start", "a `start` works"
    assert final.rindex("ENTRYPOINT") < final.rindex("CMD"), "ENTRYPOINT drops the base's CMD"


def assert_hub_snippets(readme: str, env: dict[str, str | None]) -> None:
    """What people paste: z2jh's schema has these keys, KubeSpawner's are snake_case (K18)."""
    snippets = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    whole, profiles = (yaml.safe_load(snippet) for snippet in snippets)
    working_dir = whole.get("hub", {}).get("config", {}).get("KubeSpawner", {}).get("working_dir")
    assert (working_dir or "") == env["WORKING_DIR"]
    if env["STRATEGY"] == "repo2docker":
        assert working_dir == "/home/jovyan", (
            "K9: it would start in /srv/repo, where files are lost"
        )
    everyone, profiles = whole["singleuser"], profiles["singleuser"]
    values = everyone | profiles
    assert everyone.get("defaultUrl", "/lab") == env["DEFAULT_URL"]
    published = env["IMAGE"] or env["BASE_IMAGE"].partition(":")[0]
    if env["STRATEGY"] == "community-image":
        published = values["image"]["name"]
        assert f"{published}:{values['image']['tag']}" == env["BASE_IMAGE"]
    assert values["image"]["name"] == published and isinstance(values["image"]["tag"], str)
    (profile,) = values["profileList"]
    override = profile["kubespawner_override"]
    assert override["default_url"] == env["DEFAULT_URL"]
    assert override.get("working_dir", "/home/jovyan") == env["HOME_DIR"]
    assert set(override) <= {"image", "default_url", "working_dir", "extra_resource_limits"}
    (python,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    compile(python, "jupyterhub_config.py", "exec")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_same_answers_same_bytes(render: Callable[..., Path], strategy: str) -> None:
    one, two = render("one", strategy=strategy), render("two", strategy=strategy)
    assert text_of(one) == text_of(two)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_one_screen_of_ls(render: Callable[..., Path], strategy: str) -> None:
    folder = render(strategy=strategy)
    assert len(list(folder.iterdir())) <= 15
    assert not [path for path in folder.rglob("*") if path.is_dir() and not any(path.iterdir())]
    readme = (folder / "README.md").read_text(encoding="utf-8")
    lines = sum(
        max(1, -(-len(re.sub(r"\(http\S+\)", "", line)) // 100)) for line in readme.splitlines()
    )
    assert lines <= 100, "a README of two screens"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_nothing_of_the_template_leaks(render: Callable[..., Path], strategy: str) -> None:
    names = set(text_of(render(strategy=strategy)))
    assert not names & {"copier.yml", "noxfile.py", "pyproject.toml", "extensions", "template"}
    assert {"README.md", "LICENSE", "image.env", "check_image.py", ".copier-answers.yml"} <= names


def test_tests_and_licence_have_the_same_name_everywhere(render: Callable[..., Path]) -> None:
    """People's files keep their place when the strategy changes."""
    for strategy in STRATEGIES:
        folder = render(strategy, strategy=strategy)
        assert sorted(path.name for path in (folder / "tests").iterdir()) == [
            "example.ipynb",
            "test_environment.py",
        ]


# No file there may be called so, whatever comes after a dot.
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def fault_on_windows(path: str) -> str:
    """In: a path in the template. Out: why `git clone` cannot write it on Windows, or nothing."""
    for part in path.split("/"):
        if re.search(r'["\':<>|?*\\\x00-\x1f]', part):
            return "forbidden sign"
        if part.endswith((".", " ")):
            return "dot or space at the end"
        if RESERVED.fullmatch(part):
            return "reserved name"
    # Of 260 characters, 120 stay for the temporary folder that Copier clones into.
    return "too long" if len(path) > 140 else ""


def test_names_that_windows_can_write(template: Path) -> None:
    """`copier copy` works there; and on macOS, where names that differ in case are one, as there."""
    paths = git("ls-files", "-z", cwd=template).split("\0")
    assert not {path: fault for path in paths if (fault := fault_on_windows(path))}
    assert len({path.lower() for path in paths}) == len(paths)
    assert not any((template / path).is_symlink() for path in paths)


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("template/{% if a == 'b' %}x{% endif %}", "forbidden sign"),
        ("template/a:b/x", "forbidden sign"),
        ("template/apt.txt.", "dot or space at the end"),
        ("template/a /x", "dot or space at the end"),
        ("template/Aux.yml", "reserved name"),
        ("template/com1", "reserved name"),
        ("template/" + 140 * "a", "too long"),
        ("template/{% if with_pip_file %}requirements.txt{% endif %}.jinja", ""),
        ("template/console.txt", ""),
    ],
)
def test_names_that_windows_refuses(path: str, fault: str) -> None:
    assert fault_on_windows(path) == fault


HOSTS = [
    {"binder": "image", "platforms": "[arm64, amd64]"},
    {"binder": "image", "code_host": "gitlab", "repository": "group/sub.group/my_project"},
    {"code_host": "other", "repository": "https://git.example.org:8443/~team/project.git"},
]


@pytest.mark.parametrize("more", HOSTS, ids=["github", "gitlab", "other"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_image_env_is_safe_for_a_shell(
    render: Callable[..., Path], strategy: str, more: dict[str, str]
) -> None:
    """CI reads the file line by line: no value may need quotes."""
    path = render(strategy=strategy, **more) / "image.env"
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            name, _, value = line.partition("=")
            value = value.replace("/~", "/")  # to a shell a home only at the start, or after ":"
            assert shlex.quote(value) == value or not value, name


BINDER_LINKS = re.compile(r"https://mybinder\.org/v2/gh/OWNER/my-environment/([^)?]+)\?")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_binder_builds_unless_told_otherwise(render: Callable[..., Path], strategy: str) -> None:
    """The links of a fresh repository work before CI has published anything."""
    files = text_of(render(strategy=strategy))
    badge = "badge_logo.svg)](https://mybinder.org/v2/gh/OWNER/my-environment/HEAD?urlpath=lab)"
    assert badge in files["README.md"]
    assert BINDER_LINKS.findall(files["README.md"]) == 3 * ["HEAD"]
    assert "branch `binder`" not in files["README.md"]
    waits = "the first time takes some minutes" in files["README.md"]
    assert waits == (strategy != "community-image")
    platforms = "" if strategy == "community-image" else "linux/amd64"
    source = "https://github.com/OWNER/my-environment"
    end = f"\nPLATFORMS={platforms}\nBINDER=repository\nSOURCE={source}\n"
    assert files["image.env"].endswith(end)


@pytest.mark.parametrize("strategy", STRATEGIES[1:])
def test_binder_starts_the_published_image(render: Callable[..., Path], strategy: str) -> None:
    """Every link names the branch that CI keeps, and people learn when it is there."""
    readme = (render(strategy=strategy, binder="image") / "README.md").read_text(encoding="utf-8")
    badge = "badge_logo.svg)](https://mybinder.org/v2/gh/OWNER/my-environment/binder?urlpath=lab)"
    assert badge in readme
    assert BINDER_LINKS.findall(readme) == 3 * ["binder"]
    assert "once CI has published an image and made the branch `binder`" in readme
    assert "some minutes" not in readme


@pytest.mark.parametrize("code_host", ["github", "gitlab", "other"])
def test_a_pointer_builds_and_publishes_nothing(
    render: Callable[..., Path], code_host: str
) -> None:
    """Answers that wait for another strategy change nothing but the stored answers."""
    plain = text_of(render("plain", strategy="community-image", code_host=code_host))
    answers = {"binder": "image", "platforms": "[arm64]"}
    waiting = text_of(render("waiting", strategy="community-image", code_host=code_host, **answers))
    stored = yaml.safe_load(waiting.pop(".copier-answers.yml"))
    assert (stored["binder"], stored["platforms"]) == ("image", ["arm64"])
    plain.pop(".copier-answers.yml")
    assert waiting == plain


OTHER_BASE = {"base_reference": "quay.io/team/image:1", "base_family": "docker-stacks"}


@pytest.mark.parametrize(
    "answers",
    [
        {"strategy": "inherit"},
        # What the catalogue does not know is possible.
        {"strategy": "inherit", "base": "other", **OTHER_BASE},
        {"strategy": "repo2docker", "languages": "[python, julia]"},
        {"strategy": "dockerfile"},
    ],
    ids=["catalogue", "other", "repo2docker", "dockerfile"],
)
def test_built_for_both(render: Callable[..., Path], answers: dict[str, str]) -> None:
    """The order is not the one they were given in."""
    folder = render(platforms="[arm64, amd64]", **answers)
    assert dotenv_values(folder / "image.env")["PLATFORMS"] == "linux/amd64,linux/arm64"


@pytest.mark.parametrize("code_host", ["github", "gitlab", "other"])
def test_rooms_of_code_hosts(template: Path, tmp_path: Path, code_host: str) -> None:
    """What is in a code host's room is in its repositories and in no other's."""
    for host in ("github", "gitlab"):
        room = tmp_path / "template" / "template" / f"{{{{ on_{host} }}}}"
        shutil.copytree(template, tmp_path / "template", dirs_exist_ok=True)
        room.mkdir(exist_ok=True)
        (room / f"only-on-{host}").write_text("\n", encoding="utf-8", newline="\n")
    commit(tmp_path / "template")
    answers = FIXED | {"strategy": "dockerfile", "code_host": code_host}
    source, folder = str(tmp_path / "template"), tmp_path / "new"
    copier.run_copy(
        source, folder, data=answers, vcs_ref="HEAD", defaults=True, quiet=True, unsafe=True
    )
    found = {path.name.removeprefix("only-on-") for path in folder.glob("only-on-*")}
    assert found == {code_host} - {"other"}
