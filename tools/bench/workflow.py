"""How many images the image workflow builds for a push, as its own first step plans it, and what waits in vain."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from support.ci_runs import OURS, github
from support.repositories import commit
from tools import ROOT
from tools.bench.measure import Measured, Row, run
from tools.bench.render import NEWEST, Bench

GROUP = "workflow"
WORKFLOW = ROOT / ".github" / "workflows" / "image.yml"
# What a job gets from another by way of the registry: the words of the step that puts it there, and of the one that
# takes it.
HANDED_OVER = ("ci/publish.py push", "ci/publish.py tag")
PUSHES = {
    "a push of packages": ("environment.yml", "  - cowsay\n", 1.0),
    "a push of documentation": ("README.md", "More words.\n", 0.0),
}


def rows(folder: Path, runs: int) -> Iterator[Row]:
    """Count, which is the same each time.

    Args:
        folder: an empty one, for all that is made.
        runs: not used.
    """
    bench = Bench(folder)
    made = bench.new()
    bench.copy(bench.this, made, NEWEST, strategy="inherit", repository="me/env")
    for push, (name, line, goal) in PUSHES.items():
        before = commit(made)
        with (made / name).open("a", encoding="utf-8") as file:
            file.write(line)
        commit(made)
        built = builds(made, before)
        words = (f"image workflow: images built for {push}", "one build")
        yield Row.of(GROUP, words, goal, "images", Measured(built, built, 1))
    waits = in_vain(WORKFLOW.read_text(encoding="utf-8"))
    count = sum(waits.values())
    words = ("image workflow: jobs that wait for another and use nothing of it", "all that wait")
    yield Row.of(GROUP, words, 0, "jobs", Measured(count / len(waits), count, len(waits)))


def in_vain(workflow: str) -> dict[tuple[str, str], bool]:
    """Return for each job and each other that it waits for whether it does so in vain.

    It does not if it reads an output or the result of the other, or takes from the registry what the other has put
    there.

    Args:
        workflow: its text.
    """
    jobs = yaml.safe_load(workflow)["jobs"]
    texts = {name: yaml.dump(job) for name, job in jobs.items()}
    there, taken = HANDED_OVER
    waits = {}
    for name, text in texts.items():
        needed = jobs[name].get("needs", [])
        for other in [needed] if isinstance(needed, str) else needed:
            reads = re.search(rf"needs\.({re.escape(other)}|\*)\.", text)
            waits[name, other] = not (reads or (there in texts[other] and taken in text))
    return waits


def builds(repository: Path, before: str) -> int:
    """Return how many images a push builds: one for each kind of processor, or none.

    Args:
        repository: its folder, at the commit that was pushed.
        before: the commit before the push.
    """
    output = repository.parent / "output"
    output.unlink(missing_ok=True)
    clean = {key: value for key, value in os.environ.items() if not OURS.match(key)}
    event = github(repository.parent, "push", before=before)
    files = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": os.devnull}
    run([sys.executable, "ci/publish.py", "plan"], repository, clean | event | files)
    lines = output.read_text(encoding="utf-8").splitlines()
    plan = {key: json.loads(value) for key, value in (line.split("=", 1) for line in lines)}
    return len(plan["platforms"]) if plan["build"] else 0
