"""`python -m tests.bench.model_server_load`: N clients in a process of their own, each with a channel of its own.

Reads one JSON object per line (address, model, clients, warm_up_seconds, seconds) and answers each with one. Closed loop:
every client sends its next crop when the last is answered. Requests are bytes made once and answers are not decoded, so
that the generator takes as little as it can of the cores it shares with the server.
"""

from __future__ import annotations

import json
import math
import sys
import threading
import time
from dataclasses import dataclass, field

import grpc
import numpy as np

from serving.wire import predict_pb2 as pb
from serving.wire.client import PREDICT_PATH
from serving.wire.tensors import fill_tensor_proto

TIMEOUT_SECONDS = 60.0
INPUT = "crop"
SHAPE = (1, 128, 128, 3)


@dataclass
class Client:
    """One caller's latencies within the measured time, and how many calls failed in it."""

    latencies: list[float] = field(default_factory=list)
    failed: int = 0


def run(address: str, model: str, clients: int, warm_up_seconds: float, seconds: float) -> dict[str, float]:
    """Drive a server and return what its callers saw."""
    body = request_bytes(model)
    ready = threading.Barrier(clients + 1)
    found = [Client() for _ in range(clients)]
    window = [math.inf, math.inf]

    def call_until_the_end(client: Client) -> None:
        with grpc.insecure_channel(address) as channel:
            predict = channel.unary_unary(PREDICT_PATH)
            predict(body, timeout=TIMEOUT_SECONDS, wait_for_ready=True)
            ready.wait()
            while (started := time.perf_counter()) < window[1]:
                failed = False
                try:
                    predict(body, timeout=TIMEOUT_SECONDS)
                except grpc.RpcError:
                    failed = True
                ended = time.perf_counter()
                if window[0] <= ended <= window[1]:
                    client.failed += failed
                    if not failed:
                        client.latencies.append(ended - started)

    threads = [threading.Thread(target=call_until_the_end, args=(client,)) for client in found]
    for thread in threads:
        thread.start()
    ready.wait()
    began = time.perf_counter() + warm_up_seconds
    window[:] = [began, began + seconds]
    time.sleep(max(0.0, began - time.perf_counter()))
    print(json.dumps({"event": "begun"}), flush=True)
    cpu = time.process_time()
    time.sleep(max(0.0, window[1] - time.perf_counter()))
    cpu = time.process_time() - cpu
    print(json.dumps({"event": "ended"}), flush=True)
    for thread in threads:
        thread.join()
    latencies = np.concatenate([np.asarray(client.latencies) for client in found])
    p50, p99 = np.percentile(latencies, [50, 99]) * 1e3 if latencies.size else (float("nan"), float("nan"))
    return {
        "answered": int(latencies.size),
        "failed": sum(client.failed for client in found),
        "per_second": latencies.size / seconds,
        "p50_milliseconds": float(p50),
        "p99_milliseconds": float(p99),
        "generator_cpu_share": cpu / seconds,
    }


def request_bytes(model: str) -> bytes:
    """A Predict request with one crop of noise: how long a run takes does not depend on what is on it."""
    request = pb.PredictRequest(model_spec=pb.ModelSpec(name=model))
    crop = np.random.default_rng(0).integers(0, 256, SHAPE, dtype=np.uint8)
    fill_tensor_proto(request.inputs[INPUT], crop)
    return request.SerializeToString()


def main() -> None:
    """Answer commands until stdin ends."""
    for line in sys.stdin:
        print(json.dumps({"event": "done", **run(**json.loads(line))}), flush=True)


if __name__ == "__main__":
    main()
