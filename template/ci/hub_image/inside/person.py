"""Tell what a person's process sees, in a terminal or a kernel of the server, as one marked line.

It runs in the image: standard library only, and no newer than Python 3.8. A terminal's command gives
the address of the check's own HTTPS server: then it runs what people run there, too.
"""

import json
import locale
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAMS = ("python3", "pip", "jupyter", "git")
# Variables that name a folder into which programs write.
FOLDERS = """TMPDIR XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME IPYTHONDIR JUPYTER_CONFIG_DIR JUPYTER_DATA_DIR
JUPYTERLAB_SETTINGS_DIR JUPYTERLAB_WORKSPACES_DIR MPLCONFIGDIR"""
WHEEL = "hub_image_check-1-py3-none-any.whl"  # lies beside this program, and on that server
OPEN = "import sys, urllib.request as r; r.urlopen(sys.argv[1], timeout=60)"
PREFIX = "import os, sys; print(os.path.realpath(sys.prefix))"
COMMIT = """cd "$0" && git init --quiet new && cd new && git config --global hub-image-check.works yes &&
git -c user.name=me -c user.email=me@localhost commit --quiet --allow-empty --message one"""
PIP = ["--disable-pip-version-check", "--no-deps"]


def umask() -> int:
    """Return the umask, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def unfit() -> "dict[str, str]":
    """Return what programs cannot use: the names of folders and variables, with the reason."""
    found = {}
    folders = {name: os.environ[name] for name in FOLDERS.split() if os.environ.get(name)}
    for name, folder in {"/tmp": "/tmp", **folders}.items():
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            found[name] = str(error)
    zone = os.environ.get("TZ", "").lstrip(":")
    if "/" in zone and not Path("/usr/share/zoneinfo", zone).exists():
        found["TZ"] = "there is no time zone " + zone
    for encoding in (locale.getpreferredencoding(False), sys.stdout.encoding):
        if encoding and encoding.lower() not in ("utf-8", "utf8"):
            found["LANG"] = "text is written as " + encoding
    return found


def run_all(commands: "dict[str, list[str]]") -> "dict[str, list[object]]":
    """Run commands, all at once; return the exit code and the output of each."""
    running = {}
    results = {}  # type: dict[str, list[object]]
    for name, command in commands.items():
        try:
            running[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
        except OSError as error:
            results[name] = [127, str(error)]
    for name, process in running.items():
        out = process.communicate()[0].decode(errors="replace")
        results[name] = [process.returncode, out[-3000:]]
    return results


def commands(address: str) -> "dict[str, list[str]]":
    """Return what people run in a terminal, by names for it."""
    beside = str(Path(__file__).with_name(WHEEL))
    folder = tempfile.mkdtemp()
    download = ["pip", "download", *PIP, "--dest", folder, "--retries", "2", "--index-url"]
    settings = str(run_all({"pip": ["pip", "config", "list"]})["pip"][1])
    index = re.findall(r"\.index-url='(.*)'", settings)[-1:]
    return {
        "index": [sys.executable, "-c", OPEN, *(index or [address + "/simple/"])],
        "whoami": ["whoami"],
        "jupyter": ["jupyter", "kernelspec", "list", "--json"],
        "install": ["pip", "install", *PIP, "--no-index", beside],
        "pip": [*download, address + "/simple", "hub-image-check"],
        "python": [sys.executable, "-c", OPEN, address + "/simple/"],
        "its": ["python", "-c", PREFIX],
        "commit": ["sh", "-c", COMMIT, folder],
        "git": ["git", "clone", "--depth", "1", address + "/repo", folder + "/repo"],
    }


def tell(arguments: "list[str]") -> None:
    """Print all of it; given an address, and a host that no proxy leads to, run commands as well."""
    answer = {
        "env": {name: value for name, value in os.environ.items() if name.lower() != "path"},
        "cwd": str(Path.cwd()),
        "groups": os.getgroups(),
        "pip": os.path.realpath(shutil.which("pip") or "/"),
        "prefix": os.path.realpath(sys.prefix),
        "programs": {name: shutil.which(name) for name in PROGRAMS},
        "uid": os.getuid(),
        "umask": umask(),
        "unfit": unfit(),
    }
    if arguments:
        for host in arguments[1:]:
            os.environ.update(no_proxy=host, NO_PROXY=host)
        answer["ran"] = run_all(commands(arguments[0]))
    print("\nCHECK " + json.dumps(answer), flush=True)


if __name__ == "__main__":
    tell(sys.argv[1:])
