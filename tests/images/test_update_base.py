"""update_repository.py's look into base images, with Docker and a real registry that wants tokens."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest
import standins

TAGS = {"2026-07-28": "5.3.0", "2026-08-03": "5.4.1", "2026-09-07": "5.4.2", "2026-10-05": "6.0.0"}
DOCKERFILE = """\
FROM {base}
RUN d=$(python3 -c "import site; print(site.getsitepackages()[0])")/jupyterhub-{version}.dist-info \\
 && mkdir -p "$d" && printf 'Metadata-Version: 2.1\\nName: jupyterhub\\nVersion: {version}\\n' > "$d/METADATA"
"""


@pytest.fixture
def image(
    base_image: str, registry: Any, docker_client: docker.DockerClient, tmp_path: Path
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
    image: str, render: Callable[..., Path], docker_client: docker.DockerClient
) -> None:
    """The newest has another; what is pulled does not stay, and what differs is known."""
    reference = f"{image}:2026-07-28"
    answers = {"strategy": "inherit", "base": "other", "base_family": "docker-stacks"}
    folder = render(base_reference=reference, **answers)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        update = importlib.import_module("update_repository")
    for name in ("update_repository", "publish_image", "check_image"):
        del sys.modules[name]
    before = {one.id for one in docker_client.images.list()}
    assert sorted(update.tags(image)) == list(TAGS)
    assert update.architectures(image, "2026-10-05") == [
        docker_client.images.get(standins.ensure_base("base")).attrs["Architecture"]
    ]
    plan, env = update.Plan(), update.check_image.read_image_env(folder / "image.env")
    update.look_for_base(plan, {"base": "other"}, env)
    assert plan.answers == {"base_reference": f"{image}:2026-09-07"}
    assert plan.packages == ["! pip: jupyterhub 5.3.0 -> 5.4.2"]
    assert {one.id for one in docker_client.images.list()} == before
