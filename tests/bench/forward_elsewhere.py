"""Crops per second through both networks on the backend and device that Keras has: KERAS_BACKEND=jax python -m tests.bench.forward_elsewhere

Each call hands uint8 crops over and takes float32 answers back, as a server does; the networks have random weights, which do not
change the time. Prints JSON. The host's share, decode and face, is measured by `--photos FOLDER` on all cores.
"""

import argparse
import json
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np

from serving.contract.crop import make_crop
from serving.contract.face import FaceDetector
from serving.contract.model import CropSpec
from tests.bench.machine import machine_facts
from training.architectures import ARCHITECTURES, build
from training.elsewhere.fit import device_name

BATCHES = (1, 8, 32, 128, 512)
SECONDS = 1.0
ROUNDS = 3


def crops_per_second(model: keras.Model, batch: int) -> float:
    """Median of some rounds."""
    crops = np.random.default_rng(batch).integers(0, 256, (batch, 128, 128, 3), dtype=np.uint8)
    for _ in range(3):
        model.predict_on_batch(crops)
    rates = []
    for _ in range(ROUNDS):
        done, began = 0, time.perf_counter()
        while time.perf_counter() - began < SECONDS:
            model.predict_on_batch(crops)
            done += batch
        rates.append(done / (time.perf_counter() - began))
    return round(statistics.median(rates), 1)


def photos_per_second(folder: Path, threads: int) -> float:
    """Decode and face, on so many threads."""
    photos = [path.read_bytes() for path in sorted(folder.glob("*.jpg"))[:512]]
    own = threading.local()

    def make(photo: bytes) -> None:
        if not hasattr(own, "detector"):
            own.detector = FaceDetector()
        make_crop(photo, CropSpec(), own.detector)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(make, photos[: 4 * threads]))
        began = time.perf_counter()
        list(pool.map(make, photos))
        return round(len(photos) / (time.perf_counter() - began), 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, metavar="FOLDER", help="of .jpg photos, for the host's share")
    arguments = parser.parse_args()
    machine = machine_facts()
    found: dict[str, object] = {"machine": machine, "backend": keras.backend.backend(), "device": device_name()}
    for name in ARCHITECTURES:
        model = build(name)
        found[f"{name}_crops_per_second"] = {batch: crops_per_second(model, batch) for batch in BATCHES}
    if arguments.photos is not None:
        cores = int(str(machine["cores"]))
        found["host_photos_per_second"] = {n: photos_per_second(arguments.photos, n) for n in sorted({1, cores})}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
