"""A site at which nothing changes and everything happens: replicas that restart, retakes, a rollout, mornings unlike evenings."""

from __future__ import annotations

import numpy as np

from monitoring.controller.controller import Controller, ControllerSettings
from monitoring.controller.places import Place
from monitoring.drift.reference import Reference
from monitoring.rules.drift_alerts import DEVIATIONS, LEAST_DIFFERENCE, LEAST_OF_A_DAY, PHOTOS_OF_A_PERSON
from tests.bench.drift.streams import PREVALENCE, Shift, count_bins, draw_severities
from tests.support.scripted_counters import SIGNALS, Pod, ScriptedCounters

DAY = 86_400.0
START = 20_700 * DAY
MEASURES = SIGNALS[1:]
SAME = 0.8
"""A further photo of a person falls into the same bins so often."""
BAND_HIGH = slice(6, 10)


def class_shares(prevalence: float) -> np.ndarray:
    counts = count_bins(draw_severities(500_000, Shift(prevalence=prevalence), np.random.default_rng(11)))
    return counts / counts.sum()


class NullSite:
    """A script.

    Args:
        photos_per_day: Answered ones.
        pods: Replicas.
        seed: Of everything.
        look_seconds: Between looks, and scrapes.
        swing: Prevalence rises and falls by so much through the day.
        restarts_a_day: Of any pod, with its counters at zero.
        photos_of_a_person: Answered ones; refused ones before them count nowhere.
        pinned: Whether a person's photos go to one gateway.
    """

    def __init__(
        self,
        *,
        photos_per_day: float,
        pods: int,
        seed: int,
        look_seconds: float,
        swing: float = 0.03,
        restarts_a_day: int = 2,
        photos_of_a_person: int = 3,
        settings: ControllerSettings | None = None,
    ) -> None:
        self.rng, self.now, self.look_seconds = np.random.default_rng(seed), START, look_seconds
        self.per_look = photos_per_day / photos_of_a_person * look_seconds / DAY
        self.swing, self.restarts_a_day, self.each = swing, restarts_a_day, photos_of_a_person
        self.ill, self.well = class_shares(1.0), class_shares(0.0)
        self.version, self.screened, self.hours = "7", 0, []
        self.source = ScriptedCounters()
        self.bring("7")
        for number in range(pods):
            pod = Pod(f"gateway {number}:9108", self.now)
            pod.serve("7")
            self.source.pods.append(pod)
        self.controller = Controller(self.source, lambda: self.now, settings or ControllerSettings())
        self.source.scrape(self.now)
        self.controller.look()

    def bring(self, version: str) -> None:
        """A version with its own profile, counted from other photos of the same people."""
        average = PREVALENCE * self.ill + (1 - PREVALENCE) * self.well
        place, rng = Place("", version), self.rng
        self.source.references[place] = {
            signal: Reference.from_counts(
                rng.multinomial(2_111, average if signal == "severity" else np.full(10, 0.1)).tolist()
            )
            for signal in SIGNALS
        }
        self.source.pinned = frozenset({place})
        self.version = version
        for pod in self.source.pods:
            pod.serve(version)

    def step(self) -> None:
        """People come, somebody restarts a gateway now and then, a scrape, a look."""
        self.now += self.look_seconds
        prevalence = PREVALENCE + self.swing * np.sin(2 * np.pi * (self.now % DAY) / DAY)
        people, pods = int(self.rng.poisson(self.per_look)), len(self.source.pods)
        shape = (people, self.each)
        at = self.rng.integers(pods, size=shape)
        # Each gateway counts a person once: of equal gateways the first photo alone.
        first = np.ones(shape, bool)
        for late in range(1, self.each):
            first[:, late] = (at[:, :late] != at[:, late : late + 1]).all(axis=1)
        same = self.rng.random(shape) < SAME
        drawn = {}
        for signal in SIGNALS:
            shares = prevalence * self.ill + (1 - prevalence) * self.well if signal == "severity" else np.full(10, 0.1)
            bins = self.rng.choice(10, size=shape, p=shares)
            drawn[signal] = np.where(same, bins[:, :1], bins)
        for number, pod in enumerate(self.source.pods):
            here = first & (at == number)
            counts = {signal: np.bincount(bins[here], minlength=10) for signal, bins in drawn.items()}
            pod.count_many(self.version, counts)
        self.screened += people * self.each
        high = int((drawn["severity"] >= BAND_HIGH.start).sum())
        self.hours.append((self.version, high, people * self.each))
        self.source.scrape(self.now - 1)
        if self.rng.random() < self.restarts_a_day * self.look_seconds / DAY:
            self.restart(int(self.rng.integers(pods)))
        self.controller.look()
        self.source.trim(self.now - 3 * self.look_seconds)

    def restart(self, number: int) -> None:
        """One gateway begins anew under its own address."""
        old = self.source.pods[number]
        new = Pod(old.target, self.now)
        new.serve(self.version)
        self.source.gone = [pod for pod in self.source.gone if pod.scraped > self.now - 2 * DAY]
        self.source.remove(old)
        self.source.pods.insert(number, new)

    def run_days(self, days: float) -> None:
        """So long."""
        for _ in range(round(days * DAY / self.look_seconds)):
            self.step()

    def events(self, what: str) -> int:
        """How often something happened."""
        return sum(event.what == what for event in self.controller.history)

    def share_jumps(self) -> int:
        """How often the rule on the high band's share would be true, at each step, in NumPy: promtool takes minutes for it."""
        a_day, jumps = round(DAY / self.look_seconds), 0
        for end in range(2 * a_day, len(self.hours)):
            version = self.hours[end][0]
            rows = self.hours[max(0, end - 8 * a_day) : end + 1]
            last, before = rows[-a_day:], rows[:-a_day]
            part, whole = (sum(row[place] for row in last if row[0] == version) for place in (1, 2))
            part_before, whole_before = (sum(row[place] for row in before if row[0] == version) for place in (1, 2))
            if whole < LEAST_OF_A_DAY or whole_before < LEAST_OF_A_DAY:
                continue
            pooled = (part_before + 0.5) / (whole_before + 1)
            chance = np.sqrt(PHOTOS_OF_A_PERSON * pooled * (1 - pooled) * (1 / whole + 1 / whole_before))
            more = part / whole - part_before / whole_before
            jumps += more > max(DEVIATIONS * chance, LEAST_DIFFERENCE)
        return jumps
