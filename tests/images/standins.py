"""Real images where a registry can be reached, stand-ins under the same names where it cannot.

Tests of images name what they need::

    ensure("quay.io/jupyter/scipy-notebook:2026-07-28", "docker-stacks")   # a base image
    ensure_base("bare")                                                    # a bare machine
    with micromamba_server():
        build(repository, "my/image:test")                                 # real repo2docker

A stand-in is built from its folder in ``standins/``, whose header says which facts of the real
image it keeps. It carries the label ``hub-image.standin=true`` and the digest of all that
it was built from, so it is built once, and again when that changes.

Run as a program, it prepares everything that the tests use: ``python standins.py``.
"""

import contextlib
import fcntl
import functools
import hashlib
import http.server
import io
import ipaddress
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import certifi
import docker
import docker.errors
import pytest
import trustme
import yaml

FOLDER = Path(__file__).resolve().parent / "standins"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "hub-image-tests"
DIGEST_LABEL = "hub-image.standin.digest"

# One reference for each recipe, as the images' own documents give it.
BUILDPACK_DEPS = "docker.io/library/buildpack-deps:24.04"  # repo2docker's default base image
DEBIAN_SLIM = "docker.io/library/debian:trixie-slim"
PYTHON_SLIM = "docker.io/library/python:3.13-slim-trixie"
CATALOGUE = FOLDER.parents[2] / "extensions" / "catalogue.yml"
IMAGES = yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))["images"]


def pinned(base: str) -> str:
    """In: an image of the catalogue. Out: its reference, with the tag there."""
    return f"{IMAGES[base]['image']}:{IMAGES[base]['tags'][5]}"


EXAMPLES = {
    "docker-stacks": pinned("jupyter-scipy"),
    "pangeo": pinned("pangeo-notebook"),
    "b-data": pinned("b-data-base"),
    "micromamba": "docker.io/mambaorg/micromamba:2.9.0-debian13-slim",
    "buildpack-deps": BUILDPACK_DEPS,
    "debian-slim": DEBIAN_SLIM,
    "python-slim": PYTHON_SLIM,
}
# The recipe for a reference: the first that it begins with.
REPOSITORIES = {
    "quay.io/jupyter/": "docker-stacks",
    "quay.io/pangeo/": "pangeo",
    "glcr.b-data.ch/jupyterlab/python/": "b-data",
    "docker.io/mambaorg/micromamba:": "micromamba",
    "docker.io/library/buildpack-deps:": "buildpack-deps",
    "docker.io/library/debian:": "debian-slim",
    "docker.io/library/python:": "python-slim",
}

# What this machine needs for itself, whatever can be pulled: the recipe and its tag.
BASES = {
    "minbase": "hub-image-tests/minbase:trixie",
    "base": "hub-image-tests/base:trixie",
    "bare": "hub-image-tests/bare:trixie",
    "conda-standin": "hub-image-tests/conda-standin:3.13",
}
# What a recipe is built from: bases, or an image that is itself real or a stand-in.
PARENTS = {
    "minbase": [],
    "base": ["minbase"],
    "bare": ["base"],
    "conda-standin": ["base"],
    "debian-slim": ["minbase"],
    "python-slim": ["minbase", "conda-standin"],
    "buildpack-deps": ["base", "conda-standin"],
    "micromamba": ["minbase", "conda-standin"],
    "docker-stacks": ["base", "conda-standin"],
    "pangeo": ["base", "conda-standin"],
    "b-data": [PYTHON_SLIM],
}


class ImageError(RuntimeError):
    """An image could be neither pulled nor built; the message holds the log."""


@functools.cache
def client() -> docker.DockerClient:
    """The Docker engine of this machine; docker.errors.DockerException when there is none."""
    # A container in which a whole test run was done takes over a minute to remove on a slow disk.
    return docker.from_env(timeout=600)


def left_out(reason: str) -> NoReturn:
    """Skip, with the reason; fail where these tests are the proof (HUB_IMAGE_REQUIRE_DOCKER=1)."""
    if os.environ.get("HUB_IMAGE_REQUIRE_DOCKER") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def forget_images(prefixes: list[str]) -> None:
    """Take away the tags that start with one of these, unless HUB_IMAGE_KEEP=1."""
    if os.environ.get("HUB_IMAGE_KEEP") == "1":
        return
    # Just their names: DockerClient.images.list() inspects each, and fails over one that another
    # worker removes meanwhile.
    tags = [tag for image in client().api.images() for tag in image["RepoTags"] or []]
    for tag in tags:
        if tag.startswith(tuple(prefixes)):
            with contextlib.suppress(docker.errors.ImageNotFound):
                client().api.remove_image(tag, force=True)


@functools.cache
def can_reach(host: str) -> bool:
    """Whether something answers HTTPS at host within a few seconds; asked once per process."""
    try:
        urllib.request.urlopen(f"https://{host}/v2/", timeout=4).close()
    except urllib.error.HTTPError:
        return True  # "401 Unauthorized" is what a registry says to strangers
    except OSError:
        return False
    return True


def registry(reference: str) -> str:
    """The host that a reference is pulled from, by Docker's rules."""
    first = reference.split("/")[0]
    if first == reference or not re.search(r"[.:]|^localhost$", first) or first == "docker.io":
        return "registry-1.docker.io"
    return first


def recipe_of(reference: str) -> str:
    """The recipe of REPOSITORIES for a reference, "debian:trixie-slim" being Docker Hub's."""
    full = reference
    if registry(reference) == "registry-1.docker.io" and not reference.startswith("docker.io/"):
        full = f"docker.io/{'' if '/' in reference else 'library/'}{reference}"
    for start, recipe in REPOSITORIES.items():
        if full.startswith(start):
            return recipe
    raise ImageError(f"there is no stand-in for {reference}")


def ensure(reference: str, recipe: str | None = None) -> bool:
    """Have an image under this reference: the real one, or a stand-in.

    reference: full, with a tag. recipe: a folder of standins/; by default recipe_of(reference).
    Returns True for the real image, False for a stand-in. Raises ImageError when the registry can
    be reached and does not give the image, or when there is no stand-in or it does not build.
    """
    image = _image(reference)
    if image is not None and DIGEST_LABEL not in (image.labels or {}):
        return True
    host = registry(reference)
    if can_reach(host):
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
    recipe = recipe or recipe_of(reference)
    print(f"stand-in: {reference} (registry {host} cannot be reached)", flush=True)
    _build(reference, recipe)
    return False


def ensure_bases(repository: Path) -> None:
    """Have the images that a repository is built from, or points to."""
    texts = [(repository / place / "Dockerfile") for place in PLACES]
    text = "\n".join(path.read_text() for path in texts if path.exists())
    for reference in re.findall(r"(?:^FROM |--from=)(\S+:\S+)", text, re.MULTILINE) or [
        BUILDPACK_DEPS
    ]:
        ensure(reference)


def ensure_base(recipe: str) -> str:
    """Have one of BASES, and return its tag."""
    _build(BASES[recipe], recipe)
    return BASES[recipe]


def _image(reference: str):
    """The image of this name here, or None."""
    try:
        return client().images.get(reference)
    except docker.errors.ImageNotFound:
        return None


def _build(reference: str, recipe: str) -> None:
    """Build a recipe and what it needs, unless that very thing is there."""
    for parent in PARENTS[recipe]:
        if parent in BASES:
            ensure_base(parent)
        else:
            ensure(parent)
    with _lock(), tempfile.TemporaryDirectory() as folder:
        context = Path(folder) / recipe
        shutil.copytree(FOLDER / recipe, context)
        _generate(recipe, context)
        digest = hashlib.sha256()
        for file in sorted(path for path in context.rglob("*") if path.is_file()):
            mode = "x" if os.access(file, os.X_OK) else "-"
            digest.update(f"{file.relative_to(context)} {mode}\n".encode() + file.read_bytes())
        for parent in PARENTS[recipe]:
            digest.update(_image(BASES.get(parent, parent)).id.encode())
        image = _image(reference)
        if image is not None and image.labels.get(DIGEST_LABEL) == digest.hexdigest():
            return
        arguments = ["--label", f"{DIGEST_LABEL}={digest.hexdigest()}", "--tag", reference]
        if recipe == "minbase":
            arguments += ["--build-arg", f"ROOT={_debian()}"]
        _buildx(*arguments, str(context))
        if image is not None and image.id != _image(reference).id:
            with contextlib.suppress(docker.errors.APIError):  # something still needs it
                client().images.remove(image.id)


def _buildx(*arguments: str) -> None:
    """docker buildx build with the engine's own builder, which alone sees the engine's images."""
    command = ["docker", "buildx", "--builder", "default", "build", "--progress", "plain"]
    command += ["--load", *arguments]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise ImageError(f"{' '.join(command)} failed:\n{done.stdout}")


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    """One process at a time builds or writes into CACHE."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _generate(recipe: str, context: Path) -> None:
    """Write into a context what depends on this machine: public certificates, and no secret."""
    if recipe == "minbase":
        folder = context / "certificates"
        folder.mkdir()
        for number, certificate in enumerate(own_certificates()):
            (folder / f"machine-{number}.crt").write_text(certificate)
        (folder / "README").write_text("Certificates that the machine of the tests trusts.\n")
    elif recipe == "buildpack-deps":
        shutil.copy(_certificates() / "ca.pem", context / "server-ca.pem")


def own_certificates() -> list[str]:
    """The certificates that this machine trusts and Mozilla does not, as PEM.

    Where to look is what programs look at: SSL_CERT_FILE, REQUESTS_CA_BUNDLE, OpenSSL's default.
    """
    places = [os.environ.get("SSL_CERT_FILE"), os.environ.get("REQUESTS_CA_BUNDLE")]
    places.append(ssl.get_default_verify_paths().cafile)
    bundle = next((Path(place) for place in places if place and Path(place).is_file()), None)
    pattern = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)
    mozilla = {
        ssl.PEM_cert_to_DER_cert(pem) for pem in pattern.findall(Path(certifi.where()).read_text())
    }
    found = pattern.findall(bundle.read_text()) if bundle else []
    return sorted(pem for pem in found if ssl.PEM_cert_to_DER_cert(pem) not in mozilla)


def _debian() -> str:
    """A minimal Debian trixie: the real image, or one that debootstrap makes (which needs root)."""
    if can_reach(registry(DEBIAN_SLIM)):
        subprocess.run(["docker", "pull", DEBIAN_SLIM], check=True, stdout=subprocess.DEVNULL)
        return DEBIAN_SLIM
    tag = "hub-image-tests/debootstrap:trixie"
    if _image(tag) is not None:
        return tag
    if not shutil.which("debootstrap"):
        raise ImageError("no registry can be reached, and debootstrap is not installed")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        done = subprocess.run(
            ["debootstrap", "--variant=minbase", "trixie", str(root)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ImageError(f"debootstrap failed:\n{done.stdout}")
        for place in ("var/cache/apt/archives/*.deb", "var/lib/apt/lists/*_*"):
            for file in root.glob(place):
                file.unlink()
        with subprocess.Popen(
            ["tar", "--create", "--one-file-system", "--directory", str(root), "."],
            stdout=subprocess.PIPE,
        ) as tar:
            subprocess.run(
                ["docker", "import", "-", tag],
                check=True,
                stdin=tar.stdout,
                stdout=subprocess.DEVNULL,
            )
    return tag


# --- repo2docker, and who answers for anaconda.org -------------------------------------------


def _certificates() -> Path:
    """The folder of a certificate for anaconda.org and of its authority, made once a machine."""
    folder = CACHE / "certificates"
    if not (folder / "ca.pem").exists():
        folder.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA(organization_name="Stand-in authority of hub-image-tests")
        certificate = authority.issue_cert("anaconda.org")
        key = folder / "server.pem"
        key.touch(mode=0o600)
        certificate.private_key_and_cert_chain_pem.write_to_path(key)
        authority.cert_pem.write_to_path(folder / "ca.pem")
    return folder


def gateway() -> str:
    """The address at which containers reach this machine."""
    bridge = client().networks.get("bridge").attrs["IPAM"]["Config"][0]
    return bridge.get("Gateway") or str(ipaddress.ip_network(bridge["Subnet"])[1])


class _Micromamba(http.server.BaseHTTPRequestHandler):
    """Answers repo2docker's download of micromamba with the stand-in, and nothing else."""

    def do_GET(self) -> None:
        """The only file that there is: .../micromamba-VERSION-0.tar.bz2 with bin/micromamba."""
        if not re.search(r"/micromamba-[\d.]+-\d+\.tar\.bz2$", self.path):
            self.send_error(404, "stand-in: no such file")
            return
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w:bz2") as tar:
            entry = tarfile.TarInfo("bin/micromamba")
            program = (FOLDER / "conda-standin/conda_standin.py").read_bytes()
            entry.size, entry.mode = len(program), 0o755
            tar.addfile(entry, io.BytesIO(program))
        self.send_response(200)
        self.send_header("Content-Length", str(len(data.getvalue())))
        self.end_headers()
        self.wfile.write(data.getvalue())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(http.server.ThreadingHTTPServer):
    """One of perhaps several servers, of several test runs, at the same address and port."""

    def server_bind(self) -> None:
        """Share the port: every run serves the same, and none depends on another's."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()

    def handle_error(self, *_: object) -> None:
        """A client that went away is no news."""


@contextlib.contextmanager
def micromamba_server() -> Iterator[None]:
    """Answer for anaconda.org at docker0, port 443, unless the real one can be reached.

    Needs the right to listen there (root). Several test runs at the same time do not disturb
    each other. Builds find it by what repo2docker_config() and offline_environment() arrange.
    """
    if can_reach("anaconda.org"):
        yield
        return
    with _lock():
        certificates = _certificates()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem")
    with _Server((gateway(), 443), _Micromamba) as server:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


def _add_host() -> str:
    """The option of docker build by which a build's anaconda.org is this machine."""
    return f"--add-host=anaconda.org:{gateway()}"


def repo2docker_config(directory: Path) -> Path | None:
    """Write repo2docker_config.py into a folder, on a machine that cannot reach anaconda.org.

    Returns its path (repo2docker reads it from its working directory, or by --config), or None
    when anaconda.org can be reached and nothing was written.
    """
    if can_reach("anaconda.org"):
        return None
    file = Path(directory) / "repo2docker_config.py"
    file.write_text(
        '"""repo2docker on a machine that reaches neither anaconda.org nor Dataverse."""\n'
        "from repo2docker.contentproviders import Git, Local\n\n"
        "c.Repo2Docker.content_providers = [Local, Git]\n"
        f"c.DockerEngine.extra_buildx_build_args = [{_add_host()!r}]\n"
    )
    return file


@contextlib.contextmanager
def offline_environment() -> Iterator[dict[str, str]]:
    """Environment variables for a program that runs repo2docker itself, in any repository.

    Nothing is written into that repository: a ``docker`` that comes first on PATH adds the one
    option to ``docker buildx build``, and is otherwise the real one. A path given to
    repo2docker is taken by its Local provider, which is asked first, so no Dataverse is looked
    up. Where anaconda.org can be reached, the environment is the process's own.
    """
    if can_reach("anaconda.org"):
        yield dict(os.environ)
        return
    with tempfile.TemporaryDirectory() as folder:
        shim = Path(folder) / "docker"
        shim.write_text(
            "#!/bin/sh\n# Every `docker buildx build` finds the stand-in for anaconda.org.\n"
            f'if [ "$1 $2" = "buildx build" ]; then shift 2; set -- buildx build {_add_host()} '
            f'"$@"; fi\nexec {shutil.which("docker")} "$@"\n'
        )
        shim.chmod(0o755)
        yield {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def build(repository: Path, image: str, *, target_repo_dir: str | None = "/srv/repo") -> str:
    """Build a repository with the real, unmodified repo2docker, as the documentation says.

    repository: a folder. image: the name to give. target_repo_dir: where the repository lies in
    the image; None leaves it to repo2docker, as Binder does. Returns the log; raises ImageError
    with the log when the build fails. Needs micromamba_server() around it, unless the
    repository holds a Dockerfile.
    """
    if not any((Path(repository) / place / "Dockerfile").exists() for place in PLACES):
        ensure(BUILDPACK_DEPS, "buildpack-deps")
    command = [sys.executable, "-m", "repo2docker", "--no-run"]
    command += ["--user-id", "1000", "--user-name", "jovyan"]
    if target_repo_dir:
        command += ["--target-repo-dir", target_repo_dir]
    with tempfile.TemporaryDirectory() as folder:
        config = repo2docker_config(Path(folder))
        if config:
            command += ["--config", str(config)]
        command += ["--image-name", image, "."]
        done = subprocess.run(
            command,
            cwd=repository,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if done.returncode:
        raise ImageError(f"{' '.join(command)} failed:\n{done.stdout}")
    return done.stdout


PLACES = ("", "binder", ".binder")  # where repo2docker looks for its files


def run(image: str, *command: str, **options: object) -> tuple[int, str]:
    """Run one command in a new container, to its end.

    options: those of the Docker SDK's containers.run(), such as user, volumes, environment.
    Returns the exit code and all that was printed. The container is removed.
    """
    container = client().containers.run(image, list(command) or None, detach=True, **options)
    try:
        code = container.wait(timeout=300)["StatusCode"]
        return code, container.logs().decode()
    finally:
        container.remove(force=True, v=True)


def main() -> None:
    """Prepare every base and every example, and say how long each took."""
    for name, prepare in [
        *((tag, functools.partial(ensure_base, recipe)) for recipe, tag in BASES.items()),
        *((ref, functools.partial(ensure, ref, recipe)) for recipe, ref in EXAMPLES.items()),
    ]:
        start = time.monotonic()
        prepare()
        print(f"{time.monotonic() - start:6.1f} s  {name}", flush=True)


if __name__ == "__main__":
    main()
