"""What clinicians say of answers, counted: by verdict and band, never by who they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry

from monitoring.declaring import Declaration, counter, initialise

ABSTAINED_BAND: Final = "abstained"
"""Label of an answer without a band; `none` is the name of one."""
VERDICTS: Final = ("agree", "disagree", "unsure")
INSTRUMENTS: Final = ("phq9", "phq8")
REVIEW_KINDS: Final = ("first", "correction")
OUTCOME_KINDS: Final = ("first", "correction", "taken_back")

REVIEWS: Final = Declaration(
    "symmetra_reviews",
    "counter",
    "Verdicts on answers by the answer's band; a repeated request counts once, and a correction apart from what it corrects.",
    ("verdict", "band", "kind", "traffic"),
)
OUTCOMES: Final = Declaration(
    "symmetra_outcomes",
    "counter",
    "Scores of validated instruments that were told of answers, each once, their corrections and what was taken back apart.",
    ("instrument", "kind", "traffic"),
)
REVIEW_DECLARATIONS: Final = (REVIEWS, OUTCOMES)


class ReviewMetrics:
    """Counts reviews and outcomes. `traffic` is the class of whoever asked for the answer.

    Args:
        registry: To count in.
        bands: Closed set of bands.
        traffic_classes: Closed set of classes of traffic.
    """

    def __init__(self, registry: CollectorRegistry, *, bands: Sequence[str], traffic_classes: Sequence[str]) -> None:
        self._reviews = counter(REVIEWS, registry)
        self._outcomes = counter(OUTCOMES, registry)
        initialise(self._reviews, VERDICTS, (*bands, ABSTAINED_BAND), REVIEW_KINDS, traffic_classes)
        initialise(self._outcomes, INSTRUMENTS, OUTCOME_KINDS, traffic_classes)

    def count_review(self, verdict: str, band: str | None, kind: str, traffic: str) -> None:
        """One verdict that was kept, with a kind of `REVIEW_KINDS`; a band that is None was not given."""
        self._reviews.labels(verdict, band or ABSTAINED_BAND, kind, traffic).inc()

    def count_outcome(self, instrument: str, kind: str, traffic: str) -> None:
        """One outcome that was kept, with a kind of `OUTCOME_KINDS`."""
        self._outcomes.labels(instrument, kind, traffic).inc()
