"""What the operator page shows: read anew for every look, what may be slow in a native thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.errors import ModelNotServable
from gateway.greenlets import wait_for
from gateway.logs import log_event
from gateway.pin import PinnedModel, PinReader
from gateway.stop.pause_change import PauseChange, PauseRecordUnreadable
from gateway.stop.pause_reader import Pause, PauseReader
from gateway.stop.sentinel import Sentinel, SentinelReport
from gateway.stop.stop_switch import StopSwitch
from serving.repository import ModelRepository, RepositoryError
from serving.repository.live import LiveVersion, find_live

if TYPE_CHECKING:  # imported only where the settings name a Prometheus
    from gateway.operating.charts import Chart
    from gateway.operating.drift import DriftSeen

READ_SECONDS: Final = 6.0
"""For everything slow together: longer than Prometheus may take, shorter than a person waits."""
MAX_WAITING: Final = 8
"""Looks that a file server which hangs may leave in memory; whoever comes then sees the page without these facts."""
RECENT_CHANGES: Final = 5


@dataclass(frozen=True, slots=True)
class Stored:
    """What lies in the repository and in Prometheus.

    Attributes:
        live: Since when the live version is live; None where no history says so.
        pause: The change of the stop switch in force, with the words of whoever made it; None where nothing was ever paused, or
            where its record cannot be read.
        changes: The latest changes, newest first.
        charts: None where Prometheus does not answer, or none is set.
        drift: None where no drift controller says anything there.
    """

    live: LiveVersion | None = None
    pause: PauseChange | None = None
    changes: tuple[PauseChange, ...] = ()
    charts: tuple[Chart, ...] | None = None
    drift: DriftSeen | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """One look.

    Attributes:
        model: In service, or why there is none.
        pause: In force here; None while screening goes on.
        sentinel: What it last found.
        stored: None where it could not be read in time.
    """

    model: PinnedModel | ModelNotServable
    pause: Pause | None
    sentinel: SentinelReport
    stored: Stored | None


class FactReader:
    """Looks.

    Args:
        repository: Of the model.
        pins: Which version is in service.
        pauses: Whether this gateway answers.
        sentinel: What it found.
        read_charts: Asks Prometheus; None where none is set.
        read_drift: The same of the drift controller.
    """

    def __init__(
        self,
        repository: ModelRepository,
        pins: PinReader,
        pauses: PauseReader,
        sentinel: Sentinel,
        *,
        read_charts: Callable[[], list[Chart] | None] | None,
        read_drift: Callable[[], DriftSeen | None] | None,
    ) -> None:
        self._repository = repository
        self._switch = StopSwitch(repository.directory)
        self._pins = pins
        self._pauses = pauses
        self._sentinel = sentinel
        self._read_charts = read_charts
        self._read_drift = read_drift
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="operator")
        self._room = threading.BoundedSemaphore(MAX_WAITING)

    def read(self) -> Facts:
        """Everything as it is now."""
        model: PinnedModel | ModelNotServable
        try:
            model = self._pins.current()
        except ModelNotServable as error:
            model = error
        return Facts(model, self._pauses.current(), self._sentinel.report, self._stored())

    def _stored(self) -> Stored | None:
        if not self._room.acquire(blocking=False):
            return None
        asked = self._threads.submit(self._read_stored)
        asked.add_done_callback(lambda _: self._room.release())
        try:
            return wait_for(asked, READ_SECONDS)
        except (OSError, RepositoryError) as error:
            log_event("operator page incomplete", {}, level=logging.WARNING, error=error)
            return None

    def _read_stored(self) -> Stored:
        charts = self._read_charts() if self._read_charts is not None else None
        changes, _ = self._switch.history()
        return Stored(
            live=find_live(self._repository.history()),
            pause=self._pause(),
            changes=tuple(reversed(changes[-RECENT_CHANGES:])),
            charts=None if charts is None else tuple(charts),
            drift=self._read_drift() if self._read_drift is not None else None,
        )

    def _pause(self) -> PauseChange | None:
        try:
            return self._switch.state()
        except PauseRecordUnreadable:
            return None
