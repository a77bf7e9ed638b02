"""publish_image.py and registries, which `responses` plays: whom it sends which password, what it asks,
and what it says when it may not. No Docker, no network.
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests
import responses
import test_publish_image
from repositories import commit
from test_publish_image import POINTER, change, github, gitlab

rendered, repository = test_publish_image.rendered, test_publish_image.repository
publish = test_publish_image.publish

URL = "https://quay.io/v2/me/env/"
PASSWORD = "a-password-that-nobody-sees"
SECRETS = {"REGISTRY_USERNAME": "robot", "REGISTRY_PASSWORD": PASSWORD}
TOKEN = {"GITHUB_ACTOR": "me", "GITHUB_TOKEN": PASSWORD}
JOB = {
    "CI_REGISTRY": "registry.gitlab.com",
    "CI_REGISTRY_USER": "job",
    "CI_REGISTRY_PASSWORD": PASSWORD,
}


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    """All of the web: an address that a test did not name does not answer."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as web:
        yield web


@pytest.fixture
def registry(publish: ModuleType, web: responses.RequestsMock) -> Any:
    """The program's client of an image, which is logged in nowhere."""
    return publish.Registry("quay.io/me/env", None)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def sent(web: responses.RequestsMock) -> list[str]:
    """What was asked so far, as GET /v2/me/env/tags/list."""
    return [f"{call.request.method} {call.request.path_url}" for call in web.calls]


# --- who is sent where ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "env", "known", "user"),
    [
        ("quay.io", SECRETS | TOKEN | JOB, {"quay.io": "person"}, "robot"),
        ("ghcr.io", SECRETS | TOKEN, {}, "robot"),
        ("ghcr.io", TOKEN | {"REGISTRY_USERNAME": "robot"}, {"ghcr.io": "person"}, "me"),
        ("registry.gitlab.com", JOB, {"registry.gitlab.com": "person"}, "job"),
        ("quay.io", TOKEN | JOB, {"quay.io": "person", "ghcr.io": "other"}, "person"),
        ("docker.io", {}, {"https://index.docker.io/v1/": "person"}, "person"),
        # a run's own token, at any registry but its own
        ("quay.io", TOKEN | JOB, {}, None),
        ("docker.io", TOKEN | JOB, {}, None),
        ("ghcr.io.example.org", TOKEN, {}, None),
        ("ghcr.io", JOB, {}, None),
        ("registry.gitlab.com", TOKEN, {}, None),
    ],
)
def test_credentials(
    publish: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    env: dict[str, str],
    known: dict[str, str],
    user: str | None,
) -> None:
    """The secrets, then the run's own token in its own registry, then `docker login`'s."""
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    auths = {at: {"auth": basic(name, PASSWORD).split()[1]} for at, name in known.items()}
    config = tmp_path / "docker" / "config.json"
    config.write_text(json.dumps({"auths": auths}), encoding="utf-8")
    assert publish.credentials(host) == ((user, PASSWORD) if user else None)


def test_a_stranger_is_a_stranger(
    registry: Any,
    web: responses.RequestsMock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An anonymous pull must not succeed by what this machine happens to know: ~/.netrc, a login."""
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine quay.io login me password {PASSWORD}\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for key, value in SECRETS.items():
        monkeypatch.setenv(key, value)
    challenge = {"WWW-Authenticate": 'Bearer realm="https://quay.io/token",service="quay.io"'}
    web.get(f"{URL}tags/list", status=401, headers=challenge)
    web.get("https://quay.io/token", json={"token": "of-a-stranger"})
    requests.get(f"{URL}tags/list", timeout=5)
    assert web.calls[0].request.headers["Authorization"] == basic("me", PASSWORD), "it is read"
    with pytest.raises(Exception, match="answers 401"):
        registry.tags()
    headers = [call.request.headers.get("Authorization") for call in web.calls][1:]
    assert headers == [None, None, "Bearer of-a-stranger"]


@pytest.mark.parametrize(
    ("image", "url"),
    [
        ("localhost:5000/me/env", "http://localhost:5000/v2/me/env/"),
        ("127.0.0.1:5000/env", "http://127.0.0.1:5000/v2/env/"),
        ("localhost.example.org/env", "https://localhost.example.org/v2/env/"),
        ("registry.example.org:5000/me/env", "https://registry.example.org:5000/v2/me/env/"),
        ("docker.io/me/env", "https://registry-1.docker.io/v2/me/env/"),
        ("quay.io/me/env", URL),
    ],
)
def test_address(publish: ModuleType, image: str, url: str) -> None:
    """Without TLS on this machine only, as a password goes there."""
    assert publish.Registry(image, None).url == url


# --- login ------------------------------------------------------------------------------------------


def guarded(web: responses.RequestsMock, image: str, *, may_push: bool) -> None:
    """A registry that lets PASSWORD's account in by a token, with which it may push or not."""
    host, _, name = image.partition("/")
    uploads, tokens = f"https://{host}/v2/{name}/blobs/uploads/", f"https://{host}/token"
    scope = f"repository:{name}:pull,push"
    challenge = f'Bearer realm="{tokens}",service="{host}",scope="{scope}"'

    def upload(request: Any) -> tuple[int, dict[str, str], str]:
        if request.headers.get("Authorization") == "Bearer may-push":
            return 202, {"Location": f"/v2/{name}/blobs/uploads/7"}, ""
        return 401, {"WWW-Authenticate": challenge}, ""

    def token(request: Any) -> tuple[int, dict[str, str], str]:
        assert request.params == {"service": host, "scope": scope}
        given = request.headers.get("Authorization")
        if given not in [basic(user, PASSWORD) for user in ("robot", "me", "job")]:
            return 401, {}, "{}"
        return 200, {}, json.dumps({"token": "may-push" if may_push else "may-pull"})

    web.add_callback("POST", uploads, upload)
    web.add_callback("GET", tokens, token)
    web.delete(f"{uploads}7", status=204)


WRONG = SECRETS | {"REGISTRY_PASSWORD": "a-password-that-is-wrong"}
ON_GITHUB = "https://github.com/me/env/settings/secrets/actions"
ON_GITLAB = "https://gitlab.com/me/env/-/settings/ci_cd#js-cicd-variables-settings"
NOBODY = (
    "Nobody may push to quay.io/me/env yet: set {}, of an account at quay.io that may push there, "
    "as {} at {}, and run this again.\n"
)
NOT_HIM = (
    "quay.io lets 'robot' not push to me/env: set the secrets REGISTRY_USERNAME and "
    f"REGISTRY_PASSWORD of an account that may at {ON_GITHUB}, and run this again.\n"
)
NOT_ME = (
    "ghcr.io lets me/env not push to team/env: answer with an image name of your own "
    "(-d image=ghcr.io/me/env), or let this repository write to that package, or set the secrets "
    f"REGISTRY_USERNAME and REGISTRY_PASSWORD at {ON_GITHUB}.\n"
)
BOTH, ONE = "REGISTRY_USERNAME and REGISTRY_PASSWORD", {"REGISTRY_USERNAME": "robot"}
# Where it runs, the image, what is known, whether that may push; the sentence.
REFUSED = [
    ("github", "quay.io/me/env", TOKEN, True, NOBODY.format(BOTH, "secrets", ON_GITHUB)),
    (
        "github",
        "quay.io/me/env",
        ONE,
        True,
        NOBODY.format("REGISTRY_PASSWORD", "secrets", ON_GITHUB),
    ),
    ("gitlab", "quay.io/me/env", JOB, True, NOBODY.format(BOTH, "variables", ON_GITLAB)),
    ("github", "quay.io/me/env", WRONG, True, NOT_HIM),
    ("github", "quay.io/me/env", SECRETS, False, NOT_HIM),
    ("github", "ghcr.io/team/env", TOKEN, False, NOT_ME),
]


@pytest.fixture
def login(
    repository: Path,
    publish: ModuleType,
    web: responses.RequestsMock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, str, list[Any]]]:
    """A function that logs in. Out: the exit code, what was said, and how docker was called."""

    def login(
        on: str, image: str, env: dict[str, str], may_push: bool, docker_says: str = ""
    ) -> Any:
        calls = []

        def docker(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
            calls.append((command, options["input"]))
            return subprocess.CompletedProcess(command, bool(docker_says), "", docker_says)

        change(repository, IMAGE=image)
        guarded(web, image, may_push=may_push)
        here = {"github": github(tmp_path, "push"), "gitlab": gitlab("push")}[on]
        for key, value in (here | env).items():
            monkeypatch.setenv(key, value)
        monkeypatch.setattr(publish.subprocess, "run", docker)
        code = publish.main(["login"])
        said = "".join(capsys.readouterr())
        for secret in (PASSWORD, WRONG["REGISTRY_PASSWORD"], basic("robot", PASSWORD).split()[1]):
            assert secret not in said
        return code, said, calls

    return login


@pytest.mark.parametrize(("on", "image", "env", "may", "sentence"), REFUSED)
def test_login_refused(
    login: Callable[..., Any], on: str, image: str, env: dict[str, str], may: bool, sentence: str
) -> None:
    """Before anything is built, in one sentence that says what is missing, and where it is set."""
    assert login(on, image, env, may) == (2, sentence, [])


@pytest.mark.parametrize(
    ("on", "image", "env", "user"),
    [
        ("github", "quay.io/me/env", SECRETS | TOKEN, "robot"),
        ("github", "ghcr.io/me/env", TOKEN, "me"),
        ("gitlab", "registry.gitlab.com/me/env", JOB, "job"),
    ],
)
def test_login(
    login: Callable[..., Any],
    web: responses.RequestsMock,
    on: str,
    image: str,
    env: dict[str, str],
    user: str,
) -> None:
    """Docker gets the password where no list of processes shows it; the trial upload is given up."""
    host = image.partition("/")[0]
    code, said, calls = login(on, image, env, True)
    assert (code, said) == (0, f"{host} lets '{user}' push to me/env.\n")
    assert calls == [(["docker", "login", host, "--username", user, "--password-stdin"], PASSWORD)]
    assert sent(web)[-1] == "DELETE /v2/me/env/blobs/uploads/7"


def test_docker_s_own_trouble_is_not_told_as_a_wrong_secret(login: Callable[..., Any]) -> None:
    code, said, _ = login("github", "ghcr.io/me/env", TOKEN, True, "no space left on device\n")
    assert code == 1
    assert said == (
        "login broke off: ghcr.io lets 'me' push, but `docker login ghcr.io` says: no space left on device\n"
    )


def test_login_by_basic(publish: ModuleType, web: responses.RequestsMock) -> None:
    """A small registry asks for the password itself; without one there is nothing to send."""
    web.post(f"{URL}blobs/uploads/", status=401, headers={"WWW-Authenticate": "Basic realm=x"})
    for who in (("robot", PASSWORD), None):
        with pytest.raises(publish.Denied):
            publish.Registry("quay.io/me/env", who).may_push()
    headers = [call.request.headers.get("Authorization") for call in web.calls]
    assert headers == [None, basic("robot", PASSWORD), None]


# --- by hand ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (POINTER, f"{POINTER['BASE_IMAGE']} is its community's: there is nothing to publish.\n"),
        (
            {"IMAGE": "quay.io/me/env"},
            "Nobody is logged in at quay.io: run `docker login quay.io` first.\n",
        ),
    ],
)
def test_by_hand_refuses(
    repository: Path,
    publish: ModuleType,
    capsys: pytest.CaptureFixture[str],
    values: dict[str, str],
    sentence: str,
) -> None:
    change(repository, **values)
    assert publish.main([]) == 2
    assert capsys.readouterr() == ("", sentence)


def test_uncommitted_changes_have_no_commit(repository: Path, publish: ModuleType) -> None:
    commit(repository)
    assert publish.commit() == test_publish_image.tip(repository, "HEAD")
    (repository / "environment.yml").write_text("dependencies: [xarray]\n", encoding="utf-8")
    with pytest.raises(publish.Refusal, match=r"changes in .* that no commit has: commit them"):
        publish.commit()


# --- what the registry holds ----------------------------------------------------------------------


def test_tags_of_all_pages(registry: Any, web: responses.RequestsMock) -> None:
    """And none of a repository that does not exist yet."""
    more = {"Link": '</v2/me/env/tags/list?last=b&n=1000>; rel="next"'}
    first, second = ({"n": "1000"}, {"last": "b", "n": "1000"})
    match = responses.matchers.query_param_matcher
    web.get(f"{URL}tags/list", match=[match(first)], json={"tags": ["a", "b"]}, headers=more)
    web.get(f"{URL}tags/list", match=[match(second)], json={"tags": ["c"]})
    assert registry.tags() == ["a", "b", "c"]
    web.reset()
    web.get(f"{URL}tags/list", json={"tags": None})
    assert registry.tags() == []
    web.reset()
    web.get(f"{URL}tags/list", status=404, json={"errors": [{"code": "NAME_UNKNOWN"}]})
    assert registry.tags() == [] and registry.last() == ""


@pytest.mark.parametrize(
    ("tags", "last"),
    [
        (["2026-11-02", "2026-11-22", "2026-09-30"], "2026-11-22"),
        (
            ["latest", "fedcba987654", "2026-01-01", "2026-13", "cuda-2027-01-01", "2027-01-01-x"],
            "2026-01-01",
        ),
        (["v2027-01-01", "2027-01-01\n", "20270101", "9999999999ab", f"sha256-{64 * '9'}"], ""),
    ],
)
def test_last_is_the_newest_day(
    registry: Any, web: responses.RequestsMock, tags: list[str], last: str
) -> None:
    for order in (tags, tags[::-1]):
        web.reset()
        web.get(f"{URL}tags/list", json={"tags": order})
        assert registry.last() == last


def test_a_passing_failure_is_tried_again(
    registry: Any, web: responses.RequestsMock, publish: ModuleType
) -> None:
    web.get(f"{URL}tags/list", status=503)
    web.get(f"{URL}tags/list", json={"tags": ["a"]})
    assert registry.tags() == ["a"]
    web.post(f"{URL}blobs/uploads/", status=500, body="out of order")
    with pytest.raises(RuntimeError, match="answers 500 to POST blobs/uploads/: out of order"):
        registry.may_push()


@pytest.fixture
def image(publish: ModuleType) -> Any:
    return publish.Manifest(b'{"config": {"digest": "sha256:1"}}', publish.MANIFEST)


class Store:
    """A registry that keeps what it is sent. `referrers`: whether it knows that list of its own."""

    def __init__(
        self, web: responses.RequestsMock, publish: ModuleType, *, referrers: bool
    ) -> None:
        self.held: dict[str, tuple[str, bytes]] = {}
        self.index, self.referrers = publish.INDEX, referrers
        anything = publish.re.compile(f"{URL}.*")
        for method in ("GET", "PUT", "POST"):
            web.add_callback(method, anything, getattr(self, method))

    def POST(self, request: Any) -> tuple[int, dict[str, str], str]:
        return 202, {"Location": f"{URL}blobs/uploads/7?state=x"}, ""

    def PUT(self, request: Any) -> tuple[int, dict[str, str], str]:
        kind, data = request.headers["Content-Type"], request.body
        key = request.params.get("digest") or request.url.rpartition("/")[2]
        self.held[key] = kind, data
        subject = json.loads(data).get("subject") if kind.endswith("manifest.v1+json") else None
        return 201, {"OCI-Subject": subject["digest"]} if subject and self.referrers else {}, ""

    def GET(self, request: Any) -> tuple[int, dict[str, str], bytes]:
        what, _, key = request.path_url.removeprefix("/v2/me/env/").partition("/")
        if what == "referrers":
            if not self.referrers:  # as GHCR does for one that does not ask for an index
                return 303, {"Location": "https://github.com/-/v2/packages/x"}, b"<html>"
            return 200, {"Content-Type": self.index}, json.dumps(self.listed(key)).encode()
        kind, data = self.held.get(key, ("", b""))
        return (200 if data else 404), {"Content-Type": kind}, data

    def listed(self, subject: str) -> dict[str, Any]:
        documents = {
            key: json.loads(data)
            for key, (kind, data) in self.held.items()
            if "manifest.v1" in kind
        }
        entries = [
            {"digest": key, "artifactType": document["artifactType"]}
            for key, document in documents.items()
            if document["subject"]["digest"] == subject
        ]
        return {"manifests": entries}


@pytest.mark.parametrize("referrers", [True, False])
def test_what_is_attached_is_found(
    registry: Any, web: responses.RequestsMock, publish: ModuleType, image: Any, referrers: bool
) -> None:
    """Whether the registry lists what refers to an image, or a tag must: what another attached there
    stays, an older document of the same kind gives way."""
    store, tag = Store(web, publish, referrers=referrers), image.digest.replace(":", "-")
    others = {"digest": "sha256:9", "mediaType": publish.MANIFEST}  # an entry of a kind unknown
    if not referrers:
        store.held[tag] = publish.INDEX, json.dumps({"manifests": [others]}).encode()
    assert registry.attached(image, publish.SBOM) is None
    for data in (b'{"sbom": 1}', b'{"sbom": 2}'):
        assert registry.attach(image, publish.SBOM, data)
    assert registry.attach(image, publish.PROVENANCE, b'{"of": "ours"}')
    assert registry.attached(image, publish.SBOM) == b'{"sbom": 2}'
    assert registry.attached(image, publish.PROVENANCE) == b'{"of": "ours"}'
    assert (tag in store.held) is not referrers
    if not referrers:
        entries = json.loads(store.held[tag][1])["manifests"]
        kinds = [entry.get("artifactType") for entry in entries]
        assert kinds == [None, publish.SBOM, publish.PROVENANCE] and entries[0] == others
    assert not any("github.com" in call.request.url for call in web.calls), "a web page was asked"


@pytest.mark.parametrize("status", [400, 403, 405, 415])
def test_a_registry_that_takes_no_sbom(
    registry: Any, web: responses.RequestsMock, publish: ModuleType, image: Any, status: int
) -> None:
    store = Store(web, publish, referrers=False)
    web.remove("PUT", publish.re.compile(f"{URL}.*"))
    web.put(publish.re.compile(f"{URL}blobs/.*"), status=201)
    web.put(publish.re.compile(f"{URL}manifests/.*"), status=status)
    assert registry.attach(image, publish.SBOM, b"{}") is False
    assert store.held == {}


def test_of_platform(registry: Any, web: responses.RequestsMock, publish: ModuleType) -> None:
    """Of an index, which has more than images: attestations are of no platform."""
    store = Store(web, publish, referrers=True)
    for digest in ("sha256:1", "sha256:2"):
        store.held[digest] = publish.MANIFEST, json.dumps({"layers": [digest]}).encode()
    entries = [
        {"digest": "sha256:9", "platform": {"os": "unknown", "architecture": "unknown"}},
        {"digest": "sha256:8"},
        {"digest": "sha256:1", "platform": {"os": "linux", "architecture": "amd64"}},
        {"digest": "sha256:2", "platform": {"os": "linux", "architecture": "arm64"}},
    ]
    index = publish.Manifest(json.dumps({"manifests": entries}).encode(), publish.INDEX)
    arm = registry.of_platform(index, "linux/arm64")
    assert arm.content == {"layers": ["sha256:2"]}
    assert registry.of_platform(arm, "linux/arm64") is arm
    assert registry.of_platform(index, "linux/s390x") is None
