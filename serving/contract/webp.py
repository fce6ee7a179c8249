"""Walks a WebP file (RFC 9649) without decoding it."""

from __future__ import annotations

import struct
from typing import Final

from serving.contract.container import MAX_PROFILE_BYTES, Container, PhotoFormat, refuse_other_file
from serving.contract.errors import PhotoAnimated, PhotoUnreadable
from serving.contract.exif import read_orientation

_MAX_CHUNKS: Final = 1024
_ANIMATION_FLAG: Final = 0x02
_ALPHA_FLAG: Final = 0x10
_KEY_FRAME_START: Final = b"\x9d\x01\x2a"
_LOSSLESS_SIGNATURE: Final = 0x2F
_DECODER_BYTES_PER_PIXEL: Final = 12
"""libwebp's animation decoder, the only one Pillow uses, keeps two canvases and a frame of 4 bytes per pixel."""


def read_webp(photo: bytes) -> Container:
    """Read the structure.

    Raises:
        PhotoUnreadable: truncated, malformed, canvas and picture of different sizes, or another file follows.
        PhotoAnimated: an animation, even of one frame.
    """
    end = 8 + int.from_bytes(photo[4:8], "little")
    if end > len(photo):
        raise PhotoUnreadable
    chunks = _chunks(photo, end)
    if b"ANIM" in chunks or b"ANMF" in chunks or _flags(chunks) & _ANIMATION_FLAG:
        raise PhotoAnimated
    refuse_other_file(photo, end)
    width, height = _picture_size(chunks)
    extended = chunks.get(b"VP8X")
    if extended is not None and _canvas_size(extended) != (width, height):
        raise PhotoUnreadable
    profile = chunks.get(b"ICCP")
    return Container(
        format=PhotoFormat.WEBP,
        width=width,
        height=height,
        orientation=read_orientation(chunks.get(b"EXIF", b"")),
        colour_profile=profile if profile and len(profile) <= MAX_PROFILE_BYTES else None,
        image_file=_picture_alone(chunks, width, height),
        decoder_bytes=width * height * _DECODER_BYTES_PER_PIXEL,
        shrinks_while_decoding=False,
    )


def _chunks(photo: bytes, end: int) -> dict[bytes, bytes]:
    """The first chunk of each kind, by kind; later ones of the same kind are ignored, as the RFC asks."""
    chunks: dict[bytes, bytes] = {}
    at = 12
    for _ in range(_MAX_CHUNKS):
        if at >= end:
            return chunks
        if at + 8 > end:
            raise PhotoUnreadable
        kind, length = struct.unpack_from("<4sI", photo, at)
        if at + 8 + length > end:
            raise PhotoUnreadable
        chunks.setdefault(kind, photo[at + 8 : at + 8 + length])
        at += 8 + length + length % 2
    message = "The photo file has more than {most} parts."
    raise PhotoUnreadable(message, figures={"most": _MAX_CHUNKS})


def _flags(chunks: dict[bytes, bytes]) -> int:
    extended = chunks.get(b"VP8X", b"")
    return extended[0] if extended else 0


def _canvas_size(extended: bytes) -> tuple[int, int]:
    if len(extended) < 10:
        raise PhotoUnreadable
    return 1 + int.from_bytes(extended[4:7], "little"), 1 + int.from_bytes(extended[7:10], "little")


def _picture_size(chunks: dict[bytes, bytes]) -> tuple[int, int]:
    """Width and height from the picture's own header (RFC 6386, section 9.1; RFC 9649, section 3.4)."""
    if (b"VP8 " in chunks) == (b"VP8L" in chunks):
        raise PhotoUnreadable
    lossy = chunks.get(b"VP8 ")
    if lossy is not None:
        if len(lossy) < 10 or lossy[0] & 1 or lossy[3:6] != _KEY_FRAME_START:
            raise PhotoUnreadable
        width, height = (edge & 0x3FFF for edge in struct.unpack_from("<HH", lossy, 6))
    else:
        lossless = chunks[b"VP8L"]
        if len(lossless) < 5 or lossless[0] != _LOSSLESS_SIGNATURE:
            raise PhotoUnreadable
        bits = int.from_bytes(lossless[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if not width or not height:
        raise PhotoUnreadable
    return width, height


def _picture_alone(chunks: dict[bytes, bytes], width: int, height: int) -> bytes:
    """A WebP file of the picture and its transparency."""
    parts: list[tuple[bytes, bytes]] = []
    if b"VP8L" in chunks:
        parts.append((b"VP8L", chunks[b"VP8L"]))
    else:
        if b"ALPH" in chunks:
            canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
            parts.append((b"VP8X", bytes([_ALPHA_FLAG, 0, 0, 0]) + canvas))
            parts.append((b"ALPH", chunks[b"ALPH"]))
        parts.append((b"VP8 ", chunks[b"VP8 "]))
    body = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for kind, data in parts
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body
