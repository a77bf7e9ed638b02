#!/opt/stand-in/python/bin/python3
"""A stand-in for conda, mamba and micromamba, where conda-forge cannot be reached.

It is installed under those three names, makes real environments (a relocatable CPython of
Debian, complete with the libraries that Python needs, as conda's is) and installs packages of
the same names from PyPI. What it keeps of the real programs:

- which prefix a command changes: ``-p``, ``-n``, then ``$CONDA_PREFIX``, then the root prefix
  that the program itself lies in (micromamba without any of them is an error);
- ``conda-meta/`` with ``history``, ``pinned`` (held to) and one JSON file for each package;
- an environment's Python is never changed: another one asked for is a conflict, and named;
- dependencies are conda's own business (no ``PIP_CONSTRAINT``, which only pip knows), the
  ``pip:`` section is pip's (``PIP_CONSTRAINT`` holds there);
- nothing is swallowed: an unknown sub-command, option, file key or program is an error.

It only ever has the Python that it was built with. Source of the commands that it knows:
repo2docker's ``install-base-env.bash`` and ``activate-conda.sh``, and the recipes of the Jupyter
Docker Stacks, Pangeo and micromamba-docker.
"""

import argparse
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HOME = Path("/opt/stand-in")
sys.path.insert(0, str(HOME / "site"))

import yaml
from packaging.specifiers import SpecifierSet

VERSIONS = {"conda": "25.9.1", "mamba": "2.3.3", "micromamba": "2.3.3"}
PYTHON = "{}.{}.{}".format(*sys.version_info)
PYPI = {  # conda's name: the requirements that bring the same from PyPI
    "dask-core": ["dask"],
    "jupyterhub-base": ["jupyterhub"],
    "jupyterhub-singleuser": ["jupyterhub", "jupyterlab"],
    "matplotlib-base": ["matplotlib"],
    "msgpack-python": ["msgpack"],
    "pytables": ["tables"],
    "python-graphviz": ["graphviz"],
    "pytorch": ["torch"],
}
# What an environment has anyway, or has no use for here.
SKIPPED = {"ca-certificates", "compilers", "c-compiler", "cxx-compiler", "openssl", "pip"}
# Of an explicit list (a lock file of URLs), these are installed, at exactly the locked version.
LOCKED = {
    "ipykernel",
    "ipywidgets",
    "jupyter-offlinenotebook",
    "jupyter-resource-usage",
    "jupyter_server",
    "jupyterhub-singleuser",
    "jupyterlab",
    "nbclassic",
    "nbgitpuller",
    "nodejs",
    "notebook",
    "numpy",
    "pandas",
    "python",
}
NPM = """#!/bin/sh
# A stand-in for npm: it keeps a setting, and can do nothing else.
case "$*" in
    "config --global set "*) shift 3; mkdir -p "$(dirname "$NPM_CONFIG_GLOBALCONFIG")"
        echo "$1=$2" >> "$NPM_CONFIG_GLOBALCONFIG" ;;
    --version) echo 10.0.0 ;;
    *) echo "npm stand-in: do not know: npm $*" >&2; exit 1 ;;
esac
"""


class Problem(Exception):
    """What stops a command: one message for people."""


def requirement(spec):
    """A conda spec as (name, PEP 440 specifier): ``numpy=2.1`` is ``("numpy", "==2.1.*")``."""
    match = re.fullmatch(r"(?:[\w./-]+::)?([\w.-]+)\s*([^\[\]|]*)", spec.strip())
    if not match:
        raise Problem(f"cannot read the spec {spec!r}")
    name, version = match[1].lower(), match[2].strip()
    if not version or version == "*":
        return name, ""
    if re.match(r"[\d.]", version):  # "numpy 2.1 build"
        return name, f"=={version.split()[0]}"
    if re.fullmatch(r"=[^=<>!~,\s]+=[^=<>!~,\s]+", version):  # "numpy=2.1.0=build"
        return name, f"=={version.split('=')[1]}"
    if re.fullmatch(r"=\s*[^=<>!~,\s]+", version):  # "numpy=2.1", "numpy=2.1.*"
        return name, "==" + re.sub(r"(\.\*|\*)$", "", version[1:].strip()) + ".*"
    return name, version.replace(" ", "")


def read_file(path):
    """A file of specs as (specs, pip requirements, is it an explicit list of URLs?)."""
    path = Path(path)
    try:
        text = path.read_text()
    except OSError as error:
        raise Problem(f"cannot read {path}: {error}") from None
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    if "@EXPLICIT" in lines:
        urls = [line for line in lines if "://" in line]
        found = [re.search(r"/([^/]+)-([^-/]+)-[^-/]+\.(?:conda|tar\.bz2)$", url) for url in urls]
        if None in found:
            raise Problem(f"cannot read {urls[found.index(None)]} in {path}")
        wanted = [f"{m[1]}=={m[2]}" for m in found if m[1] in LOCKED - {"python"}]
        wanted += ["python=" + m[2].rsplit(".", 1)[0] for m in found if m[1] == "python"]
        print(f"stand-in: {len(wanted)} of the {len(urls)} packages of {path} matter here")
        return wanted, [], True
    if path.suffix not in (".yml", ".yaml"):
        return [line for line in lines if line], [], False
    data = yaml.safe_load(text) or {}
    unknown = set(data) - {"name", "prefix", "channels", "dependencies", "platforms"}
    if unknown:
        raise Problem(f"do not know {sorted(unknown)} in {path}")
    specs, pip = [], []
    for item in data.get("dependencies") or []:
        if isinstance(item, dict):
            if set(item) != {"pip"}:
                raise Problem(f"do not know {sorted(item)} in {path}")
            pip += item["pip"] or []
        else:
            specs.append(item)
    return specs, pip, False


def make(prefix):
    """A new environment at this path: Python, pip, conda-meta."""
    prefix.mkdir(parents=True, exist_ok=True)
    for folder in (HOME / "python").iterdir():
        shutil.copytree(folder, prefix / folder.name, symlinks=True, dirs_exist_ok=True)
    for script in prefix.glob("bin/pip*"):
        lines = script.read_text().splitlines(keepends=True)
        script.write_text(f"#!{prefix}/bin/python3\n" + "".join(lines[1:]))
    (prefix / "conda-meta").mkdir(exist_ok=True)
    (prefix / "conda-meta/history").touch()
    record(prefix, "python", PYTHON)


def record(prefix, name, version):
    """Write what conda would know of a package, in place of what it knew before."""
    meta = prefix / "conda-meta"
    for old in meta.glob("*.json"):
        if json.loads(old.read_text())["name"] == name:
            old.unlink()
    fact = {
        "name": name,
        "version": version,
        "build": "0",
        "build_number": 0,
        "channel": "conda-forge",
    }
    (meta / f"{name}-{version}-0.json").write_text(json.dumps(fact) + "\n")


def installed(prefix):
    """What lies in the environment's site-packages, as {name: version}."""
    places = [str(place) for place in prefix.glob("lib/python3.*/site-packages")]
    return {
        dist.metadata["Name"].lower(): dist.version
        for dist in importlib.metadata.distributions(path=places)
    }


def pip(prefix, *arguments, own, cwd=None):
    """Run the environment's pip; own: as pip itself (the pip section), not on conda's behalf."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH")}
    environment |= {"PYTHONNOUSERSITE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    if not own:
        for name in ("CONSTRAINT", "NO_DEPS", "REQUIREMENT", "USER", "TARGET", "PREFIX"):
            environment.pop(f"PIP_{name}", None)
    cache = [] if "PIP_CACHE_DIR" in environment else ["--no-cache-dir"]
    command = [prefix / "bin/python3", "-m", "pip", *arguments]
    command[4:4] = ["--no-input", "--root-user-action=ignore", *cache]
    sys.stdout.flush()
    if subprocess.run(command, env=environment, cwd=cwd, check=False).returncode:
        raise Problem(
            "pip failed to install packages" if own else "Could not solve for environment specs"
        )


def extras(prefix, name, spec):
    """Install what is no package of PyPI; True when that was one."""
    if name in SKIPPED:
        print(f"stand-in: nothing to do for {name}")
    elif name == "python":
        if spec and PYTHON not in SpecifierSet(spec):
            raise Problem(
                "Could not solve for environment specs\n"
                "The following packages are incompatible\n"
                f"├─ pin on python {PYTHON} (the environment's own, which is not changed)\n"
                f"└─ python {spec} is requested, and cannot be installed beside it"
            )
    elif name in ("conda", "mamba"):
        for program in ("conda", "mamba"):
            shutil.copy(HOME / "conda_standin.py", prefix / "bin" / program)
            record(prefix, program, VERSIONS[program])
        profile = prefix / "etc/profile.d"
        profile.mkdir(parents=True, exist_ok=True)
        (profile / "conda.sh").write_text(f'eval "$({prefix}/bin/conda shell.posix hook)"\n')
        (profile / "mamba.sh").write_text(f'eval "$({prefix}/bin/mamba shell hook)"\n')
    elif name == "nodejs":
        (prefix / "bin/npm").write_text(NPM)
        (prefix / "bin/npm").chmod(0o755)
    elif (HOME / "bin" / name).exists():
        shutil.copy(HOME / "bin" / name, prefix / "bin" / name)
        record(prefix, name, "0")
    else:
        return False
    return True


def install(prefix, specs, pip_lines=(), *, pip_cwd=None, no_deps=False):
    """Bring specs (and then a pip section) into an existing environment."""
    wanted = []
    for spec in specs:
        name, version = requirement(spec)
        if not extras(prefix, name, version):
            first, *others = PYPI.get(name, [name])
            wanted += [first + version, *others]
    if wanted:
        pinned = prefix / "conda-meta/pinned"
        lines = pinned.read_text().splitlines() if pinned.exists() else []
        pins = [requirement(line) for line in lines if line.split("#")[0].strip()]
        before = installed(prefix)
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
            constraints.write("".join(f"{n}{v}\n" for n, v in pins if n != "python"))
            constraints.flush()
            options = ["--no-deps"] if no_deps else []
            pip(prefix, "install", *options, "-c", constraints.name, *wanted, own=False)
        after = installed(prefix)
        for name in after.keys() - before.keys() | {n for n in before if after.get(n) != before[n]}:
            if name in after:
                record(prefix, name, after[name])
        for spec in specs:
            name = requirement(spec)[0]
            if name in PYPI:
                record(prefix, name, after[PYPI[name][0]])
    if pip_lines:
        folder = pip_cwd if pip_cwd and os.access(pip_cwd, os.W_OK) else None
        with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".requirements.txt") as file:
            file.write("".join(f"{line}\n" for line in pip_lines))
            file.flush()
            pip(prefix, "install", "-U", "-r", file.name, own=True, cwd=pip_cwd)


def hook(program, root):
    """Shell code that defines the program's activate; it must survive `eval $(...)`: one line."""
    me = Path(sys.argv[0]).absolute() if os.sep in sys.argv[0] else shutil.which(sys.argv[0])
    return (
        f"export MAMBA_ROOT_PREFIX='{root}'; "
        f'{program}() {{ case "$1" in '
        f'activate) shift; eval "$(\'{me}\' stand-in-activate "$@")"; ;; '
        'deactivate) if [ -n "${CONDA_PREFIX:-}" ]; then '
        'PATH="${PATH#"$CONDA_PREFIX/bin:"}"; unset CONDA_PREFIX CONDA_DEFAULT_ENV; fi; ;; '
        f"*) '{me}' \"$@\"; ;; esac; }};"
    )


def activation(prefix, name, stack):
    """Shell code that puts an environment on PATH, in place of the one that is active."""
    if not (prefix / "conda-meta").is_dir() and not prefix.is_dir():
        return f"echo 'Cannot activate, prefix does not exist at: {prefix}' >&2; false;"
    strip = "" if stack else 'PATH="${PATH#"${CONDA_PREFIX:-/nothing}/bin:"}"; '
    return (
        f"{strip}export PATH='{prefix}/bin':\"$PATH\"; export CONDA_PREFIX='{prefix}'; "
        f"export CONDA_DEFAULT_ENV='{name}'; export CONDA_SHLVL=1;"
    )


def listing(prefix, pattern, as_json, full_name):
    """Print the packages of an environment, conda's and pip's."""
    facts = {}
    for name, version in installed(prefix).items():
        facts[name] = {"name": name, "version": version, "channel": "pypi"}
    for file in (prefix / "conda-meta").glob("*.json"):
        fact = json.loads(file.read_text())
        if facts.get(fact["name"], fact)["version"] == fact["version"]:
            facts[fact["name"]] = fact
    if pattern:
        match = re.fullmatch if full_name else re.search
        facts = {name: fact for name, fact in facts.items() if match(pattern, name)}
    rows = [{"build_string": "0", **facts[name]} for name in sorted(facts)]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    print(f"# packages in environment at {prefix}:\n#")
    for row in rows:
        print(f"{row['name']:<30} {row['version']:<16} {row['build_string']} {row['channel']}")


def parser(program):
    """The commands and options that are known; argparse refuses all others."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("-p", "--prefix")
    common.add_argument("-n", "--name")
    common.add_argument("-r", "--root-prefix")
    common.add_argument("-y", "--yes", action="store_true")
    common.add_argument("-q", "--quiet", action="store_true")
    change = argparse.ArgumentParser(add_help=False, parents=[common])
    change.add_argument("-f", "--file", action="append", default=[])
    change.add_argument("-c", "--channel", action="append")
    change.add_argument("--override-channels", action="store_true")
    change.add_argument("--strict-channel-priority", action="store_true")
    change.add_argument("--channel-priority")
    change.add_argument("--no-deps", action="store_true")

    top = argparse.ArgumentParser(program, allow_abbrev=False)
    top.add_argument("--version", "-V", action="store_true")
    commands = top.add_subparsers(dest="command")

    def command(name, *parents, within=commands):
        return within.add_parser(name, parents=parents, allow_abbrev=False)

    for name in ("install", "create", "update"):
        command(name, change).add_argument("specs", nargs="*")
    for name in ("remove", "uninstall"):
        command(name, common).add_argument("specs", nargs="+")
    env = command("env").add_subparsers(dest="env_command", required=True)
    for name in ("update", "create"):
        command(name, change, within=env)
    clean = command("clean")
    for word in ("all", "packages", "index-cache", "tarballs", "locks"):
        clean.add_argument(f"-{word[0]}", f"--{word}", action="store_true")
    clean.add_argument("-f", "--force-pkgs-dirs", action="store_true")
    clean.add_argument("-y", "--yes", action="store_true")
    clean.add_argument("-q", "--quiet", action="store_true")
    packages = command("list", common)
    packages.add_argument("pattern", nargs="?")
    packages.add_argument("--json", action="store_true")
    packages.add_argument("--full-name", action="store_true")
    shell = command("shell")
    shell.add_argument("action", choices=["hook"])
    shell.add_argument("-s", "--shell", choices=["bash", "posix", "zsh"])
    shell.add_argument("-r", "--root-prefix")
    for dialect in ("shell.bash", "shell.posix", "shell.zsh"):
        command(dialect).add_argument("action", choices=["hook"])
    activate = command("stand-in-activate")
    activate.add_argument("environment", nargs="?", default="base")
    activate.add_argument("--stack", action="store_true")
    run = command("run", common)
    run.add_argument("--no-capture-output", "--live-stream", action="store_true")
    run.add_argument("run", nargs=argparse.REMAINDER)
    command("config").add_argument("setting", nargs=argparse.REMAINDER)
    info = command("info", common)
    info.add_argument("--base", action="store_true")
    return top


def root_prefix(given):
    """The root prefix: given, or the one that this program lies in, or the environment's word."""
    here = Path(sys.argv[0]).resolve().parent.parent
    if given:
        return Path(given)
    if (here / "conda-meta").is_dir():
        return here
    if os.environ.get("MAMBA_ROOT_PREFIX"):
        return Path(os.environ["MAMBA_ROOT_PREFIX"])
    raise Problem("no root prefix: set MAMBA_ROOT_PREFIX, or give --root-prefix")


def named(root, name):
    """The path of an environment that is given by its name, or by its path."""
    if os.sep in name:
        return Path(name)
    return root if name == "base" else root / "envs" / name


def target(program, options, root, default_name=None):
    """The environment that a command works on."""
    if options.prefix and options.name:
        raise Problem("give a prefix or a name, not both")
    if options.prefix:
        return Path(options.prefix).absolute()
    if options.name or default_name:
        return named(root, options.name or default_name)
    if os.environ.get("CONDA_PREFIX"):
        return Path(os.environ["CONDA_PREFIX"])
    if program == "micromamba":
        raise Problem("No target prefix specified: activate an environment, or give -n or -p")
    return root


def change(program, options, root, *, new):
    """install, update, create, env update and env create, which differ little."""
    specs, pip_lines, cwd = list(getattr(options, "specs", [])), [], None
    default_name = None
    explicit = False
    for file in options.file:
        more, more_pip, explicit = read_file(file)
        specs += more
        pip_lines += more_pip
        cwd = Path(file).absolute().parent
        if options.command == "env" and options.env_command == "create":
            default_name = yaml.safe_load(Path(file).read_text()).get("name")
    prefix = target(program, options, root, default_name)
    if new:
        if prefix == root and root.is_dir():
            raise Problem("Overwriting root prefix is not permitted")
        if (prefix / "conda-meta").is_dir():
            shutil.rmtree(prefix)
        elif prefix.is_dir() and any(prefix.iterdir()):
            raise Problem(f"Non-conda folder exists at prefix: {prefix}")
    elif not (prefix / "conda-meta").is_dir() and prefix != root:
        raise Problem(f"EnvironmentLocationNotFound: Not a conda environment: {prefix}")
    if not (prefix / "bin/python3").exists():
        make(prefix)
    print(f"stand-in: {program} changes {prefix}: {' '.join(specs) if not explicit else '...'}")
    install(prefix, specs, pip_lines, pip_cwd=cwd, no_deps=options.no_deps)


def main():
    """Do what one command line asks."""
    program = Path(sys.argv[0]).name
    if program not in VERSIONS:
        raise Problem(f"called as {program}, but this stands in for {', '.join(VERSIONS)}")
    arguments = sys.argv[1:]
    if arguments and arguments[0] in ("activate", "deactivate"):
        raise Problem(f"'{program}' is a subprocess: {arguments[0]} needs the shell hook")
    options = parser(program).parse_args(arguments)
    if options.version:
        print(f"conda {VERSIONS[program]}" if program == "conda" else VERSIONS[program])
        return
    if not options.command:
        raise Problem("what shall be done? No command was given")
    if options.command == "clean":
        return
    if options.command == "config":
        print(f"stand-in: channels and settings have no use here: {' '.join(options.setting)}")
        return
    root = root_prefix(getattr(options, "root_prefix", None))
    if options.command.startswith("shell"):
        print(hook(program, root))
    elif options.command == "stand-in-activate":
        prefix = named(root, options.environment)
        print(activation(prefix, options.environment, options.stack))
    elif options.command == "info":
        print(root if options.base else f"base environment : {root}")
    elif options.command == "list":
        listing(target(program, options, root), options.pattern, options.json, options.full_name)
    elif options.command == "run":
        prefix = target(program, options, root)
        os.environ |= {"PATH": f"{prefix}/bin:{os.environ['PATH']}", "CONDA_PREFIX": str(prefix)}
        os.execvp(options.run[0], options.run)
    elif options.command in ("remove", "uninstall"):
        prefix = target(program, options, root)
        for spec in options.specs:
            files = list((prefix / "conda-meta").glob(f"{spec}-[0-9]*.json"))
            if not files:
                raise Problem(f"PackagesNotFoundError: {spec} is not in {prefix}")
            for file in files:
                file.unlink()
        pip(prefix, "uninstall", "--yes", *options.specs, own=False)
    else:
        new = "create" in (options.command, getattr(options, "env_command", None))
        change(program, options, root, new=new)


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        print(f"error    {Path(sys.argv[0]).name} (stand-in): {problem}", file=sys.stderr)
        sys.exit(1)
