"""ci/check.py against images whose kernels, page or network do not work, or whose server or files do not last.

Each is rejected for its own row of docs/contract.md.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.checked import as_root, kernel, script

CONFIG = "/opt/venv/etc/jupyter/jupyter_server_config.d"
SERVER_CONFIG = "/opt/venv/etc/jupyter/jupyter_server_config.py"
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
}


@pytest.mark.parametrize("name", REJECTED)
def test_a_broken_image_is_rejected_for_its_own_row(name: str, reject: Callable[..., None]) -> None:
    reject(name, *REJECTED[name])
