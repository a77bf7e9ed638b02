"""Log Docker in, and make sure that the registry lets us push, before anything is built."""

from __future__ import annotations

import os
import subprocess

from hub_image.publish.target import credentials, image_name
from hub_image.registry import AccessDenied, Registry
from hub_image.runs import Run
from hub_image.settings import Settings, UserError

SECRETS = ("REGISTRY_USERNAME", "REGISTRY_PASSWORD")


def login(settings: Settings, run: Run) -> None:
    """Log Docker in to the registry; by hand it is already.

    Raises:
        UserError: the registry would not take the image.
        RuntimeError: Docker fails.
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
    user, password = credentials(host) or ("", "")
    which = f"the {kind} {' and '.join(SECRETS)}{where}"
    remedy = f"Set {which} to those of an account that may push"
    if not run.on:
        remedy = f"Run `docker login {host}` as an account that may push"
    elif by_token and run.on == "github":
        own = f"-d image={host}/{run.project.lower()}"
        remedy = (
            f"Answer with an image name of your own ({own}), or let {run.project} write to that "
        )
        remedy += f"package, or set {which}"
    who = f"'{user}'" if user else "anyone without an account"
    try:
        Registry(image, (user, password) if user else None).may_push()
    except AccessDenied:
        text = f"{remedy}, and run this again: {host} does not let {who} push to {name}."
        raise UserError(text) from None
    if not run.on:
        return
    command = ["docker", "login", host, "--username", user, "--password-stdin"]
    done = subprocess.run(command, input=password, capture_output=True, text=True, check=False)
    if done.returncode:
        said = f"`docker login {host}` says: {done.stderr.strip()}"
        raise RuntimeError(f"{host} lets '{user}' push, but {said}")
    print(f"{host} lets '{user}' push to {name}.")
