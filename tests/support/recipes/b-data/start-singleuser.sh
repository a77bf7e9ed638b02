#!/bin/bash
# Stand-in for b-data's start of a single-user server, which the hub's variables steer.
set -e
# shellcheck disable=SC2086 # several words, as in the real image
exec jupyterhub-singleuser ${NOTEBOOK_ARGS} "$@"
