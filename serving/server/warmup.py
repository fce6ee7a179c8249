"""Warm-up: requests that come with a version are run before it takes traffic, so that no caller pays for the first run.

The file is `assets.extra/tf_serving_warmup_requests`; tensorflow_serving/servables/tensorflow/saved_model_warmup.cc.
Any failure fails the load of the version: a version that cannot answer its own requests must not answer others.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import tensorflow as tf
from google.protobuf.message import DecodeError

from serving.server.errors import DataLoss, InvalidArgument, StatusError, Unimplemented, status_of
from serving.server.logs import log
from serving.wire.warmup import MAX_WARMUP_RECORDS, WARMUP_PATH
from serving.wire.warmup_pb2 import PredictionLog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from serving.server.metrics import ServerMetrics
    from serving.wire import predict_pb2 as pb

_NOT_SERVED: Final = {"classify_log", "regress_log", "multi_inference_log"}
_SHOWN_BYTES: Final = 64


def run_warmup(
    directory: Path, predict: Callable[[pb.PredictRequest], object], iterations: int, metrics: ServerMetrics
) -> None:
    """Run every request of a version's warm-up file, in order; nothing happens where there is none.

    A request is run before the next one is read, so that what is wrong with a record is found only behind those before it.

    Args:
        directory: The version directory.
        predict: Runs one request against the version; model name and version inside it do not matter.
        iterations: How often to run each.
        metrics: Where latency and records are counted, once the file is read to its end or to a damaged record.

    Raises:
        DataLoss: The file is no TFRecord.
        InvalidArgument: A record is no PredictionLog, or there are too many.
        Unimplemented: A record of a kind that no server can warm up with.
        StatusError: What a request failed with.
    """
    path = directory / WARMUP_PATH
    if not path.is_file():
        log("no warm-up file", version_directory=str(directory))
        return
    started = time.monotonic()
    count = 0
    damage: StatusError | None = None
    contents = tf.compat.v1.io.tf_record_iterator(str(path))
    while damage is None:
        try:
            # TensorFlow's reader, because the one of serving.wire checks sums in Python: seconds for a thousand crops.
            content = next(contents, None)
        except tf.errors.OpError as error:
            damage = status_of(error.error_code, str(error.message))
            continue
        if content is None:
            break
        record = _parse(content, path)
        for _ in range(iterations):
            _run_record(record, predict)
        count += 1
        if count > MAX_WARMUP_RECORDS:
            message = f"Number of warmup records exceeds the maximum ({MAX_WARMUP_RECORDS}) at {path}"
            raise InvalidArgument(message)
    status = str(damage or "OK")
    metrics.warmup_latency.observe((time.monotonic() - started) * 1e6, str(directory), status)
    metrics.warmup_records_read.increment(str(directory), status, by=count)
    if isinstance(damage, DataLoss):
        message = f"{damage.message}. Please verify your warmup data is in TFRecord format."
        raise DataLoss(message)
    if damage is not None:
        raise damage
    log("warmed up", version_directory=str(directory), records=count)


def _parse(content: bytes, path: Path) -> PredictionLog:
    try:
        return PredictionLog.FromString(content)
    except DecodeError as error:
        # Its beginning only: a whole record can be a photo, and this ends up in the log.
        message = f"Failed to parse warmup record: {content[:_SHOWN_BYTES]!r} from {path}"
        raise InvalidArgument(message) from error


def _run_record(record: PredictionLog, predict: Callable[[pb.PredictRequest], object]) -> None:
    kind = record.WhichOneof("log_type")
    if kind == "predict_log":
        predict(record.predict_log.request)
    elif kind in _NOT_SERVED:
        # Theirs runs it. Here nobody can call that method, so there is nothing to get warm.
        log("warm-up record passed over", kind=kind)
    elif kind is not None:
        number = PredictionLog.DESCRIPTOR.fields_by_name[kind].number
        message = f"Unsupported log_type for warmup: {number}"
        raise Unimplemented(message)
