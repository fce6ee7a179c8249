"""Screening is paused: nobody gets a score, until a person decides otherwise."""

from __future__ import annotations

from typing import Final, Self

from gateway.errors.root import GatewayError

_MAY_HAVE_BEEN_WRONG: Final = "Answers given shortly before may have been wrong."
SENTENCES: Final = {
    "operator": "Screening has been paused by the people who run this service.",
    "golden_mismatch": (
        f"Screening has paused itself: the model's answers to known faces were wrong. {_MAY_HAVE_BEEN_WRONG}"
    ),
    "polarity_reversed": (
        f"Screening has paused itself: the model's answers were the wrong way round. {_MAY_HAVE_BEEN_WRONG}"
    ),
    "digest_mismatch": (
        f"Screening has paused itself: the model's files are not the ones that were checked. {_MAY_HAVE_BEEN_WRONG}"
    ),
    "state_unreadable": "Screening is paused: the record that says whether it may go on cannot be read.",
}
"""By the class of reason. What a person wrote as their reason is not told to callers."""


class ScreeningPaused(GatewayError):
    """The stop switch is on."""

    code = "screening_paused"
    sentence = "Screening is paused."
    advice = "No score is given until a person has looked into it. Please do without one, or try again later."

    reason: str | None = None
    """Class of the reason, by which every language has a sentence of its own; None speaks of pauses in general."""

    @classmethod
    def because_of(cls, reason: str) -> Self:
        """The error in the words of a class of reason."""
        error = cls(SENTENCES[reason])
        error.reason = reason
        return error
