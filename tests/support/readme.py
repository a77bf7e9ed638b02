"""What people paste from a repository's README."""

from __future__ import annotations

import re
from typing import Any

import yaml


def hub_values(files: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read the two snippets for z2jh: for everyone, and as one of several profiles."""
    whole, profiles = re.findall(r"```yaml\n(.*?)```", files["README.md"], re.DOTALL)
    return yaml.safe_load(whole), yaml.safe_load(profiles)
