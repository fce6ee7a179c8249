"""Walks a PNG file (W3C PNG third edition) without inflating its pixels."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

from serving.contract.container import MAX_PROFILE_BYTES, Container, PhotoFormat, refuse_other_file
from serving.contract.errors import PhotoAnimated, PhotoUnreadable
from serving.contract.exif import read_orientation

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_DEPTHS_OF_COLOUR_TYPE: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_PALETTE: Final = 3
_CRITICAL: Final = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_ANCILLARY: Final = 0x20
"""Bit of the first letter: lower case where a reader may leave the chunk out."""
_FRAME_BYTES: Final = 12
"""Length, kind and checksum around the body of a chunk."""
_MAX_CHUNKS: Final = 10_000
"""Encoders write pieces of 4 KiB or more, 2,560 in 10 MiB; a file of empty chunks would keep this walk busy."""


def read_png(photo: bytes) -> Container:
    """Read the structure.

    Raises:
        PhotoUnreadable: truncated, malformed, a checksum of the picture is wrong, or another file follows.
        PhotoAnimated: an APNG of more than one frame.
    """
    chunks = list(_chunks(photo))
    kinds = {kind for kind, _, _ in chunks}
    if not chunks or chunks[0][0] != b"IHDR" or chunks[-1][0] != b"IEND" or b"IDAT" not in kinds:
        raise PhotoUnreadable
    width, height, depth = _read_header(chunks[0][1], has_palette=b"PLTE" in kinds)
    # Pillow compares 16-bit transparent colours with 8-bit pixels; leaving them out shows the pixels as they are.
    kept = _CRITICAL | ({b"tRNS"} if depth <= 8 else set())
    orientation, profile = 1, None
    image_file: list[bytes | memoryview] = [_SIGNATURE]
    for kind, body, whole in chunks:
        if kind in kept:
            image_file.append(whole)
        elif kind == b"acTL" and int.from_bytes(body[:4], "big") > 1:
            raise PhotoAnimated
        elif kind == b"eXIf":
            orientation = read_orientation(bytes(body))
        elif kind == b"iCCP":
            profile = _inflate_profile(bytes(body))
        elif not kind[0] & _ANCILLARY:
            # A critical chunk that the standard does not know: the picture cannot be shown without it.
            raise PhotoUnreadable
    end = len(_SIGNATURE) + sum(len(whole) for _, _, whole in chunks)
    refuse_other_file(photo, end)
    return Container(
        format=PhotoFormat.PNG,
        width=width,
        height=height,
        orientation=orientation,
        colour_profile=profile,
        image_file=b"".join(image_file),
        decoder_bytes=0,
        shrinks_while_decoding=False,
    )


def _chunks(photo: bytes) -> Iterator[tuple[bytes, memoryview, memoryview]]:
    """Kind, body and whole of each chunk up to IEND, which a truncated file does not reach."""
    at = len(_SIGNATURE)
    view = memoryview(photo)
    for _ in range(_MAX_CHUNKS):
        if at + _FRAME_BYTES > len(photo):
            raise PhotoUnreadable
        length, kind = struct.unpack_from(">I4s", photo, at)
        end = at + _FRAME_BYTES + length
        if end > len(photo):
            raise PhotoUnreadable
        if not kind[0] & _ANCILLARY and zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(
            view[end - 4 : end], "big"
        ):
            raise PhotoUnreadable
        yield kind, view[at + 8 : end - 4], view[at:end]
        if kind == b"IEND":
            return
        at = end
    message = "The photo file has more than {most} parts."
    raise PhotoUnreadable(message, figures={"most": _MAX_CHUNKS})


def _read_header(header: memoryview, *, has_palette: bool) -> tuple[int, int, int]:
    """Width, height and bits per sample."""
    if len(header) != 13:
        raise PhotoUnreadable
    width, height, depth, colour_type, compression, filtering, interlace = struct.unpack(">IIBBBBB", header)
    if (
        not 0 < width < 2**31
        or not 0 < height < 2**31
        or depth not in _DEPTHS_OF_COLOUR_TYPE.get(colour_type, ())
        or (colour_type == _PALETTE and not has_palette)
        or compression
        or filtering
        or interlace > 1
    ):
        raise PhotoUnreadable
    return width, height, depth


def _inflate_profile(body: bytes) -> bytes | None:
    """The ICC profile of an iCCP chunk: a name, 0, compression method 0, deflated data; None where it is damaged."""
    _, separator, rest = body[:81].partition(b"\0")
    if not separator or rest[:1] != b"\0":
        return None
    compressed = body[len(body[:81]) - len(rest) + 1 :]
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(compressed, MAX_PROFILE_BYTES)
    except zlib.error:
        return None
    return profile if inflater.eof else None
