"""Start Jupyter as BinderHub does: the python3 that ENTRYPOINT leaves on PATH decides which (B2, B3).

It runs in the image. BinderHub's own: jupyterhub/binderhub, helm-chart/binderhub/values.yaml,
singleuser.cmd (April 2026).
"""

import importlib
import os
import sys


def program() -> str:
    """Return the name of the program to look up on PATH."""
    try:
        importlib.import_module("jupyterlab.labapp")
        lab = int(importlib.import_module("jupyterlab").__version__.split(".")[0]) >= 3
    except Exception as error:  # noqa: BLE001 - BinderHub goes on, too
        print("cannot import jupyterlab:", error, file=sys.stderr)
        lab = False
    return "jupyter-lab" if lab else "jupyter-notebook"


if __name__ == "__main__":
    name = program()
    print("starting", name, file=sys.stderr, flush=True)
    os.execvp(name, sys.argv)
