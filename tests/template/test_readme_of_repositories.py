"""The README of each repository: its links lead where they say, and what people paste into hubs works."""

from __future__ import annotations

import re
from io import StringIO
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import yaml
from dotenv import dotenv_values

from support.readme import hub_values
from support.renders import Renders
from support.repositories import ROOT, STRATEGIES
from support.rows import starts_image

PROVIDERS = {"github": "gh", "gitlab": "gl", "other": "git"}
PAGES = {"github": "https://github.com/", "gitlab": "https://gitlab.com/", "other": ""}


def links_of(readme: str) -> list[str]:
    """The links to Binder and to a hub."""
    return re.findall(r"\((https://(?:mybinder\.org/v2|hub\.example)[^)\s]+)\)", readme)


def facts(files: dict[str, str]) -> dict[str, str]:
    """What ci/image.env says."""
    env = dotenv_values(stream=StringIO(files["ci/image.env"]), interpolate=False)
    return {name: value or "" for name, value in env.items()}


def test_there_are_links(files: dict[str, str]) -> None:
    """The badge and Binder; with nbgitpuller, Binder and a hub with the contents as well."""
    assert len(links_of(files["README.md"])) in (2, 4)


@pytest.mark.parametrize(
    ("answers", "count"),
    [
        ({"strategy": "inherit"}, 2),
        ({"strategy": "inherit", "conda_packages": "nbgitpuller"}, 4),
        ({"strategy": "community-image", "base": "jupyter-scipy"}, 2),
        ({"strategy": "community-image", "base": "pangeo-notebook"}, 4),
        ({"strategy": "repo2docker", "conda_packages": "nbgitpuller-plus"}, 2),
        ({"strategy": "dockerfile", "packages_with": "pip", "pip_packages": "a nbgitpuller"}, 4),
    ],
)
def test_links_bring_contents_where_nbgitpuller_is(
    renders: Renders, answers: dict[str, str], count: int
) -> None:
    """Elsewhere they would end in "404: Not Found" (K19)."""
    readme = renders.files(**answers)["README.md"]
    assert len(links_of(readme)) == count
    assert ("if `nbgitpuller` is installed" in readme) == (count == 2)


def test_there_is_where_to_ask(files: dict[str, str]) -> None:
    """In two screens, at the end: whose template it is, from the one place that says so."""
    url = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))["template_url"]
    assert f"]({url['default']}/issues)" in files["README.md"].splitlines()[-1]


def test_binder_links_name_the_repository(row: dict[str, str], files: dict[str, str]) -> None:
    """They parse back to provider, repository and branch (B12)."""
    branch = "binder" if starts_image(row) else "HEAD"
    for link in links_of(files["README.md"]):
        url = urlsplit(link)
        if url.hostname == "mybinder.org":
            kind, _, rest = url.path.removeprefix("/v2/").partition("/")
            repository, _, ref = rest.rpartition("/")
            wanted = (PROVIDERS[row["code_host"]], row["repository"], branch)
            assert (kind, unquote(repository), ref) == wanted
            assert kind == "gh" or "/" not in repository, "a slash would end the name"


def test_links_open_an_interface_or_the_contents(
    row: dict[str, str], files: dict[str, str]
) -> None:
    """Nbgitpuller's parse back to what they mean (B12, and fault 13's owner)."""
    for link in links_of(files["README.md"]):
        query = parse_qs(urlsplit(link).query)
        if urlsplit(link).hostname == "mybinder.org":
            (path,) = query["urlpath"]
            if not path.startswith("git-pull"):
                assert path in ("lab", "tree", "rstudio")
                continue
            query = parse_qs(urlsplit(path).query)
        assert query["repo"] == [PAGES[row["code_host"]] + row["repository"]]
        assert query["branch"] == ["main"] and query["targetPath"] == ["my-environment"]
        assert query["urlpath"] == ["lab/tree/my-environment"]


def test_the_hub_starts_where_the_image_needs_it(files: dict[str, str]) -> None:
    """KubeSpawner's key is snake_case (K18); repo2docker's images would start in /srv/repo (K9)."""
    everyone, _ = hub_values(files)
    spawner = everyone.get("hub", {}).get("config", {}).get("KubeSpawner", {})
    env = facts(files)
    assert (spawner.get("working_dir") or "") == env["WORKING_DIR"]
    if env["STRATEGY"] == "repo2docker":
        assert env["WORKING_DIR"] == "/home/jovyan", "files in /srv/repo are lost"


def test_the_hub_opens_the_interface(files: dict[str, str]) -> None:
    """z2jh's schema has this key."""
    everyone, _ = hub_values(files)
    assert everyone["singleuser"].get("defaultUrl", "/lab") == facts(files)["DEFAULT_URL"]


def test_the_hub_starts_the_published_image(files: dict[str, str]) -> None:
    """Its name is that of ci/image.env, and its tag a text, which YAML would read 2026.10 as a number."""
    everyone, profiles = hub_values(files)
    image, env = (everyone["singleuser"] | profiles["singleuser"])["image"], facts(files)
    if env["STRATEGY"] == "community-image":
        assert f"{image['name']}:{image['tag']}" == env["BASE_IMAGE"]
    else:
        assert image["name"] == env["IMAGE"]
    assert isinstance(image["tag"], str)


def test_a_profile_overrides_what_the_spawner_knows(files: dict[str, str]) -> None:
    """KubeSpawner's names (K18), with the same interface and home volume."""
    _, profiles = hub_values(files)
    (profile,) = profiles["singleuser"]["profileList"]
    override, env = profile["kubespawner_override"], facts(files)
    assert override["default_url"] == env["DEFAULT_URL"]
    assert override.get("working_dir", "/home/jovyan") == env["HOME_DIR"]
    assert set(override) <= {"image", "default_url", "working_dir", "extra_resource_limits"}


def test_the_lines_for_dockerspawner_are_python(files: dict[str, str]) -> None:
    """There is one such snippet."""
    (python,) = re.findall(r"```python\n(.*?)```", files["README.md"], re.DOTALL)
    compile(python, "jupyterhub_config.py", "exec")


BINDER_LINKS = re.compile(r"https://mybinder\.org/v2/gh/OWNER/my-environment/([^)?]+)\?")
BADGE = "badge_logo.svg)](https://mybinder.org/v2/gh/OWNER/my-environment/{}?urlpath=lab)"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_binder_builds_unless_the_answer_is_another(renders: Renders, strategy: str) -> None:
    """The links of a fresh repository work before CI has published anything."""
    readme = renders.files(strategy=strategy)["README.md"]
    assert BADGE.format("HEAD") in readme
    assert BINDER_LINKS.findall(readme) == 2 * ["HEAD"]
    assert "branch `binder`" not in readme
    waits = "the first time takes some minutes" in readme
    assert waits == (strategy != "community-image")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_ci_knows_that_binder_builds(renders: Renders, strategy: str) -> None:
    """Three lines of ci/image.env, for a repository of the proposed answers."""
    platforms = "" if strategy == "community-image" else "linux/amd64"
    source = "https://github.com/OWNER/my-environment"
    lines = f"\nPLATFORMS={platforms}\nBINDER=repository\nSOURCE={source}\n"
    assert lines in renders.files(strategy=strategy)["ci/image.env"]


@pytest.mark.parametrize("strategy", STRATEGIES[1:])
def test_binder_starts_the_published_image(renders: Renders, strategy: str) -> None:
    """Every link names the branch that CI keeps, and people learn when it is there."""
    readme = renders.files(strategy=strategy, binder="image")["README.md"]
    assert BADGE.format("binder") in readme
    assert BINDER_LINKS.findall(readme) == 2 * ["binder"]
    assert "once CI has published an image and made the branch `binder`" in readme
    assert "some minutes" not in readme


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_readme_of_two_screens(renders: Renders, strategy: str) -> None:
    """At most 100 lines of 100 characters, addresses apart."""
    lines = renders.files(strategy=strategy)["README.md"].splitlines()
    shown = (re.sub(r"\(http\S+\)", "", line) for line in lines)
    assert sum(max(1, -(-len(line) // 100)) for line in shown) <= 100
