"""Reviews and outcomes as the API gives them: the bodies that `gateway.openapi` describes."""

from __future__ import annotations

from typing import Any

from gateway.records.receipt import iso_of
from gateway.reviews.outcome import Outcome
from gateway.reviews.review import Review


def review_json(review: Review) -> dict[str, Any]:
    """One revision."""
    opinion = review.opinion
    return {
        "id": review.id,
        "screening_id": review.receipt_id,
        "revision": review.revision,
        "verdict": opinion.verdict,
        "reason": opinion.reason,
        "committed_band": opinion.committed_band,
        "reviewer": review.reviewer,
        "given_at": iso_of(review.given_at_us),
    }


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """One revision."""
    return {
        "id": outcome.id,
        "screening_id": outcome.receipt_id,
        "revision": outcome.revision,
        "instrument": outcome.instrument,
        "score": outcome.score,
        "assessed_on": outcome.assessed_on.isoformat(),
        "reporter": outcome.reporter,
        "given_at": iso_of(outcome.given_at_us),
    }
