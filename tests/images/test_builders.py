"""The Dockerfiles build with each builder that people have, and a change does no more anew than it must.

BuildKit is what repo2docker and CI use; `DOCKER_BUILDKIT=0` is Docker's older builder. podman, whose builder is
buildah's, writes OCI images, in which SHELL is ignored.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import standins
from support.checking import BY_PIP
from support.repositories import never_built

# What a build prints only where it does something anew.
POST_BUILD = "#!/bin/sh\nset -e\nls > seen\necho postBuild is run {}\n"
ANEW = {"apt": "Setting up file ", "packages": "cowsay", "postBuild": "postBuild is run"}
INHERIT = {"strategy": "inherit", "base": "b-data-base", **BY_PIP}
FULL = {"strategy": "dockerfile", "packages_with": "pip", **BY_PIP}
BUILDS = {
    "dockerfile with buildx": ("buildx", FULL),
    "inherit with docker": ("docker", INHERIT),
    "dockerfile with podman": ("podman", FULL),
    "inherit with podman": ("podman", INHERIT),
}
COMMANDS = {
    "buildx": "docker buildx --builder default build --progress plain --load",
    "docker": "docker build",
    "podman": "podman build --layers --network host",
}


class Builder:
    """Builds one repository again and again, and removes what it made."""

    def __init__(self, program: str, repository: Path) -> None:
        self.program, self.repository = program, repository
        self.image = f"localhost/hub-image-tests/built-{secrets.token_hex(4)}"
        self.engine = "podman" if program == "podman" else "docker"

    def build(self) -> tuple[set[str], float]:
        """Build, and return what was done anew, and how long it took in seconds."""
        started = time.monotonic()
        done = subprocess.run(
            [*COMMANDS[self.program].split(), "--tag", self.image, "."],
            cwd=self.repository,
            env=os.environ | {"DOCKER_BUILDKIT": "0" if self.program == "docker" else "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        took = time.monotonic() - started
        assert done.returncode == 0, done.stdout[-6000:]
        # a builder repeats each command before it runs it, or takes it from its cache
        said = [
            line for line in done.stdout.splitlines() if "RUN " not in line and "&&" not in line
        ]
        return {what for what, sign in ANEW.items() if any(sign in line for line in said)}, took

    def run(self, script: str) -> str:
        """Run a script in the image as a hub does, with an empty home, and return what it prints."""
        command = [self.engine, "run", "--rm", "--network", "none", "--user", "1000"]
        if self.engine == "podman":  # it would raise limits, which not every machine lets it do
            command += ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
        command += ["--tmpfs", "/home/jovyan:mode=1777", self.image, "bash", "-c", script]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def remove(self) -> None:
        """Remove the image."""
        command = [self.engine, "rmi", "--force", self.image]
        subprocess.run(command, check=False, capture_output=True)


def give_to_podman(repository: Path) -> None:
    """Copy the images that a repository is built from to podman's store, unless they are there."""
    if not shutil.which("podman"):
        standins.left_out("no podman here, which this test needs")
    for line in (repository / "Dockerfile").read_text().splitlines():
        if not line.startswith("FROM ") or ":" not in line:
            continue
        reference = line.split()[1]
        identity = standins.client().images.get(reference).id
        first = reference.partition("/")[0]
        known = (
            reference
            if "." in first
            else f"docker.io/{'' if '/' in reference else 'library/'}{reference}"
        )
        ask = ["podman", "image", "inspect", "--format", "sha256:{{.Id}}", known]
        there = subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip()
        if there == identity:
            continue
        save = ["docker", "save", reference]
        with subprocess.Popen(save, stdout=subprocess.PIPE) as saved:
            load = ["podman", "load", "--quiet"]
            subprocess.run(load, check=True, stdin=saved.stdout, stdout=subprocess.DEVNULL)
        command = ["podman", "tag", str(identity).removeprefix("sha256:"), known]
        subprocess.run(command, check=True)


@pytest.fixture(params=list(BUILDS.values()), ids=list(BUILDS))
def builder(request: pytest.FixtureRequest, render: Callable[..., Path]) -> Iterator[Builder]:
    """A repository, with a postBuild and a file that it can see, and what builds it."""
    program, answers = request.param
    repository = render(**answers)
    (repository / "postBuild").write_text(POST_BUILD.format(secrets.token_hex(4)))
    (repository / "seen-by-postBuild").write_text("1")
    dockerfile = repository / "Dockerfile"
    dockerfile.write_text(never_built(dockerfile.read_text()))
    standins.ensure_bases(repository)
    if program == "podman":
        give_to_podman(repository)
    made = Builder(program, repository)
    yield made
    made.remove()


def test_a_change_does_no_more_anew_than_it_must(builder: Builder) -> None:
    """README.md and tests: nothing. A file that postBuild sees: postBuild. A package: no apt package."""
    repository, took = builder.repository, {}
    _, took["first"] = builder.build()
    for name in ("README.md", "tests/test_environment.py"):
        with (repository / name).open("a") as file:
            file.write("\n# changed\n")
    anew, took["README.md"] = builder.build()
    assert anew == set()
    assert "# changed" in builder.run('cat "$REPO_DIR/README.md"')
    (repository / "seen-by-postBuild").write_text("2")
    assert builder.build()[0] == {"postBuild"}
    with (repository / "requirements.txt").open("a") as file:
        file.write("cowpy\n")
    anew, took["package"] = builder.build()
    assert "apt" not in anew
    print(", ".join(f"{what}: {seconds:.1f} s" for what, seconds in took.items()))
    script = 'cd "$REPO_DIR" && cat seen && python3 -c "import cowpy, cowsay, xlsxwriter; print(1)"'
    seen = builder.run(script).splitlines()
    assert seen[-1] == "1" and "seen-by-postBuild" in seen
    assert not {"README.md", "LICENSE", "tests"} & set(seen)


# A package that needs a compiler, as those do that have no wheel: g++, so that gcc in apt.txt is not enough.
NATIVE = {
    "setup.py": "import setuptools as s\n"
    's.setup(name="native", version="1", ext_modules=[s.Extension("native", ["native.cpp"])])\n',
    "native.cpp": "int answer(void) { return 42; }\n",
}
SHARED = "cd /opt/env/lib/python3*/site-packages && ls native*.so && find . ! -uid 1000 | head && which gcc g++ || echo gone"


@pytest.mark.parametrize("apt_packages", ["", "gcc"])
def test_compilers_come_where_a_package_needs_them(
    render: Callable[..., Path], apt_packages: str
) -> None:
    """And go again, unless apt.txt has them; all that is installed belongs to the user."""
    answers = {"strategy": "dockerfile", "packages_with": "pip", "apt_packages": apt_packages}
    repository = render(**answers)
    (repository / "native").mkdir()
    for name, text in NATIVE.items():
        (repository / "native" / name).write_text(text)
    (repository / "requirements.txt").write_text("./native\n")
    standins.ensure_bases(repository)
    made = Builder("buildx", repository)
    try:
        made.build()
        shared, *compilers = made.run(SHARED).splitlines()
    finally:
        made.remove()
    assert shared.startswith("native.")
    assert compilers == (["/usr/bin/gcc", "gone"] if apt_packages else ["gone"])
