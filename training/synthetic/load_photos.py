"""The photos of a pack for load tests: drawn people, in the sizes and formats that sites send, from 50 KB to 8 MB.

Every face is held against the crop that the gateway makes, so that it is a photo that will be answered; every bad one against
the refusal that it must get. The mix of sizes is an assumption, stated in `KINDS`; a site that knows its own has other weights.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from serving.contract.crop import make_crop
from serving.contract.errors import PhotoError
from serving.contract.face import FaceDetector
from serving.contract.model import CropSpec
from training.synthetic.drawing import draw_face
from training.synthetic.pack import ANSWERED, load_pack
from training.synthetic.sampling import sample_photo, sample_subject

BAD: Final = "bad"
BAD_EVERY: Final = 20
"""One photo in so many is bad."""
BAD_CODES: Final = ("no_face", "photo_unreadable", "too_dark", "several_faces", "face_too_small", "photo_animated")
DRAWN_SIDE_PIXELS: Final = 960
"""Longest side that is drawn; larger photos are enlarged, and get the grain of a camera in their own resolution."""
MAX_TRIES: Final = 20
MIN_PHOTO_BYTES: Final = 50_000
MAX_PHOTO_BYTES: Final = 8_000_000


@dataclass(frozen=True, slots=True)
class PhotoKind:
    """One way in which photos come.

    Attributes:
        name: Of it.
        percent: Of the good photos.
        width: In pixels.
        height: In pixels.
        format: "JPEG", "PNG" or "WEBP".
        quality: Of the compression; not used by PNG.
        grain: Standard deviation of the sensor's noise in levels of 255: it makes the size in bytes.
    """

    name: str
    percent: float
    width: int
    height: int
    format: str
    quality: int
    grain: float


KINDS: Final = (
    PhotoKind("webcam", 40, 640, 480, "JPEG", 90, 4.0),
    PhotoKind("tablet", 20, 1280, 960, "JPEG", 88, 3.0),
    PhotoKind("phone", 20, 4000, 3000, "JPEG", 88, 4.0),
    PhotoKind("webp", 8, 1280, 960, "WEBP", 88, 3.0),
    PhotoKind("png", 8, 800, 600, "PNG", 0, 1.0),
    PhotoKind("phone_fine", 4, 4000, 3000, "JPEG", 97, 6.0),
)
MEDIA_TYPES: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
SUFFIXES: Final = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}


@dataclass(frozen=True, slots=True)
class LoadPhoto:
    """One photo.

    Attributes:
        file: Name.
        content: Its bytes.
        content_type: What an honest client declares.
        kind: Name of its `PhotoKind`, or `BAD`.
        problem: Code of the refusal of a bad one, else None.
    """

    file: str
    content: bytes
    content_type: str
    kind: str
    problem: str | None


def make_load_photos(count: int, seed: int) -> Iterator[LoadPhoto]:
    """So many photos, every twentieth of them bad; the same for the same seed.

    Raises:
        RuntimeError: A face is refused however it is drawn, so the drawing or the crop is broken.
    """
    detector = FaceDetector()
    bad = itertools.cycle(_bad_photos(detector))
    kinds = _kinds_of(count, seed)
    for number in range(count):
        if number % BAD_EVERY == BAD_EVERY - 1:
            name, content, media_type, problem = next(bad)
            yield LoadPhoto(f"{number:04d}_{name}", content, media_type, BAD, problem)
        else:
            kind = kinds[number]
            content = _draw_answered(kind, np.random.default_rng([seed, number]), detector)
            file = f"{number:04d}_{kind.name}.{SUFFIXES[kind.format]}"
            yield LoadPhoto(file, content, MEDIA_TYPES[kind.format], kind.name, None)


def _kinds_of(count: int, seed: int) -> list[PhotoKind]:
    """Kinds in their shares, as nearly as the count allows, in random order."""
    edges = np.cumsum([kind.percent for kind in KINDS]) / 100
    spots = (np.arange(count) + 0.5) / count
    np.random.default_rng([seed]).shuffle(spots)
    return [KINDS[int(np.searchsorted(edges, spot))] for spot in spots]


def _draw_answered(kind: PhotoKind, rng: np.random.Generator, detector: FaceDetector) -> bytes:
    grain = kind.grain
    for _ in range(MAX_TRIES):
        content = _draw(kind, grain, rng)
        if len(content) < MIN_PHOTO_BYTES:
            grain *= 1.25
        elif len(content) > MAX_PHOTO_BYTES:
            grain *= 0.8
        elif problem_of(content, detector) is None:
            return content
    message = f"no drawn face of the kind {kind.name} was accepted in {MAX_TRIES} tries"
    raise RuntimeError(message)


def _draw(kind: PhotoKind, grain: float, rng: np.random.Generator) -> bytes:
    scale = min(1.0, DRAWN_SIDE_PIXELS / max(kind.width, kind.height))
    parameters = sample_photo(rng, sample_subject(rng))
    drawn = Image.fromarray(draw_face(parameters, round(kind.height * scale), round(kind.width * scale)))
    picture = drawn.resize((kind.width, kind.height), Image.Resampling.BICUBIC) if scale < 1 else drawn
    return _encode(Image.fromarray(_with_grain(np.asarray(picture), grain, rng)), kind)


def _with_grain(pixels: NDArray[np.uint8], strength: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Sensor noise; one tile of it is laid over the whole photo, which no compression notices."""
    tile = np.rint(rng.normal(0.0, strength, (512, 512, 3))).astype(np.int16)
    height, width, _ = pixels.shape
    repeats = (-(-height // 512), -(-width // 512), 1)
    noise = np.tile(tile, repeats)[:height, :width]
    return np.asarray(np.clip(pixels + noise, 0, 255), np.uint8)


def _encode(picture: Image.Image, kind: PhotoKind) -> bytes:
    buffer = io.BytesIO()
    save: Callable[..., None] = picture.save
    save(buffer, kind.format, **({} if kind.format == "PNG" else {"quality": kind.quality}))
    return buffer.getvalue()


def _bad_photos(detector: FaceDetector) -> list[tuple[str, bytes, str, str]]:
    """Name, bytes, media type and refusal of one sample file for each of `BAD_CODES`."""
    samples = {photo.expected: photo for photo in load_pack() if photo.expected != ANSWERED}
    chosen = [(samples[code].name, samples[code].content, samples[code].media_type, code) for code in BAD_CODES]
    for name, content, _, code in chosen:
        if (found := problem_of(content, detector)) != code:
            message = f"{name} is refused with {found}, not with {code}"
            raise RuntimeError(message)
    return chosen


def problem_of(content: bytes, detector: FaceDetector) -> str | None:
    """The code with which a photo is refused, or None where it gives a crop."""
    try:
        make_crop(content, CropSpec(), detector)
    except PhotoError as error:
        return error.code
    return None
