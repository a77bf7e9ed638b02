#!/usr/bin/env python
"""Stand-in for the Docker Stacks' start of a single-user server; the hub's variables steer it."""

import os
import shlex
import sys

command = ["jupyterhub-singleuser", *shlex.split(os.environ.get("NOTEBOOK_ARGS", ""))]
command += sys.argv[1:]
print("Executing:", *command, flush=True)
os.execvp(command[0], command)
