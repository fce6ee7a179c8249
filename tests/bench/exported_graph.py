"""`python -m tests.bench.exported_graph`: the optimised export against the plain Keras export of the same weights (bar 7).

Both are SavedModels, loaded and called by their signature on 2 threads, alternating call by call in one process, so that a
busy machine slows both. Medians of wall time and of the process' CPU time per batch; CPU time is the figure to trust where
other processes run. Speed does not depend on the weights; |dp| does: give trained runs for it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from serving.contract.model import CropSpec
from serving.contract.regions import regions_of
from training.architectures import ARCHITECTURES, build
from training.export.device import describe_cpu
from training.export.graph import ServedModel
from training.export.network_reading import read_network

PROJECT = Path(__file__).resolve().parents[2]
THREADS = 2
BATCHES = (1, 8, 32)
WEIGHTS = {
    True: "the weights are those of trained runs on drawn faces; p says nothing about any person",
    False: "the weights are random with batch-norm statistics of these crops, the last layer scaled up until p covers its range, "
    "which magnifies rounding; how far a trained network moves is not measured here",
}
"""What the table says of them: trained, or not."""
PRECISIONS = ("float32", "bfloat16")
RESULTS = PROJECT / "training" / "results"


def main() -> None:
    """Measure, write `training/results/optimised_export.{json,md}` and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crops", type=Path, help="a shard of drawn crops (.npy); without it, noise")
    parser.add_argument("--count", type=int, default=2000, help="crops for the largest |dp| (default 2000)")
    parser.add_argument("--rounds", type=int, default=9, help="alternations per batch size (default 9)")
    parser.add_argument("--runs", type=Path, help="folder with a trained run per network (RUNS/paper, RUNS/twin)")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    crops = read_crops(options.crops, options.count)
    found = {
        "cpu": describe_cpu(Path("/proc/cpuinfo").read_text(encoding="utf-8")),
        "tensorflow": tf.__version__,
        "threads": THREADS,
        "load_average_before": os.getloadavg()[0],
        "crops": f"{len(crops)} {'drawn crops' if options.crops else 'crops of noise'}",
        "weights": WEIGHTS[options.runs is not None],
        "architectures": {name: measure(name, options.runs, crops, options.rounds) for name in ARCHITECTURES},
    }
    table = render(found)
    (options.results / "optimised_export.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (options.results / "optimised_export.md").write_text(table, encoding="utf-8")
    print(table)


def read_crops(path: Path | None, count: int) -> np.ndarray:
    """Crops uint8 [count, 128, 128, 3]."""
    if path is None:
        return np.random.default_rng(1).integers(0, 256, (count, 128, 128, 3), dtype=np.uint8)
    shards, found = sorted(path.parent.glob("shard-?????.npy")), 0
    parts = []
    for shard in shards:
        part = np.load(shard, mmap_mode="r")[: count - found]
        parts.append(np.array(part))
        found += len(part)
        if found == count:
            break
    return np.concatenate(parts)


def measure(name: str, runs: Path | None, crops: np.ndarray, rounds: int) -> dict[str, object]:
    """Times and differences of one architecture."""
    model = make_model(name, crops[:64]) if runs is None else keras.saving.load_model(runs / name / "model.keras")
    with tempfile.TemporaryDirectory() as folder:
        model.export(Path(folder, "plain"), verbose=False)
        calls = {"plain": load(Path(folder, "plain"))}
        sizes = {}
        for precision in PRECISIONS:
            target = Path(folder, precision)
            ServedModel(read_network(model), regions_of(CropSpec()), precision).save(target)
            calls[precision] = load(target)
            sizes[precision] = (target / "saved_model.pb").stat().st_size
        p = {kind: answer_all(call, crops) for kind, call in calls.items()}
        times = {str(size): interleave(calls, tf.constant(crops[:size]), rounds) for size in BATCHES}
        explain = tf.saved_model.load(str(Path(folder, "float32"))).signatures["explain"]
        pair = {"float32": calls["float32"], "explain": lambda crop: explain(crop=crop)["attribution"]}
        explained = {str(size): interleave(pair, tf.constant(crops[:size]), rounds) for size in (1, 8)}
    return {
        "largest_dp": {kind: float(np.abs(p[kind] - p["plain"]).max()) for kind in PRECISIONS},
        "p_range": [float(p["plain"].min()), float(p["plain"].max())],
        "saved_model_bytes": sizes,
        "seconds_per_batch": times,
        "images_per_second": {
            size: {kind: int(size) / value["wall"] for kind, value in by.items()} for size, by in times.items()
        },
        "speedup_cpu_time": {
            size: {kind: by["plain"]["cpu"] / by[kind]["cpu"] for kind in PRECISIONS} for size, by in times.items()
        },
        "speedup_wall": {
            size: {kind: by["plain"]["wall"] / by[kind]["wall"] for kind in PRECISIONS} for size, by in times.items()
        },
        "explain_in_forward_passes_cpu_time": {
            size: by["explain"]["cpu"] / by["float32"]["cpu"] for size, by in explained.items()
        },
    }


def make_model(name: str, crops: np.ndarray) -> keras.Model:
    """Random weights with batch-norm statistics of the crops, the last layer scaled so that p covers its range."""
    keras.utils.set_random_seed(1)
    model = build(name)
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    model(tf.constant(crops), training=True)
    head = model.layers[-1]
    logits = keras.Model(model.inputs[0], head.input).predict_on_batch(crops) @ head.get_weights()[0]
    scale = 2.0 / logits.std()
    head.set_weights([head.get_weights()[0] * scale, np.array([-logits.mean() * scale])])
    return model


def load(folder: Path):
    """A function crops -> p of a SavedModel's default signature."""
    loaded = tf.saved_model.load(str(folder))
    signature = loaded.signatures["serving_default"]

    def call(crop):
        answers = signature(crop=crop)
        return answers.get("p_no_depression", next(iter(answers.values())))

    call.keep = loaded
    return call


def answer_all(call, crops: np.ndarray) -> np.ndarray:
    """p of all crops, in batches of 32."""
    parts = [call(tf.constant(crops[start : start + 32])).numpy().ravel() for start in range(0, len(crops), 32)]
    return np.concatenate(parts).astype(np.float64)


def interleave(calls, crop, rounds: int) -> dict[str, dict[str, float]]:
    """Median seconds per call, wall and CPU, the calls taking turns."""
    repeats = max(1, 16 // int(crop.shape[0]))
    found = {kind: {"wall": [], "cpu": []} for kind in calls}
    for turn in range(rounds + 2):
        for kind, call in calls.items():
            wall, cpu = time.perf_counter(), time.process_time()
            for _ in range(repeats):
                call(crop).numpy()
            if turn >= 2:
                found[kind]["wall"].append((time.perf_counter() - wall) / repeats)
                found[kind]["cpu"].append((time.process_time() - cpu) / repeats)
    return {kind: {of: statistics.median(values) for of, values in by.items()} for kind, by in found.items()}


def render(found) -> str:
    """The table, as Markdown."""
    about = (
        f"{found['cpu']}, TensorFlow {found['tensorflow']}, {found['threads']} threads, load average before the run "
        f"{found['load_average_before']:.1f}; calls alternate, medians. Speed-ups are ratios of processor time (wall in "
        f"brackets). Largest |dp| against the plain export over {found['crops']}; {found['weights']}."
    )
    lines = [
        "# Optimised export against the plain Keras export of the same weights",
        "",
        about,
        "",
        "| network | graph | batch | images/s (wall) | speed-up | largest abs. dp |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, by in found["architectures"].items():
        for size, speeds in by["images_per_second"].items():
            for kind in ("plain", *PRECISIONS):
                faster, dp = "1", "-"
                if kind != "plain":
                    faster = f"{by['speedup_cpu_time'][size][kind]:.2f} ({by['speedup_wall'][size][kind]:.2f})"
                    dp = f"{by['largest_dp'][kind]:.1e}"
                lines.append(f"| {name} | {kind} | {size} | {speeds[kind]:.0f} | {faster} | {dp} |")
    lines.append("")
    for name, by in found["architectures"].items():
        costs = ", ".join(f"{v:.2f} at batch {k}" for k, v in by["explain_in_forward_passes_cpu_time"].items())
        lines.append(f"`explain` of {name} costs as much processor time as this many forward passes: {costs}.")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
