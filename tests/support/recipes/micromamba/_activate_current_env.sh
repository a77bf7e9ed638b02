# shellcheck shell=bash
# Stand-in: sourced, never called. Activates the environment that ENV_NAME names.
eval "$("${MAMBA_EXE}" shell hook --shell=bash)"
if [ "${MAMBA_SKIP_ACTIVATE}" != "1" ]; then
    micromamba activate "${ENV_NAME:-base}"
fi
