"""ci/check.py against images in which a terminal, saving or the user's account does not work.

Each is rejected for its own row of docs/contract.md.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.checked import as_root, script

KERNEL = "/opt/venv/share/jupyter/kernels/python3/kernel.json"
# name: what is done to the good image, the row that must fail, words of the sentence
REJECTED = {
    "login-shell-resets-path": (
        as_root("rm /etc/profile.d/venv.sh"),
        "terminal",
        "in a terminal python3 is /usr/bin/python3, of /usr, in a kernel it is of /opt/venv",
    ),
    "no-such-shell": ("ENV SHELL=/bin/zsh", "terminal", "install its shell, /bin/zsh"),
    "shell-that-ends": (
        as_root("echo exit 3 > /etc/profile.d/ends.sh"),
        "terminal",
        "a terminal ends at once",
    ),
    "no-terminals": (as_root("pip uninstall -y terminado"), "terminal", "jupyter_server_terminals"),
    "pip-of-another-python": (
        as_root(
            "python3 -m venv /opt/b && ln -sf /opt/b/bin/pip /opt/venv/bin/ && chmod -R o+w /opt/b"
        ),
        "terminal",
        "/opt/venv/bin/pip installs what no kernel of /opt/venv can import",
    ),
    "pip-may-not-write": (
        as_root("sed -i s/true/false/ /opt/venv/pyvenv.cfg"),
        "terminal",
        "let uid 1000 install packages",
    ),
    "jupyter-not-on-path-of-terminal": (
        as_root(
            "mv /opt/venv/bin/jupyter /usr/local/sbin/ && echo PATH=/opt/venv/bin:/usr/bin:/bin > "
            "/etc/profile.d/venv.sh"
        ),
        "terminal",
        "there is no jupyter",
    ),
    "workdir-outside-home": (
        as_root("install -d -o jovyan /srv/work") + "\nWORKDIR /srv/work",
        "save",
        "save in /srv/work is lost",
    ),
    "server-opens-elsewhere": (
        as_root(
            "install -d -o jovyan /srv/work && "
            "echo \"c.ServerApp.root_dir = '/srv/work'\" > /opt/venv/etc/jupyter/jupyter_server_config.py"
        ),
        "save",
        "set no root_dir",
    ),
    "home-elsewhere": ("ENV HOME=/tmp", "save", "let HOME be /home/jovyan"),
    "no-name": (
        as_root("sed -i /jovyan/d /etc/passwd").replace("jovyan", "1000"),
        "user",
        "useradd",
    ),
    "tmp-closed": (as_root("chmod 755 /tmp"), "user", "chmod 1777 /tmp"),
    "umask-open": (
        """ENTRYPOINT ["sh", "-c", "umask 000; exec \\"$@\\"", "sh"]""",
        "user",
        "set umask 022 or 002: in a terminal it is 000",
    ),
    "shell-that-ends-at-a-typo": (
        as_root("echo set -e > /etc/profile.d/e.sh"),
        "terminal",
        "a terminal ends at once",
    ),
    "python-of-another-python": (
        as_root("cd /opt/venv/bin && rm python && ln -sf /usr/bin/python3 python3")
        + "\n"
        + script("/opt/venv/bin/python", '#!/bin/sh\nexec /usr/bin/python3 "$@"'),
        "terminal",
        "`python` is none of /opt/venv",
    ),
    "pip-of-notebooks": (
        as_root(f"""sed -i '1s,{{,{{"env": {{"PATH": "/usr/bin:/bin"}}\\,,' {KERNEL}"""),
        "terminal",
        "`!pip` of a cell is None, not /opt/venv/bin/pip",
    ),
    "kernel-elsewhere": (
        as_root(
            "mkdir /etc/ipython && echo \"c.InteractiveShellApp.exec_lines = ['%cd /opt']\" > "
            "/etc/ipython/ipython_config.py"
        ),
        "save",
        "what a cell writes goes to /opt",
    ),
    "nothing-to-export-with": (
        as_root("rm -r /opt/venv/share/jupyter/nbconvert"),
        "save",
        "install nbconvert again",
    ),
    "folder-of-a-variable-closed": (
        "ENV XDG_CACHE_HOME=/opt/cache",
        "user",
        "set XDG_CACHE_HOME",
    ),
    "tmpdir-missing": ("ENV TMPDIR=/scratch", "user", "set TMPDIR to what uid 1000 may write to"),
    "text-in-ascii": ("ENV PYTHONIOENCODING=ascii", "user", "set LANG=C.UTF-8"),
    "time-zone-missing": ("ENV TZ=Europe/Atlantis", "user", "install tzdata"),
}


@pytest.mark.parametrize("name", REJECTED)
def test_a_broken_image_is_rejected_for_its_own_row(name: str, reject: Callable[..., None]) -> None:
    reject(name, *REJECTED[name])
