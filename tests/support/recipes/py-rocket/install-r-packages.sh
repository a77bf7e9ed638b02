#!/bin/bash
# Stand-in for py-rocket's program of that name: as the user, and it fails where R does.
if [ "$(id -u)" = 0 ]; then
    exec su "${NB_USER}" -c "/bin/bash $0 $1"
fi
if [ ! -f "$1" ]; then
    echo "usage: install-r-packages.sh install.R" >&2
    exit 1
fi
Rscript "$1" || exit 1
