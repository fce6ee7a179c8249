"""From a version directory to a servable that is ready for traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serving.server.errors import InvalidArgument
from serving.server.predict import run_predict
from serving.server.savedmodel import SavedModel, session_config
from serving.server.servable import Servable
from serving.server.warmup import run_warmup

if TYPE_CHECKING:
    from pathlib import Path

    from serving.server.batching import BatchScheduler
    from serving.server.flags import Flags
    from serving.server.metrics import ServerMetrics
    from serving.wire import predict_pb2 as pb


class ServableLoader:
    """Loads a version and warms it up.

    Args:
        flags: Threads, tags and warm-up.
        scheduler: Runs batches; None where batching is off.
        metrics: Where warm-up and runs are counted.

    Raises:
        InvalidArgument: All three thread flags at once, which contradict each other.
    """

    def __init__(self, flags: Flags, scheduler: BatchScheduler | None, metrics: ServerMetrics) -> None:
        threads = (
            flags.tensorflow_session_parallelism,
            flags.tensorflow_intra_op_parallelism,
            flags.tensorflow_inter_op_parallelism,
        )
        if all(count > 0 for count in threads):
            message = (
                "Both tensorflow_session_parallelism and tensorflow_intra_op_parallelism/"
                "tensorflow_inter_op_parallelism are set; set one or the other."
            )
            raise InvalidArgument(message)
        session, intra, inter = threads
        self._config = session_config(session_threads=session, intra_op_threads=intra, inter_op_threads=inter)
        self._tags = flags.saved_model_tags.split(",")
        self._warmup_iterations = max(1, flags.num_request_iterations_for_warmup) if flags.enable_model_warmup else 0
        self._scheduler = scheduler
        self._metrics = metrics

    def __call__(self, name: str, version: int, directory: Path) -> Servable:
        """Load one version.

        Raises:
            StatusError: It cannot be loaded, or one of its warm-up requests failed.
        """
        model = SavedModel(directory, self._tags, self._config)
        servable = Servable(name, version, model, self._scheduler, self._metrics)
        try:
            if self._warmup_iterations:
                run_warmup(
                    directory, lambda request: _warm_up(servable, request), self._warmup_iterations, self._metrics
                )
        except BaseException:
            servable.close()
            raise
        return servable


def _warm_up(servable: Servable, request: pb.PredictRequest) -> None:
    run_predict(servable, request, deadline=None, as_content=True)
