"""What a shadow version costs the callers: latency with and without it, at a steady open-model load.

python -m tests.bench.shadow_cost [--save loadtests/results]

Photos arrive at chance moments (Poisson) at a share of what this machine sustains, whether or not earlier ones are answered; their
time counts from the moment of arrival. Each is decoded, its face found, and asked about over gRPC, all as in the gateway, without
HTTP. Rounds with and without the shadow take turns; the ratio is of the medians over rounds.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import gevent
import numpy as np

from gateway.crops import CropPool
from gateway.deadline import Deadline
from gateway.pin import PinReader
from gateway.upstream.calls import ModelCalls
from gateway.upstream.circuit import Circuit
from gateway.upstream.connections import Connections
from gateway.upstream.model_server import ModelServerPredictor
from gateway.upstream.shadow import Shadow, ShadowContract
from serving.contract.crop import make_crop
from serving.contract.face import FaceDetector
from serving.contract.photo import PhotoLimits
from serving.repository import ModelRepository
from serving.wire.channel import open_channel
from tests.bench.machine import machine_facts
from tests.bench.photos import make_photos
from tests.support.model_server_process import ModelServerProcess
from tests.support.tiny_version import copy_tiny_repository

CORES = 2
LOAD = 0.6
"""Of what was sustained in the first seconds, without the shadow."""
DEADLINE_SECONDS = 30.0
CONFIG = """model_config_list {{ config {{ name: "depression_severity" base_path: "{base}" model_platform: "tensorflow"
model_version_policy {{ specific {{ versions: 1 versions: 2 }} }} }} }}
"""


class Counts:
    """How many photos the shadow answered and missed."""

    def __init__(self) -> None:
        self.answered = 0
        self.missed: dict[str, int] = {}

    def count_shadow_answer(self, **_: object) -> None:
        self.answered += 1

    def count_shadow_miss(self, reason: str) -> None:
        self.missed[reason] = self.missed.get(reason, 0) + 1


def main() -> int:
    """Measure, print, and write the result where asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.shadow_cost", description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--photos", type=int, default=600, help="per round")
    parser.add_argument("--save", type=Path, help="folder for shadow_cost.json")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="symmetra-shadow-") as folder:
        repository = copy_tiny_repository(Path(folder, "models"))
        base = repository / "depression_severity"
        shutil.copytree(base / "1", base / "2")
        config = Path(folder, "models.config")
        config.write_text(CONFIG.format(base=base))
        with ModelServerProcess(f"--model_config_file={config}", "--grpc_max_threads=64") as server:
            report = measure(f"127.0.0.1:{server.port}", repository, arguments.rounds, arguments.photos)
    print(json.dumps(report, indent=1))
    if arguments.save:
        (arguments.save / "shadow_cost.json").write_text(json.dumps(report, indent=1) + "\n")
    return 0


def measure(address: str, root: Path, rounds: int, photos: int) -> dict[str, object]:
    """Rounds with and without the shadow, taking turns."""
    repository = ModelRepository(root)
    model = PinReader(repository, allow_demo=True, on_change=lambda _: None).current()
    connections = Connections(lambda: open_channel(address))
    predictor = ModelServerPredictor(ModelCalls(connections, lambda *_: None), Circuit(lambda _: None), max_calls=64)
    counts = Counts()
    shadow_calls = ModelCalls(connections, lambda *_: None, retries=False)
    shadow = Shadow(2, ShadowContract(repository, 2), shadow_calls, lambda: predictor.is_busy, counts)
    pool = CropPool(CORES, FaceDetector, make_crop, PhotoLimits())
    photo = make_photos().webcam
    handed_over: list[float] = []

    def ask(arrived: float, seconds: list[float], *, mirrored: bool) -> None:
        deadline = Deadline.after(DEADLINE_SECONDS)
        crop = pool.make(photo, model.contract.crop, deadline).crop
        scores = predictor.predict(crop[np.newaxis], model, deadline)
        seconds.append(time.perf_counter() - arrived)
        if mirrored:
            began = time.perf_counter()
            shadow.mirror(crop, scores, model, "loadtest")
            handed_over.append(time.perf_counter() - began)

    def run(rate: float, count: int, *, mirrored: bool) -> list[float]:
        chance = random.Random(count)
        seconds: list[float] = []
        began = time.perf_counter()
        due = 0.0
        greenlets = []
        for _ in range(count):
            due += chance.expovariate(rate)
            gevent.sleep(max(0.0, began + due - time.perf_counter()))
            greenlets.append(gevent.spawn(ask, began + due, seconds, mirrored=mirrored))
        gevent.joinall(greenlets, raise_error=True)
        return seconds

    try:
        run(1e6, 60, mirrored=False)
        began = time.perf_counter()
        run(1e6, 300, mirrored=False)
        sustained = 300 / (time.perf_counter() - began)
        found: dict[bool, list[dict[str, float]]] = {False: [], True: []}
        for number in range(rounds):
            for mirrored in (number % 2 == 0, number % 2 == 1):
                seconds = np.array(run(LOAD * sustained, photos, mirrored=mirrored)) * 1000
                p50, p95, p99 = np.percentile(seconds, [50, 95, 99])
                found[mirrored].append({"p50_ms": float(p50), "p95_ms": float(p95), "p99_ms": float(p99)})
    finally:
        shadow.close()
        predictor.close()
        pool.close()
        connections.close()
    medians = {
        mirrored: {name: statistics.median(one[name] for one in rows) for name in rows[0]}
        for mirrored, rows in found.items()
    }
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine_facts(),
        "photos_per_second": LOAD * sustained,
        "rounds": rounds,
        "photos_per_round": photos,
        "without": medians[False],
        "with": medians[True],
        "ratio": {name: medians[True][name] / medians[False][name] for name in medians[True]},
        "handing_over_microseconds": {"p50": _percentile(handed_over, 50), "p99": _percentile(handed_over, 99)},
        "shadow": {"answered": counts.answered, "missed": counts.missed},
        "all_rounds": {"without": found[False], "with": found[True]},
    }


def _percentile(seconds: list[float], rank: float) -> float:
    return float(np.percentile(np.array(seconds) * 1e6, rank))


if __name__ == "__main__":
    raise SystemExit(main())
