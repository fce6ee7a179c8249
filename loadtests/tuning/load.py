"""`python -m loadtests.tuning.load`: calls of a gateway, made over one connection by a process of its own.

Reads one JSON object a line (a `LoadRequest`) and answers each with one (a `Load`). As many calls are in flight all the time as the
request says, each with few crops: so a gateway asks, which lets in so many photos and sends a Predict for each. It is a closed loop
on purpose: two configurations are compared at the same number of waiting callers, and nothing is said of what a site sustains.
Requests are bytes made once and answers are not decoded, so that little is taken of the cores that are shared with the server.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import grpc
import numpy as np

from serving.wire import predict_pb2 as pb
from serving.wire.channel import open_channel
from serving.wire.client import PREDICT_PATH
from serving.wire.tensors import fill_tensor_proto

INPUT: Final = "crop"
CROP_SHAPE: Final = (128, 128, 3)
CALL_SECONDS: Final = 60.0
REFUSED: Final = (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE)
"""Out of threads, and out of room in the queue of batches."""
PAUSE_AFTER_FAILURE_SECONDS: Final = 0.01


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What to send.

    Attributes:
        address: Of the model server.
        model: Its name there.
        in_flight: Calls at the same time.
        crops_per_call: Rows of each.
        warm_up_seconds: Before what counts.
        seconds: That count.
    """

    address: str
    model: str
    in_flight: int
    crops_per_call: int
    warm_up_seconds: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Load:
    """What the callers saw; percentiles are exact, and of answered calls.

    Attributes:
        in_flight: Calls at the same time.
        answered: Calls, within the seconds that count.
        refused: Calls, for want of threads or room.
        failed: Calls, otherwise.
        calls_per_second: Answered.
        p50_milliseconds: Of their latency; 0.0 where none was answered, as the others.
        p95_milliseconds: See above.
        p99_milliseconds: See above.
        generator_cpu_share: Of one core, that making the load took.
    """

    in_flight: int
    answered: int
    refused: int
    failed: int
    calls_per_second: float
    p50_milliseconds: float
    p95_milliseconds: float
    p99_milliseconds: float
    generator_cpu_share: float


@dataclass(slots=True)
class _Caller:
    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    failed: int = 0


def make_load(request: LoadRequest) -> Load:
    """Keep so many calls in flight, and say what became of them."""
    body = _request_bytes(request.model, request.crops_per_call)
    callers = [_Caller() for _ in range(request.in_flight)]
    begin = time.perf_counter() + request.warm_up_seconds
    end = begin + request.seconds
    with open_channel(request.address) as channel:
        predict = channel.unary_unary(PREDICT_PATH, bytes, bytes)
        threads = [threading.Thread(target=_call, args=(predict, body, each, begin, end)) for each in callers]
        for thread in threads:
            thread.start()
        time.sleep(max(0.0, begin - time.perf_counter()))
        cpu = time.process_time()
        time.sleep(max(0.0, end - time.perf_counter()))
        cpu = time.process_time() - cpu
        for thread in threads:
            thread.join()
    latencies = np.concatenate([np.asarray(each.latencies) for each in callers])
    p50, p95, p99 = np.percentile(latencies, [50, 95, 99]) * 1000 if latencies.size else (0.0, 0.0, 0.0)
    return Load(
        in_flight=request.in_flight,
        answered=int(latencies.size),
        refused=sum(each.refused for each in callers),
        failed=sum(each.failed for each in callers),
        calls_per_second=latencies.size / request.seconds,
        p50_milliseconds=float(p50),
        p95_milliseconds=float(p95),
        p99_milliseconds=float(p99),
        generator_cpu_share=cpu / request.seconds,
    )


def _call(predict: Callable[..., bytes], body: bytes, caller: _Caller, begin: float, end: float) -> None:
    """One call after the other until the end; those that end within the seconds that count are noted."""
    while (started := time.perf_counter()) < end:
        code = None
        try:
            predict(body, timeout=CALL_SECONDS, wait_for_ready=True)
        except grpc.RpcError as error:
            code = error.code()
        ended = time.perf_counter()
        if begin <= ended <= end:
            if code is None:
                caller.latencies.append(ended - started)
            elif code in REFUSED:
                caller.refused += 1
            else:
                caller.failed += 1
        if code is not None:
            # A refusal costs a server little, and a caller nothing: without a pause it would only ask faster than anybody does.
            time.sleep(min(PAUSE_AFTER_FAILURE_SECONDS, max(0.0, end - ended)))


def _request_bytes(model: str, crops: int) -> bytes:
    """Crops of noise: how long a run takes does not depend on what is on them."""
    request = pb.PredictRequest(model_spec=pb.ModelSpec(name=model))
    noise = np.random.default_rng(0).integers(0, 256, (crops, *CROP_SHAPE), dtype=np.uint8)
    fill_tensor_proto(request.inputs[INPUT], noise)
    return request.SerializeToString()


def main() -> None:
    """Answer requests until stdin ends."""
    for line in sys.stdin:
        load = make_load(LoadRequest(**json.loads(line)))
        content = dataclasses.asdict(load)
        if not all(math.isfinite(value) for value in content.values()):  # JSON has no word for it
            message = "a figure of the load is not finite"
            raise ValueError(message)
        sys.stdout.write(json.dumps(content) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
