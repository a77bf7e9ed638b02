"""Rows of the kernels: each runs a cell, and has the packages that the repository asks for."""

from __future__ import annotations

import json
import re
from typing import Any

from hub_image.check.asked import Asked
from hub_image.check.person import Person
from hub_image.check.report import Failed, row
from hub_image.check.talk import Kernel, Silent

# What prints "check 42 é", by language. A kernel of another one only has to introduce itself.
CELLS = {
    "bash": "echo check $((6 * 7)) é",
    "julia": 'println("check ", 6 * 7, " é")',
    "python": 'print("check", 6 * 7, "é")',
    "r": 'cat("check", 6 * 7, "é")',
}
# What shows a plot, or prints that nothing there can.
PLOTS = {
    "python": """import importlib.util
if importlib.util.find_spec("matplotlib"):
    from matplotlib import pyplot
    pyplot.plot([1, 2])
    pyplot.show()
else:
    print("check without")""",
    "r": "plot(1)",
}
SHOWN = "image/|widget|check without"
# What prints "absent" and the names that cannot be loaded, of those in brackets. conda writes R's in lower case.
ABSENT = {
    "r": "known <- rownames(installed.packages()); for (name in c({})) {{"
    " real <- known[tolower(known) == tolower(name)];"
    ' if (!length(real) || !requireNamespace(real[1], quietly = TRUE)) cat("absent", name, "\\n") }}',
    "julia": 'for name in [{}]; Base.find_package(name) === nothing && println("absent ", name); end',
}
WIDGETS = '"@jupyter-widgets/jupyterlab-manager"'
# In the error of a package that wants a GPU or a display: here is none.
NOT_HERE = ("cuda", "display", "gpu", "nvidia", "nvcc")


@row("kernels K10")
def kernels_run(person: Person) -> str:
    """Every kernel runs a cell."""
    hub = person.hub
    if not person.kernelspecs:
        raise Failed("The server has no kernel: install one, as ipykernel.", hub.logs())
    # python3 is what a server without Python calls its default kernel, too
    if person.default_kernel not in {*person.kernelspecs, "python3"}:
        text = f"set no default_kernel_name: there is no kernel '{person.default_kernel}'"
        raise Failed(f"{person.containers.place('start')}, {text}.", hub.logs())
    for name, spec in person.kernelspecs.items():
        print(f"{name} ", end="", flush=True)
        language = spec["language"].lower()
        wanted = {CELLS.get(language, ""): "check 42 é", PLOTS.get(language, ""): SHOWN}
        try:
            kernel = Kernel(hub, name)
            printed = {cell: kernel.run(cell) for cell in wanted}
            kernel.stop()
        except Silent:
            _raise_if_in_home(person, name, spec)
            raise
        for cell, words in wanted.items():
            if cell and not re.search(words, printed[cell]):
                text = (
                    f"set LANG=C.UTF-8 and no MPLBACKEND, and mend the kernel '{name}': it answers"
                )
                text = f"{person.containers.place('postBuild')}, {text} {printed[cell][-300:]!r} to {cell!r}"
                raise Failed(f"{text}.", hub.logs())
    return ""


def _raise_if_in_home(person: Person, name: str, spec: dict[str, Any]) -> None:
    for home in person.containers.settings.homes:
        for part in (*spec["argv"], *spec.get("env", {}).values()):
            if f"{home}/" in part:
                place = person.containers.place("postBuild")
                text = f"make the environment of the kernel '{name}' outside {home}, as in /opt"
                why = f"its {part} lies there, hidden by a hub's empty volume"
                raise Failed(f"{place}, {text}: {why}.", person.hub.logs(), "K10")


@row("packages")
def packages_import(person: Person) -> str:
    """What the repository asks for can be imported."""
    containers, found = person.containers, []
    python = ".".join(map(str, containers.listing["python"]))
    asked = Asked.by(containers.settings.root, python)
    if person.in_kernel and (asked.pip or asked.conda):
        found.append(_import(person, asked))
        if "ipywidgets" in asked.pip + asked.conda:
            _raise_without_widgets(person)
    for language, names in (("r", asked.r), ("julia", asked.julia)):
        if names and (kernel := person.first_kernel(language)):
            running = Kernel(person.hub, kernel)
            printed = running.run(ABSENT[language].format(", ".join(map(json.dumps, names))))
            running.stop()
            if absent := re.findall(r"^absent (\S+)", printed, re.MULTILINE):
                place = containers.place("install.R" if language == "r" else "Project.toml")
                text = f"install {', '.join(absent)} where the kernel '{kernel}' finds it"
                raise Failed(
                    f"{place}, {text}: it cannot load what the repository asks for.", printed
                )
            found.append(f"{len(names)} in {kernel}")
    return ", ".join(found) or "it asks for none"


def _raise_without_widgets(person: Person) -> None:
    """Raise Failed if JupyterLab, where it is there, has not the extension that shows widgets."""
    page = person.hub.session.get(f"{person.hub.url}lab", timeout=60)
    if page.ok and WIDGETS not in page.text:
        text = "install jupyterlab_widgets beside jupyterlab too: the kernel has ipywidgets, JupyterLab"
        raise Failed(f"{person.containers.place('postBuild')}, {text} cannot show them.")


def _import(person: Person, asked: Asked) -> str:
    """Import packages of pip and conda in the kernel of Python; return how many."""
    seen = person.ask("imports", asked.pip, asked.conda)
    place, kernel = person.containers.place("postBuild"), person.first_kernel("python")
    if seen["absent"]:
        text = f"install {', '.join(seen['absent'])}, which the repository asks for, into {seen['prefix']}"
        raise Failed(f"{place}, {text}: there the kernel '{kernel}' runs, and has it not.")
    unfit = {n for n, why in seen["broken"].items() if any(w in why.lower() for w in NOT_HERE)}
    for name, why in seen["broken"].items():
        if name not in unfit:
            text = f"install what {name} needs, in apt.txt for one: the kernel '{kernel}' cannot import it"
            raise Failed(f"{person.containers.place('apt.txt')}, {text}: {why}.")
    note = f", but for {', '.join(sorted(unfit))}, which want a GPU or a display" if unfit else ""
    return f"{seen['imported']} in {kernel}{note}"
