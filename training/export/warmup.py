"""Warm-up requests: one per batch size that the server may form, so that no patient's photo pays for the first run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from serving.contract.model import EXPLAIN_SIGNATURE, INPUT_TENSOR, METADATA_SIGNATURE, SERVING_SIGNATURE
from serving.wire import predict_pb2
from serving.wire.tensors import to_tensor_proto
from serving.wire.warmup import WARMUP_PATH, write_warmup
from training.export.graph import METADATA_INPUT

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

BATCH_SIZES = (1, 2, 4, 8, 16, 32)
"""The `allowed_batch_sizes` of the batching parameters; a size without warm-up costs its first caller tens of ms."""


def write_warmup_requests(version_folder: Path, model_name: str, crops: NDArray[np.uint8]) -> int:
    """Write the warm-up file of a version and return the number of requests.

    Args:
        version_folder: The version being written.
        model_name: Goes into the requests.
        crops: uint8 [n, size, size, 3], repeated to fill a batch.
    """
    requests = [
        _request(model_name, SERVING_SIGNATURE, INPUT_TENSOR, crops[np.arange(size) % len(crops)])
        for size in BATCH_SIZES
    ]
    # One size: explanations are asked for one at a time, and every warm-up lengthens the start of a server.
    requests.append(_request(model_name, EXPLAIN_SIGNATURE, INPUT_TENSOR, crops[:1]))
    requests.append(_request(model_name, METADATA_SIGNATURE, METADATA_INPUT, np.zeros(1, np.int32)))
    return write_warmup(version_folder / WARMUP_PATH, requests)


def _request(model_name: str, signature: str, tensor: str, array: np.ndarray) -> predict_pb2.PredictRequest:
    request = predict_pb2.PredictRequest(model_spec=predict_pb2.ModelSpec(name=model_name, signature_name=signature))
    request.inputs[tensor].CopyFrom(to_tensor_proto(array))
    return request
