"""Build the tiny version of `tiny_version`, in a process of its own because it needs TensorFlow.

The trunk is left untrained; only its last layer is fitted (ridge regression on 48 drawn faces,
the export's witnesses among them), scaled so that the answers spread over all three bands.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import keras
import numpy as np

from serving.contract.crop import make_crop
from serving.contract.face import FaceDetector
from serving.contract.model import CropSpec, Evidence
from serving.contract.quality import Quality, measure_light_and_focus
from serving.repository import ModelRepository, Statement
from tests.support.tiny_faces import draw_tiny_faces
from training.architectures import build
from training.evaluation.answers import Answers
from training.evaluation.evaluate import measure
from training.evaluation.scoring import mirror_crops, score
from training.export.version import Candidate, publish_version
from training.polarity import targets_from_labels

RIDGE = 1.0
LOGIT_SPREAD = 1.5
LOGIT_CENTRE = 0.3


def build_tiny_repository(
    root: Path, architecture: str = "twin", crop_kind: Literal["aligned", "whole"] = "aligned"
) -> None:
    """Draw, fit the last layer, export through the gates, publish as version 1, approve and pin it."""
    spec, detector = CropSpec(kind=crop_kind), FaceDetector()
    photos = draw_tiny_faces()
    labels = np.array([label for _, label in photos])
    faces = np.stack([make_crop(photo, spec, detector).crop for photo, _ in photos])

    keras.utils.set_random_seed(7)
    model = build(architecture, spec.size)
    head = model.layers[-1]
    features = keras.Model(model.inputs, head.input).predict_on_batch(faces).astype(np.float64)
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-6
    standard = (features - mean) / deviation
    signs = 2.0 * targets_from_labels(labels) - 1.0
    weights = standard.T @ np.linalg.solve(standard @ standard.T + RIDGE * np.eye(len(faces)), signs)
    scale = LOGIT_SPREAD / (standard @ weights).std()
    kernel = scale * weights / deviation
    bias = LOGIT_CENTRE - mean @ kernel
    head.set_weights([kernel[:, None].astype(np.float32), np.array([bias], np.float32)])

    p, p_mirrored = score(model, faces), score(model, mirror_crops(faces))
    subjects = tuple(str(number) for number in range(len(faces)))
    candidate = Candidate(
        model=model,
        architecture=architecture,
        evidence=Evidence.DEMO,
        training_data=f"Last layer only, on {len(faces)} drawn faces; for this project's own tests. Its figures are of "
        "the same faces.",
        evaluation=measure(Answers(labels == 1, subjects, p, p_mirrored), None),
        held_out_p=p,
        held_out_labels=labels,
        held_out_subjects=subjects,
        held_out_quality=measure_quality(faces),
        golden_pool=faces,
        crop=spec,
    )
    repository = ModelRepository(root)
    published = publish_version(candidate, repository)
    why = "Built for this project's own tests and never compared with anything; it says nothing about any person."
    repository.approve(published.version, Statement("tests/support/tiny_version_build.py", why, candidate.evaluation))
    repository.set_pin(published.version)


def measure_quality(faces: np.ndarray) -> dict[str, np.ndarray]:
    """What a crop store would hold of them."""
    measured = [measure_light_and_focus(face, Quality()).as_dict() for face in faces]
    return {name: np.array([values[name] for values in measured]) for name in ("luminance", "contrast", "sharpness")}


if __name__ == "__main__":
    build_tiny_repository(Path(sys.argv[1]), *sys.argv[2:])
