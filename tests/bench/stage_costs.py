"""What one photo costs by stage, on one thread with nothing else running."""

import io
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from serving.contract.crop import make_crop
from serving.contract.face import FaceDetector
from serving.contract.model import INPUT_TENSOR, MODEL_NAME, CropSpec
from serving.contract.photo import decode_photo
from serving.wire.channel import open_channel
from serving.wire.client import ModelServerClient
from tests.bench.photos import BenchPhotos

ROUNDS = 60
FORWARD_BATCH = 32


@dataclass(frozen=True)
class StageCosts:
    """Milliseconds per photo, medians."""

    decode_webcam: float
    decode_phone: float
    decode_phone_in_full: float
    face: float
    forward_batch_1: float
    forward_batch_32: float


def measure_stages(photos: BenchPhotos, model_server_port: int, version: int) -> StageCosts:
    """Measure decode and face in this process, forward through the model server (gRPC hop included)."""
    spec, detector = CropSpec(), FaceDetector()
    prepared = make_crop(photos.webcam, spec, detector)
    faces = [make_crop(photos.webcam, spec, detector).timings.face for _ in range(ROUNDS)]
    channel = open_channel(f"127.0.0.1:{model_server_port}")
    client = ModelServerClient(channel)

    def forward(rows: int) -> float:
        crops = np.repeat(prepared.crop[None], rows, axis=0)
        return _median(lambda: client.predict(MODEL_NAME, version, {INPUT_TENSOR: crops}, deadline_seconds=30.0)) / rows

    try:
        return StageCosts(
            decode_webcam=_median(lambda: decode_photo(photos.webcam)),
            decode_phone=_median(lambda: decode_photo(photos.phone), rounds=20),
            decode_phone_in_full=_median(lambda: _decode_in_full(photos.phone), rounds=10),
            face=statistics.median(faces) * 1000,
            forward_batch_1=forward(1),
            forward_batch_32=forward(FORWARD_BATCH),
        )
    finally:
        channel.close()


def _decode_in_full(photo: bytes) -> None:
    with Image.open(io.BytesIO(photo)) as image:
        image.load()


def _median(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    work()
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds) * 1000
