"""Photo files assembled byte by byte, where Pillow cannot or will not write what a test needs."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterable

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column, first row, column step and row step of the seven passes (PNG, section 8.1)."""


def encode(pixels: np.ndarray | Image.Image, form: str, **options: Any) -> bytes:
    """The photo as Pillow writes it."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def plain_picture(width: int = 96, height: int = 64) -> np.ndarray:
    """A colour gradient with some texture: a picture without a face."""
    y, x = np.mgrid[0:height, 0:width]
    texture = (x * 7 + y * 13) % 23
    return np.stack([x * 200 // width + texture, y * 200 // height + texture, 90 + texture], axis=-1).astype(np.uint8)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """Length, kind, body, checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(width: int, height: int, depth: int = 8, colour_type: int = 2, interlace: int = 0) -> bytes:
    return png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, interlace))


def png_file(*chunks: bytes) -> bytes:
    return PNG_SIGNATURE + b"".join(chunks) + png_chunk(b"IEND", b"")


def png_rows(samples: np.ndarray) -> bytes:
    """Rows of samples, each after filter type 0; 16-bit samples big-endian."""
    rows = samples.astype(samples.dtype.newbyteorder(">")).reshape(samples.shape[0], -1)
    return b"".join(b"\0" + row.tobytes() for row in rows)


def png_of(samples: np.ndarray, colour_type: int, *extra: bytes, interlaced: bool = False) -> bytes:
    """A PNG of any depth and colour type; `extra` chunks go before the pixels."""
    depth = 16 if samples.dtype == np.uint16 else 8
    passes = (
        [samples[row::step_y, column::step_x] for column, row, step_x, step_y in ADAM7] if interlaced else [samples]
    )
    data = zlib.compress(b"".join(png_rows(part) for part in passes if part.size))
    header = png_header(samples.shape[1], samples.shape[0], depth, colour_type, int(interlaced))
    return png_file(header, *extra, png_chunk(b"IDAT", data))


def insert_png_chunk(png: bytes, chunk: bytes) -> bytes:
    """The PNG with one more chunk right after its header."""
    at = len(PNG_SIGNATURE) + 25
    return png[:at] + chunk + png[at:]


def png_chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and body of every chunk."""
    chunks, at = [], len(PNG_SIGNATURE)
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        chunks.append((kind, png[at + 8 : at + 8 + length]))
        at += 12 + length
    return chunks


def jpeg_segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def insert_jpeg_segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    """The JPEG with one more segment right after SOI."""
    return jpeg[:2] + jpeg_segment(marker, body) + jpeg[2:]


def jpeg_segments(jpeg: bytes) -> list[tuple[int, bytes]]:
    """Marker and whole bytes of every segment up to the first scan; the last entry is the scan with all that follows."""
    segments, at = [], 2
    while jpeg[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        segments.append((jpeg[at + 1], jpeg[at:end]))
        at = end
    segments.append((0xDA, jpeg[at:]))
    return segments


def jpeg_without(jpeg: bytes, *markers: int) -> bytes:
    return b"\xff\xd8" + b"".join(whole for marker, whole in jpeg_segments(jpeg) if marker not in markers)


def with_jpeg_frame(jpeg: bytes, *, marker: int | None = None, **changes: int) -> bytes:
    """The JPEG with other figures in its frame header: precision, height, width, components."""
    parts = [b"\xff\xd8"]
    for kind, whole in jpeg_segments(jpeg):
        if kind not in (0xC0, 0xC1, 0xC2):
            parts.append(whole)
            continue
        figures = dict(
            zip(("precision", "height", "width", "components"), struct.unpack_from(">BHHB", whole, 4), strict=True)
        )
        figures.update(changes)
        parts.append(jpeg_segment(marker or kind, struct.pack(">BHHB", *figures.values()) + whole[10:]))
    return b"".join(parts)


def riff(chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A WebP file of these chunks."""
    body = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_canvas(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    return b"VP8X", bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def webp_chunks(webp: bytes) -> list[tuple[bytes, bytes]]:
    chunks, at = [], 12
    while at < len(webp):
        kind, length = struct.unpack_from("<4sI", webp, at)
        chunks.append((kind, webp[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return chunks


def exif_block(orientation: int, order: str = ">") -> bytes:
    """A TIFF block that holds an orientation and nothing else."""
    start = b"MM\0*" if order == ">" else b"II*\0"
    return start + struct.pack(order + "IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
