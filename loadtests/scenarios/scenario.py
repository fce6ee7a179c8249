"""A scenario: who is screened, what happens, and which alerts must be told of it. Minutes are a site's; here they are shorter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SCHEMA: Final = "symmetra.scenario/1"


@dataclass(frozen=True, slots=True)
class SiteWants:
    """How the site differs from one that is set up as always.

    Attributes:
        deadline_seconds: Of the gateways for one answer, in real time; None as always.
        records: Whether each gateway keeps receipts, in a database file of its own.
    """

    deadline_seconds: float | None = None
    records: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happens.

    Attributes:
        kind: One of `kinds.KINDS`.
        at_minute: From the moment on at which all is watched and quiet.
        lasts_minutes: At least. It ends once everything expected was told, or is overdue.
        options: Numbers for its kind.
    """

    kind: str
    at_minute: float
    lasts_minutes: float
    options: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Expected:
    """A notification that must come, once, and be over, once.

    Attributes:
        alert: Its name.
        receiver: Who is told.
        within_minutes: Of the last change.
        over_within_minutes: Of the end of the changes.
    """

    alert: str
    receiver: str
    within_minutes: float
    over_within_minutes: float

    @property
    def words(self) -> str:
        """As a report names it."""
        return f"{self.alert} to {self.receiver}"


@dataclass(frozen=True, slots=True)
class Allowed:
    """A notification that may come, or not.

    Attributes:
        alert: Its name.
        receiver: Who may be told.
        why: What is right about it, for whoever reads the scenario.
    """

    alert: str
    receiver: str
    why: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """One of them.

    Attributes:
        name: Of its file.
        about: What it shows, in a sentence.
        times_faster: Than a site; an hour of it is so many times shorter here.
        photos_a_minute: Of patients, at the site.
        site: How it differs.
        changes: What happens, at least one.
        expect: What must be told; nothing where the right thing is silence.
        may: What may be told beside it.
        quiet_minutes: After the last expected notification and the end of the changes, in which nothing else may be told.
        answered_share_at_least: Of the patients' photos, over the whole run; None where nobody judges it.
    """

    name: str
    about: str
    times_faster: float
    photos_a_minute: float
    site: SiteWants
    changes: tuple[Change, ...]
    expect: tuple[Expected, ...]
    may: tuple[Allowed, ...]
    quiet_minutes: float
    answered_share_at_least: float | None = None

    def seconds(self, minutes: float) -> float:
        """Of real time."""
        return minutes * 60.0 / self.times_faster

    def minutes(self, seconds: float) -> float:
        """Of the site."""
        return seconds * self.times_faster / 60.0
