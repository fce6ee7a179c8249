"""Shows monitoring what the pinned version's profile expects: read when a version comes into service, and again while there is none.

No photo waits for it and none fails for it: without a profile answers are counted all the same, and a metric says what is missing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from gateway.logs import log_event
from gateway.pin import PinnedModel
from monitoring.metrics import Metrics
from monitoring.profile import ProfileState, read_profile
from serving.repository import ModelRepository

RETRY_SECONDS: Final = 60.0
"""Between two looks for a profile that was not there: the files may have been copied meanwhile, and a look costs two reads."""


class References:
    """Reads profiles.

    Args:
        repository: Where the versions are.
        metrics: Shown what was found.
        clock: Seconds, monotonic.
    """

    def __init__(
        self, repository: ModelRepository, metrics: Metrics, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._repository = repository
        self._metrics = metrics
        self._clock = clock
        self._looked_seconds = 0.0
        self._identity: tuple[int, str] | None = None
        self._state: ProfileState | None = None

    def follow(self, model: PinnedModel) -> None:
        """A version came into service, or is in service: read its profile where it is not known yet, now and then."""
        identity = model.version, model.digest
        is_known = identity == self._identity
        if is_known and (self._state is ProfileState.LOADED or self._clock() - self._looked_seconds < RETRY_SECONDS):
            return
        reading = read_profile(self._repository, model.version, model.digest)
        self._looked_seconds = self._clock()
        self._metrics.set_reference(model.version, reading)
        if not is_known or reading.state is not self._state:
            fine = reading.state is ProfileState.LOADED
            fields = {"model_version": model.version, "result": reading.state.value}
            log_event("reference profile", fields, level=logging.INFO if fine else logging.WARNING)
        self._identity, self._state = identity, reading.state
