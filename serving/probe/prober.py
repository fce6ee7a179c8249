"""Looks at one model server again and again, and remembers what was found."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from serving.probe.device import Device, DeviceReport
from serving.probe.logs import log
from serving.probe.observation import Observation, Outcome, observe
from serving.probe.pinned import NotPinned
from serving.probe.readiness import Readiness

if TYPE_CHECKING:
    from collections.abc import Callable

    from serving.probe.pinned import PinnedVersion, PinWatch
    from serving.repository import Pin
    from serving.wire.client import ModelServerClient
    from serving.wire.golden_check import GoldenResult


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that the probe knows at one moment.

    Attributes:
        readiness: Whether the server should get calls.
        pinned_version: The version that must answer; None where nothing is pinned.
        golden: Of the latest look that got answers.
        golden_seconds: How long these took.
        last_right: Unix time of the latest look that found everything right; None before the first.
        counts: Looks by outcome.
        device: What the server runs on.
    """

    readiness: Readiness = field(default_factory=Readiness)
    pinned_version: int | None = None
    golden: GoldenResult | None = None
    golden_seconds: float | None = None
    last_right: float | None = None
    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    device: DeviceReport = field(default_factory=lambda: DeviceReport(Device.CPU, Device.UNKNOWN, "not looked yet"))


class Prober:
    """One server under observation. `findings` may be read from any thread; `look` is called by one.

    Args:
        client: Of the server.
        watch: Says which version must answer.
        find_device: Looks for the device that the server runs on.
        crops_per_look: Golden crops asked about while ready.
        deadline_seconds: For each call.
    """

    def __init__(
        self,
        client: ModelServerClient,
        watch: PinWatch,
        find_device: Callable[[], DeviceReport],
        *,
        crops_per_look: int,
        deadline_seconds: float,
    ) -> None:
        self._client = client
        self._watch = watch
        self._find_device = find_device
        self._crops_per_look = crops_per_look
        self._deadline_seconds = deadline_seconds
        self._next_crop = 0
        self._counts: Counter[Outcome] = Counter(dict.fromkeys(Outcome, 0))
        self.findings = Findings()
        """Replaced as a whole, so that a reader never sees half of a look."""

    def run(self, stop: threading.Event, interval_seconds: float) -> None:
        """Look until `stop` is set, with a pause between two looks."""
        while not stop.is_set():
            self.look()
            stop.wait(interval_seconds)

    def look(self) -> Findings:
        """Look once; log what changed."""
        before = self.findings
        pin, observation, readiness = self._look(before.readiness)
        self._counts[observation.outcome] += 1
        right = observation.outcome is Outcome.RIGHT
        after = Findings(
            readiness,
            None if pin is None else pin.version,
            before.golden if observation.golden is None else observation.golden,
            before.golden_seconds if observation.golden_seconds is None else observation.golden_seconds,
            time.time() if right else before.last_right,
            dict(self._counts),
            self._find_device(),
        )
        self.findings = after
        _log_changes(before, after, observation)
        return after

    def _look(self, before: Readiness) -> tuple[Pin | None, Observation, Readiness]:
        try:
            pinned = self._watch.current()
        except NotPinned as error:
            observation = Observation(Outcome.NOT_PINNED, str(error))
            return None, observation, before.after(observation, None)
        observation = self._ask(pinned, before)
        if observation.outcome not in {Outcome.RIGHT, Outcome.BUSY}:
            # The pin may have moved on, and the version with it, while we asked: that is no fault of the server.
            with suppress(NotPinned):
                moved_on = self._watch.current()
                if moved_on is not pinned:
                    pinned, observation = moved_on, self._ask(moved_on, before)
        return pinned.pin, observation, before.after(observation, pinned.identity)

    def _ask(self, pinned: PinnedVersion, before: Readiness) -> Observation:
        golden = pinned.golden
        if not before.needs_full_pass(pinned.identity):
            golden = pinned.choose(self._next_crop, self._crops_per_look)
            self._next_crop = (self._next_crop + self._crops_per_look) % len(pinned.golden.crops)
        return observe(self._client, pinned.pin, golden, self._deadline_seconds)


def _log_changes(before: Findings, after: Findings, observation: Observation) -> None:
    version, reason = after.pinned_version, observation.reason
    if after.pinned_version != before.pinned_version:
        log("another version is pinned", version=version, before=before.pinned_version)
    if after.readiness.ready != before.readiness.ready:
        log("ready" if after.readiness.ready else "not ready", version=version, reason=reason)
    elif not after.readiness.ready and not after.readiness.busy and after.readiness.reason != before.readiness.reason:
        log("still not ready", version=version, reason=reason)
    if after.readiness.busy != before.readiness.busy:
        log("the server is busy" if after.readiness.busy else "the server is not busy any more", reason=reason)
    if after.device != before.device:
        device = after.device
        event = "a GPU was asked for, and the model runs on the CPU" if device.gpu_missing else "device"
        log(event, asked=device.asked, used=device.used, evidence=device.evidence)
