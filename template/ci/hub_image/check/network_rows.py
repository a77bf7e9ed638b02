"""Rows of the network at the server: HTTPS, names, git, nbgitpuller."""

from __future__ import annotations

import re

from hub_image.check.person import Person
from hub_image.check.report import Failed, row, tail

PROXIES = ("http_proxy", "https_proxy", "all_proxy")


@row("network")
def network_works(person: Person) -> str:
    """Git and pip get files over HTTPS; names resolve."""
    make = person.containers.place("postBuild")
    for where, seen in person.seen.items():
        for name, value in seen["env"].items():
            if name.lower() in PROXIES and name not in person.hub.own_variables:
                value = re.sub(r"//[^/@]*@", "//...@", value)  # a password is for nobody
                text = f"remove {name}, a proxy of the build: in a {where} it is '{value}'"
                raise Failed(f"{make}, {text}. Give it by `--build-arg {name}=...`.")
    _names_resolve(person, make)
    ran, done = person.in_terminal["ran"], []
    for name in ("git", "pip", "python"):
        if not person.in_terminal["programs"].get(name, "python"):
            continue  # K19 asks for git where nbgitpuller is
        if ran[name][0]:
            raise_unreached(person, name)
        done.append(name)
    if "git" in done and ran["commit"][0]:
        text = "remove what the build set for git (ENV, /etc/gitconfig): `git commit` fails"
        raise Failed(f"{make}, {text}.", ran["commit"][1])
    if ran["index"][0] and "HTTP Error" not in ran["index"][1] and not person.proxied:
        raise_unreached(person, "index")
    return ", ".join(done)


def raise_unreached(person: Person, name: str) -> None:
    """Raise Failed for a command that got nothing over HTTPS."""
    out, what = person.in_terminal["ran"][name][1], "pip" if name in ("install", "index") else name
    text = (
        f"install ca-certificates, and remove what the build set for {what} (certificates, proxy,"
    )
    text = f"{person.containers.place('apt.txt')}, {text} index: ENV, /etc/gitconfig, pip.conf)"
    raise Failed(f"{text}: over HTTPS {what} gets nothing: {tail(out, 1)}", out, "network")


def _names_resolve(person: Person, make: str) -> None:
    """Look up a name that only a DNS server knows: that of the container in a network of its own."""
    containers, name = person.containers, person.containers.name("resolved")
    network = containers.client.networks.create(name, labels=containers.labels)
    program = f"import socket; socket.getaddrinfo('{name}', 80)"
    try:
        code, out = containers.run(["python3", "-c", program], name=name, network=network.name)
    finally:
        network.remove()
    if code:
        text = "let `hosts:` in /etc/nsswitch.conf name dns, and set no RES_OPTIONS: a name that"
        raise Failed(f"{make}, {text} a DNS server knows does not resolve.", out)


@row("K19")
def nbgitpuller_pulls(person: Person) -> str:
    """nbgitpuller, if it is installed, pulls a repository."""
    if "nbgitpuller" not in person.containers.listing["pip"]:
        return "it is not installed; links of nbgitpuller will not work"
    hub, web = person.hub, person.web
    if person.proxied:
        return "it is installed; not tried, as this machine's Docker has a proxy"
    place = person.containers.place("apt.txt")
    if not person.in_kernel.get("programs", {"git": ""})["git"] and person.in_kernel:
        raise Failed(f"{place}, install git: nbgitpuller is installed, but git is not.")
    options = {"repo": f"{web.url}/repo", "branch": "main", "targetpath": "hub-image-check"}
    answer = hub.session.get(
        f"{hub.url}git-pull/api", params=options, timeout=hub.containers.timeout
    )
    if answer.status_code == 404:
        text = "install nbgitpuller again, or enable its server extension: it is installed, but not enabled"
        raise Failed(f"{place}, {text}.", hub.logs())
    if '"phase": "finished"' not in answer.text:
        text = f"{place}, mend git or nbgitpuller, which pulls nothing from {options['repo']}"
        raise Failed(f"{text} (status {answer.status_code}).", answer.text + hub.logs())
    parent = person.seen["kernel"]["env"].get("NBGITPULLER_PARENTPATH", "").strip("/")
    path = f"{parent}/hub-image-check/pulled.txt".lstrip("/")
    pulled = hub.session.get(f"{hub.url}api/contents/{path}", timeout=60)
    if not pulled.ok:
        raise Failed(
            "Let nbgitpuller pull to where the server opens: it pulled elsewhere.", answer.text
        )
    return "pulled over HTTPS"
