"""The orientation in an EXIF block, and nothing else of it: everything else in there is about a person or a place."""

from __future__ import annotations

import struct
from typing import Final

_ORIENTATION_TAG: Final = 0x0112
_SHORT: Final = 3
_ENTRY_BYTES: Final = 12


def read_orientation(exif: bytes) -> int:
    """The orientation, 1 to 8 (CIPA DC-008, tag 0x0112); 1, upright, where the block is damaged or says nothing.

    Args:
        exif: A TIFF block, with or without the leading `Exif` and two zero bytes.

    >>> read_orientation(b"not exif")
    1
    """
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, directory)
        for entry in range(entries):
            at = directory + 2 + entry * _ENTRY_BYTES
            tag, kind, count, value = struct.unpack_from(order + "HHIH", tiff, at)
            if tag == _ORIENTATION_TAG:
                return value if kind == _SHORT and count == 1 and 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1
