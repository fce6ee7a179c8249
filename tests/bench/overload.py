"""Overload: what callers see at twice and five times the load that can be sustained, and how soon it is over.

`make bench-overload` finds the peak by a ramp of open-model load, then sends twice and five times the sustainable rate, then
half of it. Twice over: against a model server that only takes time (`paced`, cores are free) and against the embedded one
(`embedded`, everything shares the cores, the generator too). Writes `overload.json` and `overload.md`.
"""

import argparse
import dataclasses
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import psutil

from gateway.settings import Settings
from serving.local.ports import LocalPorts, find_free_port
from serving.local.processes import ProcessGroup
from serving.local.stack import Interpreters, start_model_server
from tests.bench.closed_loop import run_clients
from tests.bench.machine import commit_of_tree, machine_facts
from tests.bench.open_load import PROBES, Run, read_run
from tests.bench.overload_report import report_as_markdown
from tests.bench.paced_model_server import PACED_AT_ONCE, PACED_MILLISECONDS
from tests.bench.photos import make_photos
from tests.bench.versions import build_version
from tests.support.gateway import VERSION, make_repository
from tests.support.gateway_process import GatewayProcess, wait_until

ROOT = Path(__file__).resolve().parents[2]
RAMP = (0.6, 0.7, 0.8, 0.9, 1.0, 1.1)
"""Of the closed-loop throughput, which the open model's peak is near."""
OVERLOADS = (2, 5)
SUSTAINED_SHARE = 0.99
"""A rate is sustained where so many calls are answered in time."""
SAMPLE_EVERY_SECONDS = 0.2


@dataclass(frozen=True)
class Step:
    """One rate, held for a while; memory and CPU are those of the process that serves."""

    name: str
    rate: float
    seconds: float
    is_valid: bool
    good: int
    goodput: float
    """Good answers per second, once queues have filled (`Run.goodput`)."""
    statuses: dict[str, int]
    refused_without_retry_after: int
    accepted_p50_seconds: float
    accepted_p99_seconds: float
    refused_p99_seconds: float
    probes: dict[str, dict[str, float]]
    resident_mebibytes_before: float
    resident_mebibytes_peak: float
    resident_mebibytes_after: float
    gateway_cpu_share: float
    generator_cpu_share: float
    machine_cpu_share: float
    given_up: int
    """Let in, and then not answered in time: work that was done for nobody."""
    seconds_until_recovered: float


class Meter:
    """Watches a process while a block runs."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._over = threading.Event()
        self.resident: list[float] = [self._resident()]

    def __enter__(self) -> Self:
        self._cpu = self._cpu_seconds()
        self._machine_cpu = _busy_seconds()
        self._started = time.perf_counter()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.resident.append(self._resident())
        self.cpu_seconds = self._cpu_seconds() - self._cpu
        self.machine_cpu_seconds = _busy_seconds() - self._machine_cpu
        self.seconds = time.perf_counter() - self._started

    def _watch(self) -> None:
        while not self._over.wait(SAMPLE_EVERY_SECONDS):
            self.resident.append(self._resident())

    def _resident(self) -> float:
        return self._process.memory_info().rss / 2**20

    def _cpu_seconds(self) -> float:
        times = self._process.cpu_times()
        return times.user + times.system


def _busy_seconds() -> float:
    """CPU seconds of all processes of the machine."""
    times = psutil.cpu_times()
    return sum(times) - times.idle - times.iowait - times.guest - times.guest_nice  # guests are within user


def measure_step(
    gateway: GatewayProcess, photo: Path, name: str, rate: float, seconds: float, *, kept: bool = False
) -> Step:
    """Send one rate from a process of its own, on new connections or on kept ones."""
    out = photo.with_name("run.json")
    command = [sys.executable, "-m", "tests.bench.open_load", f"--port={gateway.port}", f"--photo={photo}"]
    command += ["--kept"] if kept else []
    dropped = dropped_by(gateway)
    with Meter(gateway.worker()) as meter:
        subprocess.run([*command, f"--rate={rate}", f"--seconds={seconds}", f"--out={out}"], cwd=ROOT, check=True)
    run = read_run(out)
    dropped = dropped_by(gateway) - dropped
    deadline_seconds = Settings(model_repository=ROOT).deadline_seconds
    refused = [
        (latency, told)
        for status, latency, told in zip(run.status, run.latency, run.told_when, strict=True)
        if status in (429, 503)
    ]
    step = Step(
        name=name,
        rate=rate,
        seconds=seconds,
        is_valid=run.is_valid,
        good=run.good(deadline_seconds),
        goodput=run.goodput(deadline_seconds),
        statuses={str(status): count for status, count in sorted(run.statuses.items())},
        refused_without_retry_after=sum(not told for _, told in refused),
        accepted_p50_seconds=run.accepted_percentile(50),
        accepted_p99_seconds=run.accepted_percentile(99),
        refused_p99_seconds=sorted(latency for latency, _ in refused)[int(0.99 * len(refused))] if refused else 0.0,
        probes={path: summary_of_probes(run.probes[path]) for path in PROBES},
        resident_mebibytes_before=meter.resident[0],
        resident_mebibytes_peak=max(meter.resident),
        resident_mebibytes_after=meter.resident[-1],
        gateway_cpu_share=meter.cpu_seconds / seconds,
        generator_cpu_share=run.cpu_seconds / seconds,
        machine_cpu_share=meter.machine_cpu_seconds / meter.seconds,
        given_up=dropped + run.statuses[504] + run.statuses[200] - run.good(deadline_seconds),
        seconds_until_recovered=seconds_until_recovered(run),
    )
    print(
        f"  {name:<10}{rate:8.1f}/s  good {step.goodput:7.1f}/s  {step.statuses}  accepted p99 {step.accepted_p99_seconds:.2f} s"
        f"  given up {step.given_up}  gateway CPU {step.gateway_cpu_share:.2f}  generator {step.generator_cpu_share:.2f}"
        f"  machine {step.machine_cpu_share:.2f}",
        flush=True,
    )
    return step


def dropped_by(gateway: GatewayProcess) -> int:
    """Photos that a gateway let in and gave up because their deadline passed, by its metrics."""
    found = re.search(r'^symmetra_shed_total\{reason="deadline_passed"\} (\S+)$', gateway.metrics(), re.MULTILINE)
    assert found is not None
    return int(float(found[1]))


def summary_of_probes(probes: list[tuple[int, float]]) -> dict[str, float]:
    """How many there were, how many failed, and the slowest."""
    failed = sum(status != 200 for status, _ in probes)
    return {"asked": len(probes), "failed": failed, "slowest_seconds": max(seconds for _, seconds in probes)}


def seconds_until_recovered(run: Run) -> float:
    """When the last call that was not answered with 200 was made, from the start of the run; 0 where all were."""
    return max((at for at, status in zip(run.started, run.status, strict=True) if status != 200), default=0.0)


def measure_overload(gateway: GatewayProcess, photo: Path, seconds: float, ramp_seconds: float) -> dict[str, object]:
    """Ramp, overload and recovery at one gateway."""
    run_clients(gateway.port, "/v1/screenings", photo.read_bytes(), 32, 2.0)
    closed = run_clients(gateway.port, "/v1/screenings", photo.read_bytes(), 32, ramp_seconds).photos_per_second
    print(f"closed loop, 32 clients: {closed:.1f}/s", flush=True)
    ramp = [measure_step(gateway, photo, f"ramp {share}", share * closed, ramp_seconds) for share in RAMP]
    peak = max(step.goodput for step in ramp)
    sustained = [step.rate for step in ramp if step.good >= SUSTAINED_SHARE * sum(step.statuses.values())]
    sustainable = max(sustained, default=RAMP[0] * closed)
    steps = []
    for factor in OVERLOADS:
        steps.append(measure_step(gateway, photo, f"{factor}x", factor * sustainable, seconds))
        steps.append(measure_step(gateway, photo, f"after {factor}x", sustainable / 2, 10.0))
        peak = max(peak, steps[-2].goodput)
        kept = measure_step(
            gateway, photo, f"{factor}x on kept connections", factor * sustainable, seconds / 2, kept=True
        )
        steps.append(kept)
    return {
        "closed_loop_photos_per_second": closed,
        "peak_goodput": peak,
        "sustainable_rate": sustainable,
        "steps": [dataclasses.asdict(step) for step in (*ramp, *steps)],
    }


def measure_paced(folder: Path, photo: Path, seconds: float, ramp_seconds: float) -> dict[str, object]:
    """Against a model server that only takes time."""
    make_repository(folder / "models")
    port = find_free_port()
    with ProcessGroup(folder / "logs") as group:
        words = (port, VERSION, PACED_MILLISECONDS, PACED_AT_ONCE)
        group.start("paced", [sys.executable, "-m", "tests.bench.paced_model_server", *map(str, words)])
        with GatewayProcess(folder / "models", f"127.0.0.1:{port}") as gateway:
            wait_until(lambda: gateway.request("GET", "/readyz/model")[0] == 200)
            return measure_overload(gateway, photo, seconds, ramp_seconds)


def measure_embedded(folder: Path, photo: Path, seconds: float, ramp_seconds: float) -> dict[str, object]:
    """Against the embedded model server, with a version of the default architecture."""
    build_version(folder / "models", "twin")
    ports = LocalPorts(*(find_free_port() for _ in dataclasses.fields(LocalPorts)))
    with ProcessGroup(folder / "logs") as group:
        start_model_server(group, Interpreters.this_one().serving, folder / "models", ports)
        with GatewayProcess(folder / "models", f"127.0.0.1:{ports.model_server_port}") as gateway:
            wait_until(lambda: gateway.request("GET", "/readyz/model")[0] == 200)
            return measure_overload(gateway, photo, seconds, ramp_seconds)


MEASURES = {"paced": measure_paced, "embedded": measure_embedded}


def main() -> int:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.overload", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each overload")
    parser.add_argument("--ramp-seconds", type=float, default=10.0, help="of each step of the ramp")
    parser.add_argument("--against", choices=MEASURES, action="append", help="both when left out")
    parser.add_argument("--results", type=Path, default=ROOT / "loadtests" / "results")
    arguments = parser.parse_args()
    report: dict[str, object] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit_of_tree(),
        "machine": machine_facts(),
        "deadline_seconds": Settings(model_repository=ROOT).deadline_seconds,
    }
    photo_bytes = make_photos().webcam
    for name in arguments.against or MEASURES:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="symmetra-overload-")))
            photo = folder / "photo.jpg"
            photo.write_bytes(photo_bytes)
            print(f"\n{name}", flush=True)
            report[name] = MEASURES[name](folder, photo, arguments.seconds, arguments.ramp_seconds)
    (arguments.results / "overload.json").write_text(json.dumps(report, indent=1) + "\n")
    text = report_as_markdown(report, [name for name in MEASURES if name in report])
    (arguments.results / "overload.md").write_text(text)
    print("\n" + text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
