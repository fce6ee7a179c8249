"""Keeps asking the pinned version what it must know, and throws the stop switch where its answers, or its files, are wrong.

It asks through the gateway's own `Predictor`, so it sees what a caller would get. A model that does not answer is no reason to
pause: nobody gets a wrong answer from it.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from gateway.errors import ModelNotServable
from gateway.greenlets import repeat
from gateway.logs import log_event
from gateway.pin import PinnedModel, PinReader
from gateway.stop.examiner import Examiner
from gateway.stop.finding import Finding, LookResult
from gateway.stop.pause_change import PauseReason
from gateway.stop.pause_reader import PauseReader
from gateway.stop.stop_switch import Outcome, StopSwitch
from monitoring.metrics import Metrics
from serving.repository.history import timestamp

SENTINEL_EXTENSION: Final = "symmetra_sentinel"
"""Key of the application's sentinel, which only a process that serves starts."""
SUSPICION_LOOKS: Final = 60
"""How many looks long a mismatch that a closer look did not find again is remembered; a second one within them pauses. Where
one of many model servers is the wrong one, a closer look need not meet it."""


@dataclass(frozen=True, slots=True)
class SentinelReport:
    """What the sentinel last found, as `/readyz/model` says it.

    Attributes:
        result: Of the latest look; None before the first.
        says: The same in words.
    """

    result: LookResult | None = None
    says: str = "not looked yet"

    @property
    def watching(self) -> bool:
        """Whether there is something to compare with."""
        return self.result not in {None, LookResult.OFF, LookResult.NO_MODEL}

    def as_json(self) -> dict[str, Any]:
        """The report for operators; a mismatch is told in full by the record of the pause."""
        return {"watching": self.watching, "result": self.result, "says": self.says}


class Sentinel:
    """Looks at the version in service again and again.

    Args:
        pins: Which version that is.
        examiner: Looks at it.
        switch: Thrown on a mismatch.
        pauses: Told at once, also where the switch cannot be thrown.
        metrics: Told of every look.
        in_thread: Runs what writes files where it holds nobody up.
    """

    def __init__(
        self,
        *,
        pins: PinReader,
        examiner: Examiner,
        switch: StopSwitch,
        pauses: PauseReader,
        metrics: Metrics,
        in_thread: Callable[[Callable[[], Outcome]], Outcome] = lambda work: work(),
    ) -> None:
        self._pins = pins
        self._examiner = examiner
        self._switch = switch
        self._pauses = pauses
        self._metrics = metrics
        self._in_thread = in_thread
        self._suspected: tuple[int, str] | None = None
        self._suspicion_looks_left = 0
        self.report = SentinelReport()
        """Replaced as a whole."""

    def start(self, interval_seconds: float) -> None:
        """Look at once and then every so many seconds, in a greenlet, as long as the process serves."""
        repeat(self.look, interval_seconds)

    def look(self) -> Finding:
        """Look once, pause where that is needed, and tell what was found."""
        try:
            finding = self._find()
            reason = finding.pause_reason
            if reason is not None:
                self._pause(reason, finding)
        except Exception as error:  # noqa: BLE001 - a sentinel that dies of one bad look watches nothing any more
            log_event("sentinel failed", {}, level=logging.ERROR, error=error)
            finding = Finding(LookResult.FAILED, "the look itself failed")
        self._tell(finding)
        return finding

    def look_closely(self) -> Finding:
        """What every file and every golden crop says now: for whoever wants to end a pause. It pauses nothing itself."""
        try:
            model = self._pins.current()
        except ModelNotServable as error:
            return Finding(LookResult.NO_MODEL, error.code)
        return self._examiner.look_closely(model)

    def _find(self) -> Finding:
        self._suspicion_looks_left -= 1
        try:
            model = self._pins.current()
        except ModelNotServable as error:
            return Finding(LookResult.NO_MODEL, error.code)
        finding = self._examiner.look(model)
        if finding.pause_reason is None:
            return finding
        closer = self._examiner.look_closely(model)
        if not self._is_pinned_still(model):
            return Finding(LookResult.UNCONFIRMED, "another version was pinned meanwhile")
        if closer.pause_reason is not None:
            return closer
        identity = model.version, model.digest
        if self._suspected == identity and self._suspicion_looks_left > 0:
            return finding
        self._suspected, self._suspicion_looks_left = identity, SUSPICION_LOOKS
        return Finding(LookResult.UNCONFIRMED, f"{finding.says}; a closer look: {closer.says}")

    def _is_pinned_still(self, model: PinnedModel) -> bool:
        try:
            return self._pins.current() == model
        except ModelNotServable:
            return False

    def _pause(self, reason: PauseReason, finding: Finding) -> None:
        # First here, in memory: writing may wait for a slow file server or for somebody who holds the lock.
        self._pauses.pause_here(reason, timestamp())
        model = self._pins.current()
        details = {"model_version": model.version, "digest": model.digest, **finding.details}
        by = f"sentinel on {socket.gethostname()}"
        try:
            self._in_thread(lambda: self._switch.pause_for_mismatch(reason, by=by, why=finding.says, details=details))
        except OSError as error:
            # Such as a repository that is mounted for reading only. This gateway stops all the same, the others will find
            # the same mismatch themselves, and every further look tries to write it again.
            log_event("the pause could not be written", {"reason": reason.value}, level=logging.ERROR, error=error)

    def _tell(self, finding: Finding) -> None:
        before, self.report = self.report, SentinelReport(finding.result, finding.says)
        self._metrics.count_sentinel_look(finding.result)
        self._metrics.set_sentinel_watching(self.report.watching)
        if finding.result is not before.result:
            fine = finding.result is LookResult.RIGHT
            log_event("sentinel", {"result": finding.result.value}, level=logging.INFO if fine else logging.WARNING)
