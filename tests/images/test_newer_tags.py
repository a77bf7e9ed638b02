"""`nox -s catalogue` against a real registry that wants tokens, with hundreds of tags in hostile order.

Debian's docker-registry 2 lists all tags on one page, whatever is asked for: tests/test_catalogue.py has
a stand-in with many pages.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
import yaml

from support import registry as registries
from support import standins

ROOT = Path(__file__).resolve().parents[2]
OCI = "application/vnd.oci.image."
DOCKERFILE = """\
FROM {base}
RUN d=$(python3 -c "import site; print(site.getsitepackages()[0])")/jupyterhub-{version}.dist-info \\
 && mkdir -p "$d" && printf 'Metadata-Version: 2.1\\nName: jupyterhub\\nVersion: {version}\\n' > "$d/METADATA"
"""
DAYS, CUDA, CALVER = r"^\d{4}-\d{2}-\d{2}$", r"^cuda12-\d{4}-\d{2}-\d{2}$", r"^\d{4}\.\d+\.\d+$"
# Which JupyterHub is under each tag; "" for none.
INSIDE = {
    "5.3.0": ["2026-07-28", "cuda12-2026-07-28", "2026.9.30", "multi-1", "index-2026"],
    "5.4.2": [
        *(f"2026-08-{day:02}" for day in range(1, 32)),
        *(f"2026-09-{day:02}" for day in range(1, 29)),
        *("cuda12-2026-08-31", "2026.10.1", "2026.9.4", "26.08-py3", "hub-9.9", "latest"),
        *("x86_64-2026-12-01", "2026-11-30-rc1", "20261231", "cuda13-2026-12-01", "2027"),
    ],
    "6.0.0": ["2026-10-05", "2026-10-12", "2026-10-19", "cuda12-2026-10-12"],
    "7.0.0": ["2026-11-02"],
    "": ["26.04-py3", "26.06-py3"],
}
COMMITS = [hashlib.sha256(bytes([n % 256, n // 256])).hexdigest()[:12] for n in range(400)]


@dataclass
class Store:
    """A repository in the registry, written to by plain HTTP: hundreds of tags in seconds."""

    registry: registries.Registry
    name: str

    def __post_init__(self) -> None:
        self.url = f"http://{self.registry.host}/v2/{self.name}"
        where = registries.challenge(requests.get(f"{self.url}/tags/list", timeout=30))
        wanted = {"service": "tests", "scope": f"repository:{self.name}:pull,push,delete"}
        account = (self.registry.username, self.registry.password)
        answer = requests.get(where["realm"], wanted, auth=account, timeout=30)
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        url = path if path.startswith("http") else f"{self.url}/{path}"
        answer = self.session.request(method, url, timeout=30, **options)
        answer.raise_for_status()
        return answer

    def get(self, reference: str) -> requests.Response:
        return self.ask("GET", f"manifests/{reference}", headers={"Accept": registries.ACCEPT})

    def put(self, content: bytes, kind: str, *tags: str) -> dict[str, Any]:
        """Store a manifest under its digest and under tags; return its descriptor."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        for reference in (digest, *tags):
            headers = {"Content-Type": kind}
            self.ask("PUT", f"manifests/{reference}", data=content, headers=headers)
        return {"mediaType": kind, "digest": digest, "size": len(content)}

    def blob(self, content: bytes) -> dict[str, Any]:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        place = self.ask("POST", "blobs/uploads/").headers["Location"]
        self.ask("PUT", place, params={"digest": digest}, data=content)
        return {"digest": digest, "size": len(content)}

    def empty(self, architecture: str) -> dict[str, Any]:
        """Store an image without layers for one kind of processor; return its descriptor."""
        config = json.dumps({"architecture": architecture, "os": "linux"}).encode()
        described = self.blob(config) | {"mediaType": f"{OCI}config.v1+json"}
        manifest = {"schemaVersion": 2, "mediaType": f"{OCI}manifest.v1+json"}
        manifest |= {"config": described, "layers": []}
        return self.put(json.dumps(manifest).encode(), str(manifest["mediaType"]))

    def index(self, *tags: str, **manifests: dict[str, Any]) -> None:
        """Store an image for several kinds of processors."""
        index = {"schemaVersion": 2, "mediaType": f"{OCI}index.v1+json"}
        index["manifests"] = [
            one | {"platform": {"os": "linux", "architecture": architecture}}
            for architecture, one in manifests.items()
        ]
        self.put(json.dumps(index).encode(), str(index["mediaType"]), *tags)


@pytest.fixture(scope="module")
def native(base_image: str, docker_client: docker.DockerClient) -> str:
    """This machine's processor, as images name it."""
    return str(docker_client.images.get(base_image).attrs["Architecture"])


@pytest.fixture(scope="module")
def foreign(native: str) -> str:
    return "amd64" if native == "arm64" else "arm64"


@pytest.fixture(scope="module")
def store(
    base_image: str,
    registry: registries.Registry,
    docker_client: docker.DockerClient,
    native: str,
    foreign: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Store]:
    """The repository me/many, with tiny images that have what INSIDE says, and me/secret."""
    folder, name = tmp_path_factory.mktemp("image"), f"{registry.host}/me/many"
    account = {"username": registry.username, "password": registry.password}
    try:
        for version, (tag, *_) in INSIDE.items():
            dockerfile = DOCKERFILE.format(base=base_image, version=version or "none")
            if not version:
                dockerfile = f"FROM {base_image}\n"
            (folder / "Dockerfile").write_text(dockerfile)
            docker_client.images.build(path=str(folder), tag=f"{name}:{tag}", rm=True)
            docker_client.images.push(name, tag, auth_config=account)
    finally:
        standins.forget_images([name])
    many = Store(registry, "me/many")
    descriptors = {}
    for version, tags in INSIDE.items():
        pushed = many.get(tags[0])
        kind = pushed.headers["Content-Type"]
        descriptors[version] = many.put(pushed.content, kind, *tags)
        if version == "5.3.0":
            many.put(pushed.content, kind, *COMMITS)
    # both processors, of which one is gone under the newest tag: listed, and not to be pulled
    other = many.empty(foreign)
    many.index("multi-2", **{native: descriptors["5.4.2"], foreign: other})
    gone = many.empty("s390x")
    yanked = ["2026-09-29", "2026-10-26", "2026-12-31", "cuda12-2026-09-28", "multi-3"]
    many.index(*yanked, **{native: descriptors["6.0.0"], "s390x": gone})
    many.ask("DELETE", f"manifests/{gone['digest']}")
    registry.publish("me/many")
    secret = Store(registry, "me/secret")
    empty = secret.empty(native)
    secret.index("1.0", "2.0", **{native: empty})
    yield many
    registry.hide("me/many")


@pytest.fixture
def checkout(store: Store, native: str, foreign: str, tmp_path: Path) -> Path:
    """This repository's own files that the session needs, with a catalogue of the images above."""
    for name in ("tools", "docs", "extensions", "template/ci"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in ("CONTRIBUTING.md", "README.md", "copier.yml", ".github/workflows/setup.yml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    both, host = f"[{', '.join(sorted([native, foreign]))}]", store.registry.host
    entries = {
        "nobody": ('{5: "1.0"}', "^.*$", f"[{native}]", "127.0.0.1:9/me/nobody"),
        "secret": ('{5: "1.0"}', r"^\d\.\d$", f"[{native}]", f"{host}/me/secret"),
        "two-majors": ('{5: "2026-07-28", 6: "2026-10-05"}', DAYS, both, f"{host}/me/many"),
        "cuda": ('{5: "cuda12-2026-07-28"}', CUDA, f"[{native}]", f"{host}/me/many"),
        "calver": ('{5: "2026.9.30"}', CALVER, f"[{native}]", f"{host}/me/many"),
        "grown": ('{5: "multi-1"}', r"^multi-\d+$", f"[{native}]", f"{host}/me/many"),
        "warned": ('{5: "multi-1"}', r"^multi-\d+$", f"[{native}]", f"{host}/me/many"),
        "no-hub": ('{0: "26.04-py3"}', r"^\d\d\.\d\d-py3$", f"[{native}]", f"{host}/me/many"),
        "commits": (f'{{5: "{COMMITS[0]}"}}', "^[0-9a-f]{12}$", f"[{native}]", f"{host}/me/many"),
        "rolling": ("{}", "^$", f"[{native}]", f"{host}/me/many"),
    }
    lines = ["# The catalogue.", "families:", "  grown:", '    tags: {5: "none"}', "", "images:"]
    for key, (tags, pattern, architectures, image) in entries.items():
        lines += [f"  # {key}, in a comment", f"  {key}:", f'    title: "{key}"']
        lines += [f"    image: {image}", f"    tags: {tags} # as tested", "    homepage: x"]
        lines += [f"    tag_pattern: '{pattern}'", f"    architectures: {architectures}"]
        lines += ["    languages: [python]", "    interfaces: [lab]"]
        lines += ['    warning: "only one is offered."'] * (key == "warned")
    path = tmp_path / "extensions" / "catalogue.yml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return tmp_path


def run(checkout: Path, **env: str) -> tuple[int, dict[str, str]]:
    """Run the session's program. Out: its exit code, and what it says of each image."""
    command = [sys.executable, "-m", "tools.catalogue"]
    done = subprocess.run(
        command,
        cwd=checkout,
        env=os.environ | env,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, dict(line.split(": ", 1) for line in done.stdout.splitlines())


def catalogue(checkout: Path) -> str:
    return (checkout / "extensions" / "catalogue.yml").read_text(encoding="utf-8")


def test_each_image_gets_the_newest_tag_of_its_kind_and_majors(
    checkout: Path, store: Store, native: str, foreign: str, docker_client: docker.DockerClient
) -> None:
    """Past yanked tags and another hub's; what cannot be known is left, and said."""
    listed = store.registry.tags("me/many")
    assert "2026-10-26" in listed, "a yanked tag is listed all the same"
    assert len(listed) > 400
    before, here = catalogue(checkout), registries.images_here(docker_client, store.registry)
    code, said = run(checkout)
    assert code == 1, "two registries did not tell"
    assert registries.images_here(docker_client, store.registry) == here, "what was pulled is gone"
    after = catalogue(checkout)
    both = ", ".join(sorted([native, foreign]))
    wanted = before
    for old, new in {
        '5: "2026-07-28", 6: "2026-10-05"': '5: "2026-09-28", 6: "2026-10-19"',
        '{5: "cuda12-2026-07-28"}': '{5: "cuda12-2026-08-31"}',
        '{5: "2026.9.30"}': '{5: "2026.10.1"}',
        '{5: "multi-1"}': '{5: "multi-2"}',
        '{0: "26.04-py3"}': '{0: "26.06-py3"}',
    }.items():
        assert old in wanted
        wanted = wanted.replace(old, new)
    wanted = wanted.replace(f"architectures: [{both}]", f"architectures: [{native}]")
    head, mark, rest = wanted.partition("  # grown, ")
    rest = rest.replace(f"architectures: [{native}]", f"architectures: [{both}]", 1)
    assert after == head + mark + rest, "nothing else has changed"
    assert said["two-majors"] == (
        "JupyterHub 5: 2026-07-28 -> 2026-09-28; JupyterHub 6: 2026-10-05 -> 2026-10-19; "
        f"list JupyterHub 7 yourself: 2026-11-02 has it; LOST {foreign}"
    )
    assert "list JupyterHub 6 yourself: cuda12-2026-10-12 has it" in said["cuda"]
    assert f"has {foreign} as well: add it yourself, with its warning" in said["warned"]
    assert f"has {foreign} as well: added" in said["grown"]
    assert "list JupyterHub 5 yourself: 26.08-py3 has it" in said["no-hub"]
    assert "no order" in said["commits"] and "yourself" in said["rolling"]
    assert re.match(r"LEFT: .*me/secret", said["secret"])
    assert re.match(r"LEFT: Check the network: .*127\.0\.0\.1:9", said["nobody"])
    assert "two-majors 2026-09-28, two-majors 2026-10-19" in said["For CHANGELOG.md"]
    assert "`grown`" in (checkout / "docs" / "catalogue.md").read_text(encoding="utf-8")
    again, said = run(checkout)
    assert again == 1 and catalogue(checkout) == after
    assert "For CHANGELOG.md" not in said and "->" not in "".join(said.values())


def test_without_docker_only_what_needs_none_is_written(
    checkout: Path, native: str, foreign: str
) -> None:
    """Where nothing is newer, there is nothing to look into."""
    path, both = checkout / "extensions" / "catalogue.yml", ", ".join(sorted([native, foreign]))
    head, mark, rest = catalogue(checkout).partition("  # calver, ")
    rest = rest.replace("2026.9.30", "2026.10.1", 1)
    text = head + mark + rest.replace(f"[{native}]", f"[{both}]", 1)
    path.write_text(text, encoding="utf-8", newline="\n")
    images = yaml.safe_load(text)["images"]
    code, said = run(checkout, DOCKER_HOST="unix:///nowhere/docker.sock")
    assert code == 1
    left = {key for key, line in said.items() if line.startswith("LEFT: ")}
    assert left == {*images} - {"calver", "commits", "rolling"}
    assert "start Docker" in said["cuda"] and said["calver"] == f"LOST {foreign}"
    images["calver"]["architectures"] = [native]
    assert yaml.safe_load(catalogue(checkout))["images"] == images
