"""In days: how long until each change is seen at so many photos a day, how often nothing is taken for a change, and what is not seen in the time that is simulated.

Simulated from the reference itself: severities are drawn in its bins, changed as `CHANGES` says, and given to the detector as the
controller gives them. Fixed seeds, so that the same question has the same answer. The reference is drawn anew for each stream, because
it was itself counted from so many photos and no more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring.drift.alternatives import log_ratios
from monitoring.drift.reference import Reference

SEED: Final = 20_261_128
STREAMS: Final = 200
LONGEST_DAYS: Final = 90.0
MOST_UPDATES: Final = 2_000
"""Of one stream, so that a plan takes seconds: at much traffic the simulation ends after fewer days, and says after how many."""
POINTS: Final = 200
"""Of a grid inside each bin, over which its photos are taken to be spread evenly."""


@dataclass(frozen=True, slots=True)
class Change:
    """Of the severities.

    Attributes:
        name: For people.
        logit_added: To the logit of each photo.
        logit_factor: Of the logit of each photo, first.
        share: Of the photos that the two happen to.
        more_of_high: Factor of the photos with a severity above one half: other people are sent.
    """

    name: str
    logit_added: float = 0.0
    logit_factor: float = 1.0
    share: float = 1.0
    more_of_high: float = 1.0


CHANGES: Final = (
    Change("camera (every answer higher, logit +0.8)", logit_added=0.8),
    Change("dark (every answer a little higher, logit +0.4)", logit_added=0.4),
    Change("blur (answers towards the middle, logit x 0.67)", logit_factor=0.67),
    Change("a third of the photos from another camera", logit_added=0.8, share=0.3),
    Change("many more of the high answers (odds x 1.8)", more_of_high=1.8),
    Change("far fewer of the high answers (odds x 0.25)", more_of_high=0.25),
    Change("one person in a hundred more high answers (odds x 1.04)", more_of_high=1.04),
)
"""The shifts of the test plan (drift.md, 5a), on the scale of one's own reference, and one that nobody could see."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Of a site.

    Attributes:
        photos_per_day: That count; with a weight below one, so many times fewer.
        updates_per_day: See `monitoring.controller.heights.Budget`.
        log_height: Of the alarm. Where several signals share it and only one moves, ln of their number more.
    """

    photos_per_day: float
    updates_per_day: float
    log_height: float

    @property
    def photos_per_update(self) -> int:
        """On average, one at least."""
        return max(1, round(self.photos_per_day / self.updates_per_day))


@dataclass(frozen=True, slots=True)
class Outlook:
    """What can be expected for one change.

    Attributes:
        change: Which.
        median_days: Until the alarm; None where fewer than half of the streams alarm at all.
        low_days: A tenth of the streams alarm by then; None as above.
        high_days: Nine tenths do; None where fewer do.
        seen: Share of the streams with an alarm.
        days_looked: How long each stream was.
    """

    change: Change
    median_days: float | None
    low_days: float | None
    high_days: float | None
    seen: float
    days_looked: float


def shares_after(shares: NDArray[np.float64], change: Change) -> NDArray[np.float64]:
    """Shares of the severity bins after a change, float64 [bins], from those before."""
    bins = len(shares)
    severities = (np.arange(bins * POINTS) + 0.5) / (bins * POINTS)
    mass = np.repeat(shares / POINTS, POINTS)
    mass = np.where(severities > 0.5, mass * change.more_of_high, mass)
    mass /= mass.sum()
    logits = np.log(severities / (1.0 - severities)) * change.logit_factor + change.logit_added
    moved = np.minimum((bins / (1.0 + np.exp(-logits))).astype(int), bins - 1)
    after = change.share * np.bincount(moved, weights=mass, minlength=bins)
    after += (1.0 - change.share) * mass.reshape(bins, POINTS).sum(axis=1)
    return np.asarray(after, np.float64)


def look_ahead(
    reference: Reference,
    situation: Situation,
    *,
    changes: Sequence[Change] = CHANGES,
    streams: int = STREAMS,
    seed: int = SEED,
) -> Iterator[Outlook]:
    """Simulate each change, from the moment that it happens, with a detector that has seen nothing before: the slowest case."""
    for number, change in enumerate(changes):
        after = shares_after(reference.shares, change)
        delays, days = days_until_alarm(reference, after, situation, streams=streams, seed=(seed, 1, number))
        low, median, high = (
            value if math.isfinite(value) else None
            for value in (float(np.quantile(delays, share, method="higher")) for share in (0.1, 0.5, 0.9))
        )
        yield Outlook(change, median, low, high, float(np.isfinite(delays).mean()), days)


def false_alarms_in_90_days(
    reference: Reference, situation: Situation, *, streams: int = STREAMS, seed: int = SEED
) -> tuple[float, float, float]:
    """Chance of an alarm within 90 days in which nothing changes, and its 95 % interval.

    Where fewer days were simulated, it is taken on to 90 as if alarms came at one rate.
    """
    delays, days = days_until_alarm(reference, reference.shares, situation, streams=streams, seed=(seed, 2))
    alarms = int(np.isfinite(delays).sum())

    def in_90_days(chance: float) -> float:
        return -math.expm1(math.log1p(-min(chance, 0.999)) * LONGEST_DAYS / days)

    low, high = wilson_interval(alarms, streams)
    return in_90_days(alarms / streams), in_90_days(low), in_90_days(high)


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, 1927).

    >>> [round(value, 3) for value in wilson_interval(0, 200)]
    [0.0, 0.019]
    """
    z, share = 1.96, successes / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)) / (1 + z * z / trials)
    return max(0.0, middle - half), min(1.0, middle + half)


def days_until_alarm(
    reference: Reference, after: NDArray[np.float64], situation: Situation, *, streams: int, seed: tuple[int, ...]
) -> tuple[NDArray[np.float64], float]:
    """Days from the change to the alarm of each stream, infinity for none, float64 [streams]; and how many days were looked at.

    All streams go forward together; the recurrence is that of `monitoring.drift.detector`, and a test holds the two together.
    """
    updates = int(min(MOST_UPDATES, math.ceil(LONGEST_DAYS * situation.updates_per_day)))
    rng = np.random.default_rng(seed)
    counted = rng.multinomial(reference.photos, reference.shares, size=streams)
    ratios = np.array([log_ratios(Reference.from_counts(counts.tolist())) for counts in counted])
    found, statistics = np.full(streams, np.inf), np.full(ratios.shape[:2], -np.inf)
    going = np.arange(streams)
    for update in range(1, updates + 1):
        counts = rng.multinomial(situation.photos_per_update, after, size=len(going))
        evidence = np.einsum("skb,sb->sk", ratios[going], counts)
        statistics[going] = np.logaddexp(0.0, statistics[going]) + evidence
        means = np.logaddexp.reduce(statistics[going], axis=1) - math.log(ratios.shape[1])
        found[going[means >= situation.log_height]] = update / situation.updates_per_day
        going = going[means < situation.log_height]
        if not len(going):
            break
    return found, updates / situation.updates_per_day
