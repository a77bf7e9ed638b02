"""What is run in each picture of docs/: something of what that page's command installs."""

from __future__ import annotations

CELLS = {
    "inherit": """\
import matplotlib.pyplot as plt, numpy as np

x = np.linspace(0, 12, 600)
fig, ax = plt.subplots(figsize=(9, 4))
for n in range(1, 7):
    ax.plot(x, np.sin(x * n / 3) / n, label=f"{n}")
ax.legend(title="wave", loc="upper right");""",
    "repo2docker": """\
import numpy as np, pandas as pd, xarray as xr

days = pd.date_range("2026-01-01", periods=365)
sea = xr.Dataset(
    {"height": (("time", "buoy"), np.random.default_rng(7).gamma(4, 0.5, (365, 12)))},
    coords={"time": days, "buoy": range(12)},
    attrs={"title": "Waves at twelve buoys"},
)
sea""",
}
