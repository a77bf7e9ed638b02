"""How long it takes to build again on a fresh runner, beside a build for which nothing is cached.

What a runner has there is what the image workflow gives it: the image that was published last, in which
BUILDKIT_INLINE_CACHE keeps how the layers of its last stage came about. A runner is a Docker engine of its own here,
which has the base images and nothing else; the registry is that of the tests, on the same machine.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from hub_image.check.build import INLINE_CACHE
from hub_image.settings import Settings
from support import registry as registries
from tools.bench.images import CASES, SETS, Builder, about, repository
from tools.bench.measure import QUICK, BenchError, Row, medians, progress
from tools.bench.rebuild import GOALS, changed

__all__ = ["GROUP", "about", "rows"]

GROUP = "fresh"
GOAL = 0.5
WAIT = 60  # seconds until an engine answers
BASES = re.compile(r"^FROM (\S+:\S+)|^COPY --from=(\S+:\S+)", re.MULTILINE)


def rows(folder: Path, runs: int) -> Iterator[Row]:
    """Measure; each run builds what was never built and publishes it, then builds again after each change.

    Args:
        folder: an empty one, for all that is made.
        runs: how many cold builds; a quick run has one.
    """
    with registries.running() as registry, runner(folder / "runner", registry) as build:
        for case, answers in CASES.items():
            cold: list[float] = []
            again: dict[str, list[float]] = {change: [] for change in GOALS}
            for number in range(1 if runs == QUICK else 3):
                progress(f"builds of {case} on fresh runners, {number + 1}")
                where = folder / f"{case}-{number}".replace(", ", "-")
                settings = repository(where, answers, SETS["scientific packages"])
                bring_bases(build, settings)
                published = f"{registry.host}/bench/{where.name}:last"
                registry.publish(f"bench/{where.name}")
                first = build.build(where, "--tag", published)
                cold.append(first.seconds)
                build.docker("push", "--quiet", published)
                for change in GOALS:
                    forget(build, published)
                    with changed(settings, change, answers["packages_with"]):
                        built = build.build(where, "--cache-from", published)
                    again[change].append(built.seconds)
                forget(build, published)
            for change in GOALS:
                words = (f"{case}: built on a fresh runner, {change}", "nothing cached")
                measured = medians(list(zip(again[change], cold, strict=True)))
                yield Row.of(GROUP, words, GOAL, "s", measured)


@contextlib.contextmanager
def runner(folder: Path, registry: registries.Registry) -> Iterator[Builder]:
    """Start a Docker engine that has nothing; give a builder there, which is logged in at the registry.

    Its builds use this machine's network. It is given the first engine's bridge: with one of its own it would take the
    first one's addresses, and with none it would delete that bridge (moby: daemon/daemon_unix.go).

    Args:
        folder: where its files shall be.
        registry: where it may push.

    Raises:
        BenchError: it does not start.
    """
    folder.mkdir()
    address = f"unix://{folder}/socket"
    config = registry.docker_config(folder / "config", logged_in=True)
    env = os.environ | {"DOCKER_HOST": address, "DOCKER_CONFIG": str(config)}
    command = ["dockerd", "--host", address, "--bridge", "docker0", "--iptables=false"]
    for option in ("data-root", "exec-root", "pidfile"):
        command += [f"--{option}", str(folder / option)]
    with (folder / "log").open("w", encoding="utf-8") as log:
        try:
            engine = subprocess.Popen(command, stdout=log, stderr=log)
        except OSError as error:
            raise BenchError(f"Install dockerd, or leave out {GROUP}: {error}") from None
    build = Builder(env, "--network", "host", "--build-arg", INLINE_CACHE)
    try:
        end = time.monotonic() + WAIT
        while subprocess.run(
            ["docker", "info"], env=env, check=False, capture_output=True
        ).returncode:
            if engine.poll() is not None or time.monotonic() > end:
                said = (folder / "log").read_text(encoding="utf-8")[-2000:]
                raise BenchError(
                    f"Run it as root, or leave out {GROUP}: no Docker engine starts.\n{said}"
                )
            time.sleep(0.2)
        yield build
    finally:
        engine.terminate()
        engine.wait(timeout=WAIT)


def bring_bases(build: Builder, settings: Settings) -> None:
    """Bring the images that a Dockerfile starts from along: how long a pull takes is not measured."""
    text = (settings.root / "Dockerfile").read_text(encoding="utf-8")
    names = sorted({one or other for one, other in BASES.findall(text)})
    with subprocess.Popen(["docker", "save", *names], stdout=subprocess.PIPE) as saved:
        subprocess.run(
            ["docker", "load", "--quiet"],
            stdin=saved.stdout,
            env=build.env,
            check=True,
            capture_output=True,
        )


def forget(build: Builder, *published: str) -> None:
    """Let the runner be fresh again: without what was built there, and without all that is cached."""
    names = build.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    ours = [name for name in names if name.startswith(build.prefix) or name in published]
    if ours:
        build.docker("image", "rm", *ours)
    build.docker("builder", "prune", "--all", "--force")
