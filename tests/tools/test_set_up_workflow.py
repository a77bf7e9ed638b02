"""setup.yml itself, run by `act` on this machine in place of a runner.

What the program does is tested elsewhere; here it is whether the form, both jobs and their steps fit
together. pipx is stood in for by this very Python, which has all packages; the step that has the token
gets a Python without any.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support import button
from support.act import programs
from support.button import FIELDS, Copy, form
from support.code_hosts import TOKEN
from support.repositories import ROOT, git, text_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="act runs workflows on Linux only")
Press = Callable[..., Copy]
SETUP = ROOT / ".github" / "workflows" / "setup.yml"
HOSTILE = "$(touch pwned) `touch pwned` ${{ github.token }}\n: [a](b) '\" \\"


def act(made: Copy, token: str = TOKEN, **inputs: str) -> tuple[int, str, str]:
    """Send the form; return the exit code, the summary and the log."""
    place = made.place
    payload = json.loads(Path(made.env["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    (place / "act.json").write_text(json.dumps(payload | {"inputs": inputs}), encoding="utf-8")
    (place / "artifacts").mkdir()
    ours = {key: value for key, value in made.env.items() if not key.startswith("GITHUB_")}
    env = os.environ | ours | {"ARTIFACTS": str(place / "artifacts"), "PATH": programs(place)}
    program = str(Path(sys.executable).parent / "act")
    command = [program, "workflow_dispatch", "--json", "--no-cache-server"]
    command += ["--secret", f"GITHUB_TOKEN={token}", "--eventpath", str(place / "act.json")]
    command += ["--workflows", ".github/workflows/setup.yml", "--defaultbranch", "main"]
    command += ["--platform", "ubuntu-latest=-self-hosted"]
    command += ["--env", f"GITHUB_API_URL={made.host.url}"]
    command += button.local_actions(place, SETUP.read_text(encoding="utf-8"))
    git("remote", "add", "origin", button.ADDRESS, cwd=made.folder)
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
    assert TOKEN not in log + summary and "Traceback" not in log
    assert not list(place.rglob("pwned"))
    return done.returncode, summary, log


def test_it_makes_what_copier_makes(press: Press, upstream: Path) -> None:
    made = press("1.0.0")
    code, summary, log = act(made, **form(strategy="inherit"))
    assert code == 0, log
    project = made.result()
    assert text_of(project) == button.fresh(made.place, upstream, strategy="inherit")
    names = sorted(path.name for path in (project / ".github/workflows").iterdir())
    assert names == ["image.yml", "update.yml"]
    assert made.host.started == ["main"]
    assert "is set up by the strategy `inherit`" in summary and "### Next" in summary
    assert (made.place / "seen").read_text(encoding="utf-8") == "", "the token of GitHub"


def test_where_there_is_nothing_to_do_no_job_gets_a_token(press: Press) -> None:
    made = press()
    made.event(is_template=True)
    before = made.main
    code, summary, log = act(made, **form(strategy="inherit"))
    assert code == 0, log
    assert "the template itself" in summary and made.main == before
    assert "Push it" not in log


def test_hostile_text_in_every_field(press: Press) -> None:
    made = press()
    before = made.main
    code, summary, log = act(made, **dict.fromkeys(FIELDS, HOSTILE))
    assert code != 0 and button.UNTOUCHED in summary, log
    assert made.main == before


def test_bad_credentials(press: Press) -> None:
    made = press()
    before = made.main
    code, _, log = act(made, token="none", **form(strategy="inherit"))
    assert code != 0 and "401" in log
    assert made.main == before and not (made.place / "seen").exists()
