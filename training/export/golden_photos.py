"""`golden_photos/`: drawn photos with the crop, probability and band they must give, and two that must be refused.

They check the whole way from photo bytes to band, on any machine: the photos are drawn, so they are nobody's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from serving.contract.crop import make_crop
from serving.contract.errors import FaceTooSmall, NoFace, PhotoError, TooBlurred, TooDark
from serving.contract.face import FaceDetector
from serving.contract.severity import PAPER_THRESHOLDS, Band, band_of, severity_ppm
from training.errors import GoldenMismatch
from training.evaluation.scoring import score
from training.export.drawn import JPEG_QUALITY, PHOTO_PIXELS, draw_photo
from training.synthetic.camera import encode_jpeg

if TYPE_CHECKING:
    from pathlib import Path

    import keras
    from numpy.typing import NDArray

    from serving.contract.model import CropSpec

FOLDER_NAME = "golden_photos"
EXPECTED_NAME = "expected.json"
CROPS_NAME = "crops.npz"
PHOTOS = 8
PHOTOS_PER_BAND = 2
MOST_DRAWN = 48
TOO_SMALL_PIXELS = 80
NOBODY_LEVELS, DARK_LEVELS = (60, 200), (0, 10)
"""Levels of 255 between which a photo of nothing rises."""
FAR_FROM_EDGES_PPM = 20_000
"""A photo this near a band edge is a poor witness: the allowed crop difference could change its band."""


@dataclass(frozen=True, slots=True)
class GoldenPhotos:
    """Photos that must give an answer, with what they give; photos that must not, with the reason's code."""

    scored: tuple[tuple[bytes, NDArray[np.uint8], float], ...]
    """(JPEG bytes, crop, p_no_depression)."""
    refused: tuple[tuple[bytes, str], ...]
    bands_missing: tuple[Band, ...]
    """Bands that no drawn face reached with this model; the nearest photos stand in."""

    def __str__(self) -> str:
        """A sentence for the card."""
        return (
            f"`{FOLDER_NAME}/`: {len(self.scored)} drawn photos with their answers, {len(self.refused)} that must be "
            f"refused. Bands that no drawn photo reached: {', '.join(self.bands_missing) or 'none missing'}."
        )


def draw_golden_photos(model: keras.Model, spec: CropSpec) -> GoldenPhotos:
    """Draw faces from the least to the most severe until every band is there twice, or `MOST_DRAWN` are drawn.

    Raises:
        GoldenMismatch: a photo that must be refused is not, or for another reason.
    """
    detector = FaceDetector()
    candidates: list[tuple[bytes, NDArray[np.uint8], float]] = []
    for first in range(0, MOST_DRAWN, PHOTOS):
        candidates += _draw_candidates(model, spec, detector, first)
        if all(len(found) >= PHOTOS_PER_BAND for found in _by_band(candidates, FAR_FROM_EDGES_PPM).values()):
            break
    scored = choose_over_bands(candidates)
    reached = {band_of(severity_ppm(p)) for _, _, p in scored}
    refused = draw_refused(spec)
    for photo, code in refused:
        _check_refused(photo, code, spec, detector)
    return GoldenPhotos(tuple(scored), refused, tuple(band for band in Band if band not in reached))


def draw_refused(spec: CropSpec) -> tuple[tuple[bytes, str], ...]:
    """Photos that must get no answer, each with the reason's code.

    Where the whole photo is the crop nobody looks for a face in it, so what is refused there is too little light or detail.
    """
    nobody = _ramp(*NOBODY_LEVELS)
    if spec.kind == "whole":
        return (_ramp(*DARK_LEVELS), TooDark.code), (nobody, TooBlurred.code)
    return (draw_photo(0, TOO_SMALL_PIXELS), FaceTooSmall.code), (nobody, NoFace.code)


def choose_over_bands(
    candidates: list[tuple[bytes, NDArray[np.uint8], float]],
) -> list[tuple[bytes, NDArray[np.uint8], float]]:
    """`PHOTOS` of the candidates: up to `PHOTOS_PER_BAND` of each band, away from its edges where possible, then others.

    Where a band is empty the others include those whose severity comes nearest to it.
    """
    chosen: list[int] = []
    severities = [severity_ppm(p) for _, _, p in candidates]
    for margin in (FAR_FROM_EDGES_PPM, 0):
        for band, members in _by_band(candidates, margin).items():
            have = sum(band_of(severities[index]) is band for index in chosen)
            chosen += [index for index in members if index not in chosen][: max(0, PHOTOS_PER_BAND - have)]
    rest = sorted((index for index in range(len(candidates)) if index not in chosen), key=severities.__getitem__)
    ends = [rest[i // 2] if i % 2 == 0 else rest[-1 - i // 2] for i in range(len(rest))]
    return [candidates[index] for index in sorted(chosen + ends[: PHOTOS - len(chosen)])]


def write_golden_photos(golden: GoldenPhotos, folder: Path) -> None:
    """Write the JPEG files, `crops.npz` (uint8 [8, size, size, 3], in order) and `expected.json`."""
    folder.mkdir()
    photos = []
    for number, (photo, _, p) in enumerate(golden.scored):
        name = f"scored-{number}.jpg"
        (folder / name).write_bytes(photo)
        ppm = severity_ppm(p)
        photos.append({"file": name, "p_no_depression": p, "severity_ppm": ppm, "band": band_of(ppm)})
    refusals = []
    for number, (photo, code) in enumerate(golden.refused):
        name = f"refused-{number}.jpg"
        (folder / name).write_bytes(photo)
        refusals.append({"file": name, "code": code})
    np.savez_compressed(folder / CROPS_NAME, crops=np.stack([crop for _, crop, _ in golden.scored]))
    content = {"scored": photos, "refused": refusals, "bands_missing": list(golden.bands_missing)}
    (folder / EXPECTED_NAME).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _draw_candidates(
    model: keras.Model, spec: CropSpec, detector: FaceDetector, first: int
) -> list[tuple[bytes, NDArray[np.uint8], float]]:
    made = []
    for number in range(first, first + PHOTOS):
        photo = draw_photo(number)
        try:
            made.append((photo, make_crop(photo, spec, detector).crop))
        except PhotoError:
            continue  # a face that the quality limits refuse is no example of an answer
    if not made:
        return []
    p = score(model, np.stack([crop for _, crop in made]))
    return [(photo, crop, float(value)) for (photo, crop), value in zip(made, p, strict=True)]


def _ramp(darkest: int, brightest: int) -> bytes:
    ramp = np.linspace(darkest, brightest, PHOTO_PIXELS)
    plane = (ramp[:, None] + ramp[None, ::-1]) / 2.0
    return encode_jpeg(np.repeat(plane[:, :, None], 3, axis=2).astype(np.uint8), JPEG_QUALITY)


def _check_refused(photo: bytes, code: str, spec: CropSpec, detector: FaceDetector) -> None:
    try:
        make_crop(photo, spec, detector)
    except PhotoError as error:
        if error.code != code:
            message = f"a golden photo must be refused as {code}, but is refused as {error.code}"
            raise GoldenMismatch(message) from error
    else:
        message = f"a golden photo must be refused as {code}, but a crop was made"
        raise GoldenMismatch(message)


def _by_band(candidates: list[tuple[bytes, NDArray[np.uint8], float]], margin_ppm: int) -> dict[Band, list[int]]:
    """Indices of the candidates in each band, at least `margin_ppm` away from both edges."""
    edges = (PAPER_THRESHOLDS.none_max_ppm, PAPER_THRESHOLDS.mild_max_ppm)
    found: dict[Band, list[int]] = {band: [] for band in Band}
    for index, (_, _, p) in enumerate(candidates):
        ppm = severity_ppm(p)
        if min(abs(ppm - edge) for edge in edges) >= margin_ppm:
            found[band_of(ppm)].append(index)
    return found
