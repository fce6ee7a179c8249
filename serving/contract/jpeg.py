"""Walks a JPEG file (ITU-T T.81, annex B) without decoding it."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import Final

from serving.contract.container import MAX_PROFILE_BYTES, Container, PhotoFormat, refuse_other_file
from serving.contract.errors import PhotoUnreadable, PhotoUnsupported
from serving.contract.exif import read_orientation

MAX_SCANS: Final = 32
"""Encoders write at most 10 to 15 scans; each one passes over the whole picture, so a file with thousands is a bomb."""

_SOI: Final = b"\xff\xd8"
_EOI, _SOS, _DNL = 0xD9, 0xDA, 0xDC
_HUFFMAN_FRAMES: Final = {0xC0, 0xC1, 0xC2}
_PROGRESSIVE: Final = 0xC2
_OTHER_FRAMES: Final = {0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_DHT, _DAC, _DQT, _DRI = 0xC4, 0xCC, 0xDB, 0xDD
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_KEPT: Final = _HUFFMAN_FRAMES | {_DHT, _DQT, _DRI, _SOS, _APP14}
_PROFILE_HEADER: Final = b"ICC_PROFILE\0"
_MARKER_IN_SCAN: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""Ends the coded data: FF 00 is a data byte, FF D0 to D7 are restarts inside it, FF FF is padding."""
_COEFFICIENT_BYTES: Final = 2


@dataclass(slots=True)
class _Walk:
    """What the segments said so far."""

    frame: bytes | None = None
    progressive: bool = False
    scans: int = 0
    orientation: int = 1
    profile_parts: dict[int, bytes] = field(default_factory=dict)
    kept: list[bytes | memoryview] = field(default_factory=lambda: [_SOI])


def read_jpeg(photo: bytes) -> Container:
    """Read the structure of the first picture; later ones (MPO, gain maps) are left out.

    Raises:
        PhotoUnreadable: truncated, malformed, too many scans, or another file folded in.
        PhotoUnsupported: lossless, arithmetic-coded, hierarchical or 12-bit JPEG.
    """
    walk = _Walk()
    at = 2
    while True:
        marker, body, at = _next_segment(photo, at)
        if marker == _EOI:
            break
        _take(walk, marker, body)
        if marker == _SOS:
            if walk.frame is None:
                raise PhotoUnreadable
            data_start = at
            found = _MARKER_IN_SCAN.search(photo, at)
            if found is None:
                raise PhotoUnreadable
            at = found.start()
            walk.kept.append(memoryview(photo)[data_start:at])
    if walk.frame is None or not walk.scans:
        raise PhotoUnreadable
    refuse_other_file(photo, at)
    walk.kept.append(b"\xff\xd9")
    return _container(walk, walk.frame)


def _next_segment(photo: bytes, at: int) -> tuple[int, bytes, int]:
    """Marker, body without its length, and where the next one starts."""
    if photo[at : at + 1] != b"\xff":
        raise PhotoUnreadable
    while photo[at : at + 1] == b"\xff":
        at += 1
    if at >= len(photo):
        raise PhotoUnreadable
    marker = photo[at]
    at += 1
    if marker == _EOI:
        return marker, b"", at
    length = int.from_bytes(photo[at : at + 2], "big")
    if length < 2 or at + length > len(photo):
        raise PhotoUnreadable
    return marker, photo[at + 2 : at + length], at + length


def _take(walk: _Walk, marker: int, body: bytes) -> None:
    if marker in _OTHER_FRAMES or marker == _DAC:
        message = "This JPEG is lossless, hierarchical or arithmetic-coded, which is not read here."
        raise PhotoUnsupported(message, advice="Export the photo as an ordinary JPEG.")
    if marker in _HUFFMAN_FRAMES:
        if walk.frame is not None:
            raise PhotoUnreadable
        walk.frame, walk.progressive = body, marker == _PROGRESSIVE
    elif marker == _SOS:
        walk.scans += 1
        if walk.scans > MAX_SCANS:
            message = "The photo file has more than {most} scans."
            raise PhotoUnreadable(message, figures={"most": MAX_SCANS})
    elif marker == _DNL or marker < 0xC0 or 0xD0 <= marker <= 0xD8:
        raise PhotoUnreadable
    elif marker == _APP1 and body.startswith(b"Exif\0\0") and walk.orientation == 1:
        walk.orientation = read_orientation(body)
    elif marker == _APP2 and body.startswith(_PROFILE_HEADER) and len(body) > len(_PROFILE_HEADER) + 2:
        walk.profile_parts[body[len(_PROFILE_HEADER)]] = body[len(_PROFILE_HEADER) + 2 :]
    # JFIF and Adobe say how the components become colours; every other APPn and comment stays behind.
    if marker in _KEPT or (marker == _APP0 and body.startswith(b"JFIF\0")):
        walk.kept.append(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body)


def _container(walk: _Walk, frame: bytes) -> Container:
    if len(frame) < 6:
        raise PhotoUnreadable
    precision, height, width, components = struct.unpack_from(">BHHB", frame)
    if precision != 8:
        message = "This JPEG has {bits} bits per colour, which is not read here."
        advice = "Export the photo as an ordinary 8-bit JPEG."
        raise PhotoUnsupported(message, advice=advice, figures={"bits": precision})
    if not width or not height or components not in (1, 3, 4) or len(frame) != 6 + 3 * components:
        raise PhotoUnreadable
    sampling = [(factor >> 4, factor & 15) for factor in frame[7::3]]
    if not all(1 <= h <= 4 and 1 <= v <= 4 for h, v in sampling):
        raise PhotoUnreadable
    # Several scans force the decoder to keep every coefficient of the picture, however small it is decoded.
    finest = max(h for h, _ in sampling) * max(v for _, v in sampling)
    coefficients = width * height * sum(h * v for h, v in sampling) // finest
    profile = b"".join(part for _, part in sorted(walk.profile_parts.items()))
    return Container(
        format=PhotoFormat.JPEG,
        width=width,
        height=height,
        orientation=walk.orientation,
        colour_profile=profile if 0 < len(profile) <= MAX_PROFILE_BYTES else None,
        image_file=b"".join(walk.kept),
        decoder_bytes=coefficients * _COEFFICIENT_BYTES if walk.progressive or walk.scans > 1 else 0,
        shrinks_while_decoding=True,
    )
