"""How far the shadow version is from the pinned one."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry

from monitoring.declaring import Declaration, counter, initialise
from monitoring.traffic import TRAFFIC_CLASSES

SHADOW_RESULTS: Final = ("agree", "disagree")
SHADOW_MISSES: Final = ("dropped", "contract_unknown", "crop_differs", "failed", "invalid_answer")
SHADOW_DIFFERENCE_BINS: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Upper edges, inclusive, of the absolute difference in p_no_depression."""

SHADOW_ANSWERS: Final = Declaration(
    "symmetra_shadow_answers",
    "counter",
    "Answers of the shadow version by whether its band agrees with the pinned version's, which the label names.",
    ("result", "band", "traffic"),
)
SHADOW_DIFFERENCES: Final = Declaration(
    "symmetra_shadow_differences",
    "counter",
    "Answers of the shadow version by how far its p_no_depression is from the pinned version's; the label is the bin's upper edge.",
    ("bin", "traffic"),
)
SHADOW_MISSED: Final = Declaration(
    "symmetra_shadow_missed", "counter", "Photos that the shadow version gave no answer for, by reason.", ("reason",)
)
SHADOW_DECLARATIONS: Final = (SHADOW_ANSWERS, SHADOW_DIFFERENCES, SHADOW_MISSED)


class ShadowMetrics:
    """Counts comparisons.

    Args:
        registry: To count in.
        bands: Closed set of bands.
    """

    def __init__(self, registry: CollectorRegistry, *, bands: tuple[str, ...]) -> None:
        self._answers = counter(SHADOW_ANSWERS, registry)
        self._differences = counter(SHADOW_DIFFERENCES, registry)
        self._missed = counter(SHADOW_MISSED, registry)
        initialise(self._answers, SHADOW_RESULTS, bands, TRAFFIC_CLASSES)
        initialise(self._differences, [str(edge) for edge in SHADOW_DIFFERENCE_BINS], TRAFFIC_CLASSES)
        initialise(self._missed, SHADOW_MISSES)

    def count_answer(self, *, agrees: bool, band: str, difference: float, traffic: str) -> None:
        """One answer of the shadow version; see `monitoring.metrics.Metrics.count_shadow_answer`."""
        self._answers.labels("agree" if agrees else "disagree", band, traffic).inc()
        edge = next(edge for edge in SHADOW_DIFFERENCE_BINS if difference <= edge)
        self._differences.labels(str(edge), traffic).inc()

    def count_miss(self, reason: str) -> None:
        """One photo that the shadow version gave no answer for, for a reason of `SHADOW_MISSES`."""
        self._missed.labels(reason).inc()
