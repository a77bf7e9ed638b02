#!/bin/bash
# Stand-in for the Docker Stacks' start.sh: hooks, then the command itself, which gets the signals.
set -e
if [ $# -eq 0 ]; then
    set -- bash
fi
run_hooks() {
    for hook in "$1"/*; do
        [ -e "${hook}" ] || continue
        # shellcheck source=/dev/null
        case "${hook}" in
            *.sh) source "${hook}" || echo "${hook} has failed, continuing execution" >&2 ;;
            *) [ ! -x "${hook}" ] || "${hook}" || echo "${hook} has failed, continuing" >&2 ;;
        esac
    done
}
if [ -z "${_START_SH_EXECUTED}" ]; then
    export _START_SH_EXECUTED=1
    run_hooks /usr/local/bin/start-notebook.d
    if [ "$(id -u)" = 0 ]; then
        echo "stand-in: starting as root is not stood in for; the command runs as root" >&2
    elif [ ! -w /home/jovyan ]; then
        echo "WARNING: no write access to /home/jovyan. Try --group-add=users" >&2
    fi
    eval "$(conda shell.bash hook)"
    conda activate
    run_hooks /usr/local/bin/before-notebook.d
fi
exec "$@"
