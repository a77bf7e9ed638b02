"""ci/check.py against images whose user, programs, packages or start command are wrong.

Each is rejected for its own row of docs/contract.md.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.checked import as_root, kernel, script

# name: what is done to the good image, the row that must fail, words of the sentence
REJECTED = {
    "entrypoint-drops-arguments": (
        'ENTRYPOINT ["sh", "-c", "echo hello"]',
        "K2",
        'exec "$@"',
    ),
    "entrypoint-keeps-sigterm": (
        """ENTRYPOINT ["sh", "-c", "\\"$@\\"; exit $?", "sh"]""",
        "K2",
        "SIGTERM",
    ),
    "root": ("USER root", "B6", "'root'"),
    "other-uid": ("USER root\nRUN useradd --uid 1001 other\nUSER other", "B6", "uid 1001"),
    "no-bash": (as_root("rm /bin/bash"), "K20", "`bash`"),
    "no-jupyterhub": (
        as_root("pip uninstall -y jupyterhub"),
        "K1",
        "`jupyterhub-singleuser`",
    ),
    "other-hub-major": (
        as_root("pip install --no-cache-dir 'jupyterhub==4.*'"),
        "K11",
        "jupyterhub is 4.",
    ),
    "packages-in-home": (
        as_root("sed -i s/false/true/ /opt/venv/pyvenv.cfg")
        + "\nRUN pip install --user --no-cache-dir cowsay",
        "K7",
        "packages in $HOME: cowsay",
    ),
    "kernel-in-home": (
        "RUN python3 -m ipykernel install --user --name mine",
        "K10",
        "kernelspecs in $HOME: mine",
    ),
    "start-in-home": (
        "ENV REPO_DIR=/home/jovyan\n" + script("/home/jovyan/start", '#!/bin/sh\nexec "$@"'),
        "C8",
        "/home/jovyan/start",
    ),
    "server-ends": (
        script(
            "/opt/venv/bin/jupyterhub-singleuser",
            '#!/bin/sh\nif [ "$1" = --version ]; then echo 5.0.0; else echo lost; exit 3; fi',
        ),
        "K1",
        "exit code 3",
    ),
    "workdir-not-writable": ("WORKDIR /opt/venv", "K9", "/opt/venv"),
    "start-does-not-exec": (
        "ENV REPO_DIR=/srv\n"
        + script("/srv/start", '#!/bin/sh\n"$@"; echo done')
        + """\nENTRYPOINT ["sh", "-c", "exec /srv/start \\"$@\\"", "sh"]""",
        "K2",
        "end `start` (/srv/start) with",
    ),
    "program-in-home": (
        script("/home/jovyan/mine", "#!/bin/sh") + "\nENV PATH=/home/jovyan:$PATH",
        "K7",
        "programs on PATH in $HOME: mine",
    ),
    "module-in-home": (
        "RUN mkdir lib && touch lib/mine.py\nENV PYTHONPATH=/home/jovyan/lib",
        "K7",
        "modules on sys.path in $HOME: mine.py",
    ),
    "source-in-home": (
        'RUN mkdir mine && cd mine && touch mine.py && printf \'[project]\\nname = "mine"\\nversion = "1"\\n\' > pyproject.toml\n'
        + as_root("pip install --no-cache-dir -e /home/jovyan/mine"),
        "K7",
        "packages in $HOME: mine",
    ),
    "kernel-environment-in-home": (
        "RUN python3 -m venv env\n" + kernel(["/home/jovyan/env/bin/python", "-m", "ipykernel"]),
        "K10",
        "its /home/jovyan/env/bin/python lies there",
    ),
    "python3-without-jupyterlab": (
        as_root(
            "cd /opt/venv/bin && ln -s $PWD/jupyterhub-singleuser $PWD/jupyter $PWD/pip /usr/local/bin/"
        )
        + "\nENV PATH=/usr/local/bin:/usr/bin:/bin",
        "B3",
        "cannot import jupyterlab",
    ),
}


@pytest.mark.parametrize("name", REJECTED)
def test_a_broken_image_is_rejected_for_its_own_row(name: str, reject: Callable[..., None]) -> None:
    reject(name, *REJECTED[name])
