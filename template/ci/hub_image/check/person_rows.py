"""Rows of the first minutes at the server: a terminal, saving, the user, a restart."""

from __future__ import annotations

import contextlib
import json
import re
import time
from pathlib import PurePosixPath

from docker.errors import NotFound

from hub_image.check.containers import MEMORY, memory_of
from hub_image.check.network_rows import raise_unreached
from hub_image.check.person import Person
from hub_image.check.report import Failed, row
from hub_image.check.talk import Kernel

NOTEBOOK = "hub-image-check.ipynb"
CONTENT = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
LIVES = 60  # seconds that a server must at least stay, after it was ready
DIED = re.compile(
    r"^.*\| (?:extension failed (?:loading|linking)|error (?:linking|loading|adding) extension"
    r"(?! \(enabled: False)).*$",
    re.MULTILINE,
)
UNFIT = {
    "/tmp": "`chmod 1777 /tmp`",
    "LANG": "set LANG=C.UTF-8, and neither LC_ALL nor PYTHONIOENCODING",
    "TZ": "install tzdata, or set no TZ",
}
IMPORT = "import hub_image_check; print('from', hub_image_check.__file__)"


@row("save K9")
def saved_in_home(person: Person) -> str:
    """What people save goes to the home volume."""
    containers, hub = person.containers, person.hub
    homes, start = containers.settings.homes, containers.start_folder
    model = {"type": "notebook", "content": CONTENT}
    answer = hub.session.put(f"{hub.url}api/contents/{NOTEBOOK}", json=model, timeout=60)
    place = containers.place("start")
    if not answer.ok:
        text = f"let WORKDIR be {homes[0]}, or chown it to uid 1000: saving a notebook in {start}"
        raise Failed(f"{place}, {text} answers {answer.status_code}.", hub.logs(), "K9")
    exported = hub.session.get(f"{hub.url}nbconvert/html/{NOTEBOOK}", timeout=60)
    if not exported.ok:
        text = "install nbconvert again, with its templates: exporting a notebook as HTML answers"
        raise Failed(f"{place}, {text} {exported.status_code}.", hub.logs())
    paths = " ".join(f"{home}{below}/{NOTEBOOK}" for home in homes for below in ("", "/*", "/*/*"))
    code, found = hub.run(
        ["sh", "-c", f"for f in {paths}; do [ ! -e $f ] || exec echo $f; done; exit 1"]
    )
    if code:
        text = f"let WORKDIR be {homes[0]} and set no root_dir of the server elsewhere: what people"
        raise Failed(f"{place}, {text} save in {start} is lost when the server stops.", hub.logs())
    for where, seen in person.seen.items():
        if (home := seen["env"].get("HOME", "")).rstrip("/") not in homes:
            text = f"let HOME be {homes[0]}, where the hub mounts the volume: in a {where}"
            raise Failed(f"{place}, {text} it is '{home}'.")
        if where == "kernel" and not any(
            PurePosixPath(seen["cwd"]).is_relative_to(h) for h in homes
        ):
            text = f"change no folder at a kernel's start: what a cell writes goes to {seen['cwd']}"
            raise Failed(f"{place}, {text} and is lost when the server stops.")
    return str(PurePosixPath(found).parent)


@row("terminal")
def terminal_works(person: Person) -> str:
    """A terminal opens; its Python and pip are the kernel's."""
    terminal, kernel = person.in_terminal, person.in_kernel
    ran, programs = terminal["ran"], terminal["programs"]
    login = f"{person.containers.place('postBuild')}, keep the PATH of ENV in login shells, as in"
    login = f"{login} /etc/profile.d: in a terminal"
    if not kernel:
        return "no kernel is of Python"
    if terminal["prefix"] != kernel["prefix"]:
        text = f"python3 is {programs['python3']}, of {terminal['prefix']}"
        raise Failed(f"{login} {text}, in a kernel it is of {kernel['prefix']}.")
    for name in ("pip", "jupyter"):
        if not programs[name]:
            raise Failed(f"{login} there is no {name}; or install it in {terminal['prefix']}.")
    if ran["its"][0] != 127 and ran["its"][1].strip() != kernel["prefix"]:
        text = f"`python` is none of {kernel['prefix']}, as a kernel's and python3 are"
        raise Failed(f"{login} {text}.", ran["its"][1])
    if terminal["pip"] != kernel["pip"]:
        text = f"name the same pip first in PATH, by ENV and in kernel.json: `!pip` of a cell is {kernel['programs']['pip']}"
        raise Failed(f"{person.containers.place('postBuild')}, {text}, not {programs['pip']}.")
    listed = re.search(r"(?s)\{.*\}", ran["jupyter"][1])
    names = set(json.loads(listed[0])["kernelspecs"]) if not ran["jupyter"][0] and listed else set()
    if (first := person.first_kernel("python")) not in names:
        text = f"{programs['jupyter']} does not know '{first}', a kernel of the server's"
        raise Failed(f"{login} {text}.", ran["jupyter"][1])
    if ran["install"][0] and re.search("certif|ssl", ran["install"][1], re.IGNORECASE):
        raise_unreached(person, "install")  # without certificates pip may fail even here
    if ran["install"][0]:
        text = "let uid 1000 install packages, into an environment of its own or by `pip install --user`"
        text += f": `{programs['pip']} install` fails in a terminal"
        raise Failed(f"{person.containers.place('postBuild')}, {text}.", ran["install"][1])
    assert person.kernel is not None
    printed = person.kernel.run(IMPORT)
    person.installed = printed.removeprefix("from ").strip()
    if not printed.startswith("from "):
        text = f"{programs['pip']} installs what no kernel of {kernel['prefix']} can import"
        raise Failed(f"{login} {text}.", printed + ran["install"][1])
    lasts = "is kept" if person.keeps_installed else "lasts until the server stops"
    return f"{terminal['prefix']}; what pip installs {lasts}"


@row("user K4 K5")
def user_is_whole(person: Person) -> str:
    """The user has a name, group 100 and /tmp."""
    make = f"{person.containers.place('postBuild')},"
    for where, seen in person.seen.items():
        where, uid = f"in a {where}", seen["uid"]
        if uid != 1000:
            raise Failed(
                f"{make} change no user in ENTRYPOINT: {where} the uid is {uid}, not 1000.",
                row="K4",
            )
        if 100 not in seen["groups"]:
            text = (
                f"keep the groups that a hub gives: {where} they are {seen['groups']}, without 100"
            )
            raise Failed(f"{make} {text}, which may write to the home.", row="K5")
        for name, why in seen["unfit"].items():
            remedy = UNFIT.get(name, f"set {name} to what uid 1000 may write to, or not at all")
            raise Failed(f"{make} {remedy}: {where}, {why}.")
        if seen["umask"] & 0o700 or not seen["umask"] & 0o002:
            text = f"set umask 022 or 002: {where} it is {seen['umask']:03o}"
            raise Failed(f"{make} {text}, so files are closed to their owner or open to all.")
    code, out = person.in_terminal["ran"]["whoami"]
    if code:
        raise Failed(f"{make} mend /etc/passwd, or install coreutils: `whoami` fails.", out)
    return f"{out.strip()}, umask {person.in_terminal['umask']:03o}"


@row("alive K13")
def server_lives(person: Person) -> str:
    """The server and its kernel are still there."""
    hub, server = person.hub, person.hub.container
    while True:
        lived = time.monotonic() - hub.ready_at
        with contextlib.suppress(NotFound):  # then the hub does not call it ready
            server.reload()
        if server.attrs["State"].get("OOMKilled"):
            raise Failed(f"The server, in use, needs {MEMORY}", hub.logs(), "K13")
        if server.status != "running" or not hub.is_ready():
            text = "remove the extension or setting (as shutdown_no_activity_timeout) that ends the"
            raise Failed(
                f"{person.containers.place('start')}, {text} server after {lived:.0f} s.",
                hub.logs(),
            )
        if lived >= LIVES:
            break
        time.sleep(1)
    if died := DIED.search(hub.logs_of_server()):
        text = f"mend or remove a server extension that does not load: {died[0].strip()}"
        raise Failed(f"{person.containers.place('requirements.txt')}, {text}", hub.logs())
    if person.kernel and "alive" not in (printed := person.kernel.run("print('alive')")):
        text = f"The kernel that was in use for {lived:.0f} s prints {printed!r}."
        raise Failed(text, hub.logs(), "kernels")
    return f"after {lived:.0f} s, with {memory_of(server):.0f} MB of memory"


@row("restart K7")
def work_is_kept(person: Person) -> str:
    """After stop and start the work is there."""
    hub, place = person.hub, person.containers.place("start")
    hub.restart()
    answer = hub.session.get(f"{hub.url}api/contents/{NOTEBOOK}", timeout=60)
    if not answer.ok:
        text = f"empty or move nothing in the home at start: the notebook saved there, {NOTEBOOK}, is gone"
        raise Failed(f"{place}, {text} after a restart ({answer.status_code}).", hub.logs())
    if not person.keeps_installed:
        return "the notebook"
    kernel = Kernel(hub, person.first_kernel("python"))
    printed = kernel.run(IMPORT)
    if not printed.startswith("from "):
        text = (
            f"change nothing in the home at start: what pip had installed there, {person.installed}"
        )
        raise Failed(f"{place}, {text}, cannot be imported after a restart.", printed)
    return "the notebook, the package"
