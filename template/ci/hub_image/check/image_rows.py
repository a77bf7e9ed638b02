"""Rows of the image by itself, in their order; the last come after those of the server."""

from __future__ import annotations

import importlib.metadata
import json
import re
import secrets
import time
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any

import requests
from docker.errors import APIError, ImageNotFound
from docker.models.containers import Container

from hub_image import inside
from hub_image.check.containers import PORT, Containers, log_of
from hub_image.check.hub import session
from hub_image.check.person import Person
from hub_image.check.report import Failed, row, tail
from hub_image.check.talk import Kernel
from hub_image.settings import UserError

HUB = importlib.metadata.version("jupyterhub")
NO_TREE = "; notebook is not installed: links to /tree will not work on Binder"  # B4
RULE = "Binder and repo2docker want a USER whose uid is 1000, and refuse root"
# Which files that people see they may not change; JupyterLab's settings, which it saves.
CLOSED = 'for f in ./* ~/*; do [ ! -e "$f" ] || [ -w "$f" ] || echo "$f is closed"; done'
THEMES = "lab/api/settings/@jupyterlab/apputils-extension:themes"
# It traps SIGTERM, which process 1 ignores otherwise: a mere `sleep` would say nothing of ENTRYPOINT.
LOOP = "trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done"

# What `inside/listing.py` finds, by the row and the words for what the volume hides of it.
HIDDEN = {
    "pip": ("K7", "packages"),
    "programs": ("K7", "programs on PATH"),
    "modules": ("K7", "modules on sys.path"),
    "R": ("K10", "R's packages"),
    "julia": ("K10", "Julia's packages"),
    "kernels": ("K10", "kernelspecs"),
}


@row("image")
def image_there(containers: Containers) -> str:
    """The image is on this machine."""
    try:
        try:
            containers.client.images.get(containers.reference)
        except ImageNotFound:
            print("pulling ... ", end="", flush=True)
            pull(containers, containers.reference)
        containers.image = containers.client.images.get(containers.reference)
    except APIError as error:
        why = str(error.explanation).rstrip(".")
        text = f"Give an image that `docker pull` finds, which '{containers.reference}' is not"
        raise UserError(f"{text}: {why}.") from None
    return f"{containers.image.attrs['Size'] / 1e9:.2f} GB"


def pull(containers: Containers, reference: str) -> None:
    """Get an image; where neither tag nor digest is given, docker's SDK would get all tags."""
    name, _, digest = reference.partition("@")
    tagged = digest or ":" in name.rpartition("/")[2]
    containers.client.images.pull(reference if tagged else f"{reference}:latest")


@row("K2")
def entrypoint_execs(containers: Containers) -> str:
    """ENTRYPOINT runs its arguments, passes SIGTERM on."""
    what = f"ENTRYPOINT {json.dumps(containers.config.get('Entrypoint') or [])}"
    if problem := _exec_problem(containers):
        for place in start_scripts(containers):
            if own := _exec_problem(containers, entrypoint=[place]):
                what, problem = f"`start` ({place})", own
        raise Failed(f"{containers.place('start')}, end {what} with {problem[0]}", problem[1])
    return ""


def _exec_problem(containers: Containers, **options: Any) -> tuple[str, str] | None:
    """Return what an entrypoint lacks, and what it prints; None if all is well."""
    code, out = containers.run(["sh", "-c", "echo ok; exit 7"], **options)
    if code != 7 or "ok" not in out.split():
        return 'exec "$@": it drops its arguments or their exit code.', out
    container = containers.create(["sh", "-c", LOOP], **options)
    container.start()
    containers.wait_for("A shell loop", lambda: "ready" in log_of(container), lambda: container)
    container.stop(timeout=15)  # seconds from SIGTERM to SIGKILL
    code = container.wait()["StatusCode"]
    container.remove(force=True, v=True)
    if code == 137:
        return 'exec "$@", or start it by tini: it does not pass SIGTERM on.', ""
    return None


def start_scripts(containers: Containers) -> list[str]:
    """Return the paths of the `start` in the image: none or one, as a rule."""
    env = containers.variables
    places = [env["R2D_ENTRYPOINT"]] if env.get("R2D_ENTRYPOINT") else []
    places += [f"{env['REPO_DIR']}/start"] if env.get("REPO_DIR") else []
    there = ["-c", 'test -x "$0"']
    return [p for p in places if containers.run([*there, p], entrypoint=["sh"])[0] == 0]


@row("B6 K4 D8")
def not_root(containers: Containers) -> str:
    """The image's user is not root, its uid 1000."""
    user = containers.config.get("User") or ""
    if user.partition(":")[0] in ("", "0", "root"):
        raise Failed(f"The image's USER is '{user}', that is root: {RULE}.")
    code, out = containers.run(["sh", "-c", "id -u; id -un"], user=None)
    if "1000" not in out.split():
        raise Failed(f"The image's USER '{user}' has uid {tail(out, 2).split()[0]}: {RULE}.", out)
    if code:
        text = "add a user by `useradd --uid 1000`: /etc/passwd has none of that uid"
        raise Failed(f"{containers.place('postBuild')}, {text}.", out, "user")
    return f"USER {user}"


@row("K20")
def programs_on_path(containers: Containers) -> str:
    """python3 and bash are on PATH."""
    for command in (["python3", "--version"], ["bash", "-c", "true"]):
        code, out = containers.run(command)
        if code:
            text = f"`{command[0]}` does not run, but hubs wrap the start command in it"
            raise Failed(f"{text}: install it on the PATH that ENV gives.", out)
    return ""


@row("K1 K11")
def same_major(containers: Containers) -> str:
    """Hub and single-user server are of one major."""
    major = containers.settings.jupyterhub_major
    remedy = f"install 'jupyterhub=={major}.*' in the image"
    code, out = containers.run(["jupyterhub-singleuser", "--version"])
    version = re.findall(r"^\d+\.\S+$", out, re.MULTILINE)
    if code or not version:
        text = "`jupyterhub-singleuser`, which every hub runs, is missing or broken"
        raise Failed(f"{text}: {remedy}.", out)
    if version[-1].partition(".")[0] != major:
        text = f"jupyterhub is {version[-1]} in the image, {HUB} on the hub"
        raise Failed(f"{text}, which leads to login loops: {remedy}.", row="K11")
    return f"hub {HUB}, single-user {version[-1]}"


@row("K7 K10 K5")
def nothing_in_home(containers: Containers) -> str:
    """An empty home hides no package and no kernel."""
    containers.prepare_home()
    containers.listing, out = containers.listed()
    if not containers.listing:
        raise Failed("The image's python3 cannot list its packages.", out, "K20")
    seen, out = containers.listed(home=True)
    remedy = f"below {containers.settings.home_dir}, where a hub mounts an empty volume: install"
    if not seen:
        raise Failed(f"python3 itself stands {remedy} it elsewhere, as in /opt.", out)
    for tool, (name, what) in HIDDEN.items():
        before, after = containers.listing[tool], seen[tool]
        if hidden := sorted(each for each in before if before[each] != after.get(each)):
            names = ", ".join(hidden[:10]) + (" ..." if len(hidden) > 10 else "")
            text = f"{what} in $HOME: {names} stand {remedy} them elsewhere, as in /opt"
            raise Failed(f"{text}, and without --user.", row=name)
    return f"{len(seen['pip'])} packages, kernels {', '.join(sorted(seen['kernels'])) or '?'}"


@row("C8")
def start_outside_home(containers: Containers) -> str:
    """An empty home does not hide `start`."""
    for place in start_scripts(containers):
        if PurePosixPath(place).is_relative_to(containers.settings.home_dir):
            text = f"{place} never runs on a hub, whose volume hides {containers.settings.home_dir}"
            raise Failed(f"{text}: build with --target-repo-dir /srv/repo.")
        return str(place)
    return "no start script"


@row("B2 B3 B4 B8")
def binder_starts(containers: Containers) -> str:
    """Binder starts it, without a volume."""
    token, path = secrets.token_hex(16), f"/user/check-{containers.run_id}/"
    # BinderHub's arguments: jupyterhub/binderhub, binderhub/binderspawner_mixin.py, get_args()
    options = {"base_url": path, "token": token, "trust_xheaders": True}
    options["default_url"] = containers.settings.default_url
    command = ["python3", "-c", inside.source("binder_start"), "--ip=0.0.0.0", f"--port={PORT}"]
    for app in ("NotebookApp", "ServerApp"):
        command += [f"--{app}.{key}={value}" for key, value in options.items()]
    container = containers.create(
        command, ports={f"{PORT}/tcp": (containers.addresses.publish, None)}
    )
    container.start()
    started, user = time.monotonic(), session(token)

    def answers() -> bool:
        container.reload()
        if container.status != "running":
            return False
        return user.get(f"{containers.url(container)}{path}api/status", timeout=10).ok

    try:
        containers.wait_for("Binder's start command", answers, lambda: container)
    except Failed as failed:
        if "cannot import jupyterlab" in failed.log:
            text = "The python3 on PATH, which Binder asks, cannot import jupyterlab: install it"
            text += " and notebook in that environment, or put the right python3 first on PATH."
            failed.row, failed.text = "B3", text
        raise
    _used_on_binder(containers, container, f"{containers.url(container)}{path}", user)
    container.remove(force=True, v=True)
    tree = "" if {"notebook", "nbclassic"} & set(containers.listing["pip"]) else NO_TREE
    return f"ready after {time.monotonic() - started:.1f} s{tree}"


def _used_on_binder(
    containers: Containers, container: Container, url: str, user: requests.Session
) -> None:
    """Use a server whose home is the image's own: raises Failed if a kernel, saving or settings do not work."""
    server: Any = SimpleNamespace(containers=containers, url=url, session=user)
    server.logs = lambda: log_of(container)
    named = user.get(f"{url}api/status", headers={"Host": "hub.example.org"}, timeout=60)
    if not named.ok:  # what is asked otherwise has the number of an address
        text = f"set no allow_remote_access: by a name the server answers {named.status_code}"
        raise Failed(f"{containers.place('start')}, {text}.", log_of(container))
    Kernel(server, next(iter(Person(server).kernelspecs))).run("")
    models = {"api/contents/check.txt": {"type": "file", "format": "text", "content": ""}}
    if "jupyterlab" in containers.listing["pip"]:
        models[THEMES] = {"raw": "{}"}
    answers = {path: user.put(url + path, json=model, timeout=60) for path, model in models.items()}
    wrong = [f"{path} answers {each.status_code}" for path, each in answers.items() if not each.ok]
    _, closed = container.exec_run(["sh", "-c", CLOSED])
    assert isinstance(closed, bytes)  # it is no stream
    wrong += closed.decode(errors="replace").splitlines()
    if wrong:
        text = f"chown the home and {containers.start_folder} to uid 1000: without a hub's volume"
        text = f"{containers.place('postBuild')}, {text} people cannot save: {wrong[0]}"
        raise Failed(f"{text}.", log_of(container), "B8")
