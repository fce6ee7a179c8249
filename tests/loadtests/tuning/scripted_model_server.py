"""A model server of known capacity, with TensorFlow Serving's flags: one device, a run costs so much and each row so much more.

python scripted_model_server.py FIXED_MS ROW_MS PENALTY --port=N --model_name=M --model_base_path=P [--grpc_max_threads=N] [--enable_batching=true ...]

Nothing is calculated; a run sleeps. With a PENALTY other than 1 runs take so many times longer as soon as any flag differs from the
defaults. Without batching each call is a run; with it, whatever waits runs together, as far as max_batch_size goes.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

from serving.wire import predict_pb2 as pb
from serving.wire.client import PREDICT_PATH, STATUS_PATH

DEFAULT_THREADS = 8
POLL_SECONDS = 0.0005


class Device:
    """Runs one batch at a time; the calls of a batch wait for its leader."""

    def __init__(self, fixed: float, row: float, largest: int) -> None:
        self._fixed, self._row, self._largest = fixed, row, largest
        self._device, self._door = threading.Lock(), threading.Lock()
        self._waiting: list[threading.Event] = []

    def run(self) -> None:
        mine = threading.Event()
        with self._door:
            self._waiting.append(mine)
        while not mine.is_set():
            if not self._device.acquire(timeout=POLL_SECONDS):
                continue
            try:
                if mine.is_set():
                    return
                with self._door:
                    batch, self._waiting = self._waiting[: self._largest], self._waiting[self._largest :]
                time.sleep(self._fixed + self._row * len(batch))
                for each in batch:
                    each.set()
            finally:
                self._device.release()


class Service(grpc.GenericRpcHandler):
    def __init__(self, device: Device) -> None:
        self._device = device

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        answer = {PREDICT_PATH: self._predict, STATUS_PATH: self._status}.get(details.method)
        return None if answer is None else grpc.unary_unary_rpc_method_handler(answer)

    def _predict(self, request: bytes, context: grpc.ServicerContext) -> bytes:  # noqa: ARG002 - as gRPC calls it
        self._device.run()
        return b""

    def _status(self, request: bytes, context: grpc.ServicerContext) -> bytes:  # noqa: ARG002 - as gRPC calls it
        answer = pb.GetModelStatusResponse()
        answer.model_version_status.add(version=1, state=pb.ModelVersionStatus.State.Value("AVAILABLE"))
        return answer.SerializeToString()


def main() -> None:
    fixed, row, penalty = map(float, sys.argv[1:4])
    flags = dict(each.removeprefix("--").split("=", 1) for each in sys.argv[4:])
    if set(flags) - {"port", "model_name", "model_base_path", "max_num_load_retries"}:
        fixed, row = fixed * penalty, row * penalty
    largest = 1
    if flags.get("enable_batching") == "true":
        text = Path(flags["batching_parameters_file"]).read_text()
        largest = int(re.search(r"max_batch_size { value: (\d+) }", text)[1])
    threads = int(flags.get("grpc_max_threads", DEFAULT_THREADS))
    server = grpc.server(ThreadPoolExecutor(threads), maximum_concurrent_rpcs=threads)
    server.add_generic_rpc_handlers((Service(Device(fixed / 1000, row / 1000, largest)),))
    server.add_insecure_port(f"127.0.0.1:{flags['port']}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
