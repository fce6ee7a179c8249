"""What 200 uploads that stall cost the others: p99 with them against p99 without, in alternating rounds of one run.

`python -m tests.bench.stalled_uploads` writes `stalled_uploads.json`; bar: 1.5. The model server is a stub, so that nothing but
the gateway is compared.
"""

import argparse
import json
import socket
import statistics
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tests.bench.closed_loop import time_clients
from tests.bench.machine import commit_of_tree, machine_facts
from tests.bench.photos import make_photos
from tests.support.gateway import VERSION, make_repository
from tests.support.gateway_process import GatewayProcess
from tests.support.stub_model_server import StubModelServer

ROOT = Path(__file__).resolve().parents[2]
STALLED = 200
CLIENTS = 4
BAR = 1.5


@contextmanager
def stalled_uploads(port: int, photo: bytes) -> Generator[None, None, None]:
    """So many uploads that are half done, and get no further while the block runs."""
    head = (
        b"POST /v1/screenings HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
        % len(photo)
    )
    with ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(STALLED)]
        for connection in connections:
            connection.sendall(head + photo[: len(photo) // 2])
        yield
        for connection in connections:
            connection.setblocking(False)
            try:
                answered = connection.recv(1)
            except BlockingIOError:
                continue
            message = f"a stalled upload was ended during the measurement ({answered!r}), which proves nothing"
            raise RuntimeError(message)


def p99_milliseconds(port: int, photo: bytes, seconds: float) -> tuple[float, int]:
    """Of what `CLIENTS` clients saw, and how many answers that is of."""
    latencies = time_clients(port, "/v1/screenings", photo, CLIENTS, seconds)
    return float(np.percentile(latencies, 99)) * 1000, len(latencies)


def main() -> int:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.stalled_uploads", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each half of a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=ROOT / "loadtests" / "results")
    arguments = parser.parse_args()
    photo = make_photos().webcam
    rounds = []
    with tempfile.TemporaryDirectory(prefix="symmetra-stalled-") as folder, StubModelServer(VERSION) as stub:
        make_repository(Path(folder))
        patience = {"read_timeout_seconds": 3600, "body_deadline_seconds": 3600}
        with GatewayProcess(Path(folder), stub.address, **patience) as gateway:
            p99_milliseconds(gateway.port, photo, 2.0)
            for _ in range(arguments.rounds):
                alone, answers_alone = p99_milliseconds(gateway.port, photo, arguments.seconds)
                with stalled_uploads(gateway.port, photo):
                    beside, answers_beside = p99_milliseconds(gateway.port, photo, arguments.seconds)
                rounds.append(
                    {
                        "p99_alone_milliseconds": alone,
                        "p99_beside_stalled_milliseconds": beside,
                        "ratio": beside / alone,
                        "answers_alone": answers_alone,
                        "answers_beside_stalled": answers_beside,
                    }
                )
                print(rounds[-1], flush=True)
    ratio = statistics.median(one["ratio"] for one in rounds)
    report = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit_of_tree(),
        "machine": machine_facts(),
        "stalled_uploads": STALLED,
        "clients": CLIENTS,
        "median_ratio": ratio,
        "bar": BAR,
        "rounds": rounds,
    }
    (arguments.results / "stalled_uploads.json").write_text(json.dumps(report, indent=1) + "\n")
    print(
        f"p99 beside {STALLED} stalled uploads / p99 without: {ratio:.2f}; bar {BAR}; {'met' if ratio <= BAR else 'NOT met'}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
