"""The stop switch of one gateway, put together: who reads it, and the sentinel that throws it."""

from __future__ import annotations

import logging

from gateway.logs import log_event
from gateway.pin import PinReader
from gateway.predictor import Predictor
from gateway.stop.examiner import Examiner
from gateway.stop.file_thread import FileThread
from gateway.stop.pause_reader import Pause, PauseReader
from gateway.stop.sentinel import Sentinel
from gateway.stop.stop_switch import StopSwitch
from monitoring.metrics import Metrics
from serving.repository import ModelRepository


def create_pauses(repository: ModelRepository, metrics: Metrics) -> PauseReader:
    """Says of every request whether it may be answered, and of every scrape why not."""
    pauses = PauseReader(repository.directory, _tell)
    metrics.follow_pause(lambda: pause.reason.value if (pause := pauses.current()) else None)
    return pauses


def create_sentinel(
    repository: ModelRepository,
    *,
    pins: PinReader,
    pauses: PauseReader,
    predictor: Predictor,
    metrics: Metrics,
    deadline_seconds: float,
) -> Sentinel:
    """A sentinel that does not look yet: only a process that serves starts it."""
    files = FileThread()
    return Sentinel(
        pins=pins,
        examiner=Examiner(repository, predictor, deadline_seconds=deadline_seconds, in_thread=files.run),
        switch=StopSwitch(repository.directory),
        pauses=pauses,
        metrics=metrics,
        in_thread=files.run,
    )


def _tell(pause: Pause | None) -> None:
    if pause is None:
        log_event("screening goes on", {})
    else:
        log_event("screening paused", {"reason": pause.reason.value}, level=logging.WARNING)
