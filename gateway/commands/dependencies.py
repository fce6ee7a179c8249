"""The gateway's own way to the version in service, for commands that look at it from outside a gateway."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import CollectorRegistry

from gateway.deadline import Deadline
from gateway.errors import ModelNotServable, StartRefused
from gateway.observing import gateway_metrics
from gateway.pin import PinnedModel, PinReader
from gateway.predictor import Predictor
from gateway.settings import Settings
from gateway.stop.examiner import Examiner
from gateway.stop.finding import Finding, LookResult
from gateway.upstream.assembly import connect
from gateway.upstream.tls_files import require_tls_files
from serving.repository import ModelRepository

CHECK_SECONDS = 10.0
"""For a model server that was not talked to before."""


class Dependencies:
    """The repository and the model server, as the settings name them.

    Args:
        settings: Which ones.
        predictor: Asks the model server.
    """

    def __init__(self, settings: Settings, predictor: Predictor) -> None:
        self._settings = settings
        self._repository = ModelRepository(settings.model_repository, settings.model_name)
        self._predictor = predictor

    @classmethod
    @contextmanager
    def of(cls, settings: Settings) -> Iterator[Dependencies]:
        """Connected for the time of a block."""
        # The shadow version answers nobody.
        alone = dataclasses.replace(settings, shadow_version=0)
        repository = ModelRepository(settings.model_repository, settings.model_name)
        predictor, _ = connect(alone, repository, gateway_metrics(CollectorRegistry()))
        try:
            yield cls(settings, predictor)
        finally:
            predictor.close()

    def pinned(self) -> PinnedModel:
        """The version in service, whatever may be served by this gateway.

        Raises:
            ModelNotServable: there is none, or its records cannot be read.
        """
        return PinReader(self._repository, allow_demo=True, on_change=lambda _: None).current()

    def require_available(self, model: PinnedModel) -> None:
        """Find out whether the model server can answer with a version.

        Raises:
            PredictorError: it cannot.
        """
        self._predictor.check(model, Deadline.after(CHECK_SECONDS))

    def look_closely(self) -> Finding:
        """What the sentinel would find now, on every file and every golden crop."""
        try:
            model = self.pinned()
        except ModelNotServable as error:
            return Finding(LookResult.NO_MODEL, str(error))
        return Examiner(self._repository, self._predictor, deadline_seconds=CHECK_SECONDS).look_closely(model)


def look_closely(environment: Mapping[str, str]) -> Finding:
    """What the sentinel would find now; `OFF` where the settings do not say how to look."""
    try:
        settings = Settings.from_environment(environment)
        require_tls_files(settings)
    except StartRefused as error:
        return Finding(LookResult.OFF, f"the settings cannot be used ({' '.join(str(error).split())})")
    with Dependencies.of(settings) as dependencies:
        return dependencies.look_closely()
