"""What a person at the server sees: asked once, in one terminal and one kernel, for many rows."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from hub_image import inside
from hub_image.check.containers import Containers, archive
from hub_image.check.hub import Hub
from hub_image.check.report import Failed
from hub_image.check.talk import Kernel, Silent, run_in_terminal
from hub_image.check.web import Web

FOLDER = "/.hub-image-check"  # in the container: the programs and the wheel
# As whoever runs the hub adds an authority: to the system's, and to every other list of the world's.
# A list of a few is no such: what the build alone needed must not stay.
TRUST = f"""
echo "$0" >> /etc/hosts
if command -v update-ca-certificates; then
    mkdir -p /usr/local/share/ca-certificates
    cp {FOLDER}/ca.crt /usr/local/share/ca-certificates/hub-image-check.crt
    update-ca-certificates
fi
for list in $(find / -xdev -type f '(' -name 'ca-*.crt' -o -name '*ca-bundle*' -o -name 'c*ert.pem' ')'); do
    if [ "$(grep -c BEGIN "$list")" -gt 50 ]; then cat {FOLDER}/ca.crt >> "$list"; fi
done
"""


class Person:
    """A person who uses a hub's server.

    Attributes:
        hub: the hub, whose server runs.
        kernel: the kernel of Python that people get first; None where there is none.
        installed: the path of what pip installed in a terminal, as that kernel imports it.
    """

    def __init__(self, hub: Hub) -> None:
        self.hub, self.installed = hub, ""
        self.kernel: Kernel | None = None

    @property
    def containers(self) -> Containers:
        """Those of this run."""
        return self.hub.containers

    @cached_property
    def web(self) -> Web:
        """A web server whose certificate the user's server trusts from now on."""
        web = Web(self.containers.addresses)
        self.hub.container.put_archive("/", archive(web.files, FOLDER[1:]))
        self.hub.run(["sh", "-c", TRUST, web.line], user="0")
        return web

    @cached_property
    def _kernels(self) -> dict[str, Any]:
        return dict(self.hub.session.get(f"{self.hub.url}api/kernelspecs", timeout=60).json())

    @property
    def default_kernel(self) -> str:
        """What the server calls its default kernel, whether it is there or not."""
        return str(self._kernels["default"])

    @cached_property
    def kernelspecs(self) -> dict[str, Any]:
        """The server's kernels by name, the one that people get first before the others."""
        specs, first = self._kernels["kernelspecs"], self.default_kernel
        return {name: specs[name]["spec"] for name in sorted(specs, key=lambda n: (n != first, n))}

    def first_kernel(self, language: str) -> str:
        """Return the name of a language's kernel, the default one if it is of that language."""
        specs = self.kernelspecs.items()
        return next((name for name, spec in specs if spec["language"].lower() == language), "")

    @cached_property
    def in_terminal(self) -> dict[str, Any]:
        """What `inside/person.py` tells in a terminal; raises Failed if none opens or has no python3."""
        address = self.web.url
        if self.proxied:  # that is no way there
            address += f" {self.web.host}"
        # the quotes keep the shell's echo of the line apart from the answer
        line = f'python3 {FOLDER}/person.py {address} || echo "CH"ECK "{{}}"'
        try:
            shown = run_in_terminal(self.hub, line, r"^CHECK .*\n")
        except Silent as silent:
            shell = self.containers.variables.get("SHELL", "sh")
            remedy = (
                f"install its shell, {shell}, and jupyter_server_terminals, or mend its profile"
            )
            silent.row = "terminal"
            silent.text = f"{self.containers.place('apt.txt')}, {remedy}: {silent.text}"
            raise
        if seen := inside.answer(shown.replace("\r", "")):
            return seen
        text = (
            "keep the PATH of ENV in login shells, as in /etc/profile.d: a terminal has no python3."
        )
        raise Failed(f"{self.containers.place('postBuild')}, {text}", shown, "terminal")

    @cached_property
    def in_kernel(self) -> dict[str, Any]:
        """What it tells in the first kernel of Python; nothing where there is none."""
        _ = self.web  # brings the program
        if not (name := self.first_kernel("python")):
            return {}
        self.kernel = Kernel(self.hub, name)
        return self.ask("person", [])

    def ask(self, program: str, *arguments: list[str]) -> dict[str, Any]:
        """Run a program of `inside/` in that kernel; return what it tells; raises Silent."""
        assert self.kernel is not None
        call = f"import runpy; runpy.run_path('{FOLDER}/{program}.py')['tell']"
        printed = self.kernel.run(f"{call}(*{json.dumps(arguments)})")
        if answer := inside.answer(printed):
            return answer
        text = "let nothing at its start print to the kernel of Python or stop it: it cannot run a program"
        raise Failed(f"{self.containers.place('postBuild')}, {text}.", printed, "kernels")

    @property
    def proxied(self) -> bool:
        """Whether this machine's Docker gives containers a proxy of its own."""
        return any(name.lower().endswith("_proxy") for name in self.hub.own_variables)

    @property
    def keeps_installed(self) -> bool:
        """Whether pip installs into the home volume."""
        homes = self.containers.settings.homes
        return any(PurePosixPath(self.installed).is_relative_to(home) for home in homes)

    @property
    def seen(self) -> dict[str, dict[str, Any]]:
        """Both answers, by where they were given."""
        return {"terminal": self.in_terminal, "kernel": self.in_kernel or self.in_terminal}

    def stop(self) -> None:
        """End the web server, if there is one."""
        if "web" in self.__dict__:
            self.web.stop()
