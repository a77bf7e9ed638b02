"""Have an image under its own name: pulled, or built from a recipe.

A stand-in carries the label ``hub-image.standin=true`` and the digest of all that it was built
from, so it is built once, and again when that changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import docker.errors

from support.standins import engine, machine
from support.standins.references import (
    BASES,
    BUILDPACK_DEPS,
    DEBIAN_SLIM,
    PARENTS,
    PLACES,
    RECIPES,
    ImageError,
    has_recipe,
    recipe_of,
    registry,
)

# Recipes whose builds download from a host that the tests' own server stands in for.
TRUSTS = {"buildpack-deps": "anaconda.org"} | dict.fromkeys(
    ("docker-stacks-r", "py-rocket", "rocker"), "cloud.r-project.org"
)
DIGEST_LABEL = "hub-image.standin.digest"


def ensure(reference: str, recipe: str | None = None) -> bool:
    """Have an image under this reference: the real one, or a stand-in.

    Args:
        reference: full, with a tag.
        recipe: a folder of recipes/; by default recipe_of(reference).

    Returns:
        True for the real image, False for a stand-in.

    Raises:
        ImageError: the registry can be reached and does not give the image, or there is no
            stand-in, or it does not build.
    """
    image = engine.find(reference)
    # what a test has built from a stand-in has its label too
    standin = image is not None and DIGEST_LABEL in (image.labels or {})
    if image is not None and not (standin and (recipe or has_recipe(reference))):
        return True
    host = registry(reference)
    if machine.can_reach(host):
        done = subprocess.run(
            ["docker", "pull", reference], check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise ImageError(f"{host} can be reached, but: {done.stderr.strip()}")
        return True
    if "@" in reference:
        raise ImageError(
            f"{host} cannot be reached, and no stand-in can have a digest: {reference}"
        )
    print(f"stand-in: {reference} (registry {host} cannot be reached)", flush=True)
    _build(reference, recipe or recipe_of(reference))
    return False


def ensure_base(recipe: str) -> str:
    """Have one of BASES, and return its tag."""
    _build(BASES[recipe], recipe)
    return BASES[recipe]


def ensure_bases(repository: Path) -> None:
    """Have the images that a repository is built from, or points to."""
    texts = [repository / place / "Dockerfile" for place in PLACES]
    text = "\n".join(path.read_text() for path in texts if path.exists())
    named = re.findall(r"(?:^FROM |--from=)(\S+:\S+)", text, re.MULTILINE)
    for reference in named or [BUILDPACK_DEPS]:
        ensure(reference)


def _build(reference: str, recipe: str) -> None:
    """Build a recipe and what it needs, unless that very thing is there."""
    for parent in PARENTS[recipe]:
        if parent in BASES:
            ensure_base(parent)
        else:
            ensure(parent)
    with machine.lock(), tempfile.TemporaryDirectory() as folder:
        context = Path(folder) / recipe
        shutil.copytree(RECIPES / recipe, context, ignore=shutil.ignore_patterns("__pycache__"))
        _generate(recipe, context)
        digest = _digest(recipe, context)
        image = engine.find(reference)
        if image is not None and image.labels.get(DIGEST_LABEL) == digest:
            return
        arguments = ["--label", f"{DIGEST_LABEL}={digest}", "--tag", reference]
        if "ARG ROOT\n" in (context / "Dockerfile").read_text():
            root = _debian() if recipe == "minbase" else PARENTS[recipe][0]
            arguments += ["--build-arg", f"ROOT={root}"]
        _buildx(*arguments, str(context))
        if image is not None and image.id and image != engine.find(reference):
            with contextlib.suppress(docker.errors.APIError):  # something still needs it
                engine.client().images.remove(image.id)


def _digest(recipe: str, context: Path) -> str:
    """Say by one number what a recipe is built from: its files, and the images below it."""
    digest = hashlib.sha256()
    for file in sorted(path for path in context.rglob("*") if path.is_file()):
        mode = "x" if os.access(file, os.X_OK) else "-"
        digest.update(f"{file.relative_to(context)} {mode}\n".encode() + file.read_bytes())
    for parent in PARENTS[recipe]:
        digest.update(str(engine.client().images.get(BASES.get(parent, parent)).id).encode())
    return digest.hexdigest()


def _buildx(*arguments: str) -> None:
    """Build with the engine's own builder, which alone sees the engine's images."""
    command = ["docker", "buildx", "--builder", "default", "build", "--progress", "plain"]
    command += ["--load", *arguments]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise ImageError(f"{' '.join(command)} failed:\n{done.stdout}")


def _generate(recipe: str, context: Path) -> None:
    """Write into a context what depends on this machine: public certificates, and no secret."""
    if recipe == "minbase":
        folder = context / "certificates"
        folder.mkdir()
        for number, certificate in enumerate(machine.own_certificates()):
            (folder / f"machine-{number}.crt").write_text(certificate)
        (folder / "README").write_text("Certificates that the machine of the tests trusts.\n")
    elif recipe in TRUSTS:
        shutil.copy(machine.certificates(TRUSTS[recipe]) / "ca.pem", context / "server-ca.pem")


def _debian() -> str:
    """Have a minimal Debian trixie: the real image, or one by debootstrap (which needs root)."""
    if machine.can_reach(registry(DEBIAN_SLIM)):
        subprocess.run(["docker", "pull", DEBIAN_SLIM], check=True, stdout=subprocess.DEVNULL)
        return DEBIAN_SLIM
    tag = "hub-image-tests/debootstrap:trixie"
    if engine.find(tag) is not None:
        return tag
    if not shutil.which("debootstrap"):
        raise ImageError("no registry can be reached, and debootstrap is not installed")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        command = ["debootstrap", "--variant=minbase", "trixie", str(root)]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if done.returncode:
            raise ImageError(f"debootstrap failed:\n{done.stdout}")
        for place in ("var/cache/apt/archives/*.deb", "var/lib/apt/lists/*_*"):
            for file in root.glob(place):
                file.unlink()
        pack = ["tar", "--create", "--one-file-system", "--directory", str(root), "."]
        with subprocess.Popen(pack, stdout=subprocess.PIPE) as tar:
            load = ["docker", "import", "-", tag]
            subprocess.run(load, check=True, stdin=tar.stdout, stdout=subprocess.DEVNULL)
    return tag
