"""What each command does."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from conda_standin import arguments, output
from conda_standin.environments import VERSIONS, install, make, pip
from conda_standin.specs import Problem, Wanted, read_file


def root_prefix(given: str | None) -> Path:
    """Find the root prefix: given, or the one this program lies in, or $MAMBA_ROOT_PREFIX."""
    here = Path(sys.argv[0]).resolve().parent.parent
    if given:
        return Path(given)
    if (here / "conda-meta").is_dir():
        return here
    if os.environ.get("MAMBA_ROOT_PREFIX"):
        return Path(os.environ["MAMBA_ROOT_PREFIX"])
    raise Problem("no root prefix: set MAMBA_ROOT_PREFIX, or give --root-prefix")


def named(root: Path, name: str) -> Path:
    """Find an environment that is given by its name, or by its path."""
    if os.sep in name:
        return Path(name)
    return root if name == "base" else root / "envs" / name


def target(options: argparse.Namespace, root: Path, default_name: str | None = None) -> Path:
    """Find the environment that a command works on."""
    if options.prefix and options.name:
        raise Problem("give a prefix or a name, not both")
    if options.prefix:
        return Path(options.prefix).absolute()
    name: str | None = options.name or default_name
    if name:
        return named(root, name)
    if os.environ.get("CONDA_PREFIX"):
        return Path(os.environ["CONDA_PREFIX"])
    if program() == "micromamba":
        raise Problem("No target prefix specified: activate an environment, or give -n or -p")
    return root


def program() -> str:
    """Say which of the three it was called as."""
    return Path(sys.argv[0]).name


def change(options: argparse.Namespace, root: Path) -> None:
    """Do install, update, create, env update or env create, which differ little."""
    env_command = getattr(options, "env_command", None)
    wanted, folder = Wanted(list(getattr(options, "specs", []))), None
    for file in options.file:
        wanted.add(read_file(Path(file)))
        folder = Path(file).absolute().parent
    prefix = target(options, root, wanted.name if env_command == "create" else None)
    if "create" in (options.command, env_command):
        _make_room(prefix, root)
    elif not (prefix / "conda-meta").is_dir() and prefix != root:
        raise Problem(f"EnvironmentLocationNotFound: Not a conda environment: {prefix}")
    if not (prefix / "bin/python3").exists():
        make(prefix)
    specs = "..." if wanted.explicit else " ".join(wanted.specs)
    print(f"stand-in: {program()} changes {prefix}: {specs}")
    install(prefix, wanted, folder, no_deps=options.no_deps)


def _make_room(prefix: Path, root: Path) -> None:
    """Take away the environment that a new one replaces."""
    if prefix == root and root.is_dir():
        raise Problem("Overwriting root prefix is not permitted")
    if (prefix / "conda-meta").is_dir():
        shutil.rmtree(prefix)
    elif prefix.is_dir() and any(prefix.iterdir()):
        raise Problem(f"Non-conda folder exists at prefix: {prefix}")


def remove(options: argparse.Namespace, root: Path) -> None:
    """Remove packages that conda knows."""
    prefix = target(options, root)
    for spec in options.specs:
        files = list((prefix / "conda-meta").glob(f"{spec}-[0-9]*.json"))
        if not files:
            raise Problem(f"PackagesNotFoundError: {spec} is not in {prefix}")
        for file in files:
            file.unlink()
    pip(prefix, "uninstall", "--yes", *options.specs, own=False)


def run(options: argparse.Namespace, root: Path) -> None:
    """Become a program of an environment."""
    prefix = target(options, root)
    os.environ |= {"PATH": f"{prefix}/bin:{os.environ['PATH']}", "CONDA_PREFIX": str(prefix)}
    os.execvp(options.run[0], options.run)


def show_list(options: argparse.Namespace, root: Path) -> None:
    """Print the packages of an environment."""
    prefix = target(options, root)
    print(
        output.listing(prefix, options.pattern, as_json=options.json, full_name=options.full_name)
    )


def show_info(options: argparse.Namespace, root: Path) -> None:
    """Print where the base environment is."""
    print(root if options.base else f"base environment : {root}")


def show_hook(options: argparse.Namespace, root: Path) -> None:
    """Print the code that a shell evaluates to know `activate`."""
    print(output.hook(program(), root))


def show_activation(options: argparse.Namespace, root: Path) -> None:
    """Print the code that a shell evaluates to activate an environment."""
    prefix = named(root, options.environment)
    print(output.activation(prefix, options.environment, stack=options.stack))


COMMANDS: dict[str, Callable[[argparse.Namespace, Path], None]] = {
    "info": show_info,
    "list": show_list,
    "remove": remove,
    "run": run,
    "shell": show_hook,
    "shell.bash": show_hook,
    "shell.posix": show_hook,
    "shell.zsh": show_hook,
    "stand-in-activate": show_activation,
    "uninstall": remove,
}


def do(given: list[str]) -> None:
    """Do what one command line asks.

    Raises:
        Problem: it cannot be done.
    """
    if program() not in VERSIONS:
        raise Problem(f"called as {program()}, but this stands in for {', '.join(VERSIONS)}")
    if given and given[0] in ("activate", "deactivate"):
        raise Problem(f"'{program()}' is a subprocess: {given[0]} needs the shell hook")
    options = arguments.parser(program()).parse_args(given)
    if options.version:
        print(f"conda {VERSIONS['conda']}" if program() == "conda" else VERSIONS[program()])
    elif not options.command:
        raise Problem("what shall be done? No command was given")
    elif options.command == "config":
        print(f"stand-in: channels and settings have no use here: {' '.join(options.setting)}")
    elif options.command != "clean":  # there is nothing to clean
        root = root_prefix(getattr(options, "root_prefix", None))
        COMMANDS.get(options.command, change)(options, root)


def main() -> None:
    """Do it, or print why not and fail."""
    try:
        do(sys.argv[1:])
    except Problem as problem:
        print(f"error    {program()} (stand-in): {problem}", file=sys.stderr)
        sys.exit(1)
