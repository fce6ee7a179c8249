"""A site with gateways and a controller that looks at them, through months in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from monitoring.controller.controller import Controller, ControllerSettings
from monitoring.controller.places import Place
from tests.support.scripted_counters import SHARES, SIGNALS, Pod, ScriptedCounters, make_references

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "7"
START = 1_790_000_000.0
"""Seconds since 1970; an early morning in UTC is not needed, only that it is no round number."""


def tilted(shares: np.ndarray, by: float) -> np.ndarray:
    """Shares that lean towards the high bins (or the low ones, below zero)."""
    moved = shares * np.exp(by * np.linspace(-1, 1, len(shares)))
    return moved / moved.sum()


CAMERA = {signal: tilted(SHARES[signal], 0.0 if signal == "face_size" else 0.9) for signal in SIGNALS}
"""Another camera: brighter, sharper, and severities that rise with it."""


@dataclass
class Trial:
    """Everything together.

    Attributes:
        now: Of the clock that the controller reads.
        photos: That were counted, all told.
    """

    pods: int = 2
    seed: int = 1
    state: Path | None = None
    settings: ControllerSettings = field(default_factory=ControllerSettings)
    now: float = START
    photos: int = 0
    profile: bool = True

    def __post_init__(self) -> None:
        place = Place("", VERSION)
        self.rng = np.random.default_rng(self.seed)
        self.source = ScriptedCounters(pinned=frozenset({place}))
        if self.profile:
            self.source.references[place] = make_references()
        for number in range(self.pods):
            self.start_pod(f"gateway {number}:9108")
        self.controller = self.make_controller()
        self.source.scrape(self.now)
        self.controller.look()

    def make_controller(self) -> Controller:
        controller = Controller(self.source, lambda: self.now, self.settings, self.state)
        controller.resume()
        return controller

    def start_pod(self, target: str, version: str = VERSION) -> Pod:
        pod = Pod(target, self.now)
        pod.serve(version)
        self.source.pods.append(pod)
        return pod

    @property
    def watch(self):
        return self.controller.watches[Place("", VERSION)]

    def screen(self, photos: int, shares=SHARES, version: str = VERSION) -> None:
        """Photos at any of the pods."""
        up = [pod for pod in self.source.pods if any(key.place.version == version for key in pod.counters)]
        for pod, share in zip(up, self.rng.multinomial(photos, np.full(len(up), 1 / len(up))), strict=True):
            counts = {signal: self.rng.multinomial(share, shares[signal]) for signal in SIGNALS}
            pod.count_many(version, counts, without_subject=float(share))
        self.photos += photos

    def wait(self, seconds: float = 60.0, *, scrape: bool = True, look: bool = True) -> None:
        """Time passes, a scrape and a look end it."""
        self.now += seconds
        if scrape:
            self.source.scrape(self.now - 1)
        if look:
            self.controller.look()
            self.source.trim(self.now - 900)

    def run(self, steps: int, photos: int, shares=SHARES, seconds: float = 60.0) -> None:
        """So many times: photos, a scrape, a look."""
        for _ in range(steps):
            self.screen(photos, shares)
            self.wait(seconds)

    def shown(self) -> dict[tuple[str, ...], float]:
        """(name, label values but for the site) -> value."""
        return {
            (sample.name, *[value for name, value in sample.labels.items() if name != "site"]): sample.value
            for family in self.controller.shown.collect()
            for sample in family.samples
        }

    def events(self) -> list[str]:
        return [event.what for event in self.controller.history]
