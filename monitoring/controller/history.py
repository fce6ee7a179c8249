"""What happened, for people to read later: alarms, who took them up and why, signed profiles, restarts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

KEPT_EVENTS: Final = 500


@dataclass(frozen=True, slots=True)
class Event:
    """One entry.

    Attributes:
        at: Seconds since 1970.
        what: In a few fixed words.
        site: Where; "" where sites are not told apart.
        model_version: "" where it concerns all.
        signal: That spoke loudest, of an alarm.
        by: Who, of what a person did.
        why: In that person's words.
    """

    at: float
    what: str
    site: str = ""
    model_version: str = ""
    signal: str = ""
    by: str = ""
    why: str = ""

    def to_json(self) -> dict[str, object]:
        """Only what it has."""
        return {name: value for name, value in asdict(self).items() if value != ""}
