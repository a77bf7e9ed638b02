"""How large images are, beside the smallest that have the same packages."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from hub_image.settings import Settings
from support import standins
from tools.bench.images import CASES, SETS, Builder, Image, about, builder, repository
from tools.bench.measure import QUICK, BenchError, Row, progress

__all__ = ["GROUP", "about", "rows"]

GROUP = "image"
# The same packages on the same base, by hand: with every cache removed, and nothing else.
INHERIT = """\
FROM {base}
USER root
RUN apt-get update && apt-get install --yes --no-install-recommends less && \\
    apt-get clean && rm -rf /var/lib/apt/lists/*
USER ${{NB_UID}}
COPY --chown=${{NB_UID}} environment.yml /tmp/
RUN mamba env update --prefix "${{CONDA_DIR}}" --file /tmp/environment.yml && \\
    mamba clean --all --force-pkgs-dirs --yes && rm -rf /tmp/environment.yml ~/.cache
"""
# The smallest image with the same packages that passes the check: git is for nbgitpuller, and bytecode, which pip and
# conda write too, for servers, each of which would compile it anew.
SYSTEM = """
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates git less && \\
    echo 'PATH=/opt/env/bin:$PATH' > /etc/profile.d/env.sh && \\
    apt-get clean && rm -rf /var/lib/apt/lists/* && useradd --uid 1000 --gid 100 --create-home --shell /bin/bash jovyan
COPY --from=packages --chown=1000 /opt/env /opt/env
ENV PATH=/opt/env/bin:$PATH SHELL=/bin/bash
USER 1000
WORKDIR /home/jovyan
CMD ["jupyter", "lab", "--ip=0.0.0.0"]
"""
SMALLEST = {
    "dockerfile, conda": """\
FROM debian:trixie-slim AS packages
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates
COPY --from={micromamba} /bin/micromamba /usr/local/bin/
ENV MAMBA_ROOT_PREFIX=/tmp/micromamba
COPY environment.yml ./
RUN micromamba create --yes --prefix /opt/env --channel conda-forge --file environment.yml && \\
    micromamba install --yes --prefix /opt/env --channel conda-forge \\
        "jupyterhub-singleuser=5" jupyterlab notebook
FROM debian:trixie-slim""",
    "dockerfile, pip": """\
FROM {python} AS packages
RUN python3 -m pip install {uv}
COPY requirements.txt ./
RUN uv venv --seed /opt/env && \\
    uv pip install --no-cache --compile-bytecode --python /opt/env --requirement requirements.txt \\
        "jupyterhub==5.*" jupyterlab notebook
FROM {python}""",
}


def rows(folder: Path, runs: int) -> Iterator[Row]:
    """Measure bytes, which are the same each time.

    Args:
        folder: an empty one, for all that is made.
        runs: a quick run has the small set of packages only.
    """
    sets = list(SETS.items())[: 1 if runs == QUICK else None]
    with builder() as build:
        for words, packages in sets:
            for case, answers in CASES.items():
                progress(f"bytes of {case}, {words}")
                where = folder / f"{case} {words}".replace(" ", "-").replace(",", "")
                settings = repository(where, answers, packages)
                ours = build.build(where)
                measure = _inherit if case == "inherit" else _whole
                yield measure(build, settings, ours, case, words)


def by_hand(settings: Settings, case: str) -> str:
    """Return the shortest Dockerfile that has what a repository's has, on the same images.

    Args:
        settings: the repository's.
        case: a key of `CASES`.
    """
    if case == "inherit":
        return INHERIT.format(base=settings.base_image)
    text = (settings.root / "Dockerfile").read_text(encoding="utf-8")
    pins = {
        "micromamba": r"--from=(\S*micromamba:\S+)",
        "python": r"FROM (python:\S+)",
        "uv": r"(uv==\S+)",
    }
    named = {
        key: match[1] if (match := re.search(pattern, text)) else ""
        for key, pattern in pins.items()
    }
    return SMALLEST[case].format(**named) + SYSTEM


def _inherit(build: Builder, settings: Settings, ours: Image, case: str, words: str) -> Row:
    """Bytes over the base image's."""
    base = Image(settings.base_image, 0).size
    theirs = build.build(settings.root, dockerfile=by_hand(settings, case))
    return _row(
        f"{case}: bytes over the base, {words}",
        "by hand",
        1.01,
        ours.size - base,
        theirs.size - base,
    )


def _whole(build: Builder, settings: Settings, ours: Image, case: str, words: str) -> Row:
    """Bytes of the whole image."""
    theirs = build.build(settings.root, dockerfile=by_hand(settings, case))
    with standins.offline_environment() as env:
        check = [sys.executable, "ci/check.py", theirs.name]
        done = subprocess.run(
            check, cwd=settings.root, env=env, check=False, capture_output=True, encoding="utf-8"
        )
    if done.returncode:
        raise BenchError(f"The smallest image must pass the check:\n{done.stdout}{done.stderr}")
    return _row(
        f"{case}: bytes of the image, {words}",
        "the smallest that passes the check",
        1.05,
        ours.size,
        theirs.size,
    )


def _row(measure: str, against: str, goal: float, ours: float, theirs: float) -> Row:
    return Row(GROUP, measure, against, ours / theirs, goal, ours / 1e6, theirs / 1e6, "MB")
