#!/bin/bash
# Stand-in for b-data's start of a single-user server, which the hub's variables steer.
set -e
exec jupyterhub-singleuser ${NOTEBOOK_ARGS} "$@"
