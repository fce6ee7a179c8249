"""Look after look: counts what was found, and pauses when answers are wrong twice in a row.

It pauses once for as long as answers stay wrong. Whoever resumes meanwhile knows why they were paused, and is not overruled; the alert
goes on until a look is right.
"""

from __future__ import annotations

from collections.abc import Callable

from monitoring.log import log
from monitoring.sentinel.errors import PauseFailed
from monitoring.sentinel.looking import Finding, LookResult
from monitoring.sentinel.metrics import SentinelMetrics

Pause = Callable[[], None]


class Watch:
    """Takes findings, one after another.

    Args:
        metrics: Told each.
        pause: Pauses screening, or raises PauseFailed; None where this sentinel may not.
        looks_in_a_row: Wrong looks after which it pauses.
    """

    def __init__(self, metrics: SentinelMetrics, pause: Pause | None, *, looks_in_a_row: int) -> None:
        self._metrics = metrics
        self._pause = pause
        self._looks_in_a_row = looks_in_a_row
        self._latest: LookResult | None = None
        self._in_a_row = 0
        self._paused = False

    def take(self, finding: Finding) -> None:
        """One look's finding."""
        self._in_a_row = self._in_a_row + 1 if finding.result is self._latest else 1
        self._latest = finding.result
        self._metrics.count_look(finding.result, self._in_a_row)
        log("look", result=finding.result, code=finding.code, photo=finding.photo, in_a_row=self._in_a_row)
        if finding.result is LookResult.RIGHT:
            self._paused = False
        elif finding.result is LookResult.WRONG and self._in_a_row >= self._looks_in_a_row and not self._paused:
            self._throw()

    def _throw(self) -> None:
        if self._pause is None:
            return
        try:
            self._pause()
        except PauseFailed as error:
            # Tried again at the next look.
            self._metrics.count_pause("failed")
            log("not paused", code=str(error))
            return
        self._paused = True
        self._metrics.count_pause("paused")
        log("screening paused", code="odd_answers")
