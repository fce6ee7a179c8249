"""From what a program or a form sent to what may be said: every value from a closed list, a range or a calendar."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

from gateway.errors import ParameterInvalid
from gateway.reviews.outcome import Finding, Instrument
from gateway.reviews.review import Opinion, Reason, Verdict
from serving.contract.severity import Band

Choice = TypeVar("Choice", bound=StrEnum)

OPINION_MEMBERS: Final = ("verdict", "reason", "committed_band")
FINDING_MEMBERS: Final = ("instrument", "score", "assessed_on")
DATE_PATTERN: Final = r"^\d{4}-\d{2}-\d{2}$"
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
EXAMPLE_DATE: Final = "2026-01-31"


def opinion_of(members: Mapping[str, Any]) -> Opinion:
    """A review, from JSON.

    Raises:
        ParameterInvalid: a value that it cannot have, or values that do not go together.
    """
    return Opinion(
        verdict=_choice(members, "verdict", Verdict),
        reason=_choice(members, "reason", Reason),
        committed_band=_choice(members, "committed_band", Band),
    )


def finding_of(members: Mapping[str, Any]) -> Finding:
    """An outcome, from JSON; a score that is null takes one back.

    Raises:
        ParameterInvalid: a value that it cannot have, or values that do not go together.
    """
    instrument = _choice(members, "instrument", Instrument)
    if instrument is None or "score" not in members:
        message = "'{name}' is missing."
        raise ParameterInvalid(message, figures={"name": "instrument" if instrument is None else "score"})
    return Finding(
        instrument=instrument,
        score=_score(members["score"], instrument),
        assessed_on=_date(members.get("assessed_on")),
    )


def finding_of_form(fields: Mapping[str, str]) -> Finding:
    """An outcome, from the page's form: what is typed is text, and a mark takes an earlier score back.

    Raises:
        ParameterInvalid: as for JSON.
    """
    members: dict[str, Any] = {"instrument": fields.get("instrument")}
    if fields.get("take_back") == "yes":
        return finding_of({**members, "score": None})
    typed, day = fields.get("score", "").strip(), fields.get("assessed_on", "").strip()
    if typed:
        # A longer number is out of range in any case, and Python refuses to read much longer ones.
        members["score"] = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= 9 else typed
    return finding_of({**members, **({"assessed_on": day} if day else {})})


def _choice(members: Mapping[str, Any], name: str, choices: type[Choice]) -> Choice | None:
    value = members.get(name)
    if value is None:
        return None
    try:
        return choices(value)
    except ValueError:
        message = "'{name}' must be one of {values}."
        raise ParameterInvalid(message, figures={"name": name, "values": ", ".join(choices)}) from None


def _score(value: object, instrument: Instrument) -> int | None:
    """JSON knows one kind of number: 12.0 is 12."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    message = "'{name}' must be a whole number from 0 to {most}."
    raise ParameterInvalid(message, figures={"name": "score", "most": instrument.max_score})


def _date(value: object) -> dt.date | None:
    if value is None:
        return None
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return dt.date.fromisoformat(value)
    except ValueError:
        pass
    message = "'{name}' must be a date, like {example}."
    raise ParameterInvalid(message, figures={"name": "assessed_on", "example": EXAMPLE_DATE})
