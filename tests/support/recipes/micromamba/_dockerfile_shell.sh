#!/usr/bin/env bash
# Stand-in: what runs the RUN lines of a Dockerfile.
set -ef -o pipefail
if [ "${MAMBA_DOCKERFILE_ACTIVATE}" = "1" ]; then
    # shellcheck source=/dev/null
    source _activate_current_env.sh
fi
exec bash -o pipefail -c "$@"
