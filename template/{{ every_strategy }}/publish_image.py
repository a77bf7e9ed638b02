# /// script
# requires-python = ">=3.10"
# dependencies = [
#   "cyclonedx-python-lib>=11,<12",
#   "docker>=7.1,<8",
#   "requests>=2.32,<3",
# ]
# ///
"""Publish the very image that check_image.py has proved, and tell what is in it.

By hand, after `pipx run check_image.py` and `docker login`:

    pipx run publish_image.py

CI takes the same steps one by one, each a command:

    plan     what this run has to do: build? publish? for which platforms?
    login    log in to the registry, and make sure that it lets us push, before anything is built
    last     which image was published last: its layers are the cache of the next build
    report   what is in the image, and what differs from the last published one
    push     push the proved image under its commit, with a list of its packages (SBOM)
    tag      give it the tag of the day, say where it came from (provenance), try to pull it as
             a hub does, and print the lines for hubs
    binder   renew the branch `binder`, from which Binder starts the published image

This file is written by the template: what varies stands in `image.env` beside it.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import datetime
import fnmatch
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import check_image
from check_image import HERE, Refusal

MISSING = ""
try:
    import docker
    import docker.auth
    import requests
    from cyclonedx.model import Property
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.output.json import JsonV1Dot6
    from packageurl import PackageURL
    from urllib3 import Retry
except ModuleNotFoundError as error:  # `plan` and `binder` need none of these
    MISSING = str(error.name)

# A change to nothing but these, at the root, builds nothing. Markdown elsewhere may be a lesson.
DOCS = ["*.md", ".gitattributes", ".gitignore", ".pre-commit-config.yaml", "LICENSE*"]
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")  # a tag that `tag` gives
TOOLS = ["conda", "pip", "apt", "R"]
PURL = {"conda": "conda", "pip": "pypi", "apt": "deb", "R": "cran"}  # package URLs' types

EMPTY = "application/vnd.oci.empty.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
SBOM = "application/vnd.cyclonedx+json"
PROVENANCE = "application/vnd.in-toto+json"
BUILDERS = {
    "github": "https://github.com/actions/runner",
    "gitlab": "https://gitlab.com/gitlab-org/gitlab-runner",
}
REVISION = "org.opencontainers.image.revision"  # the label that check_image.py gives
SIZE = "hub-image:size"  # the SBOM's property that holds the image's bytes, unpacked

BINDER_DOCKERFILE = """\
# Written by CI for Binder, which starts the published image instead of building it. Nothing to edit:
# the next publication renews this branch.
FROM {image}
COPY --chown=1000 . .
"""


# --- the run: where it happens, and what it may do -------------------------------------------------


@dataclass(frozen=True)
class Run:
    """What CI says of this run; by hand there is none, and all is empty."""

    on: str = ""  # github, gitlab
    request: bool = False  # of a pull or merge
    fresh: bool = False  # weekly or by hand: builds whatever has changed
    default_branch: bool = False
    tag: bool = False
    fork: bool = False
    before: str = ""  # the commit that the changes of this run start from
    project: str = ""  # owner/name
    head: tuple[str, str] = ("", "")  # of a request: the project and commit it comes from
    url: str = ""  # of the run's page
    secrets_page: str = ""

    @property
    def publishes(self) -> bool:
        return (self.default_branch or self.tag) and not self.request

    @classmethod
    def of(cls, env: dict[str, str]) -> Run:
        """Return what the variables of GitHub Actions or GitLab CI say."""
        if "GITHUB_ACTIONS" in env:
            return cls.on_github(env)
        return cls.on_gitlab(env) if "GITLAB_CI" in env else cls()

    @classmethod
    def on_github(cls, env: dict[str, str]) -> Run:
        # docs.github.com/actions/reference: "Variables", "Events that trigger workflows"
        event = json.loads(Path(env["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
        name, project = env["GITHUB_EVENT_NAME"], env["GITHUB_REPOSITORY"]
        repository = event.get("repository") or {}
        head = (event.get("pull_request") or {}).get("head") or {}
        # a merge commit is checked out for a pull request: its first parent is the base
        before = "HEAD^1" if name == "pull_request" else event.get("before", "")
        page = f"{env['GITHUB_SERVER_URL']}/{project}"
        branch = env["GITHUB_REF_TYPE"] == "branch" and env["GITHUB_REF_NAME"]
        return cls(
            on="github",
            request=name == "pull_request",
            fresh=name in ("schedule", "workflow_dispatch"),
            # the schedule runs on the default branch only, and its event need not name it
            default_branch=name == "schedule" or branch == repository.get("default_branch"),
            tag=env["GITHUB_REF_TYPE"] == "tag",
            fork=bool(repository.get("fork")),
            before=before,
            project=project,
            # a fork may have been deleted since
            head=((head.get("repo") or {}).get("full_name") or "", head.get("sha") or ""),
            url=f"{page}/actions/runs/{env['GITHUB_RUN_ID']}",
            secrets_page=f"{page}/settings/secrets/actions",
        )

    @classmethod
    def on_gitlab(cls, env: dict[str, str]) -> Run:
        # docs.gitlab.com/ci/variables/predefined_variables
        source = env["CI_PIPELINE_SOURCE"]
        request = source == "merge_request_event"
        head = (
            env.get("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", ""),
            env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or env["CI_COMMIT_SHA"],
        )
        base = env.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")
        return cls(
            on="gitlab",
            request=request,
            fresh=source in ("schedule", "web", "api", "trigger"),
            default_branch=env.get("CI_COMMIT_BRANCH", "") == env["CI_DEFAULT_BRANCH"],
            tag=bool(env.get("CI_COMMIT_TAG")),
            before=base if request else env.get("CI_COMMIT_BEFORE_SHA", ""),
            project=env["CI_PROJECT_PATH"],
            head=head,
            url=env.get("CI_JOB_URL", ""),
            secrets_page=f"{env['CI_PROJECT_URL']}/-/settings/ci_cd#js-cicd-variables-settings",
        )


def git(*arguments: str, env: dict[str, str] | None = None, text: str | None = None) -> str:
    """Run git in this folder and return what it printed; CalledProcessError if it fails."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=HERE,
        env=os.environ | (env or {}),
        input=text,
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",  # a file's name may be written in any encoding
    )
    return done.stdout.strip()


def only_docs(before: str) -> bool:
    """Return whether all that changed since a commit is documentation; False if nobody knows."""
    if not before.strip("0"):  # a new branch
        return False
    try:
        changed = git("diff", "--name-only", "--no-renames", "-z", before, "HEAD").split("\0")
    except subprocess.CalledProcessError:  # a forced push: the commit is gone
        return False
    return all(
        name.startswith("docs/")
        or ("/" not in name and any(fnmatch.fnmatch(name, docs) for docs in DOCS))
        for name in changed
        if name
    )


def changed_since(env: dict[str, str], run: Run) -> str:
    """Return the commit since which changes count: that of the last published image, as a run since
    may have failed or been ended. Nothing if there is none; what the event says for requests, for
    pointers, which publish nothing, and where the registry cannot be read."""
    if run.request or env["STRATEGY"] == "community-image" or MISSING:
        return run.before
    with contextlib.suppress(Denied, RuntimeError, requests.RequestException):
        registry = published(env, run)
        last = registry.last() if registry else ""
        manifest = registry.manifest(last) if last else None
        if manifest and (image := registry.of_platform(manifest, env["PLATFORMS"].split(",")[0])):
            config = json.loads(registry.blob(image.content["config"]["digest"]))
            return (config["config"].get("Labels") or {}).get(REVISION, "")
        return "" if registry else run.before
    return run.before


def foreign(env: dict[str, str], run: Run) -> bool:
    """Return whether this is a fork that still has the answers of the repository it comes from, and
    so its image's name. GitLab does not tell a fork, but the project that image.env names does."""
    named = env["SOURCE"].lower()
    own = "/owner/" in named or named.endswith(f"/{run.project.lower()}")
    return not own and (run.fork or run.on == "gitlab")


def plan(env: dict[str, str], run: Run) -> None:
    """Print what this run has to do, as outputs for the jobs that follow."""
    own = env["STRATEGY"] != "community-image"
    build = run.fresh or run.tag or not only_docs(changed_since(env, run))
    publish = build and own and run.publishes and not foreign(env, run)
    binder = publish and run.default_branch and env["BINDER"] == "image"
    platforms = env["PLATFORMS"].split(",") if own and env["PLATFORMS"] else ["linux/amd64"]
    output(build=build, publish=publish, binder=binder, platforms=platforms)
    if not build:
        tell("Only documentation changed, so there is no image to build.")
    elif own and run.publishes and not publish:
        answer = (
            f"`copier update --trust --defaults --vcs-ref=:current: -d repository={run.project}`"
        )
        tell(
            f"This is a fork of {env['SOURCE']}: its image is proved, but not published. To publish "
            f"your own: {answer}"
        )


def output(**values: object) -> None:
    """Hand values to the jobs that follow: on GitHub as outputs, elsewhere on standard output."""
    lines = [
        f"{key}={value if isinstance(value, str) else json.dumps(value)}\n"
        for key, value in values.items()
    ]
    if file := os.environ.get("GITHUB_OUTPUT"):
        with Path(file).open("a", encoding="utf-8") as outputs:
            outputs.writelines(lines)
    print("".join(lines), end="", flush=True)


def tell(markdown: str) -> None:
    """Add a text to the run's summary: GitHub's page, GitLab's .ci-summary/; and print it."""
    place = os.environ.get("GITHUB_STEP_SUMMARY")
    if not place and "GITLAB_CI" in os.environ:
        # GitLab keeps files of the checkout only; a folder that git ignores leaves it clean
        folder = HERE / ".ci-summary"
        folder.mkdir(exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
        place = str(folder / "summary.md")
    if place:
        with Path(place).open("a", encoding="utf-8") as summary:
            summary.write(f"{markdown}\n\n")
    print(markdown, file=sys.stderr, flush=True)


# --- the registry -----------------------------------------------------------------------------------


class Denied(Exception):
    """The registry lets this client not do it."""


@dataclass(frozen=True)
class Manifest:
    """A manifest or index, as the registry holds it."""

    data: bytes
    media_type: str

    @property
    def digest(self) -> str:
        return digest_of(self.data)

    @property
    def content(self) -> dict[str, Any]:
        return json.loads(self.data)

    @property
    def descriptor(self) -> dict[str, Any]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.data)}


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Registry:
    """The repository of one image in its registry, by the OCI distribution API.

    Of clients to be had as a library, oras keeps a token that does for another request only, tries
    what was denied again for two minutes, and gives no manifest's bytes, of which the digest is.
    """

    def __init__(self, image: str, credentials: tuple[str, str] | None) -> None:
        self.host, _, name = image.partition("/")
        host = "registry-1.docker.io" if self.host == "docker.io" else self.host
        # as Docker does: plain HTTP on this machine only
        local = host.partition(":")[0] in ("localhost", "127.0.0.1")
        self.url = f"{'http' if local else 'https'}://{host}/v2/{name}/"
        self.credentials = credentials
        self.session = requests.Session()
        self.session.auth = lambda request: request  # else it looks into ~/.netrc
        again = Retry(total=4, backoff_factor=1, status_forcelist=[429, 502, 503, 504])
        self.session.mount("https://", requests.adapters.HTTPAdapter(max_retries=again))

    def authorization(self, challenge: str) -> str:
        """Return the header that a registry asks for (distribution.github.io, "Token
        Authentication Specification"); Denied if there is none to be had."""
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "bearer":
            where = requests.utils.parse_dict_header(rest)
            wanted = {key: where[key] for key in ("service", "scope") if key in where}
            options = {"auth": self.credentials} if self.credentials else {}
            answer = self.session.get(where["realm"], params=wanted, timeout=60, **options)
            token = answer.json() if answer.ok else {}
            if token := token.get("token") or token.get("access_token"):
                return f"Bearer {token}"
        elif scheme.lower() == "basic" and self.credentials:
            return "Basic " + base64.b64encode(":".join(self.credentials).encode()).decode()
        raise Denied(f"{self.host} gives no access")

    def ask(self, method: str, path: str, *, may_fail: bool = False, **options: Any) -> Any:
        """Return the response; Denied, or RuntimeError for any other failure unless it may fail."""
        url = urljoin(self.url, path)
        headers = options.pop("headers", {})
        response = self.session.request(method, url, headers=headers, timeout=300, **options)
        if response.status_code == 401:
            answer = self.authorization(response.headers.get("WWW-Authenticate", ""))
            headers = headers | {"Authorization": answer}
            response = self.session.request(method, url, headers=headers, timeout=300, **options)
        if response.status_code in (401, 403):
            raise Denied(f"{self.host} answers {response.status_code} to {method} {path}")
        if not (response.ok or may_fail):
            text = f"{self.host} answers {response.status_code} to {method} {path}"
            raise RuntimeError(f"{text}: {response.text[:300]}")
        return response

    def may_push(self) -> None:
        """Denied unless this client may: begins an upload, and gives it up."""
        started = self.ask("POST", "blobs/uploads/")
        with contextlib.suppress(Denied, RuntimeError):  # it ends by itself
            self.ask("DELETE", started.headers["Location"])

    def tags(self) -> list[str]:
        """Return all tags; none where there is no such repository yet."""
        found, path = [], "tags/list?n=1000"
        while path:
            response = self.ask("GET", path, may_fail=True)
            if response.status_code == 404:
                break
            response.raise_for_status()
            found += response.json().get("tags") or []
            path = response.links.get("next", {}).get("url")
        return found

    def manifest(self, reference: str) -> Manifest | None:
        """Return the manifest or index of a tag or digest; None if there is none."""
        accept = f"{MANIFEST}, {INDEX}, {DOCKER_MANIFEST}, {DOCKER_INDEX}"
        response = self.ask(
            "GET", f"manifests/{reference}", may_fail=True, headers={"Accept": accept}
        )
        if response.status_code == 404:
            return None
        response.raise_for_status()
        return Manifest(response.content, response.headers["Content-Type"].partition(";")[0])

    def put(self, manifest: Manifest, reference: str) -> Any:
        """Store a manifest or index under a tag or its digest."""
        headers = {"Content-Type": manifest.media_type}
        return self.ask("PUT", f"manifests/{reference}", data=manifest.data, headers=headers)

    def blob(self, digest: str) -> bytes:
        return self.ask("GET", f"blobs/{digest}").content

    def put_blob(self, media_type: str, data: bytes) -> dict[str, Any]:
        """Store bytes; return their descriptor."""
        digest = digest_of(data)
        place = self.ask("POST", "blobs/uploads/").headers["Location"]
        place += f"{'&' if '?' in place else '?'}digest={quote(digest)}"
        self.ask("PUT", place, data=data, headers={"Content-Type": "application/octet-stream"})
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def of_platform(self, manifest: Manifest, platform: str) -> Manifest | None:
        """Return the manifest itself or, of an index, that of a platform such as linux/amd64."""
        if "manifests" not in manifest.content:
            return manifest
        for entry in manifest.content["manifests"]:
            at = entry.get("platform", {})
            if f"{at.get('os')}/{at.get('architecture')}" == platform:
                return self.manifest(entry["digest"])
        return None

    # What belongs to an image without being part of it refers to its digest: OCI distribution 1.1,
    # "Listing referrers". Registries that do not know this yet hold the list under a tag.

    def attach(self, subject: Manifest, media_type: str, data: bytes) -> bool:
        """Store a document that refers to an image; return whether the registry takes such."""
        with contextlib.suppress(Denied, RuntimeError):
            self.put_referrer(subject, media_type, data)
            return True
        return False

    def put_referrer(self, subject: Manifest, media_type: str, data: bytes) -> None:
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": media_type,
            "config": self.put_blob(EMPTY, b"{}"),
            "layers": [self.put_blob(media_type, data)],
            "subject": subject.descriptor,
        }
        manifest = Manifest(json.dumps(document).encode(), MANIFEST)
        if "OCI-Subject" in self.put(manifest, manifest.digest).headers:
            return
        entries = [
            entry for entry in self.referrers(subject) if entry.get("artifactType") != media_type
        ]
        entries.append(manifest.descriptor | {"artifactType": media_type})
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
        self.put(Manifest(json.dumps(index).encode(), INDEX), subject.digest.replace(":", "-"))

    def referrers(self, subject: Manifest) -> list[dict[str, Any]]:
        """Return descriptors of what refers to an image."""
        # GHCR, which knows no such list, leads to a web page (artifacthub/hub#4785)
        options = {"headers": {"Accept": INDEX}, "allow_redirects": False, "may_fail": True}
        response = self.ask("GET", f"referrers/{subject.digest}", **options)
        if response.ok and response.headers.get("Content-Type", "").partition(";")[0] == INDEX:
            return response.json().get("manifests") or []
        listed = self.manifest(subject.digest.replace(":", "-"))
        return listed.content["manifests"] if listed else []

    def attached(self, subject: Manifest, media_type: str) -> bytes | None:
        """Return the document of a type that was attached last, or None."""
        for entry in reversed(self.referrers(subject)):
            if entry.get("artifactType") == media_type:
                manifest = self.manifest(entry["digest"])
                return self.blob(manifest.content["layers"][0]["digest"]) if manifest else None
        return None

    def last(self) -> str:
        """Return the newest of the tags that `tag` gave, or nothing."""
        return max(filter(DAY.fullmatch, self.tags()), default="")


def image_name(env: dict[str, str], run: Run) -> str:
    """Return the name under which the image is published.

    A repository made before its owner was known says OWNER. Its own registry is known all the same.
    """
    if run.on == "github" and env["IMAGE"].startswith("ghcr.io/owner/"):
        return f"ghcr.io/{run.project.lower()}"
    if run.on == "gitlab" and env["IMAGE"].startswith("registry.gitlab.com/owner/"):
        return os.environ.get("CI_REGISTRY_IMAGE") or env["IMAGE"]
    return env["IMAGE"]


def credentials(host: str) -> tuple[str, str] | None:
    """Return who pushes to a registry: the secrets' account, or the run's own in its own registry,
    or whom `docker login` knows; None if nobody is known."""
    env = os.environ
    own = {
        "ghcr.io": (env.get("GITHUB_ACTOR"), env.get("GITHUB_TOKEN")),
        env.get("CI_REGISTRY", "-"): (env.get("CI_REGISTRY_USER"), env.get("CI_REGISTRY_PASSWORD")),
    }
    secret = (env.get("REGISTRY_USERNAME"), env.get("REGISTRY_PASSWORD"))
    for user, password in (secret, own.get(host, ("", ""))):
        if user and password:
            return user, password
    # its keys are written in two ways
    known = docker.auth.load_config().resolve_authconfig(host) or {}
    found = {key.lower(): value for key, value in known.items()}
    user, password = found.get("username"), found.get("password")
    return (user, password) if user and password else None


def login(env: dict[str, str], run: Run) -> None:
    """Log Docker in; a Refusal if the registry would not take the image."""
    image = image_name(env, run)
    host, _, name = image.partition("/")
    kind = "variables" if run.on == "gitlab" else "secrets"
    which = f"the {kind} REGISTRY_USERNAME and REGISTRY_PASSWORD"
    where = f" at {run.secrets_page}" if run.secrets_page else ""
    by_token = not os.environ.get("REGISTRY_PASSWORD") and host in (
        "ghcr.io",
        os.environ.get("CI_REGISTRY"),
    )
    missing = [key for key in ("REGISTRY_USERNAME", "REGISTRY_PASSWORD") if not os.environ.get(key)]
    if missing and not by_token:
        raise Refusal(
            f"Nobody may push to {image} yet: set {' and '.join(missing)}, of an account at {host} "
            f"that may push there, as {kind}{where}, and run this again."
        )
    user, password = credentials(host) or ("", "")
    try:
        Registry(image, (user, password)).may_push()
    except Denied:
        if by_token and run.on == "github":
            raise Refusal(
                f"{host} lets {run.project} not push to {name}: answer with an image name of your own "
                f"(-d image={host}/{run.project.lower()}), or let this repository write to that "
                f"package, or set {which}{where}."
            ) from None
        raise Refusal(
            f"{host} lets '{user}' not push to {name}: set {which} of an account that "
            f"may{where}, and run this again."
        ) from None
    command = ["docker", "login", host, "--username", user, "--password-stdin"]
    done = subprocess.run(command, input=password, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(
            f"{host} lets '{user}' push, but `docker login {host}` says: {done.stderr.strip()}"
        )
    print(f"{host} lets '{user}' push to {name}.")


# --- the image, and what is in it -------------------------------------------------------------------


@dataclass(frozen=True)
class Contents:
    """What is in an image: its size unpacked, in bytes, its distribution (debian, ubuntu), and its
    packages' versions by tool."""

    size: int
    system: str
    packages: dict[str, dict[str, str]]

    @classmethod
    def of(cls, image: Any, client: Any) -> Contents:
        """Ask the tools in an image on this machine."""
        command = ["python3", "-c", check_image.LISTING]
        out = client.containers.run(image.id, command, remove=True, stderr=False)
        listing = json.loads(re.findall(rb"^CHECK (.*)$", out, re.MULTILINE)[-1])
        # pip sees what conda installed as well
        conda = {re.sub(r"[-_.]+", "-", name).lower() for name in listing["conda"]}
        listing["pip"] = {
            name: version for name, version in listing["pip"].items() if name not in conda
        }
        packages = {
            tool: {plain(name): plain(version) for name, version in sorted(listing[tool].items())}
            for tool in TOOLS
        }
        return cls(image.attrs["Size"], listing["os"], packages)

    def sbom(self, name: str) -> bytes:
        """Return a CycloneDX document, of which from_sbom() makes the same contents again."""
        bom = Bom()
        bom.metadata.component = Component(name=name, type=ComponentType.CONTAINER)
        bom.metadata.properties.add(Property(name=SIZE, value=str(self.size)))
        for tool, packages in self.packages.items():
            for package, version in packages.items():
                purl = PackageURL(
                    PURL[tool], self.system if tool == "apt" else "", package, version
                )
                key = f"{tool}/{package}"  # two tools may install the same
                bom.components.add(Component(name=package, version=version, purl=purl, bom_ref=key))
        bom.register_dependency(bom.metadata.component, bom.components)
        return JsonV1Dot6(bom).output_as_string(indent=1).encode()

    @classmethod
    def from_sbom(cls, data: bytes) -> Contents | None:
        """Return the contents that sbom() wrote; None for a document of another tool."""
        document = json.loads(data)
        properties = document.get("metadata", {}).get("properties", [])
        sizes = [entry.get("value") for entry in properties if entry.get("name") == SIZE]
        if not sizes:
            return None
        packages: dict[str, dict[str, str]] = {tool: {} for tool in TOOLS}
        for component in document.get("components", []):
            tool = component["bom-ref"].partition("/")[0]
            packages[tool][component["name"]] = component["version"]
        return cls(int(sizes[0]), "", packages)

    def changes(self, old: Contents) -> list[str]:
        """Return a line for each package that is not what it was."""
        lines = []
        for tool in TOOLS:
            before, now = old.packages[tool], self.packages[tool]
            for name in sorted(before.keys() | now.keys()):
                was, now_is = before.get(name), now.get(name)
                if was == now_is:
                    continue
                if was is None:
                    lines.append(f"+ {tool}: {name} {now_is}")
                elif now_is is None:
                    lines.append(f"- {tool}: {name} {was}")
                else:
                    lines.append(f"! {tool}: {name} {was} -> {now_is}")
        return lines


def plain(text: str) -> str:
    """Return a package's name or version without what is none, as it goes into Markdown."""
    return re.sub(r"[^\w.+~:!@-]", "?", text)


def gigabytes(size: int) -> str:
    return f"{size / 1e9:.2f} GB"


def commit() -> str:
    """Return the commit that is published; a Refusal for changes that no commit has."""
    if found := check_image.revision():
        return found
    raise Refusal(f"There are changes in {HERE} that no commit has: commit them, then prove.")


def proved(env: dict[str, str], client: Any) -> Any:
    """Return the image that check_image.py proved of this very commit; a Refusal if there is none."""
    name = f"{check_image.local_name(env)}:proved"
    try:
        image = client.images.get(name)
    except docker.errors.ImageNotFound:
        raise Refusal(f"There is no proved image {name}: run check_image.py first.") from None
    if (image.labels or {}).get(REVISION) != commit():
        raise Refusal(f"{name} is not of commit {commit()[:12]}: run check_image.py again.")
    platform = platform_of(image)
    if platform not in env["PLATFORMS"].split(","):
        raise Refusal(
            f"{name} is for {platform}, to be published for {env['PLATFORMS']}: prove it on such a "
            "machine, or let CI do it."
        )
    return image


def platform_of(image: Any) -> str:
    return f"{image.attrs['Os']}/{image.attrs['Architecture']}"


def published(env: dict[str, str], run: Run) -> Registry | None:
    """Return the registry to read from; None if it cannot be read, which is no failure."""
    image = image_name(env, run)
    host = image.partition("/")[0]
    for who in (credentials(host), None):
        with contextlib.suppress(Denied, RuntimeError, requests.RequestException):
            registry = Registry(image, who)
            registry.tags()
            return registry
    return None


def last(env: dict[str, str], run: Run) -> None:
    """Print the image that was published last. Weekly there is none: all is built anew, as a cache
    would hide what has changed outside the repository."""
    image = ""
    if not run.fresh and env["STRATEGY"] != "community-image" and (registry := published(env, run)):
        tag = registry.last()
        image = f"{image_name(env, run)}:{tag}" if tag else ""
    output(image=image)


def report(env: dict[str, str], run: Run) -> None:
    """Tell what is in the image, and what differs from the last published one."""
    client = check_image.connect()
    own = env["STRATEGY"] != "community-image"
    reference = f"{check_image.local_name(env)}:proved" if own else env["BASE_IMAGE"]
    image = client.images.get(reference)
    contents = Contents.of(image, client)
    platform = platform_of(image)
    title = image_name(env, run) if own else reference
    size, changes, since = gigabytes(contents.size), None, ""
    if own:
        # a registry that fails just now hides what differs, and no more
        with contextlib.suppress(Denied, RuntimeError, requests.RequestException):
            registry = published(env, run)
            since = registry.last() if registry else ""
            if since and (index := registry.manifest(since)):
                manifest = registry.of_platform(index, platform)
                document = registry.attached(manifest, SBOM) if manifest else None
                if document and (old := Contents.from_sbom(document)):
                    size += f" ({(contents.size - old.size) / 1e9:+.2f} GB since {since})"
                    changes = contents.changes(old)
    counts = [f"{len(contents.packages[tool])} {tool}" for tool in TOOLS if contents.packages[tool]]
    lines = [f"## {title} starts on a hub and on Binder", ""]
    if not own:
        digest = next(iter(image.attrs["RepoDigests"]), "").partition("@")[2]
        lines += [f"- digest: `{digest or 'none: it was not pulled from a registry'}`"]
    commit = (image.labels or {}).get(REVISION, "")
    lines += [f"- commit: `{commit[:12]}`"] if own and commit else []
    lines += [f"- platform: {platform}", f"- size: {size}", f"- packages: {', '.join(counts)}"]
    if run.request and all(run.head):
        lines += [f"- try this request: {binder_link(env, run)}"]
    if own and changes is None:
        lines += [
            "- difference: there is no published image with a list of packages that can be read"
        ]
    elif own:
        lines += ["", f"### Packages that differ from {since}", ""]
        lines += ["```diff", *changes, "```"] if changes else ["None."]
    lines += ["", f"<details><summary>All packages, {platform}</summary>", "", "```text"]
    for tool in TOOLS:
        lines += [f"{tool}: {name} {version}" for name, version in contents.packages[tool].items()]
    lines += ["```", "", "</details>"]
    if not own:
        # a registry may have a port, and a tag a digest: the last part's first colon
        folder, _, last_part = env["BASE_IMAGE"].rpartition("/")
        name, _, tag = last_part.partition(":")
        lines += ["", *hub_lines(env, f"{folder}/{name}", tag)]
    tell("\n".join(lines))


def binder_link(env: dict[str, str], run: Run) -> str:
    """Return the address at which Binder builds what a request asks to merge, of forks as well."""
    project, commit = run.head
    provider = f"gh/{quote(project)}" if run.on == "github" else f"gl/{quote(project, safe='')}"
    path = quote(env["DEFAULT_URL"].lstrip("/"), safe="")
    return f"https://mybinder.org/v2/{provider}/{commit}?urlpath={path}"


# --- publish ----------------------------------------------------------------------------------------


def part_tag(env: dict[str, str], platform: str) -> str:
    """Return the tag under which the image of a platform is pushed: the commit, and if there are
    several platforms, its own part of the image's name."""
    several = "," in env["PLATFORMS"]
    return commit()[:12] + (f"-{platform.partition('/')[2]}" if several else "")


def push(env: dict[str, str], run: Run) -> None:
    """Push the proved image and attach the list of its packages."""
    client = check_image.connect()
    image, name = proved(env, client), image_name(env, run)
    tag = part_tag(env, platform_of(image))
    image.tag(name, tag)
    subprocess.run(["docker", "push", "--quiet", f"{name}:{tag}"], check=True)
    registry = Registry(name, credentials(name.partition("/")[0]))
    manifest = registry.manifest(tag)
    # an image's id is the digest of its configuration or, where Docker keeps images by containerd,
    # of the manifest
    if manifest is None or image.id not in (manifest.digest, manifest.content["config"]["digest"]):
        raise RuntimeError(f"{name}:{tag} is not the image that was proved, {image.id}.")
    print(f"Pushed {name}:{tag}, {manifest.digest}, the image that was proved.")
    if not registry.attach(manifest, SBOM, Contents.of(image, client).sbom(name)):
        tell(f"{registry.host} takes no SBOM; the next run cannot tell what differs.")


def merged(registry: Registry, tags: dict[str, str]) -> Manifest:
    """Return the one manifest, or an index of those of several platforms; tags: by platform."""
    manifests = {platform: registry.manifest(tag) for platform, tag in tags.items()}
    absent = [tags[platform] for platform, manifest in manifests.items() if manifest is None]
    if absent:
        raise Refusal(f"{', '.join(absent)} was not pushed: push each platform's image first.")
    if len(manifests) == 1:
        return next(iter(manifests.values()))
    entries = []
    for platform, manifest in manifests.items():
        system, _, architecture = platform.partition("/")
        at = {"platform": {"architecture": architecture, "os": system}}
        entries.append(manifest.descriptor | at)
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
    return Manifest(json.dumps(index, indent=1).encode(), INDEX)


def tag(env: dict[str, str], run: Run) -> None:
    """Give what was pushed the tags of its commit and of the day; tell how a hub uses it."""
    name = image_name(env, run)
    registry = Registry(name, credentials(name.partition("/")[0]))
    short = commit()[:12]
    parts = {platform: part_tag(env, platform) for platform in env["PLATFORMS"].split(",")}
    manifest = merged(registry, parts)
    day = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    held = registry.manifest(day)
    for new in (short, day):
        registry.put(manifest, new)
    attached = registry.attach(manifest, PROVENANCE, provenance(name, manifest, env, run))
    public = anonymous(name, manifest.digest)
    output(image=name, digest=manifest.digest, public=public)
    # Nodes keep a tag that they have pulled: a second image of one day is used by its commit
    lasting = short if held and held.digest != manifest.digest else day
    lines = [f"## Published: {name}:{lasting}", "", f"- digest: `{manifest.digest}`"]
    lines += [f"- tags: `{short}`, `{day}`"]
    images = [registry.manifest(part) for part in parts.values()]
    if attached and all(image and registry.attached(image, SBOM) for image in images):
        whose = "the digest" if len(parts) == 1 else "the digests of its platforms and its own"
        lines += [f"- the list of its packages (SBOM) and its provenance are attached to {whose}"]
    if lasting != day:
        lines += [f"- `{day}` was another image before, which nodes may keep: use the commit's tag"]
    if public:
        lines += ["- anyone can pull it: an anonymous pull was tried"]
    else:
        private = (
            "**It is private: an anonymous pull was refused, so no hub without a secret and no"
        )
        lines += [
            "",
            f"{private} Binder can start it. Make it public here: {visibility_page(name)}**",
        ]
        lines += (
            ["Then run this again, for the branch `binder`."] if env["BINDER"] == "image" else []
        )
    if env["IMAGE"] != name:
        answer = "copier update --trust --defaults --vcs-ref=:current: -d repository="
        lines += ["", f"README.md still says OWNER. Once: `{answer}{run.project}`"]
    tell("\n".join([*lines, "", *hub_lines(env, name, lasting)]))


def anonymous(name: str, digest: str) -> bool:
    """Return whether anyone can pull an image: its manifests and one blob of each, as a hub does.
    Only a refusal says no; what fails otherwise says nothing, and is raised."""
    stranger = Registry(name, None)
    try:
        manifest = stranger.manifest(digest)
        entries = manifest.content.get("manifests") if manifest else None
        for one in [stranger.manifest(at["digest"]) for at in entries] if entries else [manifest]:
            if one is None:  # what some registries say of what is private
                return False
            stranger.blob(one.content["config"]["digest"])
        return True
    except Denied:
        return False


def visibility_page(image: str) -> str:
    """Return where one makes an image public."""
    host, _, path = image.partition("/")
    owner, _, name = path.partition("/")
    if host == "ghcr.io":
        event = os.environ.get("GITHUB_EVENT_PATH")
        account = json.loads(Path(event).read_text(encoding="utf-8")) if event else {}
        kind = ((account.get("repository") or {}).get("owner") or {}).get("type")
        whose = "users" if kind == "User" else "orgs"
        package = quote(name, safe="")
        return f"https://github.com/{whose}/{owner}/packages/container/{package}/settings"
    pages = {
        "docker.io": f"https://hub.docker.com/repository/docker/{path}/settings",
        "quay.io": f"https://quay.io/repository/{path}?tab=settings",
        os.environ.get("CI_REGISTRY", "-"): f"{os.environ.get('CI_PROJECT_URL')}/edit",
    }
    return pages.get(host, f"https://{host}")


def provenance(name: str, manifest: Manifest, env: dict[str, str], run: Run) -> bytes:
    """Return where an image came from: an in-toto statement with SLSA's predicate (slsa.dev,
    "Provenance v1"). It is not signed; what CI can sign, CI signs as well."""
    source = check_image.source(env)
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": manifest.digest.partition(":")[2]}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "https://repo2docker.readthedocs.io",
                "externalParameters": {"source": source},
                "resolvedDependencies": [{"uri": source, "digest": {"gitCommit": commit()}}],
            },
            "runDetails": {
                "builder": {"id": BUILDERS.get(run.on, "urn:by-hand")},
                "metadata": {"invocationId": run.url},
            },
        },
    }
    return json.dumps(statement, indent=1).encode()


def hub_lines(env: dict[str, str], name: str, tag: str) -> list[str]:
    """Return the lines to paste into a hub's configuration."""
    url, home, place = env["DEFAULT_URL"], env["HOME_DIR"], env["WORKING_DIR"]
    z2jh = ["hub:", "  config:", "    KubeSpawner:", f"      working_dir: {place}"] if place else []
    z2jh += ["singleuser:", "  image:", f"    name: {name}", f'    tag: "{tag}"']
    z2jh += [f"  defaultUrl: {url}"] if url != "/lab" else []
    z2jh += ["  storage:", f"    homeMountPath: {home}"] if home != "/home/jovyan" else []
    spawner = [f'c.DockerSpawner.image = "{name}:{tag}"']
    spawner += ['c.DockerSpawner.cmd = ["jupyterhub-singleuser"]']
    spawner += [f'c.DockerSpawner.default_url = "{url}"'] if url != "/lab" else []
    spawner += [f'c.DockerSpawner.notebook_dir = "{place}"'] if place else []
    return [
        *("Zero to JupyterHub:", "", "```yaml", *z2jh, "```", ""),
        *("DockerSpawner:", "", "```python", *spawner, "```"),
    ]


# --- the branch from which Binder starts the published image ------------------------------------------


def push_rights(run: Run) -> dict[str, str]:
    """Return the run's own token as variables for git, so that it is written to no file."""
    if run.on == "gitlab":
        user, token = "gitlab-ci-token", os.environ.get("CI_JOB_TOKEN", "")
    else:
        user, token = "x-access-token", os.environ.get("GITHUB_TOKEN", "")
    header = base64.b64encode(f"{user}:{token}".encode()).decode()
    server = os.environ.get("GITHUB_SERVER_URL") or os.environ.get("CI_SERVER_URL", "")
    number = int(os.environ.get("GIT_CONFIG_COUNT") or 0)  # after what a runner may have set
    return {
        "GIT_CONFIG_COUNT": str(number + 1),
        f"GIT_CONFIG_KEY_{number}": f"http.{server}/.extraheader",
        f"GIT_CONFIG_VALUE_{number}": f"Authorization: Basic {header}",
        "GIT_TERMINAL_PROMPT": "0",
    }


def binder(env: dict[str, str], run: Run, image: str) -> None:
    """Renew the branch `binder`: this commit's files without CI's, and a .binder/Dockerfile that
    starts `image`, a name with its digest.

    It only ever moves on, so no force is needed. Never on the default branch: the Dockerfile would
    hide the repository's own files from Binder for good (contract B13). CI's files stay out, as the
    branch needs none and GitHub lets a run's own token not change its workflows.
    """
    if not re.fullmatch(r"[\w.:/-]+@sha256:[0-9a-f]{64}", image):
        raise Refusal(f"'{image}' is no image with its digest: give name@sha256:...")
    if "binder" in (os.environ.get("GITHUB_REF_NAME"), os.environ.get("CI_COMMIT_BRANCH")):
        raise Refusal("This branch is called 'binder', which CI would overwrite: rename it.")
    rights = push_rights(run)
    listed = git("ls-remote", "origin", "refs/heads/binder", env=rights)
    parents = []
    if listed:
        git("fetch", "--quiet", "--depth=1", "origin", "refs/heads/binder", env=rights)
        parents = ["-p", "FETCH_HEAD"]
    with tempfile.TemporaryDirectory() as folder:
        mine = {
            f"GIT_{who}_{what}": "CI"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        mine["GIT_INDEX_FILE"] = str(Path(folder) / "index")
        git("read-tree", "HEAD", env=mine)
        without = [".binder", ".github", ".gitlab-ci.yml", "binder"]
        git("rm", "-r", "--cached", "--quiet", "--ignore-unmatch", *without, env=mine)
        blob = git("hash-object", "-w", "--stdin", text=BINDER_DOCKERFILE.format(image=image))
        git("update-index", "--add", "--cacheinfo", f"100644,{blob},.binder/Dockerfile", env=mine)
        tree = git("write-tree", env=mine)
        commit = git("commit-tree", tree, *parents, "-m", f"Start {image}", env=mine)
    try:
        git("push", "--quiet", "origin", f"{commit}:refs/heads/binder", env=rights)
    except subprocess.CalledProcessError:
        settings = {
            "gitlab": "Settings, CI/CD, Job token permissions: allow Git push requests",
            "github": "Settings, Actions, General, Workflow permissions; and rules for branches",
        }
        where = settings.get(run.on, "the rules for branches")
        raise Refusal(f"The branch 'binder' could not be pushed: let CI do so ({where}).") from None
    tell(f"Binder starts `{image}` from the branch `binder`.")


# --- the command line -----------------------------------------------------------------------------


def by_hand(env: dict[str, str], run: Run) -> None:
    """Push and tag, as whoever `docker login` knows."""
    name = image_name(env, run)
    host = name.partition("/")[0]
    known = credentials(host)
    if known is None:
        raise Refusal(f"Nobody is logged in at {host}: run `docker login {host}` first.")
    proved(env, check_image.connect())
    try:
        Registry(name, known).may_push()
    except Denied:
        raise Refusal(
            f"{host} lets '{known[0]}' not push to {name}: `docker login {host}` as somebody who may."
        ) from None
    report(env, run)
    push(env, run)
    if "," in env["PLATFORMS"]:
        print(f"For {env['PLATFORMS']}: push on each, then run `publish_image.py tag`.")
    else:
        tag(env, run)


COMMANDS = {
    "plan": plan,
    "login": login,
    "last": last,
    "report": report,
    "push": push,
    "tag": tag,
    "binder": binder,
}


def main(argv: list[str] | None = None) -> int:
    """Return 0 if it is done, 1 if the registry or Docker fails, 2 if it cannot be done."""
    parser = argparse.ArgumentParser(
        prog="publish_image.py", description="Publish the image that check_image.py has proved."
    )
    parser.add_argument("command", nargs="?", choices=COMMANDS, help="default: push and tag")
    parser.add_argument("image", nargs="?", default="", help="for binder: name@sha256:...")
    options = parser.parse_args(argv)
    command = options.command or ""
    try:
        env = check_image.read_image_env(HERE / "image.env")
        if MISSING and command not in ("plan", "binder"):
            raise Refusal(
                f"This Python has no package '{MISSING}': use `pipx run publish_image.py`."
            )
        if command in ("", "login", "push", "tag") and not env["IMAGE"]:
            raise Refusal(f"{env['BASE_IMAGE']} is its community's: there is nothing to publish.")
        run = Run.of(dict(os.environ))
        if command == "binder":
            binder(env, run, options.image)
        else:
            COMMANDS.get(command, by_hand)(env, run)
        return 0
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 2
    except (Denied, OSError, RuntimeError, subprocess.CalledProcessError) as error:
        print(f"{command or 'publish'} broke off: {error}", file=sys.stderr)
        return 1
    except Exception as error:
        if MISSING or not isinstance(error, docker.errors.DockerException):
            raise
        print(f"Docker broke off: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
