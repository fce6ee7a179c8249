"""Warm-up: requests that come with a version are run before it takes traffic, so that no caller pays for the first run.

The file is `assets.extra/tf_serving_warmup_requests`; tensorflow_serving/servables/tensorflow/saved_model_warmup.cc.
Any failure fails the load of the version: a version that cannot answer its own requests must not answer others.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import tensorflow as tf
from google.protobuf.message import DecodeError

from serving.server.errors import DataLoss, InvalidArgument, StatusError, Unimplemented
from serving.server.logs import log
from serving.wire.warmup import MAX_WARMUP_RECORDS, WARMUP_PATH
from serving.wire.warmup_pb2 import PredictionLog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from serving.server.metrics import ServerMetrics
    from serving.wire import predict_pb2 as pb


def run_warmup(
    directory: Path, predict: Callable[[pb.PredictRequest], object], iterations: int, metrics: ServerMetrics
) -> None:
    """Run every request of a version's warm-up file, in order; nothing happens where there is none.

    Args:
        directory: The version directory.
        predict: Runs one request against the version; model name and version inside it do not matter.
        iterations: How often to run each.
        metrics: Where the latency is counted.

    Raises:
        DataLoss: The file is no TFRecord.
        InvalidArgument: A record is no PredictionLog, or there are too many.
        Unimplemented: A record of another kind than Predict.
        StatusError: What a request failed with.
    """
    path = directory / WARMUP_PATH
    if not path.is_file():
        log("no warm-up file", version_directory=str(directory))
        return
    count = 0
    for record in _read(path):
        if count == MAX_WARMUP_RECORDS:
            message = f"Number of warmup records exceeds the maximum ({MAX_WARMUP_RECORDS}) at {path}"
            raise InvalidArgument(message)
        count += 1
        for _ in range(iterations):
            started = time.monotonic()
            try:
                _run_record(record, predict)
            except StatusError as error:
                metrics.warmup_latency.observe((time.monotonic() - started) * 1e6, str(path), str(error))
                raise
            metrics.warmup_latency.observe((time.monotonic() - started) * 1e6, str(path), "OK")
    log("warmed up", version_directory=str(directory), records=count)


def _read(path: Path) -> list[PredictionLog]:
    # TensorFlow's reader, because the one of serving.wire checks sums in Python: seconds for a thousand crops.
    try:
        contents = list(tf.compat.v1.io.tf_record_iterator(str(path)))
    except tf.errors.OpError as error:
        message = f"{error.message}. Please verify your warmup data is in TFRecord format."
        raise DataLoss(message) from error
    records = []
    for content in contents:
        try:
            records.append(PredictionLog.FromString(content))
        except DecodeError as error:
            message = f"Failed to parse warmup record: {content[:64]!r} from {path}"
            raise InvalidArgument(message) from error
    return records


def _run_record(record: PredictionLog, predict: Callable[[pb.PredictRequest], object]) -> None:
    match record.WhichOneof("log_type"):
        case "predict_log":
            predict(record.predict_log.request)
        case None:
            pass
        case other:
            number = PredictionLog.DESCRIPTOR.fields_by_name[other].number
            message = f"Unsupported log_type for warmup: {number}"
            raise Unimplemented(message)
