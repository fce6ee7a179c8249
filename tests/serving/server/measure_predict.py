"""Measure Predict against a running model server: closed loop, one thread per client, over one channel each.

python tests/serving/server/measure_predict.py --address 127.0.0.1:8500 --model m --input crop --shape 1,128,128,3 \
    --dtype uint8 --clients 1,8,32 --seconds 5 [--server-pid PID]

Prints requests per second, latency percentiles and, with a process id, the server's CPU time per request. The clients
share the machine with the server, so on few cores the rates are lower than the server alone would reach.
"""

import argparse
import threading
import time

import numpy as np
import psutil

from serving.wire.channel import open_channel
from serving.wire.client import ModelServerClient
from serving.wire.errors import CallFailed


def measure(options, clients):
    rng = np.random.default_rng(0)
    shape = [int(size) for size in options.shape.split(",")]
    array = (rng.random(shape) * 255).astype(options.dtype)
    process = psutil.Process(options.server_pid) if options.server_pid else None
    latencies, failures = [], []
    channels = [open_channel(options.address) for _ in range(clients)]
    connected = threading.Barrier(clients + 1)
    stop = threading.Event()

    def call_until_stopped(channel):
        client = ModelServerClient(channel)
        try:
            client.predict(options.model, None, {options.input: array}, 60.0, wait_for_ready=True)
        except CallFailed:
            connected.abort()
            raise
        connected.wait()
        while not stop.is_set():
            started = time.perf_counter()
            try:
                client.predict(options.model, None, {options.input: array}, 60.0)
            except CallFailed as error:
                failures.append(error.code.name)
            else:
                latencies.append(time.perf_counter() - started)

    threads = [threading.Thread(target=call_until_stopped, args=(channel,)) for channel in channels]
    for thread in threads:
        thread.start()
    connected.wait()
    cpu = sum(process.cpu_times()[:2]) if process else 0.0
    started = time.perf_counter()
    time.sleep(options.seconds)
    stop.set()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - started
    cpu = sum(process.cpu_times()[:2]) - cpu if process else float("nan")
    for channel in channels:
        channel.close()
    p50, p95, p99 = np.percentile(latencies, [50, 95, 99]) * 1e3
    print(
        f"{clients:>3} clients: {len(latencies) / elapsed:7.1f} requests/s, p50 {p50:.2f} ms, p95 {p95:.2f} ms, "
        f"p99 {p99:.2f} ms, server CPU {cpu / len(latencies) * 1e3:.3f} ms/request, failures {len(failures)}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", default="127.0.0.1:8500")
    parser.add_argument("--model", required=True)
    parser.add_argument("--input", required=True)
    parser.add_argument("--shape", required=True)
    parser.add_argument("--dtype", default="uint8")
    parser.add_argument("--clients", default="1,8,32")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--server-pid", type=int)
    options = parser.parse_args()
    for clients in options.clients.split(","):
        measure(options, int(clients))


if __name__ == "__main__":
    main()
