"""An outcome: what a validated instrument said of the person in a photo, and on which day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.errors import ParameterInvalid

EARLIEST_DAYS: Final = 366
"""Before the answer. What a questionnaire said more than a year before a photo says nothing about that photo's score."""
EASTERNMOST_HOURS: Final = 14
"""Ahead of UTC: somewhere it is tomorrow already, and that is no date in the future there."""


class Instrument(StrEnum):
    """A questionnaire whose score is one whole number."""

    PHQ9 = "phq9"
    PHQ8 = "phq8"

    @property
    def max_score(self) -> int:
        """Its highest score: nine or eight items, each from 0 to 3."""
        return 27 if self is Instrument.PHQ9 else 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is said: a score and its day, or that an earlier one is taken back.

    Attributes:
        instrument: Which questionnaire.
        score: Its sum; None takes the outcome back.
        assessed_on: Its day; None exactly where the score is.

    Raises:
        ParameterInvalid: a score that the instrument cannot have, or one without a day, or a day without a score.
    """

    instrument: Instrument
    score: int | None
    assessed_on: dt.date | None

    def __post_init__(self) -> None:
        """Refuse what the instrument cannot say."""
        if self.score is not None and not 0 <= self.score <= self.instrument.max_score:
            message = "'{name}' must be a whole number from 0 to {most}."
            raise ParameterInvalid(message, figures={"name": "score", "most": self.instrument.max_score})
        if (self.score is None) is not (self.assessed_on is None):
            message = "'{name}' goes with a score, and a score with it."
            raise ParameterInvalid(message, figures={"name": "assessed_on"})

    def require_fits(self, answered_at: dt.datetime, now: dt.datetime) -> None:
        """Go on only if the day makes sense beside an answer.

        Args:
            answered_at: When the answer was given, with its time zone.
            now: The moment, with its time zone.

        Raises:
            ParameterInvalid: it lies in the future, or too long before the answer.
        """
        if self.assessed_on is None:
            return
        if self.assessed_on > (now.astimezone(dt.UTC) + dt.timedelta(hours=EASTERNMOST_HOURS)).date():
            message = "'{name}' lies in the future."
            raise ParameterInvalid(message, figures={"name": "assessed_on"})
        if self.assessed_on < (answered_at.astimezone(dt.UTC) - dt.timedelta(days=EARLIEST_DAYS)).date():
            message = "'{name}' lies more than {days} days before the answer."
            raise ParameterInvalid(message, figures={"name": "assessed_on", "days": EARLIEST_DAYS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One revision of what an instrument said, as it is kept.

    Attributes:
        id: Of the row; a random UUID.
        receipt_id: The answer that it stands beside.
        revision: From 1 on, per answer and instrument; the highest counts.
        instrument: Which questionnaire.
        score: None where this revision takes the outcome back.
        assessed_on: Day of the score; where it is taken back, of the score before.
        reporter: Who said it, as receipts name callers.
        given_at_us: When it was said, in microseconds since 1970-01-01 UTC, by the gateway's clock.
    """

    id: str
    receipt_id: str
    revision: int
    instrument: Instrument
    score: int | None
    assessed_on: dt.date
    reporter: str
    given_at_us: int
