#!/usr/bin/env python
"""Stand-in for the Docker Stacks' CMD: a Jupyter server, or what a hub wants when it starts it."""

import os
import shlex
import sys

if "JUPYTERHUB_API_TOKEN" in os.environ:
    command = ["/usr/local/bin/start-singleuser.py"]
else:
    command = ["jupyter", os.environ.get("DOCKER_STACKS_JUPYTER_CMD", "lab")]
    command += shlex.split(os.environ.get("NOTEBOOK_ARGS", ""))
command += sys.argv[1:]
print("Executing:", *command, flush=True)
os.execvp(command[0], command)
