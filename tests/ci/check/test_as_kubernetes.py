"""The pod that a real KubeSpawner makes of the README's lines, beside the container that the check starts.

No cluster is needed: the manifest is what KubeSpawner would send to one. Zero to JupyterHub (z2jh) hands its chart's
values to KubeSpawner in jupyterhub/files/hub/jupyterhub_config.py; its defaults are those of jupyterhub/values.yaml.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import yaml
from dockerspawner import DockerSpawner  # type: ignore[import-untyped]
from jupyterhub import orm
from jupyterhub.objects import Hub as HubAddress
from jupyterhub.spawner import Spawner
from jupyterhub.traitlets import ByteSpecification
from jupyterhub.user import User
from kubernetes_asyncio.config import kube_config
from kubespawner import KubeSpawner  # type: ignore[import-untyped]
from traitlets.config import Config

from hub_image.check.addresses import Addresses
from hub_image.check.containers import Containers
from hub_image.check.hub import Hub
from hub_image.settings import Settings
from support.readme import hub_values
from support.renders import Renders
from support.repositories import ROOT

# Which lines of a README there are to paste, by the image's home and working directory.
ANSWERS = {
    "community-image": {"strategy": "community-image"},
    "community-image of repo2docker": {"strategy": "community-image", "base": "cryocloud"},
    "inherit": {"strategy": "inherit", "interface": "notebook"},
    "inherit from rocker 4": {"strategy": "inherit", "base": "rocker-binder-4"},
    "repo2docker": {"strategy": "repo2docker"},
    "dockerfile": {"strategy": "dockerfile"},
}
# z2jh's name of a setting: KubeSpawner's, and z2jh's default.
CHART: dict[str, tuple[str, Any]] = {
    "allowPrivilegeEscalation": ("allow_privilege_escalation", False),
    "cmd": ("cmd", "jupyterhub-singleuser"),
    "defaultUrl": ("default_url", ""),
    "fsGid": ("fs_gid", 100),
    "profileList": ("profile_list", []),
    "uid": ("uid", 1000),
}
HOME = "/home/jovyan"
CLUSTER = {"name": "none", "cluster": {"server": "https://127.0.0.1:9"}}
KUBE_CONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "none",
    "clusters": [CLUSTER],
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
    "users": [{"name": "none", "user": {}}],
}


Make = Callable[[type[Spawner], dict[str, Any]], Any]


class Started(NamedTuple):
    """How a server is started, by the names of Kubernetes."""

    args: list[str]
    uid: int
    groups: list[int]
    privileges: bool
    mounts: list[str]
    working_dir: str | None
    memory: int
    port: int
    default_url: str


@pytest.fixture
def spawner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Make a real spawner of a class for a user of a hub's database, by configuration."""
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "kube"))
    (tmp_path / "kube").write_text(yaml.safe_dump(KUBE_CONFIG), encoding="utf-8")
    db = orm.new_session_factory("sqlite:///:memory:")()  # type: ignore[no-untyped-call]
    row = orm.User(name="check")
    db.add(row)
    db.commit()

    def make(kind: type[Spawner], settings: dict[str, Any]) -> Spawner:
        settings_of_hub = {"hub": HubAddress(), "spawner_class": kind, "base_url": "/"}
        user = User(row, settings_of_hub, db=db)  # type: ignore[no-untyped-call]
        config = Config({kind.__name__: settings})
        of = orm.Spawner(name="", user=row)
        made: Spawner = kind(user=user, orm_spawner=of, hub=HubAddress(), config=config, db=db)
        made.server = None
        return made

    yield make
    db.close()


def of_chart(values: dict[str, Any]) -> dict[str, Any]:
    """Return KubeSpawner's settings, as z2jh makes them of its chart's values."""
    direct: dict[str, Any] = values.get("hub", {}).get("config", {}).get("KubeSpawner", {})
    single = values.get("singleuser", {})
    settings = {name: single.get(key, default) for key, (name, default) in CHART.items()}
    if "image" in single:
        settings["image"] = f"{single['image']['name']}:{single['image']['tag']}"
    mount = single.get("storage", {}).get("homeMountPath", HOME)
    settings["volume_mounts"] = [{"name": "home", "mountPath": mount}]
    settings["mem_guarantee"] = "1G"
    return settings | direct


async def pod(spawner: Make, values: dict[str, Any]) -> tuple[Any, Started]:
    """Return the container of the pod that KubeSpawner makes of z2jh's values, and how it is started."""
    made = spawner(KubeSpawner, of_chart(values))
    await made.load_user_options()  # a profile's overrides, if there are profiles
    spec = (await made.get_pod_manifest()).spec
    (container,) = spec.containers
    context = container.security_context
    return container, Started(
        container.args,
        context["runAsUser"],
        [spec.security_context["fsGroup"]],
        context["allowPrivilegeEscalation"],
        [each.mount_path for each in container.volume_mounts],
        container.working_dir,
        int(container.resources.requests["memory"]),
        container.ports[0].container_port,
        made.default_url or "/lab",  # JupyterLab is what a server opens unless told otherwise
    )


def containers(folder: Path) -> Containers:
    """The containers of a check of a repository, for which no Docker is asked."""
    volumes = SimpleNamespace(create=lambda *_, **__: None)
    made = Containers(SimpleNamespace(volumes=volumes), Settings.read(folder))  # type: ignore[arg-type]
    made.image = SimpleNamespace(id="sha256:1", attrs={"Config": {}})  # type: ignore[assignment]
    made.addresses = Addresses("127.0.0.1", "127.0.0.1")
    return made


def checked(made: Containers) -> tuple[dict[str, Any], Started]:
    """Return DockerSpawner's settings in the check's hub, and how it starts the server."""
    hub = Hub(made)
    settings = hub.configuration()["DockerSpawner"]
    hub.stop()
    create, host = settings["extra_create_kwargs"], settings["extra_host_config"]
    return settings, Started(
        settings["cmd"],
        int(create["user"]),
        [int(group) for group in host["group_add"]],
        "no-new-privileges" not in host["security_opt"],
        [mount["Target"] for mount in host["mounts"]],
        create.get("working_dir"),
        int(ByteSpecification().validate(None, host["mem_limit"].upper())),  # type: ignore[no-untyped-call]
        settings["port"],
        settings["default_url"],
    )


@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS)
def test_the_pod_is_what_the_check_starts(
    renders: Renders, spawner: Make, answers: dict[str, str]
) -> None:
    """By the lines for everyone, and by those for a profile, whose home volume is the hub's."""
    made = containers(renders.folder(**answers))
    _, wanted = checked(made)
    whole, profiles = hub_values(renders.files(**answers))
    container, started = asyncio.run(pod(spawner, whole))
    home = whole["singleuser"].get("storage", {}).get("homeMountPath", HOME)
    assert started == wanted._replace(mounts=[home])
    assert set(wanted.mounts) >= {home}  # K8: the check mounts it at the working directory as well
    image = made.settings.image or made.settings.base_image
    assert container.image.startswith(image)
    container, by_profile = asyncio.run(pod(spawner, profiles))
    assert by_profile._replace(mounts=[home]) == started
    assert container.image.startswith(image)


def test_environments_differ_as_the_contract_says(renders: Renders, spawner: Make) -> None:
    """The server of the check has the variables that a hub's has, but for those that K15 names."""
    settings, _ = checked(containers(renders.folder(**ANSWERS["inherit"])))
    whole, _ = hub_values(renders.files(**ANSWERS["inherit"]))

    async def names(kind: type[Spawner], values: dict[str, Any]) -> set[str]:
        return set(spawner(kind, values).get_env())

    here = asyncio.run(names(DockerSpawner, settings))
    there = asyncio.run(names(KubeSpawner, of_chart(whole)))
    text = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
    (row,) = [line for line in text.splitlines() if line.startswith("| K15 |")]
    assert not {name for name in here ^ there if f"`{name}`" not in row}


def test_another_working_directory_would_be_seen(renders: Renders, spawner: Make) -> None:
    """What the first test must reject: lines that lead elsewhere than the check."""
    answers = ANSWERS["repo2docker"]
    _, wanted = checked(containers(renders.folder(**answers)))
    whole, _ = hub_values(renders.files(**answers))
    del whole["hub"]
    _, started = asyncio.run(pod(spawner, whole))
    assert (started.working_dir, wanted.working_dir) == (None, HOME)
