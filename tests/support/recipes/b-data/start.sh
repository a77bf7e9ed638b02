#!/bin/bash
# Stand-in for b-data's start.sh: hooks, then the command itself, which gets the signals.
set -e
if [ $# -eq 0 ]; then
    set -- bash
fi
for folder in start-notebook.d before-notebook.d; do
    for hook in /usr/local/bin/"${folder}"/*.sh; do
        # shellcheck source=/dev/null
        [ ! -e "${hook}" ] || source "${hook}"
    done
done
exec "$@"
