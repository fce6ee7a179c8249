"""What the input pipeline costs a training: photos/s through shards and augmentation against one batch kept in memory.

    python -m tests.bench.training_pipeline [--save training/results/training_pipeline.json]

Issue 3, bar 6: >= 0.90 of the speed on cached tensors, and peak memory of `fit` within 1.2x for 10x the photos. Both sides
train the same compiled model by the same `Model.fit`, in turn in one process, so that a busy machine slows both; the ratio is
that of the medians. Also: what op determinism (`training.fitting.fit` asks for it on CPUs) costs, in processes of their own,
because it cannot be switched off again. Crops are noise: speed does not depend on what they show.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tests.bench.machine import machine_facts
from training.architectures import ARCHITECTURES
from training.data.manifest import Photo
from training.data.shards import CropStore, Shard, write_shard
from training.fitting.fit import build_for_training, fit
from training.fitting.networks import build_plain
from training.fitting.pipeline import training_batches
from training.fitting.ranges import Augmentation
from training.fitting.recipe import PRECISIONS, Recipe
from training.runs import Run

BATCH = 32
SIZE = 128
SHARD_PHOTOS = 500
BATCHES = {"twin": 16, "paper": 8}
"""Of one timing; the paper's network takes about three times as long for one."""
ROUNDS = 5
MEMORY_PHOTOS = (1_000, 10_000)
VALIDATION_PHOTOS = 64


def main() -> int:
    """Measure everything, print it, write it where asked; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.training_pipeline", description=__doc__)
    parser.add_argument("--save", type=Path, help="also write the figures as JSON")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--one", choices=("memory", "speed"), help=argparse.SUPPRESS)
    parser.add_argument("--arch", choices=sorted(ARCHITECTURES), default="twin", help=argparse.SUPPRESS)
    parser.add_argument("--precision", choices=PRECISIONS, default="float32", help=argparse.SUPPRESS)
    parser.add_argument("--crops", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--photos", type=int, default=MEMORY_PHOTOS[0], help=argparse.SUPPRESS)
    parser.add_argument("--only-cached", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--deterministic", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one == "memory":
        print(json.dumps(train_and_measure_memory(arguments.crops, arguments.photos)))
        return 0
    if arguments.one == "speed":
        rates = time_training(
            arguments.crops,
            arguments.arch,
            arguments.rounds,
            deterministic=arguments.deterministic,
            only_cached=arguments.only_cached,
        )
        print(json.dumps(rates))
        return 0
    with tempfile.TemporaryDirectory(prefix="symmetra-bench-") as folder:
        crops = Path(folder)
        write_noise(crops, max(MEMORY_PHOTOS) + VALIDATION_PHOTOS)
        report = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": f"python -m tests.bench.training_pipeline --rounds {arguments.rounds}",
            "machine": machine_facts(),
            "versions": {"tensorflow": tf.__version__, "keras": keras.__version__},
            "pipeline_alone_photos_per_second": time_pipeline(crops),
            "training": {},
            "memory": {},
        }
        for arch in BATCHES:
            report["training"][arch] = measure_training(crops, arch, arguments.rounds)
            print(arch, json.dumps(report["training"][arch]), flush=True)
        peaks = {photos: in_processes(crops, "memory", [("--photos", str(photos))])[0] for photos in MEMORY_PHOTOS}
        small, large = (peaks[photos]["peak_mebibytes"] for photos in MEMORY_PHOTOS)
        report["memory"] = {"peaks": list(peaks.values()), "ratio": round(large / small, 3), "bar": 1.2}
    print(json.dumps(report, indent=2))
    if arguments.save:
        arguments.save.write_text(json.dumps(report, indent=2) + "\n")
    slow = any(figures["ratio"] < figures["bar"] for figures in report["training"].values())
    return int(slow or report["memory"]["ratio"] > report["memory"]["bar"])


def write_noise(folder: Path, photos: int) -> None:
    """Shards of random crops."""
    rng = np.random.default_rng(1)
    for number, first in enumerate(range(0, photos, SHARD_PHOTOS)):
        count = min(SHARD_PHOTOS, photos - first)
        crops = rng.integers(0, 256, (count, SIZE, SIZE, 3), dtype=np.uint8)
        write_shard(folder, number, Shard("noise", tuple(f"{first + k}.jpg" for k in range(count)), {}), crops)


def open_noise(folder: Path, count: int) -> tuple[CropStore, list[Photo]]:
    """The store, and as many photos of it."""
    shards = -(-max(count, BATCH) // SHARD_PHOTOS)
    store = CropStore(folder, shards)
    return store, [Photo(f"{number}.jpg", f"s{number}", number % 2) for number in range(count)]


def time_pipeline(crops: Path) -> float:
    """Photos per second of the batches alone, nobody training: median of epochs."""
    store, photos = open_noise(crops, 2_000)
    rates = []
    for epoch in range(3):
        batches = training_batches(
            store, photos, Augmentation(), batch_size=BATCH, seed=1, epochs=range(epoch, epoch + 1)
        )
        started = time.perf_counter()
        count = sum(int(targets.shape[0]) for _, targets in batches)
        rates.append(count / (time.perf_counter() - started))
    return round(statistics.median(rates), 1)


def measure_training(crops: Path, arch: str, rounds: int) -> dict[str, object]:
    """Both sides and their ratio; then the cost of op determinism, by two processes at the same time."""
    options = ("--arch", arch, "--rounds", str(rounds))
    (both,) = in_processes(crops, "speed", [("--deterministic", *options)])
    free, bound = in_processes(
        crops, "speed", [("--only-cached", *options), ("--only-cached", "--deterministic", *options)]
    )
    fed, cached = both["pipeline"], both["cached"]
    return {
        "pipeline_photos_per_second": _median(fed, "wall"),
        "cached_batch_photos_per_second": _median(cached, "wall"),
        "ratio": round(_median(fed, "wall") / _median(cached, "wall"), 3),
        "ratios_of_rounds": [round(one["wall"] / other["wall"], 3) for one, other in zip(fed, cached, strict=True)],
        "ratio_of_photos_per_processor_second": round(_median(fed, "processor") / _median(cached, "processor"), 3),
        "bar": 0.9,
        "op_determinism": {
            "what": "cached batch, two processes at the same time on the same cores, photos per second",
            "with": _median(bound["cached"], "wall"),
            "without": _median(free["cached"], "wall"),
            "costs": round(1.0 - _median(bound["cached"], "wall") / _median(free["cached"], "wall"), 3),
        },
    }


def _median(rounds: list[dict[str, float]], clock: str) -> float:
    return round(statistics.median(figures[clock] for figures in rounds), 1)


def time_training(
    crops: Path, arch: str, rounds: int, *, deterministic: bool, only_cached: bool
) -> dict[str, list[dict[str, float]]]:
    """Photos per second of `Model.fit`, fed by the pipeline and by one batch in memory, in turn."""
    if deterministic:
        keras.utils.set_random_seed(1)
        tf.config.experimental.enable_op_determinism()
    recipe = Recipe(architecture=arch)
    store, photos = open_noise(crops, BATCH * BATCHES[arch])
    model = build_for_training(recipe, build_plain(recipe, SIZE))
    first = training_batches(store, photos[:BATCH], recipe.augmentation, batch_size=BATCH, seed=1, epochs=range(1))
    repeated = tf.data.Dataset.from_tensors(next(iter(first))).repeat()
    rates: dict[str, list[dict[str, float]]] = {"pipeline": [], "cached": []}
    clock = _Clock()
    for turn in range(rounds + 1):
        pipeline = training_batches(
            store, photos, recipe.augmentation, batch_size=BATCH, seed=1, epochs=range(turn, turn + 1)
        )
        sides = [("cached", repeated), ("pipeline", pipeline)]
        for name, batches in sides[:1] if only_cached else sides[:: -1 if turn % 2 else 1]:
            model.fit(
                batches, steps_per_epoch=BATCHES[arch], class_weight={0: 1.0, 1: 1.0}, verbose=0, callbacks=[clock]
            )
            if turn:  # the first round traces the graph
                rates[name].append(clock.photos_per_second)
    return rates


class _Clock(keras.callbacks.Callback):
    """From the end of the first batch to the end of the last: `fit`'s own start is paid once per training, not per epoch."""

    photos_per_second: dict[str, float]

    def on_epoch_begin(self, epoch, logs=None):
        del epoch, logs
        self._ends = []

    def on_train_batch_end(self, batch, logs=None):
        del batch, logs
        self._ends.append((time.perf_counter(), time.process_time()))

    def on_epoch_end(self, epoch, logs=None):
        del epoch, logs
        wall, processor = (last - first for first, last in zip(self._ends[0], self._ends[-1], strict=True))
        photos = BATCH * (len(self._ends) - 1)
        self.photos_per_second = {"wall": photos / wall, "processor": photos / processor}


def train_and_measure_memory(crops: Path, count: int) -> dict[str, float]:
    """Peak resident memory of a process that trains for one epoch on so many photos.

    The network is a tiny one: what grows with the data set is the same for all, and a large one would only hide it.
    """
    ARCHITECTURES["tiny"] = _build_tiny
    store, photos = open_noise(crops, count + VALIDATION_PHOTOS)
    recipe = Recipe(architecture="tiny", epochs=1)
    with tempfile.TemporaryDirectory(prefix="symmetra-bench-") as folder:
        fit(recipe, store, photos[:count], photos[count:], Run(Path(folder)), quiet=True)
    peak_kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"photos": count, "peak_mebibytes": round(peak_kibibytes / 1024, 1)}


def _build_tiny(size, norm):
    crop = keras.Input((size, size, 3), dtype="uint8")
    x = norm()(keras.layers.Conv2D(4, 3, strides=8)(keras.layers.Rescaling(1 / 255)(crop)))
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(crop, keras.layers.Dense(1, activation="sigmoid", dtype="float32")(x))


def in_processes(crops: Path, what: str, runs: list[tuple[str, ...]]) -> list[dict]:
    """Measurements in processes of their own, at the same time."""
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "tests.bench.training_pipeline",
        "--one",
        what,
        "--crops",
        str(crops),
    ]
    processes = [subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) for options in runs]
    said = [process.communicate()[0] for process in processes]
    for process in processes:
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, process.args)
    return [json.loads(text.splitlines()[-1]) for text in said]


if __name__ == "__main__":
    sys.exit(main())
