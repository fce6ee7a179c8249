"""Pieces of photos to look for: of the file's own bytes, of its decoded pixels, and of the crop that the model sees."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from gateway.crop_picture import crop_picture
from serving.contract.crop import make_crop
from serving.contract.errors import PhotoError
from serving.contract.face import FaceDetector
from serving.contract.model import CropSpec
from serving.contract.photo import PhotoLimits, decode_photo
from tests.privacy.marked_photos import MarkedPhoto

PIECE_BYTES: Final = 64
FILE_STEP_BYTES: Final = 512
MOST_PIECES: Final = 150
"""Of one photo's file, and of one photo's pixels."""
LEAST_DIFFERENT_BYTES: Final = 12
"""Fewer, and the piece is a plain surface, which is in many pictures."""
_DATA_BEGINS: Final = {"image/jpeg": b"\xff\xda", "image/png": b"IDAT", "image/webp": b"VP8 "}


def pieces_of(photos: Sequence[MarkedPhoto], spec: CropSpec) -> list[tuple[str, bytes]]:
    """Name and bytes of every piece of these photos."""
    detector = FaceDetector()
    return [piece for photo in photos for piece in _pieces_of_one(photo, spec, detector)]


def pieces_of_file(photo: MarkedPhoto) -> Iterator[tuple[str, bytes]]:
    """Windows over the compressed data, all through the file; not of its head, which other photos have too."""
    content = photo.content
    begin = max(0, content.find(_DATA_BEGINS.get(photo.media_type, b"")))
    if photo.media_type == "image/webp":  # metadata comes last there
        content = content[: begin + 8 + int.from_bytes(content[begin + 4 : begin + 8], "little")]
    step = max(FILE_STEP_BYTES, (len(content) - begin) // MOST_PIECES)
    for at in range(begin + FILE_STEP_BYTES, len(content) - PIECE_BYTES, step):
        piece = content[at : at + PIECE_BYTES]
        if _tells(piece):
            yield f"file of '{photo.name}'", piece


def pieces_of_pixels(name: str, pixels: np.ndarray) -> Iterator[tuple[str, bytes]]:
    """Windows over the rows of an RGB picture, uint8, shape (height, width, 3)."""
    rows = pixels.reshape(len(pixels), -1)
    step = max(1, len(rows) // (MOST_PIECES // 3))
    for row in rows[::step]:
        for at in range(0, len(row) - PIECE_BYTES, max(PIECE_BYTES, len(row) // 3)):
            piece = row[at : at + PIECE_BYTES].tobytes()
            if _tells(piece):
                yield name, piece


def _pieces_of_one(photo: MarkedPhoto, spec: CropSpec, detector: FaceDetector) -> Iterator[tuple[str, bytes]]:
    yield from pieces_of_file(photo)
    try:
        decoded = decode_photo(photo.content, PhotoLimits())
    except PhotoError:
        return
    yield from pieces_of_pixels(f"pixels of '{photo.name}'", decoded.pixels)
    try:
        crop = make_crop(photo.content, spec, detector).crop
    except PhotoError:
        return
    yield from pieces_of_pixels(f"crop of '{photo.name}'", crop)
    picture = base64.b64decode(crop_picture(crop).partition(",")[2])
    yield from pieces_of_file(MarkedPhoto(f"crop of {photo.name}", "image/png", picture))


def _tells(piece: bytes) -> bool:
    return len(set(piece)) >= LEAST_DIFFERENT_BYTES
