"""The commands and options that are known; argparse refuses all others."""

from __future__ import annotations

import argparse
from typing import Any


def parser(program: str) -> argparse.ArgumentParser:
    """Make the parser of a command line."""
    top = argparse.ArgumentParser(program, allow_abbrev=False)
    top.add_argument("--version", "-V", action="store_true")
    commands = top.add_subparsers(dest="command")
    common, change = _common(), _change()
    for name in ("install", "create", "update"):
        _add(commands, name, change).add_argument("specs", nargs="*")
    for name in ("remove", "uninstall"):
        _add(commands, name, common).add_argument("specs", nargs="+")
    env = _add(commands, "env").add_subparsers(dest="env_command", required=True)
    for name in ("update", "create"):
        _add(env, name, change)
    _clean(_add(commands, "clean"))
    packages = _add(commands, "list", common)
    packages.add_argument("pattern", nargs="?")
    packages.add_argument("--json", action="store_true")
    packages.add_argument("--full-name", action="store_true")
    _shells(commands)
    run = _add(commands, "run", common)
    run.add_argument("--no-capture-output", "--live-stream", action="store_true")
    run.add_argument("run", nargs=argparse.REMAINDER)
    _add(commands, "config").add_argument("setting", nargs=argparse.REMAINDER)
    _add(commands, "info", common).add_argument("--base", action="store_true")
    return top


def _add(within: Any, name: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add a command, which knows the options of its parents."""
    added: argparse.ArgumentParser = within.add_parser(name, parents=parents, allow_abbrev=False)
    return added


def _common() -> argparse.ArgumentParser:
    """Make the options of whatever works on an environment."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("-p", "--prefix")
    common.add_argument("-n", "--name")
    common.add_argument("-r", "--root-prefix")
    common.add_argument("-y", "--yes", action="store_true")
    common.add_argument("-q", "--quiet", action="store_true")
    return common


def _change() -> argparse.ArgumentParser:
    """Make the options of whatever installs packages."""
    change = argparse.ArgumentParser(add_help=False, parents=[_common()])
    change.add_argument("-f", "--file", action="append", default=[])
    change.add_argument("-c", "--channel", action="append")
    change.add_argument("--override-channels", action="store_true")
    change.add_argument("--strict-channel-priority", action="store_true")
    change.add_argument("--channel-priority")
    change.add_argument("--no-deps", action="store_true")
    return change


def _clean(clean: argparse.ArgumentParser) -> None:
    """Add the options of `clean`, which has nothing to do here."""
    for word in ("all", "packages", "index-cache", "tarballs", "locks"):
        clean.add_argument(f"-{word[0]}", f"--{word}", action="store_true")
    clean.add_argument("-f", "--force-pkgs-dirs", action="store_true")
    clean.add_argument("-y", "--yes", action="store_true")
    clean.add_argument("-q", "--quiet", action="store_true")


def _shells(commands: Any) -> None:
    """Add the commands by which shells activate environments."""
    shell = _add(commands, "shell")
    shell.add_argument("action", choices=["hook"])
    shell.add_argument("-s", "--shell", choices=["bash", "posix", "zsh"])
    shell.add_argument("-r", "--root-prefix")
    for dialect in ("shell.bash", "shell.posix", "shell.zsh"):
        _add(commands, dialect).add_argument("action", choices=["hook"])
    activate = _add(commands, "stand-in-activate")
    activate.add_argument("environment", nargs="?", default="base")
    activate.add_argument("--stack", action="store_true")
