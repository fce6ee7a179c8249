"""Seeds of the photo campaign, and what makes a changed photo pass the first look again: checksums and lengths."""

from __future__ import annotations

import struct
import zlib
from typing import Final

from tests.support.drawing import drawn_pixels
from tests.support.hostile_photos import refused_photos
from tests.support.odd_photos import odd_photos
from tests.support.photo_bytes import PNG_SIGNATURE, encode

MAX_SEED_BYTES: Final = 64 * 1024
"""Larger photos cost time for every change, and hold nothing that smaller ones do not."""
_CHUNK_FRAME_BYTES: Final = 12
_FACE_PIXELS: Final = 160


def seeds() -> dict[str, bytes]:
    """The hostile corpus, the odd photos and small drawn faces, as far as they are small."""
    small = drawn_pixels(1)[::2, ::2][:_FACE_PIXELS, :_FACE_PIXELS]
    faces = {
        f"{'progressive ' if progressive else ''}jpeg of a small face": encode(
            small, "JPEG", quality=80, progressive=progressive
        )
        for progressive in (False, True)
    } | {"png of a small face": encode(small, "PNG"), "webp of a small face": encode(small, "WEBP", quality=80)}
    hostile = {name: photo for name, (photo, _) in refused_photos().items()}
    named = {f"hostile: {name}": photo for name, photo in hostile.items()}
    named |= {f"odd: {name}": photo for name, photo in odd_photos().items()} | faces
    return {name: photo for name, photo in named.items() if 0 < len(photo) <= MAX_SEED_BYTES}


def repair(photo: bytes) -> bytes:
    """The photo with its PNG checksums or its WebP length made right; any other bytes as they are."""
    if photo.startswith(PNG_SIGNATURE):
        return _with_checksums(photo)
    if photo[:4] == b"RIFF" and photo[8:12] == b"WEBP":
        return photo[:4] + struct.pack("<I", len(photo) - 8) + photo[8:]
    return photo


def _with_checksums(png: bytes) -> bytes:
    repaired, at = bytearray(png), len(PNG_SIGNATURE)
    while at + _CHUNK_FRAME_BYTES <= len(png):
        end = at + 8 + int.from_bytes(png[at : at + 4], "big")
        if end + 4 > len(png):
            break
        repaired[end : end + 4] = struct.pack(">I", zlib.crc32(png[at + 4 : end]))
        at = end + 4
    return bytes(repaired)
