#!/usr/bin/env bash
# Stand-in: what runs the command of a container.
set -ef -o pipefail
# shellcheck source=/dev/null
source _activate_current_env.sh
exec "$@"
