"""Callers that do not wait for each other: photos arrive at random moments at a stated rate, whatever became of the last.

`python -m tests.bench.open_load` is a process of its own, so that the server's figures are the server's. Arrivals are a
Poisson process drawn beforehand; latency counts from the moment when a call was meant to start. Every call has a
connection of its own, the dearest case for the server, or, with `--kept`, one that an earlier call left, as programs do. Beside
the calls, probes ask `/readyz` and `/healthz` four times a second. Raw results go to a file; `read_run` reads it.
"""

import argparse
import json
import re
import resource
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

import gevent
import numpy as np
from gevent import socket

PROBES = ("/readyz", "/healthz")
PROBE_EVERY_SECONDS = 0.25
PATIENCE_SECONDS = 30.0
"""After which a call counts as unanswered."""
FREE_SECONDS = 5.0
"""For which a connection is used again; the gateway closes idle ones after three times as long."""
SETTLED_SHARE = 0.2
"""Of a run, after which queues have filled."""
NO_ANSWER = 0
"""Stands for the status of a call that was reset, refused by the kernel, or not answered in time."""
MAX_LATE_SECONDS = 0.25
"""A run whose calls started later than this (at their 99th percentile) says nothing: the generator was the bottleneck."""


@dataclass
class Run:
    """What became of every call of one run; the lists go together.

    Attributes:
        rate: Calls per second that were meant.
        seconds: During which they were meant to start.
        started: Seconds from the start of the run, as meant, of each call.
        latency: Seconds from that moment to the complete answer.
        status: HTTP status, or `NO_ANSWER`.
        told_when: Whether the answer had a Retry-After.
        late: Seconds by which each call started later than meant.
        probes: For each probed path, (status, seconds) of every probe.
        cpu_seconds: Of the generator.
    """

    rate: float
    seconds: float
    started: list[float] = field(default_factory=list)
    latency: list[float] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    told_when: list[bool] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    probes: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    cpu_seconds: float = 0.0

    @property
    def statuses(self) -> Counter[int]:
        return Counter(self.status)

    def good(self, deadline_seconds: float) -> int:
        """Answers with status 200 in time."""
        return sum(
            status == 200 and latency <= deadline_seconds
            for status, latency in zip(self.status, self.latency, strict=True)
        )

    def goodput(self, deadline_seconds: float) -> float:
        """Answers with status 200 in time, per second of the time between `SETTLED_SHARE` of the run and its end.

        Before, queues are still filling; what is answered after the end would make a long queue look like speed.
        """
        settled = SETTLED_SHARE * self.seconds
        answered = sum(
            status == 200 and latency <= deadline_seconds and settled < start + latency <= self.seconds
            for start, status, latency in zip(self.started, self.status, self.latency, strict=True)
        )
        return answered / (self.seconds - settled)

    def accepted_percentile(self, percent: float) -> float:
        """Of the latency of the calls that were answered with 200, in seconds."""
        accepted = [latency for latency, status in zip(self.latency, self.status, strict=True) if status == 200]
        return float(np.percentile(accepted, percent, method="inverted_cdf")) if accepted else float("nan")

    @property
    def is_valid(self) -> bool:
        """Whether the generator kept up."""
        return float(np.percentile(self.late, 99)) <= MAX_LATE_SECONDS


def read_run(path: Path) -> Run:
    """A run as `main` wrote it."""
    return Run(**json.loads(path.read_text()))


class Exchanger:
    """Sends requests to one loopback gateway, each on a connection of its own or on one that is free.

    Args:
        port: Of the gateway.
        keeps: Whether connections are kept for the next call.
    """

    def __init__(self, port: int, *, keeps: bool) -> None:
        self._port = port
        self._keeps = keeps
        self._free: list[tuple[float, socket.socket]] = []

    def exchange(self, request: bytes) -> tuple[int, bool]:
        """Send one request; (status, whether it says when to come back)."""
        answer = b""
        connection = None
        try:
            with gevent.Timeout(PATIENCE_SECONDS, exception=TimeoutError):
                connection = self._take_free() or socket.create_connection(("127.0.0.1", self._port))
                connection.sendall(request)
                while not (self._keeps and _is_complete(answer)) and (piece := connection.recv(65536)):
                    answer += piece
        except OSError:
            answer = answer if _is_complete(answer) else b""
        head, complete, _ = answer.partition(b"\r\n\r\n")
        if connection is not None:
            if self._keeps and complete and b"\r\nConnection: keep-alive\r\n" in head:
                self._free.append((time.perf_counter(), connection))
            else:
                connection.close()
        if not complete:
            return NO_ANSWER, False
        return int(head.split(b" ", 2)[1]), b"\r\nretry-after:" in head.lower()

    def _take_free(self) -> socket.socket | None:
        """The one that was used last; where that is long ago, the server may be closing it, and so all the others."""
        while self._free:
            used_at, connection = self._free.pop()
            if time.perf_counter() - used_at < FREE_SECONDS:
                return connection
            connection.close()
        return None


def _is_complete(answer: bytes) -> bool:
    """Whether an answer with a Content-Length is there as a whole."""
    head, complete, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: (\d+)", head.lower())
    return bool(complete) and length is not None and len(body) >= int(length[1])


def run_open_load(port: int, photo: bytes, rate: float, seconds: float, seed: int, *, kept: bool = False) -> Run:
    """Send photos to one loopback gateway."""
    rng = np.random.default_rng(seed)
    starts = np.cumsum(rng.exponential(1 / rate, size=int(rate * seconds * 2) + 50))
    starts = starts[starts < seconds]
    head = f"POST /v1/screenings HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: {len(photo)}\r\n"
    request = head.encode() + (b"\r\n" if kept else b"Connection: close\r\n\r\n") + photo
    caller, prober = Exchanger(port, keeps=kept), Exchanger(port, keeps=False)
    run = Run(rate, seconds, probes={path: [] for path in PROBES})
    began = time.perf_counter()

    def call(start: float) -> None:
        late = time.perf_counter() - began - start
        status, told_when = caller.exchange(request)
        run.started.append(start)
        run.latency.append(time.perf_counter() - began - start)
        run.status.append(status)
        run.told_when.append(told_when)
        run.late.append(late)

    def probe(path: str) -> None:
        while True:
            asked = time.perf_counter()
            status, _ = prober.exchange(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            run.probes[path].append((status, time.perf_counter() - asked))
            gevent.sleep(PROBE_EVERY_SECONDS)

    probes = [gevent.spawn(probe, path) for path in PROBES]
    calls = []
    for start in starts.tolist():
        wait = began + start - time.perf_counter()
        gevent.sleep(max(0.0, wait))
        calls.append(gevent.spawn(call, start))
    gevent.joinall(calls)
    gevent.killall(probes)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    run.cpu_seconds = usage.ru_utime + usage.ru_stime
    return run


def main() -> int:
    """Run, and write the raw results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--photo", type=Path, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kept", action="store_true", help="on connections that earlier calls left")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    photo = arguments.photo.read_bytes()
    run = run_open_load(arguments.port, photo, arguments.rate, arguments.seconds, arguments.seed, kept=arguments.kept)
    arguments.out.write_text(json.dumps(asdict(run)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
