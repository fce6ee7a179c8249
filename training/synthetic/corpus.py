"""A data set of drawn photos in a folder: same seed, same files, whatever the number of workers.

Layout: `photos/000000.jpg` ..., `manifest.csv`, `synthesis.json`, `contact_sheet.jpg`.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from training.synthetic import label_model
from training.synthetic.drawing import draw_face
from training.synthetic.label_model import Cues, cue_values, label_posterior
from training.synthetic.parameters import FaceParameters, flatten, parameter_names
from training.synthetic.sampling import Subject, sample_photo, sample_subject

GENERATOR_VERSION = "faces-1"
"""Raise it when the same parameters draw other pixels; a folder drawn by another version is not continued."""
SCHEMA = "symmetra.synthesis/1"
ASSUMPTION = (
    "Drawn faces. The link from severity to droop is an assumption of Symmetra, not a clinical finding; "
    "nothing learned from these photos says anything about any person."
)
SYNTHESIS_NAME = "synthesis.json"
"""Beside the manifest: what the photos were drawn from. A data folder that has it shows nobody."""
LEADING_COLUMNS = ("path", "subject_id", "label", "severity", "weaker_side", "label_posterior")
DRAWN_GROUPS = ("age_band", "skin_tone", "source", "device")
"""Of the groups by which a data set is inspected and a model evaluated, those that a drawn face has."""
AGE_BANDS = ("smooth", "lined", "deeply_lined")
SKIN_TONES = ("light", "medium_light", "medium_dark", "dark")
PHOTOS_PER_TASK = 8
SHEET_PHOTOS, SHEET_COLUMNS, SHEET_SIDE = 48, 8, 160


class CorpusError(Exception):
    """The data set cannot be written as asked; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class CorpusPlan:
    """What to draw. `size_pixels` is the side of the square photos."""

    photos: int
    photos_per_subject: int = 4
    seed: int = 0
    size_pixels: int = 256

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        if self.photos < 1 or self.photos_per_subject < 1 or self.seed < 0:
            message = "photos and photos per subject must be at least 1, the seed at least 0"
            raise CorpusError(message)
        if not 64 <= self.size_pixels <= 4096:
            message = f"a size of {self.size_pixels} pixels cannot be drawn; use 64 to 4096"
            raise CorpusError(message)

    @property
    def subjects(self) -> int:
        """Number of subjects; the last one may have fewer photos."""
        return -(-self.photos // self.photos_per_subject)


@dataclass(frozen=True, slots=True)
class PlannedPhoto:
    """One photo of a plan, not yet drawn."""

    index: int
    subject_index: int
    subject: Subject
    parameters: FaceParameters

    @property
    def path(self) -> str:
        """Relative to the data set's folder."""
        return f"photos/{self.index:06d}.jpg"

    @property
    def subject_id(self) -> str:
        """Stable name of the subject within the data set."""
        return f"s{self.subject_index:06d}"


def plan_photo(plan: CorpusPlan, index: int) -> PlannedPhoto:
    """The parameters of one photo: a function of the seed and the index alone."""
    subject_index = index // plan.photos_per_subject
    subject = sample_subject(np.random.default_rng(np.random.SeedSequence(plan.seed, spawn_key=(0, subject_index))))
    rng = np.random.default_rng(np.random.SeedSequence(plan.seed, spawn_key=(1, index)))
    return PlannedPhoto(index, subject_index, subject, sample_photo(rng, subject))


def write_corpus(folder: Path, plan: CorpusPlan, workers: int | None = None, *, progress: bool = True) -> None:
    """Draw a data set, or go on with one that was interrupted: finished photos are checked and kept.

    Args:
        folder: made if missing.
        plan: what to draw.
        workers: processes; the number of usable cores unless told. 1 draws in this process.
        progress: show a progress bar on the standard error stream.

    Raises:
        CorpusError: the folder holds a data set of another plan or version, or cannot be written.
    """
    workers = workers or len(os.sched_getaffinity(0))
    try:
        (folder / "photos").mkdir(parents=True, exist_ok=True)
        _claim(folder, plan)
        bar = tqdm(total=plan.photos, unit="photo", desc="Drawing faces", disable=not progress)
        with bar:
            for drawn in _draw_everything(folder, plan, workers):
                bar.update(drawn)
        planned = [plan_photo(plan, index) for index in range(plan.photos)]
        _write_manifest(folder, planned)
        _write_sheet(folder, planned)
        _write_atomically(folder / SYNTHESIS_NAME, describe(plan, planned).encode())
    except OSError as error:
        message = f"cannot write the data set: {error.strerror}; choose a folder with room and permission"
        raise CorpusError(message) from error


def describe(plan: CorpusPlan, planned: list[PlannedPhoto] | None) -> str:
    """Content of `synthesis.json`; without photos it is the claim of a run that has not finished."""
    content: dict[str, object] = {
        "schema": SCHEMA,
        "generator_version": GENERATOR_VERSION,
        "label_model_version": label_model.LABEL_MODEL_VERSION,
        "plan": dataclasses.asdict(plan),
        "assumption": ASSUMPTION,
        "complete": planned is not None,
    }
    if planned is not None:
        posterior = label_posterior(_cue_matrix(planned))
        labels = np.array([photo.subject.latent.label for photo in planned])
        content |= {
            "subjects": plan.subjects,
            "depressed_share": float(labels.mean()),
            "depressed_share_expected": label_model.prevalence(),
            "bayes_accuracy": label_model.bayes_accuracy(),
            "bayes_accuracy_here": float(((posterior > 0.5) == labels).mean()),
            "largest_droop": float(_cue_matrix(planned)[:, :6].max()),
        }
    return json.dumps(content, indent=2) + "\n"


def _claim(folder: Path, plan: CorpusPlan) -> None:
    path = folder / SYNTHESIS_NAME
    claim = describe(plan, None)
    if path.exists():
        try:
            found = json.loads(path.read_text())
            same = all(found.get(key) == value for key, value in json.loads(claim).items() if key != "complete")
        except (ValueError, AttributeError):
            same = False
        if not same:
            message = f"{folder} holds another data set (see its {SYNTHESIS_NAME}); choose another folder or remove it"
            raise CorpusError(message)
    _write_atomically(path, claim.encode())


def _draw_everything(folder: Path, plan: CorpusPlan, workers: int) -> Iterator[int]:
    tasks = [
        range(first, min(first + PHOTOS_PER_TASK, plan.photos)) for first in range(0, plan.photos, PHOTOS_PER_TASK)
    ]
    if workers == 1 or len(tasks) == 1:
        for task in tasks:
            yield _draw_photos(folder, plan, task)
        return
    # Spawned, not forked: the caller may hold threads (TensorFlow, gRPC) that do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(tasks)), mp_context=context) as pool:
        futures = [pool.submit(_draw_photos, folder, plan, task) for task in tasks]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _draw_photos(folder: Path, plan: CorpusPlan, indices: range) -> int:
    for index in indices:
        photo = plan_photo(plan, index)
        path = folder / photo.path
        stamp = _stamp(photo, plan)
        if not _is_finished(path, stamp):
            _write_atomically(path, encode_photo(photo.parameters, plan.size_pixels, stamp))
    return len(indices)


def encode_photo(parameters: FaceParameters, size_pixels: int, comment: bytes = b"") -> bytes:
    """Draw a photo and encode it as JPEG at the view's quality."""
    buffer = io.BytesIO()
    image = Image.fromarray(draw_face(parameters, size_pixels))
    image.save(buffer, "JPEG", quality=parameters.view.jpeg_quality, comment=comment)
    return buffer.getvalue()


def _stamp(photo: PlannedPhoto, plan: CorpusPlan) -> bytes:
    """What a finished file says of itself in its JPEG comment: generator, and a digest of its parameters and size."""
    content = json.dumps([GENERATOR_VERSION, plan.size_pixels, flatten(photo.parameters)])
    return f"symmetra {GENERATOR_VERSION} {hashlib.sha256(content.encode()).hexdigest()[:32]}".encode()


def _is_finished(path: Path, stamp: bytes) -> bool:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return False
    # The end marker is the last thing written, so a cut file is drawn again.
    return stamp in content[:4096] and content.endswith(b"\xff\xd9")


def _write_atomically(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(content)
    temporary.replace(path)


def _write_manifest(folder: Path, planned: list[PlannedPhoto]) -> None:
    posterior = label_posterior(_cue_matrix(planned))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*LEADING_COLUMNS, *DRAWN_GROUPS, *parameter_names()))
    for photo, probability in zip(planned, posterior, strict=True):
        latent = photo.subject.latent
        leading = (photo.path, photo.subject_id, latent.label, f"{latent.severity:.6f}", latent.weaker_side)
        values = (f"{value:.6g}" if isinstance(value, float) else value for value in flatten(photo.parameters).values())
        writer.writerow((*leading, f"{probability:.6f}", *_groups(photo.parameters), *values))
    _write_atomically(folder / "manifest.csv", text.getvalue().encode())


def _groups(parameters: FaceParameters) -> tuple[str, ...]:
    """The values of `DRAWN_GROUPS`: equal bands of drawn age and skin depth, one source, and whether it is a grey photo."""
    identity = parameters.identity
    return (
        AGE_BANDS[min(int(identity.age * len(AGE_BANDS)), len(AGE_BANDS) - 1)],
        SKIN_TONES[min(int(identity.skin_depth * len(SKIN_TONES)), len(SKIN_TONES) - 1)],
        "drawn",
        "grey" if parameters.view.grey else "colour",
    )


def _write_sheet(folder: Path, planned: list[PlannedPhoto]) -> None:
    first_of_subject = {photo.subject_index: photo for photo in reversed(planned)}
    chosen = [first_of_subject[index] for index in sorted(first_of_subject)][:SHEET_PHOTOS]
    rows = -(-len(chosen) // SHEET_COLUMNS)
    sheet = Image.new("RGB", (SHEET_COLUMNS * SHEET_SIDE, rows * SHEET_SIDE))
    for place, photo in enumerate(chosen):
        with Image.open(folder / photo.path) as image:
            small = image.resize((SHEET_SIDE, SHEET_SIDE), Image.Resampling.LANCZOS)
        sheet.paste(small, (place % SHEET_COLUMNS * SHEET_SIDE, place // SHEET_COLUMNS * SHEET_SIDE))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=88)
    _write_atomically(folder / "contact_sheet.jpg", buffer.getvalue())


def _cue_matrix(planned: list[PlannedPhoto]) -> np.ndarray:
    rows: list[Cues] = [photo.parameters.cues for photo in planned]
    return np.array([cue_values(cues) for cues in rows])
