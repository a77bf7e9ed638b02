"""ci/update.py's look into base images, with Docker and a real registry that wants tokens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from hub_image.registry import Registry
from hub_image.settings import Settings
from hub_image.update.base import look_for_base
from hub_image.update.plan import Plan
from support import registry as registries
from support import standins

TAGS = {"2026-07-28": "5.3.0", "2026-08-03": "5.4.1", "2026-09-07": "5.4.2", "2026-10-05": "6.0.0"}
DOCKERFILE = """\
FROM {base}
RUN d=$(python3 -c "import site; print(site.getsitepackages()[0])")/jupyterhub-{version}.dist-info \\
 && mkdir -p "$d" && printf 'Metadata-Version: 2.1\\nName: jupyterhub\\nVersion: {version}\\n' > "$d/METADATA"
"""


@pytest.fixture
def image(
    base_image: str,
    registry: registries.Registry,
    docker_client: docker.DockerClient,
    tmp_path: Path,
) -> str:
    """An image in the registry, with a JupyterHub of its own under each tag."""
    name = f"{registry.host}/me/base"
    account = {"username": registry.username, "password": registry.password}
    for tag, version in TAGS.items():
        (tmp_path / "Dockerfile").write_text(DOCKERFILE.format(base=base_image, version=version))
        docker_client.images.build(path=str(tmp_path), tag=f"{name}:{tag}", rm=True)
        docker_client.images.push(name, tag, auth_config=account)
        docker_client.images.remove(f"{name}:{tag}", force=True)
    registry.publish("me/base")
    return name


def test_never_another_major_of_the_hub(
    image: str,
    render: Callable[..., Path],
    registry: registries.Registry,
    docker_client: docker.DockerClient,
) -> None:
    """K11: the newest has another; what is pulled does not stay, and what differs is known."""
    reference = f"{image}:2026-07-28"
    answers = {"strategy": "inherit", "base": "other", "base_family": "docker-stacks"}
    folder = render(base_reference=reference, **answers)
    before = registries.images_here(docker_client, registry)
    assert sorted(Registry(image).tags()) == list(TAGS)
    native = docker_client.images.get(standins.ensure_base("base")).attrs["Architecture"]
    assert Registry(image).architectures("2026-10-05") == [native]
    plan = Plan()
    look_for_base(plan, {"base": "other"}, Settings.read(folder))
    assert plan.answers == {"base_reference": f"{image}:2026-09-07"}
    assert plan.packages == ["! pip: jupyterhub 5.3.0 -> 5.4.2"]
    assert registries.images_here(docker_client, registry) == before
