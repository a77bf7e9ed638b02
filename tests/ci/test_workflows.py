"""GitHub's workflows, this template's own and those it brings: pinned, with least rights, bounded."""

from __future__ import annotations

import json
import re
import subprocess
import sysconfig
from pathlib import Path

import pytest
import yaml

from support.repositories import ROOT

FILES = sorted([*ROOT.glob(".github/workflows/*"), *ROOT.glob("template/**/.github/workflows/*")])
NAMES = [path.relative_to(ROOT).as_posix() for path in FILES]
USES = re.compile(r"^[ -]*uses: *(\S+) *(.*)$", re.MULTILINE)
PINNED = re.compile(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
RIGHT = re.compile(r"^ +[a-z-]+: (?:read|write) # \w.*$", re.MULTILINE)
TOOLS = {
    "actionlint": [],
    "zizmor": ["--offline", "--persona=auditor", "--format=json-v1", "--no-exit-codes"],
    "check-jsonschema": ["--builtin-schema", "vendor.github-workflows"],
}
SHA = 40 * "a"
GOOD = f"""\
name: Good
on:
  push:
    branches: [main]
concurrency:
  group: good-${{{{ github.ref }}}}
  cancel-in-progress: true
permissions: {{}}
jobs:
  job:
    name: Job
    runs-on: ubuntu-latest
    timeout-minutes: 5
    permissions:
      contents: read # to check out
    steps:
      - name: Check out
        uses: actions/checkout@{SHA} # v7.0.1
        with:
          persist-credentials: false
      - name: Say
        run: echo "$GITHUB_REF"
"""
RIGHTS = "    permissions:\n      contents: read # to check out\n"
# What is changed in it, into what, and what is found then.
BAD = {
    "a version": (f"checkout@{SHA} # v7.0.1", "checkout@v7", "is not pinned"),
    "a short SHA": (SHA, "3d3c42e", "is not pinned"),
    "no version beside the SHA": (" # v7.0.1", "", "is not pinned"),
    "a moving version": (" # v7.0.1", " # v7", "is not pinned"),
    "two SHAs of one action": (
        "      - name: Say\n",
        f"      - uses: actions/checkout/sub@{40 * 'b'} # v7.0.2\n      - name: Say\n",
        "actions/checkout has several SHAs",
    ),
    "forks with secrets": ("  push:\n", "  pull_request_target:\n", "pull_request_target"),
    "rights of all jobs": ("permissions: {}", "permissions: write-all", "no `permissions: {}`"),
    "a job without permissions": (RIGHTS, "", "job: no permissions"),
    "a job with all": (RIGHTS, "    permissions: read-all\n", "job: no permissions"),
    "a right without its reason": (" # to check out", "", "a right without a reason"),
    "a job without end": ("    timeout-minutes: 5\n", "", "job: no timeout"),
    "anyone's text in a shell": ("$GITHUB_REF", "${{ github.head_ref }}", "${{ }} in a run"),
}


def pins(text: str) -> set[tuple[str, str]]:
    """Return each action that a workflow uses, as owner/name, and the SHA."""
    used = [action.partition("@") for action, _ in USES.findall(text)]
    return {("/".join(name.split("/")[:2]), sha) for name, _, sha in used}


def several(found: set[tuple[str, str]]) -> list[str]:
    """Return a sentence for each action with more than one SHA."""
    names = [name for name, _ in found]
    return [f"{name} has several SHAs" for name in {n for n in names if names.count(n) > 1}]


def faults(text: str) -> list[str]:
    """Return a sentence for each fault that a workflow has by itself."""
    workflow = yaml.safe_load(text)
    found = several(pins(text))
    for action, comment in USES.findall(text):
        if not PINNED.fullmatch(f"{action} {comment}"):
            found.append(f"{action} is not pinned by its SHA, with the version in a comment")
    if "pull_request_target" in workflow[True]:  # YAML reads `on` so
        found.append("pull_request_target")
    if workflow.get("permissions") != {}:
        found.append("no `permissions: {}` for what no job asks for")
    rights = 0
    for name, job in workflow["jobs"].items():
        if isinstance(job.get("permissions"), dict):
            rights += len(job["permissions"])
        else:
            found.append(f"{name}: no permissions, one by one")
        if "timeout-minutes" not in job:
            found.append(f"{name}: no timeout")
        if any("${{" in step.get("run", "") for step in job["steps"]):
            found.append(f"{name}: ${{{{ }}}} in a run: it would be text of the script")
    return found + ["a right without a reason"] * (rights > len(RIGHT.findall(text)))


def complaints(tool: str, path: Path) -> str:
    """Return what one of TOOLS says against a workflow."""
    program = str(Path(sysconfig.get_path("scripts")) / tool)
    command = [program, *TOOLS[tool], str(path)]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if tool == "zizmor" and result.returncode == 0:
        return " ".join(entry["ident"] for entry in json.loads(result.stdout))
    return "" if result.returncode == 0 else result.stdout + result.stderr


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_workflow(path: Path) -> None:
    assert path.suffix == ".yml", "the hooks in .pre-commit-config.yaml look for no other"
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_tools_find_nothing(path: Path, tool: str) -> None:
    assert not complaints(tool, path)


def test_one_action_has_one_sha_everywhere() -> None:
    assert several({pin for path in FILES for pin in pins(path.read_text(encoding="utf-8"))}) == []


def test_own_tests_run_in_the_template_only() -> None:
    """Neither in a fork nor in what "Use this template" makes."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    conditions = {job.get("if") for job in workflow["jobs"].values()}
    assert conditions == {"github.event.repository.is_template"}


@pytest.mark.parametrize(("old", "new", "fault"), BAD.values(), ids=BAD)
def test_faults_are_found(old: str, new: str, fault: str) -> None:
    assert faults(GOOD) == [] and GOOD.count(old) == 1
    (found,) = faults(GOOD.replace(old, new))
    assert fault in found


@pytest.mark.parametrize(
    ("tool", "old", "new", "fault"),
    [
        ("actionlint", "ubuntu-latest", "ubuntu-1.0", 'label "ubuntu-1.0" is unknown'),
        ("zizmor", "$GITHUB_REF", "${{ github.head_ref }}", "template-injection"),
        ("zizmor", "$GITHUB_REF", "${{ secrets.KEY }}", "secrets-outside-env"),
    ],
)
def test_tools_find_faults(tmp_path: Path, tool: str, old: str, new: str, fault: str) -> None:
    path = tmp_path / ".github" / "workflows" / "bad.yml"
    path.parent.mkdir(parents=True)
    path.write_text(GOOD, encoding="utf-8", newline="\n")
    assert not complaints(tool, path)
    path.write_text(GOOD.replace(old, new), encoding="utf-8", newline="\n")
    assert fault in complaints(tool, path)


def test_the_template_brings_the_workflows_of_the_root() -> None:
    """The same bytes: a copy made by "Use this template" may delete workflows, but not change them."""
    brought = ROOT / "template" / "{{ on_github }}" / ".github" / "workflows"
    assert {path.name for path in brought.iterdir()} == {"image.yml", "update.yml"}
    for path in brought.iterdir():
        assert path.read_bytes() == (ROOT / ".github" / "workflows" / path.name).read_bytes()


GITLAB = ROOT / "template" / "{{ on_gitlab }}" / ".gitlab-ci.yml"
PASSWORDS = {"CI_DEPLOY_PASSWORD", "CI_JOB_TOKEN", "CI_REGISTRY_PASSWORD", "REGISTRY_PASSWORD"}


@pytest.mark.parametrize("job", ["test", "look"])
def test_gitlab_gives_its_passwords_to_no_package(job: str) -> None:
    """They are taken away before the first line that runs one, or by that line itself."""
    lines = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))[job]["script"]
    without = set[str]()
    for line in lines:
        if line.startswith("unset "):
            without |= set(line.split()[1:])
        if line.startswith("without="):
            given = set(re.findall(r"-u (\w+)", line))
        if "pipx run" in line:
            assert without | (given if line.startswith("$without ") else set()) >= PASSWORDS
