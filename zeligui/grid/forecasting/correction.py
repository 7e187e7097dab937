"""Forecasts of values that are corrected, such as by what a job uses itself: they differ for each who asks."""

from __future__ import annotations

import numpy as np

from zeligui.contract.columns import Numbers

GAIN = 0.3
"""The weight of the newest value, in the middle of the gains that the Network Weather Service tries."""

MEMORY = 64
"""Values that are looked at: what an older one would weigh, (1 - GAIN) ** 64, is below 1e-9."""


def carried_over(foretold: float, values: Numbers, corrected: Numbers) -> float:
    """What is foretold of the corrected values, from what is foretold of the values; both (n,), oldest first.

    Smoothing of the corrected values, and as much more or less as the forecast is than smoothing of the values: where
    the correction was always the same, that is the forecast plus the correction. It stays within the corrected values.
    """
    if not len(values):
        return foretold
    carried = foretold - smoothed(values) + smoothed(corrected)
    return float(np.clip(carried, corrected.min(), corrected.max()))


def smoothed(values: Numbers) -> float:
    """Simple exponential smoothing, s += GAIN * (x - s), begun at the first of the last 64 values."""
    recent = values[-MEMORY:]
    weights = GAIN * (1 - GAIN) ** np.arange(len(recent))[::-1]
    weights[0] = (1 - GAIN) ** (len(recent) - 1)
    return float(weights @ recent)
