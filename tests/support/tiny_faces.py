"""The 48 drawn faces of the tiny version, one per person, and a run directory whose hold-out they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.data.manifest import Photo
from training.data.split import Split, digest_subjects
from training.export.drawn import SEVERITY_STEPS, draw_photo
from training.export.witnesses import PER_END
from training.runs import Run
from training.synthetic.camera import encode_jpeg
from training.synthetic.drawing import draw_face
from training.synthetic.label_model import SubjectLatent, sample_cues
from training.synthetic.parameters import FaceParameters
from training.synthetic.sampling import sample_identity, sample_view

OWN_FACES = 24
FACE_PIXELS = 192


def draw_tiny_faces() -> list[tuple[bytes, int]]:
    """Their JPEGs, each with its label: faces of their own, and the faces by which an export checks the polarity."""
    own = [(_draw_own_face(number), number % 2) for number in range(OWN_FACES)]
    witnesses = [
        (draw_photo(turn * SEVERITY_STEPS + label * (SEVERITY_STEPS - 1)), label)
        for turn in range(PER_END)
        for label in (0, 1)
    ]
    return own + witnesses


def write_tiny_run(folder: Path) -> Path:
    """What `fit` would have left of a run with exactly these faces held out: `folder/run` and its data, `folder/faces`."""
    data, run = folder / "faces", Run(folder / "run")
    data.mkdir(parents=True)
    run.folder.mkdir()
    faces = draw_tiny_faces()
    photos = tuple(Photo(f"{number:02d}.jpg", str(number), label) for number, (_, label) in enumerate(faces))
    for photo, (content, _) in zip(photos, faces, strict=True):
        (data / photo.path).write_bytes(content)
    rows = [f"{photo.path},{photo.subject_id},{photo.label}" for photo in photos]
    (data / "manifest.csv").write_text("\n".join(["path,subject_id,label", *rows]) + "\n")
    subjects = tuple(sorted(photo.subject_id for photo in photos))
    Split(1, {"train": (), "validation": (), "test": subjects}, digest_subjects(photos)).save(run.split)
    counts = {"train": 0, "validation": 0, "test": len(photos)}
    run.write_description({"data": str(data), "crops": None, "photos": counts, "recipe": {"architecture": "twin"}})
    return run.folder


def _draw_own_face(number: int) -> bytes:
    looks, view, cues = np.random.default_rng((7, number)).spawn(3)
    latent = SubjectLatent(float(number % 2), number % 2, 1, (0.0, 0.0, 0.0, 0.0))
    parameters = FaceParameters(sample_identity(looks), sample_view(view), sample_cues(latent, cues))
    return encode_jpeg(draw_face(parameters, FACE_PIXELS), 90)
