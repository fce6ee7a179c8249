"""Edges of the histograms of time."""

from __future__ import annotations

from typing import Final

LATENCY_BUCKETS_SECONDS: Final = (
    0.001, 0.0025, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 30.0,
)  # fmt: skip
"""Edges at 0.1, 0.25, 0.5, 1, 2.5, 5 and 10 s, where objectives are set: a quantile between edges is only interpolated."""
