"""What the drift controller says, asked of the site's Prometheus: one word for the operator page, and what moved most.

The controller alone judges (`monitoring.controller`); here its verdict is only read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from gateway.operating.prometheus import Line, Prometheus, PrometheusAway

NAMES: Final = ("symmetra_drift_state", "symmetra_drift_alarm", "symmetra_drift_loudest")
"""As `monitoring.controller.metrics` declares them, which a test compares; to import that module would load the controller."""
QUERY: Final = f'{{__name__=~"{"|".join(NAMES)}"}} == 1'
STATES: Final = ("alarm", "warning", "stale", "no_profile", "insufficient_data", "watching")
"""The worst first: where several versions or sites are watched, the worst is said."""


@dataclass(frozen=True, slots=True)
class DriftSeen:
    """What is said of all that is watched.

    Attributes:
        state: One of `STATES`.
        signal: That speaks for a change most; "" where nothing does.
    """

    state: str
    signal: str = ""


def read_drift(prometheus: Prometheus, clock: Callable[[], float] = time.time) -> DriftSeen | None:
    """Ask; None where no controller says anything, or Prometheus does not answer. Waits: for native threads."""
    now = clock()
    try:
        return worst_of(prometheus.lines(QUERY, begin_seconds=now, end_seconds=now, step_seconds=60))
    except PrometheusAway:
        return None


def worst_of(lines: Iterable[Line]) -> DriftSeen | None:
    """The worst state among lines of `QUERY`, with the signal that the same place names."""
    said: dict[tuple[str, str], set[str]] = {}
    loudest: dict[tuple[str, str], str] = {}
    for line in lines:
        place = (line.labels.get("site", ""), line.labels.get("model_version", ""))
        words = {line.labels.get("state", ""), line.labels.get("tier", "")} & set(STATES)
        said.setdefault(place, set()).update(words)
        if "signal" in line.labels:
            loudest[place] = line.labels["signal"]
    found = [(STATES.index(word), place) for place, words in said.items() for word in words]
    if not found:
        return None
    rank, place = min(found)
    return DriftSeen(STATES[rank], loudest.get(place, "") if STATES[rank] in ("alarm", "warning") else "")
