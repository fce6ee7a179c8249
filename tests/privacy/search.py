"""Finds thousands of byte strings at once in anything: files of any size, also packed ones and pictures inside them."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from tests.privacy.encodings import forms_of_bytes, forms_of_text

KEY_BYTES: Final = 8
"""By which needles are found; none is shorter."""
TABLE_BYTES: Final = 3
PIECE_BYTES: Final = 8 * 1024 * 1024
MAX_UNPACKED_BYTES: Final = 64 * 1024 * 1024
UNPACKED_AT_ONCE_BYTES: Final = 4096
GZIP_BEGINS: Final = 0x1F
PACKED: Final = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]|\x78[\x01\x5e\x9c\xda]")
PICTURE: Final = re.compile(rb"\xff\xd8\xff[\xc0-\xfe]|\x89PNG\r\n\x1a\n|RIFF....WEBP", re.DOTALL)
LEAST_PICTURE_PIXELS: Final = 32


@dataclass(frozen=True, slots=True)
class Needle:
    """Something to find: what it is, in which form, and the bytes that show it."""

    name: str
    form: str
    pattern: bytes


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found: what, in which form, and at which byte of what was searched."""

    name: str
    form: str
    offset: int


class Searcher:
    """Looks for needles.

    Args:
        words: Words in ASCII by name, looked for in all `TEXT_FORMS`.
        pieces: Bytes by name, of photos and of pixels, looked for in all `BINARY_FORMS`.
    """

    def __init__(self, words: dict[str, bytes], pieces: Sequence[tuple[str, bytes]] = ()) -> None:
        self._by_key: dict[bytes, list[Needle]] = {}
        self._table = np.zeros(1 << (8 * TABLE_BYTES), bool)
        self.count = 0
        for name, word in words.items():
            forms = forms_of_text(word) if word.isascii() else forms_of_bytes(word)
            self._add(name, forms)
        for name, piece in pieces:
            self._add(name, forms_of_bytes(piece))
        self._keys = np.sort(np.array([int.from_bytes(key, "little") for key in self._by_key], np.uint64))
        self._longest = max((len(needle.pattern) for needles in self._by_key.values() for needle in needles), default=0)

    def _add(self, name: str, forms: dict[str, set[bytes]]) -> None:
        for form, patterns in forms.items():
            for pattern in patterns:
                assert len(pattern) >= KEY_BYTES, (name, form)
                self._by_key.setdefault(pattern[:KEY_BYTES], []).append(Needle(name, form, pattern))
                self._table[int.from_bytes(pattern[:TABLE_BYTES], "little")] = True
                self.count += 1

    def find(self, content: bytes) -> Iterator[Hit]:
        """Every needle in a byte string, also in what is packed in it."""
        yield from self._find_plain(content)
        for offset, unpacked in unpack(content):
            for hit in self._find_plain(unpacked):
                yield Hit(hit.name, f"packed, {hit.form}", offset)

    def find_in_stream(self, stream: io.BufferedIOBase) -> tuple[int, list[Hit]]:
        """How many bytes a stream holds, and every needle in it: pieces overlap, so that none is lost between two."""
        hits: dict[Hit, None] = {}
        begin, kept = 0, b""
        overlap = max(self._longest, 64 * 1024)
        while piece := stream.read(PIECE_BYTES):
            content = kept + piece
            hits.update((Hit(hit.name, hit.form, begin + hit.offset), None) for hit in self.find(content))
            kept = content[-overlap:]
            begin += len(content) - len(kept)
        return begin + len(kept), list(hits)

    def _find_plain(self, content: bytes) -> Iterator[Hit]:
        for begin in range(0, max(1, len(content)), PIECE_BYTES):
            piece = content[begin : begin + PIECE_BYTES + self._longest]
            if len(piece) < KEY_BYTES:
                return
            for offset in self._candidates(piece):
                for needle in self._by_key.get(piece[offset : offset + KEY_BYTES], ()):
                    if offset < PIECE_BYTES and piece.startswith(needle.pattern, offset):
                        yield Hit(needle.name, needle.form, begin + offset)

    def _candidates(self, piece: bytes) -> list[int]:
        """Where the first three bytes are some needle's, and then the first eight."""
        values = np.frombuffer(piece, np.uint8)
        end = len(values) - KEY_BYTES + 1
        starts = values[:end].astype(np.uint32)
        for at in range(1, TABLE_BYTES):
            starts |= values[at : end + at].astype(np.uint32) << np.uint32(8 * at)
        found = np.flatnonzero(self._table[starts])
        keys = np.ascontiguousarray(values[found[:, None] + np.arange(KEY_BYTES)]).view(np.uint64).ravel()
        at = np.minimum(np.searchsorted(self._keys, keys), max(0, len(self._keys) - 1))
        return found[self._keys[at] == keys].tolist() if len(self._keys) else []


def unpack(content: bytes) -> Iterator[tuple[int, bytes]]:
    """What gzip and zlib packed in a byte string: where it begins, and what it holds (as far as it can be read)."""
    view = memoryview(content)
    for found in PACKED.finditer(content):
        unpacked = _unpacked(view[found.start() : found.start() + MAX_UNPACKED_BYTES])
        if len(unpacked) >= KEY_BYTES:
            yield found.start(), unpacked


def _unpacked(packed: memoryview) -> bytes:
    """By and by, because most of what looks like a beginning is none."""
    opener = zlib.decompressobj(31 if packed[0] == GZIP_BEGINS else 15)
    unpacked = bytearray()
    for begin in range(0, len(packed), UNPACKED_AT_ONCE_BYTES):
        try:
            unpacked += opener.decompress(packed[begin : begin + UNPACKED_AT_ONCE_BYTES], MAX_UNPACKED_BYTES)
        except zlib.error:
            break
        if opener.eof or len(unpacked) >= MAX_UNPACKED_BYTES:
            break
    return bytes(unpacked)


def pictures_in(content: bytes) -> Iterable[tuple[int, Image.Image]]:
    """Pictures inside a byte string that can really be opened: where each begins, and its pixels."""
    for found in PICTURE.finditer(content):
        stream = io.BytesIO(content[found.start() :])
        try:
            with Image.open(stream, formats=("JPEG", "PNG", "WEBP")) as picture:
                if min(picture.size) >= LEAST_PICTURE_PIXELS:
                    picture.load()
                    yield found.start(), picture.convert("RGB")
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            continue
