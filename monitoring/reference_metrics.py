"""What the pinned version's profile expects, as gauges: so that Prometheus alone can compare, and says when it cannot.

The shares are those that the detector uses (`monitoring.drift.reference`): half a photo is added to every bin, so that none is
zero and a logarithm of their ratio always exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry

from monitoring.declaring import Declaration, gauge
from monitoring.drift.reference import JEFFREYS
from monitoring.image_metrics import IMAGE_BINS, MEASURES, STATISTICS
from monitoring.profile import ProfileReading, ProfileState
from monitoring.severity_bins import SEVERITY_BINS

SEVERITY_SIGNAL: Final = "severity"
SIGNALS: Final = (SEVERITY_SIGNAL, *STATISTICS)
"""What is compared with a reference."""

REFERENCE_SHARE: Final = Declaration(
    "symmetra_reference_share",
    "gauge",
    "Share of the version's reference photos in a bin, half a photo added to each bin; the bins are those of the counters.",
    ("model_version", "signal", "bin"),
)
REFERENCE_PHOTOS: Final = Declaration(
    "symmetra_reference_photos",
    "gauge",
    "Photos that a signal's reference was counted from; 0 where the version has no reference for it.",
    ("model_version", "signal"),
)
REFERENCE_STATE: Final = Declaration(
    "symmetra_reference_state",
    "gauge",
    "1 for what is known of the version's profile: loaded, missing, refused or unreadable.",
    ("model_version", "state"),
)
REFERENCE_DECLARATIONS: Final = (REFERENCE_SHARE, REFERENCE_PHOTOS, REFERENCE_STATE)


def smoothed_shares(counts: Sequence[int]) -> list[float]:
    """Shares of counts by bin, as `monitoring.drift.reference.Reference` has them; all above zero, adding up to one.

    >>> smoothed_shares([0, 9])
    [0.05, 0.95]
    """
    total = sum(counts) + JEFFREYS * len(counts)
    return [(count + JEFFREYS) / total for count in counts]


class ReferenceMetrics:
    """Shows references.

    Args:
        registry: To show them in.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._share = gauge(REFERENCE_SHARE, registry)
        self._photos = gauge(REFERENCE_PHOTOS, registry)
        self._state = gauge(REFERENCE_STATE, registry)

    def show(self, version: str, reading: ProfileReading) -> None:
        """What a look at a version's profile found. A version's profile never changes: only its absence may end."""
        for state in ProfileState:
            self._state.labels(version, state.value).set(float(state is reading.state))
        for signal in SIGNALS:
            self._photos.labels(version, signal).set(0)
        profile = reading.profile
        if profile is None:
            return
        self._show_counts(version, SEVERITY_SIGNAL, SEVERITY_BINS, profile.score.counts)
        for statistic, measure in MEASURES.items():
            if measure in profile.image_stats:
                self._show_counts(version, statistic, IMAGE_BINS, profile.image_stats[measure].counts)

    def forget_version(self, version: str) -> None:
        """Remove the version's series."""
        for each in (self._share, self._photos, self._state):
            each.remove_by_labels({"model_version": version})

    def _show_counts(self, version: str, signal: str, bins: Sequence[str], counts: Sequence[int]) -> None:
        self._photos.labels(version, signal).set(sum(counts))
        for name, share in zip(bins, smoothed_shares(counts), strict=False):
            self._share.labels(version, signal, name).set(share)
