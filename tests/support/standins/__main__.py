"""Prepare every base and every example, and print how long each took."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from support import standins

everything: dict[str, Callable[[], object]] = {
    **{tag: partial(standins.ensure_base, recipe) for recipe, tag in standins.BASES.items()},
    **{image: partial(standins.ensure, image, name) for name, image in standins.EXAMPLES.items()},
}
for reference, prepare in everything.items():
    start = time.monotonic()
    prepare()
    print(f"{time.monotonic() - start:6.1f} s  {reference}", flush=True)
