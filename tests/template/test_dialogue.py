"""The dialogue, as a person has it: whatever is chosen and typed at its prompts, a good repository comes out."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from dotenv import dotenv_values

from support.dialogue import WIDTH, Person, walk
from support.edits import unmerged
from support.repositories import STRATEGIES, commit, git, text_of

OPTIONS: dict[str, Any] = {"defaults": True, "overwrite": True, "quiet": True, "unsafe": True}
CHUNKS, WALKS = 20, 15  # 300 walks, so many in a test
URLS = {"lab": "/lab", "notebook": "/tree", "rstudio": "/rstudio"}
PLACES = {
    "apt_packages": ["apt.txt"],
    "conda_packages": ["environment.yml"],
    "julia_packages": ["Project.toml"],
    "pip_packages": ["environment.yml", "requirements.txt"],
    "r_packages": ["environment.yml", "install.R"],
}
HOSTS = {"github": ".github/workflows/image.yml", "gitlab": ".gitlab-ci.yml"}


def broken_promises(answers: dict[str, Any], files: dict[str, str]) -> list[str]:
    """Find what a person asked for and did not get.

    Args:
        answers: what was answered at the prompts.
        files: the text of each file, by its path.
    """
    stored = yaml.safe_load(files[".copier-answers.yml"])
    own = stored["strategy"] != "community-image"
    env = dotenv_values(stream=StringIO(files["ci/image.env"]), interpolate=False)
    kept = {name: value for name, value in answers.items() if name != "community"}
    promises = {
        "each answer is stored": {name: stored[name] for name in kept} == kept,
        "a Dockerfile": ("Dockerfile" in files)
        == (stored["strategy"] in ("inherit", "dockerfile")),
        "a pointer": (".binder/Dockerfile" in files) != own,
        "a licence": ("LICENSE" in files) == (stored["license"] not in ("mine", "none")),
        "CI": [host for host, name in HOSTS.items() if name in files]
        == [host for host in HOSTS if host == stored["code_host"]],
        "an interface": env["DEFAULT_URL"] == URLS[stored["interface"]],
        "processors": not own
        or env["PLATFORMS"] == ",".join(f"linux/{one}" for one in stored["platforms"]),
    }
    promises |= {f"each of {name}": listed(name, answers, files) for name in PLACES}
    promises |= versions(stored, files)
    return [what for what, is_kept in promises.items() if not is_kept]


def listed(name: str, answers: dict[str, Any], files: dict[str, str]) -> bool:
    """Whether each package that was typed stands in a file that installs it."""
    text = "\n".join(files.get(place, "") for place in PLACES[name])
    return all(
        re.search(rf"^[ \"-]*(r-)?{re.escape(word)}\b", text, re.MULTILINE | re.IGNORECASE)
        for word in answers.get(name, "").split()
    )


def versions(stored: dict[str, Any], files: dict[str, str]) -> dict[str, bool]:
    """Whether the languages come in the versions that were chosen."""
    promises = {}
    python, r = f"python[-:=]+{stored['python_version']}\\b", stored["r_version"]
    text = "\n".join(
        files.get(name, "") for name in ("environment.yml", "runtime.txt", "Dockerfile")
    )
    asked = stored["languages"] if stored["strategy"] == "repo2docker" else ["python"]
    if stored["strategy"] in ("dockerfile", "repo2docker") and "python" in asked:
        promises["the Python"] = bool(re.search(python, text))
    if "r" in asked:
        alone = rf"^r-{re.escape(r)}$" if asked == ["r"] else rf"- r-base={r.partition('-')[0]}$"
        promises["the R"] = bool(re.search(alone, text, re.MULTILINE))
    if "julia" in asked:
        promises["the Julia"] = f'"~{stored["julia_version"]}"' in files["Project.toml"]
    return promises


@pytest.fixture(scope="module", params=range(CHUNKS))
def walked(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[Person, Path]]:
    """People who answered at random, each strategy as often as the others, and what they got."""
    walks = []
    folder = tmp_path_factory.mktemp("walks")
    for number in range(WALKS):
        person = Person(1000 * request.param + number, STRATEGIES[number % 4])
        walk(template, folder / f"my-environment-{number}", person)
        walks.append((person, folder / f"my-environment-{number}"))
    return walks


def test_whatever_is_answered(walked: list[tuple[Person, Path]]) -> None:
    """The files are there, and say what was typed; nothing ends the dialogue; all of it fits in 80 columns."""
    for person, folder in walked:
        assert broken_promises(person.answers, text_of(folder)) == [], person.answers
        shown = [line for lines in person.seen.values() for line in lines]
        assert [line for line in shown + person.refused if len(line) > WIDTH] == []
        assert max(len(lines) for lines in person.seen.values()) <= 22, "of 24 lines"


def test_what_came_out_is_updated(walked: list[tuple[Person, Path]]) -> None:
    """One of them, another in each chunk: an update of an unedited repository changes nothing."""
    _, folder = walked[int(walked[0][0].seed / 1000) % WALKS]
    commit(folder)
    before = text_of(folder)
    copier.run_update(folder, **OPTIONS)
    assert text_of(folder) == before


def test_what_came_out_is_switched(walked: list[tuple[Person, Path]]) -> None:
    """One of them: without a conflict, or refused before anything changed, with the remedy first."""
    chunk = int(walked[0][0].seed / 1000)
    person, folder = walked[(chunk + 7) % WALKS]
    commit(folder)
    new = STRATEGIES[(STRATEGIES.index(person.strategy) + 1 + chunk % 3) % 4]
    ref = copier.VcsRef.CURRENT
    try:
        copier.run_update(folder, {"strategy": new}, vcs_ref=ref, **OPTIONS)
    except SystemExit as refusal:
        assert re.match("Use|Leave|Give|Add|Let", str(refusal.code)), refusal.code
        assert git("status", "--porcelain", cwd=folder) == ""
    else:
        assert unmerged(folder) == []
        stored = yaml.safe_load(text_of(folder)[".copier-answers.yml"])
        assert stored["strategy"] == new


def test_what_is_not_kept_is_seen(template: Path, tmp_path: Path) -> None:
    """A package that is in no file, an interface that is not opened, a file that is missing."""
    person = Person(1, "dockerfile")
    walk(template, tmp_path / "env", person)
    files = text_of(tmp_path / "env")
    answers = person.answers | {"apt_packages": "dropped"}
    assert "each of apt_packages" in broken_promises(answers, files)
    lost = {name: text for name, text in files.items() if name != "Dockerfile"}
    assert "a Dockerfile" in broken_promises(person.answers, lost)
    other = files["ci/image.env"].replace("DEFAULT_URL=/", "DEFAULT_URL=/other")
    assert "an interface" in broken_promises(person.answers, files | {"ci/image.env": other})
