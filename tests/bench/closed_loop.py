"""N clients, each sending the next photo when the last one is answered. Closed loop: it measures throughput, and hides
queueing; what a site can sustain at a latency is the load tests' business."""

import http.client
import threading
import time
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LoadResult:
    clients: int
    seconds: float
    answered: int
    refused: int
    p50_milliseconds: float
    p95_milliseconds: float

    @property
    def photos_per_second(self) -> float:
        return self.answered / self.seconds


def run_clients(port: int, path: str, photo: bytes, clients: int, seconds: float) -> LoadResult:
    """Drive one loopback server for `seconds`. Raises RuntimeError when no request succeeded or a client failed:
    a rate of fewer clients than stated is a lie."""
    latencies, refused, elapsed = _drive(port, path, photo, clients, seconds)
    p50, p95 = np.percentile(latencies, [50, 95]) * 1000
    return LoadResult(clients, elapsed, int(latencies.size), refused, float(p50), float(p95))


def time_clients(port: int, path: str, photo: bytes, clients: int, seconds: float) -> np.ndarray:
    """The seconds that each answer took. Raises RuntimeError where a request was refused, or as `run_clients` does."""
    latencies, refused, _ = _drive(port, path, photo, clients, seconds)
    if refused:
        message = f"{refused} requests to port {port} were refused"
        raise RuntimeError(message)
    return latencies


def _drive(port: int, path: str, photo: bytes, clients: int, seconds: float) -> tuple[np.ndarray, int, float]:
    """(Seconds of each answer, how many were refused, seconds from the first request to the last answer.)"""
    latencies: list[list[float]] = [[] for _ in range(clients)]
    refused = [0] * clients
    barrier = threading.Barrier(clients + 1)
    stop_at = [0.0]
    failures: list[Exception] = []

    def client(index: int) -> None:
        try:
            send_until_stopped(index)
        except (OSError, http.client.HTTPException) as error:
            failures.append(error)

    def send_until_stopped(index: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Content-Type": "image/jpeg", "Accept": "application/json"}
        barrier.wait()
        while time.perf_counter() < stop_at[0]:
            started = time.perf_counter()
            connection.request("POST", path, body=photo, headers=headers)
            response = connection.getresponse()
            response.read()
            if response.status == 200:
                latencies[index].append(time.perf_counter() - started)
            else:
                refused[index] += 1
        connection.close()

    threads = [threading.Thread(target=client, args=(index,)) for index in range(clients)]
    for thread in threads:
        thread.start()
    started = time.perf_counter()
    stop_at[0] = started + seconds
    barrier.wait()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - started
    if failures:
        message = f"{len(failures)} of {clients} clients lost their connection to port {port}: {failures[0]!r}"
        raise RuntimeError(message)
    everything = np.concatenate([np.asarray(part) for part in latencies])
    if everything.size == 0:
        message = f"no request to port {port} succeeded ({sum(refused)} refused)"
        raise RuntimeError(message)
    return everything, sum(refused), elapsed
