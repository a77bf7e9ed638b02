"""Make sure that the registry lets us push, before anything is built, and log Docker in to it."""

from __future__ import annotations

import os
import subprocess

from hub_image.publish.target import credentials, image_name
from hub_image.registry import AccessDenied, Registry
from hub_image.runs import Run
from hub_image.settings import Settings, UserError

SECRETS = ("REGISTRY_USERNAME", "REGISTRY_PASSWORD")


def access(settings: Settings, run: Run) -> None:
    """Make sure that the registry lets us push.

    Raises:
        UserError: it would not take the image.
    """
    image = image_name(settings, run)
    host, _, name = image.partition("/")
    kind, where = "variables" if run.on == "gitlab" else "secrets", f" at {run.secrets_page}"
    missing = [key for key in SECRETS if not os.environ.get(key)]
    by_token = SECRETS[1] in missing and host in ("ghcr.io", os.environ.get("CI_REGISTRY"))
    if run.on and missing and not by_token:
        raise UserError(
            f"Set {' and '.join(missing)} as {kind}{where}, of an account at {host} that may push to "
            f"{image}, and run this again: nothing may push there yet."
        )
    which = f"the {kind} {' and '.join(SECRETS)}{where}"
    remedy = f"Set {which} to those of an account that may push"
    if not run.on:
        remedy = f"Run `docker login {host}` as an account that may push"
    elif by_token and run.on == "github":
        remedy = (
            f"Answer with an image name of your own (-d image={host}/{run.project.lower()}), or let "
            f"{run.project} write to that package, or set {which}"
        )
    account = credentials(host)
    who = f"'{account[0]}'" if account else "anyone without an account"
    try:
        Registry(image, account).may_push()
    except AccessDenied:
        text = f"{remedy}, and run this again: {host} does not let {who} push to {name}."
        raise UserError(text) from None
    if run.on:
        print(f"{host} lets {who} push to {name}.")


def log_in(image: str, run: Run) -> None:
    """Log Docker in to an image's registry; by hand it is already. RuntimeError if that fails."""
    host = image.partition("/")[0]
    if not run.on or not (account := credentials(host)):
        return
    command = ["docker", "login", host, "--username", account[0], "--password-stdin"]
    done = subprocess.run(command, input=account[1], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"`docker login {host}` as '{account[0]}' says: {done.stderr.strip()}")
