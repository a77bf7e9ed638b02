"""The configuration of a JupyterHub: the classes' settings stand in settings.json where it starts.

Unless they configure one it has no proxy, as routing is not what is tested: the user's server is
asked directly.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jupyterhub.proxy import Proxy


class NoProxy(Proxy):
    """Remembers the routes, and that is all."""

    should_start = False
    routes: dict[str, dict[str, Any]] = {}  # noqa: RUF012 - there is one

    async def add_route(self, routespec: str, target: str, data: dict[str, Any]) -> None:
        """Remember a route."""
        self.routes[routespec] = {"routespec": routespec, "target": target, "data": data}

    async def delete_route(self, routespec: str) -> None:
        """Forget a route."""
        self.routes.pop(routespec, None)

    async def get_all_routes(self) -> dict[str, dict[str, Any]]:
        """Return them."""
        return self.routes


settings = json.loads(Path("settings.json").read_text(encoding="utf-8"))
c = get_config()  # type: ignore[name-defined]  # noqa: F821 - traitlets puts it there
if "ConfigurableHTTPProxy" not in settings:
    c.JupyterHub.proxy_class = NoProxy
for section, values in settings.items():
    c[section].update(values)
