#!/bin/bash
# Stand-in for b-data's CMD: a Jupyter server, or what a hub wants when it starts it.
set -e
if [[ -n "${JUPYTERHUB_API_TOKEN}" ]]; then
    exec /usr/local/bin/start-singleuser.sh "$@"
fi
# shellcheck disable=SC2086 # several words, as in the real image
exec jupyter lab ${NOTEBOOK_ARGS} "$@"
