"""One Predict per photo against one Predict for the photos that wait together, with the embedded model server.

python -m tests.bench.upstream_shapes [--save loadtests/results]

CPU per photo, of this process (the gateway's part) and of the model server, is the main figure: it depends least on what else the
machine does. Shapes take turns, round after round; medians over rounds. `crops ready` asks with crops made before, as fast as the model
answers: the most that waiting together can gain. `photos` decodes each photo and finds its face first, on two threads, as the
gateway does.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import gevent
import numpy as np
import psutil

from gateway.crops import CropPool
from gateway.deadline import Deadline
from gateway.pin import PinnedModel, PinReader
from gateway.upstream.calls import ModelCalls
from gateway.upstream.circuit import Circuit
from gateway.upstream.connections import Connections
from gateway.upstream.model_server import ModelServerPredictor
from serving.contract.crop import make_crop
from serving.contract.face import FaceDetector
from serving.contract.photo import PhotoLimits
from serving.repository import ModelRepository
from serving.wire.channel import open_channel
from tests.bench.__main__ import machine_facts
from tests.bench.photo_batches import BatchingPredictor
from tests.bench.photos import make_photos
from tests.support.model_server_process import ModelServerProcess
from tests.support.tiny_version import tiny_repository

PHOTOS_AT_ONCE = 32
MAX_ROWS = 16
CORES = 2
DEADLINE_SECONDS = 60.0
BATCHING = Path(__file__).resolve().parents[2] / "serving" / "deploy" / "batching.config"
ONE_PER_PHOTO = "one Predict per photo"
SLOTS = (1, 2, 4)


def main() -> int:
    """Measure, print, and write the results where asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.upstream_shapes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--photos", type=int, default=400, help="per shape and round")
    parser.add_argument("--save", type=Path, help="folder for upstream_shapes.md and .json")
    arguments = parser.parse_args()
    repository = tiny_repository()
    rows = []
    base = [
        "--model_name=depression_severity",
        f"--model_base_path={repository / 'depression_severity'}",
        "--grpc_max_threads=64",
    ]
    for mode, flags in (
        ("greedy batches", ["--enable_batching=true", f"--batching_parameters_file={BATCHING}"]),
        ("no batching", []),
    ):
        with ModelServerProcess(*base, *flags) as server:
            rows += measure(mode, server, repository, arguments.rounds, arguments.photos)
    report = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine_facts(),
        "rounds": arguments.rounds,
        "photos_per_round": arguments.photos,
        "rows": rows,
    }
    text = as_markdown(report)
    print(text)
    if arguments.save:
        (arguments.save / "upstream_shapes.json").write_text(json.dumps(report, indent=1) + "\n")
        (arguments.save / "upstream_shapes.md").write_text(text)
    return 0


def measure(server_mode: str, server: ModelServerProcess, repository: Path, rounds: int, photos: int) -> list[dict]:
    """Every shape and kind of work against one server, taking turns."""
    model = PinReader(ModelRepository(repository), allow_demo=True, on_change=lambda _: None).current()
    connections = Connections(lambda: open_channel(f"127.0.0.1:{server.port}"))
    calls = ModelCalls(connections, lambda _: None)
    single = ModelServerPredictor(calls, Circuit(lambda _: None), max_calls=PHOTOS_AT_ONCE)
    batched = {f"together, {slots} calls at once": BatchingPredictor(calls, slots, MAX_ROWS) for slots in SLOTS}
    shapes = {ONE_PER_PHOTO: single, **batched}
    photo = make_photos().webcam
    pool = CropPool(CORES, FaceDetector, make_crop, PhotoLimits())
    crop = pool.make(photo, model.contract.crop, Deadline.after(DEADLINE_SECONDS)).crop[np.newaxis]

    def from_crop(_: Deadline) -> np.ndarray:
        return crop

    def from_photo(deadline: Deadline) -> np.ndarray:
        return pool.make(photo, model.contract.crop, deadline).crop[np.newaxis]

    works = {"crops ready": from_crop, "photos": from_photo}
    found: dict[tuple[str, str], list[dict]] = {(work, shape): [] for work in works for shape in shapes}
    process = psutil.Process(server.process.pid)
    try:
        for number in range(rounds + 1):
            for work, make in works.items():
                for shape, predictor in shapes.items():
                    one = run_round(predictor, make, model, photos, process)
                    if number > 0:  # the first is for warming up
                        found[work, shape].append(one)
    finally:
        single.close()
        for predictor in batched.values():
            predictor.close()
        pool.close()
        connections.close()
    return [
        {
            "server": server_mode,
            "work": work,
            "shape": shape,
            "rows_per_call": predictor_rows(shapes[shape]),
            **{name: statistics.median(one[name] for one in rounds_of) for name in rounds_of[0]},
        }
        for (work, shape), rounds_of in found.items()
    ]


def predictor_rows(predictor: object) -> float:
    """Mean rows of a call, over both kinds of work."""
    return predictor.rows / predictor.calls if isinstance(predictor, BatchingPredictor) else 1.0


def run_round(
    predictor, make: Callable[[Deadline], np.ndarray], model: PinnedModel, photos: int, server: psutil.Process
) -> dict[str, float]:
    """So many photos, `PHOTOS_AT_ONCE` at a time."""
    left = [photos]

    def ask() -> None:
        while left[0] > 0:
            left[0] -= 1
            deadline = Deadline.after(DEADLINE_SECONDS)
            predictor.predict(make(deadline), model, deadline)

    server_before, own_before, began = cpu_seconds(server), time.process_time(), time.perf_counter()
    gevent.joinall([gevent.spawn(ask) for _ in range(PHOTOS_AT_ONCE)], raise_error=True)
    wall = time.perf_counter() - began
    own, theirs = time.process_time() - own_before, cpu_seconds(server) - server_before
    return {
        "gateway_cpu_ms": 1000 * own / photos,
        "server_cpu_ms": 1000 * theirs / photos,
        "cpu_ms": 1000 * (own + theirs) / photos,
        "photos_per_second": photos / wall,
    }


def cpu_seconds(process: psutil.Process) -> float:
    """User and system time so far."""
    times = process.cpu_times()
    return times.user + times.system


def as_markdown(report: dict) -> str:
    """The table, with each shape's CPU as a ratio to one Predict per photo in the same row group."""
    machine = report["machine"]
    lines = [
        "# One Predict per photo, or one for the photos that wait together",
        "",
        f"{report['at']}, {machine['cores']} cores of {machine['cpu']}, load average before the run {machine['load_before']:.1f}: a busy",
        f"machine. {PHOTOS_AT_ONCE} photos at once, at most {MAX_ROWS} rows a call, the twin network in float32; {report['rounds']} rounds of",
        f"{report['photos_per_round']} photos, shapes taking turns, medians over rounds. CPU in ms per photo.",
        "",
        "| model server | work | shape | rows per call | gateway CPU | server CPU | both | / one per photo | photos/s |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in report["rows"]:
        base = next(
            other["cpu_ms"]
            for other in report["rows"]
            if (other["server"], other["work"], other["shape"]) == (row["server"], row["work"], ONE_PER_PHOTO)
        )
        lines.append(
            f"| {row['server']} | {row['work']} | {row['shape']} | {row['rows_per_call']:.1f} | {row['gateway_cpu_ms']:.2f} | "
            f"{row['server_cpu_ms']:.2f} | {row['cpu_ms']:.2f} | {row['cpu_ms'] / base:.2f} | {row['photos_per_second']:.0f} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
