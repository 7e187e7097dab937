"""MGR: the machines and how they do: sources, measurements, freshness, forecasts, matching."""
