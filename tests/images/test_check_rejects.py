"""ci/check.py against broken images: each is rejected for its own row of docs/contract.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub_image.check.main import main
from support.checked import Checked, as_root, build, kernel, script, write_repository

CONFIG = "/opt/venv/etc/jupyter/jupyter_server_config.d"
SERVER_CONFIG = "/opt/venv/etc/jupyter/jupyter_server_config.py"
KERNEL = "/opt/venv/share/jupyter/kernels/python3/kernel.json"
CRASHING_KERNEL = """
import os
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel
class Crashing(Kernel):
    implementation = banner = implementation_version = "crashing"
    language_info = dict(name="python", mimetype="text/x-python", file_extension=".py")
    def do_execute(self, *args, **kwargs):
        os._exit(1)
IPKernelApp.launch_instance(kernel_class=Crashing)
"""
# ends the server 5 s after its page was asked for, of which the check asks nothing more then
ENDS = """import os, threading
def log(handler):
    if handler.request.path.endswith("/lab"):
        threading.Timer(5, os._exit, [3]).start()
c.ServerApp.tornado_settings = {"log_function": log}"""
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
    "kernel-does-not-start": (kernel(["sh", "-c", "exit 1"]), "kernels", "'broken'"),
    "kernel-crashes": (
        kernel(["python3", "-c", CRASHING_KERNEL, "-f", "{connection_file}"]),
        "kernels",
        "'broken' died",
    ),
    "nbgitpuller-disabled": (
        as_root("pip install --no-cache-dir nbgitpuller")
        + "\n"
        + as_root(f"sed -i s/true/false/ {CONFIG}/nbgitpuller.json"),
        "K19",
        "not enabled",
    ),
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
    "page-without-script": (
        as_root(  # nor does pip know of it
            "rm /opt/venv/share/jupyter/lab/static/main.*.js && "
            "sed -i /static.main/d /opt/venv/lib/python3*/site-packages/jupyterlab-*/RECORD"
        ),
        "interface",
        "/static/lab/main.",
    ),
    "page-without-extension": (
        as_root("rm /opt/venv/share/jupyter/labextensions/*/static/remoteEntry.*"),
        "interface",
        "remoteEntry.",
    ),
    "proxy-of-the-build": (
        "ENV https_proxy=http://me:secret@proxy.example:3128",
        "network",
        "'http://...@proxy.example:3128'",
    ),
    "proxy-of-git": (
        as_root("git config --system http.proxy http://127.0.0.1:9"),
        "network",
        "remove what the build set for git",
    ),
    "no-certificates": (
        as_root("rm -r /etc/ssl/certs /usr/sbin/update-ca-certificates"),
        "network",
        "install ca-certificates",
    ),
    "certificates-of-the-build": ("ENV PIP_CERT=/build/ca.crt", "network", "for pip"),
    "no-names": (
        as_root("sed -i /^hosts:/s/dns// /etc/nsswitch.conf"),
        "network",
        "/etc/nsswitch.conf",
    ),
    "nbgitpuller-without-git": (
        as_root("pip install --no-cache-dir nbgitpuller && rm /usr/bin/git"),
        "K19",
        "install git",
    ),
    "server-ends-itself": (
        script("/opt/venv/etc/jupyter/jupyter_server_config.py", ENDS),
        "alive",
        "that ends the server after",
    ),
    "kernel-is-culled": (
        as_root(
            'echo "c.MappingKernelManager.cull_idle_timeout = c.MappingKernelManager.cull_interval = 3" '
            "> /opt/venv/etc/jupyter/jupyter_server_config.py"
        ),
        "kernels",
        "cull_idle_timeout",
    ),
    "extension-that-does-not-load": (
        as_root(
            """echo '{"ServerApp": {"jpserver_extensions": {"no_such": true}}}' > """
            f"{CONFIG}/no_such.json"
        ),
        "alive",
        "no_such",
    ),
    "home-emptied-at-start": (
        """ENTRYPOINT ["sh", "-c", "rm -rf /home/jovyan/*; exec \\"$@\\"", "sh"]""",
        "restart",
        "is gone",
    ),
    "settings-of-root": (as_root("mkdir -m 755 /home/jovyan/.jupyter"), "B8", "lab/api/settings"),
    "notebook-of-root": (as_root("touch a.ipynb"), "B8", "./a.ipynb is closed"),
    "answers-to-no-name": (
        as_root(f"echo 'c.ServerApp.allow_remote_access = False' > {SERVER_CONFIG}"),
        "B2",
        "set no allow_remote_access",
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
    "plots-are-not-shown": (
        as_root("pip install --no-cache-dir matplotlib") + "\nENV MPLBACKEND=Agg",
        "kernels",
        "no MPLBACKEND",
    ),
    "no-such-default-kernel": (
        as_root(f"echo \"c.MultiKernelManager.default_kernel_name = 'mine'\" > {SERVER_CONFIG}"),
        "kernels",
        "there is no kernel 'mine'",
    ),
    "scripts-lost": (
        as_root("find /opt/venv/share/jupyter/lab/static -name '*.js' -size +1M -delete"),
        "interface",
        "which is gone",
    ),
    "git-cannot-commit": (
        as_root("git config --system commit.gpgsign true"),
        "network",
        "`git commit` fails",
    ),
    "index-of-the-build": (
        "ENV PIP_INDEX_URL=http://127.0.0.1:9/simple",
        "network",
        "pip gets nothing",
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


@pytest.mark.usefixtures("signals_as_before")
@pytest.mark.parametrize("name", REJECTED)
def test_a_broken_image_is_rejected_for_its_own_row(
    name: str, good: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines, row, words = REJECTED[name]
    image = build(name, f"FROM {good}\n{lines}")
    code = main([image], write_repository(tmp_path))
    failure = Checked(code, capsys.readouterr().out).failure
    assert failure[0] == row
    assert words in failure[1]
