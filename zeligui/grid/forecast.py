"""The forecaster's seam: what an attribute will be, from what it has been, for all hosts at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST_VALUES = 10
"""Until it has seen so many values, a forecast is unknown."""

GAIN = 0.3
"""The weight of the newest value, in the middle of the gains that the Network Weather Service tries."""

MEMORY = 64
"""Values that are looked at: what an older one would weigh, (1 - GAIN) ** 64, is below 1e-9."""


def forecast(values: NDArray[np.float64], times: NDArray[np.float64], horizon_s: float = 0.0) -> NDArray[np.float64]:
    """Simple exponential smoothing: s = GAIN * x + (1 - GAIN) * s, begun at the first value, the same at any horizon.

    `values` and their `times` (seconds) have the shape (hosts, n), oldest first, NaN before the first; the result has
    the shape (hosts,), NaN where a host has fewer than ten values. (Brown, Statistical Forecasting for Inventory
    Control, 1959.)
    """
    level = np.full(len(values), np.nan)
    for column in values[:, -MEMORY:].T:
        smoothed = np.where(np.isnan(level), column, level + GAIN * (column - level))
        level = np.where(np.isnan(column), level, smoothed)
    return np.where(np.count_nonzero(~np.isnan(values), axis=1) >= LEAST_VALUES, level, np.nan)
