"""Half an hour at a steady share of what can be sustained: do memory, threads, files and metric series stay where they were?

`python -m tests.bench.soak` starts the gateway, with receipts and with a sentinel that looks every ten seconds, and the
embedded model server; finds their throughput in a closed loop; and then sends `--share` of it as an open model, photos
with a face and one in twenty without, minute after minute. Both processes are looked at every five seconds. Writes
`soak.json`, `soak.md` and `soak.png`, anew after every minute, so that a run which is cut short has shown something.
"""

import argparse
import dataclasses
import http.client
import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import psutil

from gateway.commands.program import run as gateway_command
from serving.local.ports import LOOPBACK, LocalPorts, find_free_port
from serving.local.processes import ProcessGroup
from serving.local.stack import Interpreters, start_model_server
from tests.bench.closed_loop import run_clients
from tests.bench.machine import commit_of_tree, machine_facts
from tests.bench.open_load import Run, read_run
from tests.bench.photos import make_photos
from tests.bench.soak_report import write_soak_report
from tests.bench.versions import build_version
from tests.support.gateway_process import GatewayProcess, wait_until
from tests.support.photo_bytes import encode, plain_picture

ROOT = Path(__file__).resolve().parents[2]
SAMPLE_EVERY_SECONDS = 5.0
MINUTE_SECONDS = 60.0
BAD_SHARE = 0.05
SENTINEL_INTERVAL_SECONDS = 10.0


@dataclass(frozen=True)
class Sample:
    """What two processes hold at one moment; memory in mebibytes, `at` in seconds from the start of the load."""

    at: float
    gateway_resident: float
    gateway_threads: int
    gateway_files: int
    gateway_series: int
    server_resident: float
    server_threads: int
    server_files: int


class Watch:
    """Looks at the processes every few seconds while a block runs.

    Args:
        gateway: That is watched, with its metrics.
        server: The model server's process.
    """

    def __init__(self, gateway: GatewayProcess, server: psutil.Process) -> None:
        self._gateway, self._server = gateway, server
        self._worker = gateway.worker()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.samples: list[Sample] = []

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(SAMPLE_EVERY_SECONDS):
            series = sum(not line.startswith("#") for line in self._gateway.metrics().splitlines())
            self.samples.append(
                Sample(
                    at=time.monotonic() - self._began,
                    gateway_resident=self._worker.memory_info().rss / 2**20,
                    gateway_threads=self._worker.num_threads(),
                    gateway_files=self._worker.num_fds(),
                    gateway_series=series,
                    server_resident=self._server.memory_info().rss / 2**20,
                    server_threads=self._server.num_threads(),
                    server_files=self._server.num_fds(),
                )
            )


def send(gateway: GatewayProcess, photo: Path, rate: float, seconds: float) -> Run:
    """One rate of one photo, from a process of its own."""
    out = photo.with_suffix(".json")
    command = [sys.executable, "-m", "tests.bench.open_load", f"--port={gateway.port}", f"--photo={photo}"]
    subprocess.run([*command, f"--rate={rate}", f"--seconds={seconds}", f"--out={out}"], cwd=ROOT, check=True)
    return read_run(out)


def send_minute(gateway: GatewayProcess, photos: dict[Path, float], seconds: float) -> Counter[str]:
    """Every photo at its rate, side by side; the answers by status."""
    statuses: Counter[str] = Counter()

    def send_one(photo: Path, rate: float) -> None:
        for status, count in send(gateway, photo, rate, seconds).statuses.items():
            statuses[str(status)] += count

    threads = [threading.Thread(target=send_one, args=item) for item in photos.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def measure(folder: Path, results: Path, minutes: int, share: float) -> None:
    """Run the whole of it, and keep what was seen after every minute."""
    version, _ = build_version(folder / "models", "twin")
    records_url = f"sqlite:///{folder / 'receipts.db'}"
    (folder / "secret").write_text(secrets.token_hex(32) + "\n")
    ports = LocalPorts(*(find_free_port() for _ in dataclasses.fields(LocalPorts)))
    settings = {
        "records_url": records_url,
        "record_key_file": folder / "secret",
        "sentinel_interval_seconds": SENTINEL_INTERVAL_SECONDS,
    }
    photos = {name: folder / f"{name}.jpg" for name in ("face", "none")}
    photos["face"].write_bytes(make_photos().webcam)
    photos["none"].write_bytes(encode(plain_picture(640, 480), "JPEG"))
    if gateway_command(["records", "upgrade"], {"SYMMETRA_RECORDS_URL": records_url}, sys.stdout, sys.stderr) != 0:
        raise SystemExit("the tables of the records could not be made")
    with ProcessGroup(folder / "logs") as group:
        start_model_server(group, Interpreters.this_one().serving, folder / "models", ports)
        server = next(child for child in psutil.Process().children() if "serving.server" in child.cmdline())
        with GatewayProcess(folder / "models", f"{LOOPBACK}:{ports.model_server_port}", **settings) as gateway:
            wait_until(lambda: gateway.request("GET", "/readyz/model")[0] == http.client.OK)
            loops = [
                run_clients(gateway.port, "/v1/screenings", photos["face"].read_bytes(), 16, 15.0).photos_per_second
                for _ in range(3)
            ]
            throughput = statistics.median(loops)
            report: dict[str, object] = {
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "commit": commit_of_tree(),
                "machine": machine_facts(),
                "model_version": version,
                "closed_loop_photos_per_second": throughput,
                "share": share,
                "rate": share * throughput,
            }
            rates = {
                photos["face"]: (1 - BAD_SHARE) * share * throughput,
                photos["none"]: BAD_SHARE * share * throughput,
            }
            statuses: Counter[str] = Counter()
            with Watch(gateway, server) as watch:
                for minute in range(1, minutes + 1):
                    statuses += send_minute(gateway, rates, MINUTE_SECONDS)
                    samples = [dataclasses.asdict(sample) for sample in watch.samples]
                    report |= {"minutes": minute, "statuses": dict(sorted(statuses.items())), "samples": samples}
                    write_soak_report(report, results)
                    print(f"minute {minute}: {dict(statuses)}", flush=True)


def main() -> int:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--share", type=float, default=0.6, help="of the throughput of a closed loop")
    parser.add_argument("--results", type=Path, default=ROOT / "loadtests" / "results")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="symmetra-soak-") as folder:
        measure(Path(folder), arguments.results, arguments.minutes, arguments.share)
    print(json.dumps(json.loads((arguments.results / "soak.json").read_text())["flat"], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
