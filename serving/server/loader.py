"""From a version directory to a servable that is ready for traffic."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from serving.server.errors import OutputNotCarried
from serving.server.predict import run_predict
from serving.server.savedmodel import SavedModel
from serving.server.servable import Batcher, Servable
from serving.server.session_config import read_session_config
from serving.server.warmup import run_warmup

if TYPE_CHECKING:
    from pathlib import Path

    from serving.server.batching import BatchScheduler
    from serving.server.flags import Flags
    from serving.server.metrics import ServerMetrics
    from serving.wire import predict_pb2 as pb

_METADATA_ID_PATH: Final = "assets.extra/mlmd_uuid"


class ServableLoader:
    """Loads a version and warms it up.

    Args:
        flags: Session, tags, warm-up, and whether method names are checked.
        scheduler: Runs batches; None where batching is off.
        metrics: Where loads, warm-up and runs are counted.

    Raises:
        InvalidArgument: Flags or a session config file that cannot be used.
    """

    def __init__(self, flags: Flags, scheduler: BatchScheduler | None, metrics: ServerMetrics) -> None:
        self._config = read_session_config(flags)
        self._tags = flags.saved_model_tags.split(",")
        self._warmup_iterations = max(1, flags.num_request_iterations_for_warmup) if flags.enable_model_warmup else 0
        self._checks_method_names = flags.enable_signature_method_name_check
        self._scheduler = scheduler
        self._metrics = metrics

    def __call__(self, name: str, version: int, directory: Path) -> Servable:
        """Load one version.

        Raises:
            StatusError: It cannot be loaded or batched as asked, or one of its warm-up requests failed.
        """
        model = self._load(directory)
        try:
            settings = self._scheduler.batching.settings_of(directory) if self._scheduler else None
            batcher = Batcher(self._scheduler, settings) if self._scheduler and settings else None
            servable = Servable(
                name, version, model, batcher, self._metrics, checks_method_names=self._checks_method_names
            )
        except BaseException:
            model.close()
            raise
        try:
            if self._warmup_iterations:
                run_warmup(
                    directory, lambda request: _warm_up(servable, request), self._warmup_iterations, self._metrics
                )
        except BaseException:
            servable.close()
            raise
        if (directory / _METADATA_ID_PATH).is_file():
            self._metrics.mlmd_map.set(name, str(version))
        return servable

    def _load(self, directory: Path) -> SavedModel:
        started = time.monotonic()
        outcome = "fail"
        try:
            model = SavedModel(directory, self._tags, self._config)
            outcome = "success"
        finally:
            self._metrics.load_attempt_count.increment(str(directory), outcome)
            self._metrics.load_latency.increment(str(directory), by=round((time.monotonic() - started) * 1e6))
        return model


def _warm_up(servable: Servable, request: pb.PredictRequest) -> None:
    # The graph ran, which is what warms it up; callers are told by name what cannot be answered.
    with suppress(OutputNotCarried):
        run_predict(servable, request, deadline=None, as_content=True)
