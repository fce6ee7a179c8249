"""Warm-up files: requests that a model server runs against a version before it takes traffic.

The file is `assets.extra/tf_serving_warmup_requests` inside the version directory: a TFRecord of PredictionLog. Both
are written and read here without TensorFlow. A TFRecord is, per record: length (8 bytes, little-endian), masked crc32c
of these 8 bytes, the bytes, masked crc32c of the bytes (tensorflow/core/lib/io/record_writer.h). CRC-32C is
Castagnoli's polynomial (RFC 3720, appendix B.4), which zlib does not have.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from google.protobuf.message import DecodeError

from serving.wire import predict_pb2 as pb
from serving.wire import warmup_pb2
from serving.wire.errors import WarmupMalformed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

WARMUP_PATH: Final = "assets.extra/tf_serving_warmup_requests"
"""Where a model server looks, relative to the version directory."""

MAX_WARMUP_RECORDS: Final = 1000
"""TensorFlow Serving fails the load of a version with more."""

_CASTAGNOLI_REVERSED: Final = 0x82F63B78
_MASK_DELTA: Final = 0xA282EAD8
_U32: Final = 0xFFFFFFFF


def write_warmup(path: Path, requests: Iterable[pb.PredictRequest]) -> int:
    """Write the requests in order and return how many there were.

    Model name and version inside the requests are not looked at by the server; the signature name is.

    Raises:
        WarmupMalformed: More requests than a server accepts; nothing is left behind in that case.
    """
    records = [
        warmup_pb2.PredictionLog(predict_log=warmup_pb2.PredictLog(request=request)).SerializeToString()
        for request in requests
    ]
    if len(records) > MAX_WARMUP_RECORDS:
        message = f"{len(records)} warm-up requests, but a model server accepts {MAX_WARMUP_RECORDS}"
        raise WarmupMalformed(message)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for record in records:
            length = struct.pack("<Q", len(record))
            file.write(length + _masked_crc(length) + record + _masked_crc(record))
    return len(records)


def read_warmup(path: Path) -> Iterator[warmup_pb2.PredictionLog]:
    """The records of a warm-up file, in order.

    Raises:
        WarmupMalformed: Not a TFRecord file, a damaged or cut-off record, or one that is no PredictionLog.
    """
    with path.open("rb") as file:
        offset = 0
        while header := file.read(12):
            if len(header) < 12 or _masked_crc(header[:8]) != header[8:]:
                message = f"corrupted record at {offset} (Is this even a TFRecord file?)"
                raise WarmupMalformed(message)
            length = struct.unpack("<Q", header[:8])[0]
            content, checksum = file.read(length), file.read(4)
            if len(content) < length or len(checksum) < 4:
                message = f"truncated record at {offset}"
                raise WarmupMalformed(message)
            if _masked_crc(content) != checksum:
                message = f"corrupted record at {offset}"
                raise WarmupMalformed(message)
            try:
                yield warmup_pb2.PredictionLog.FromString(content)
            except DecodeError as error:
                message = f"the record at {offset} is no PredictionLog"
                raise WarmupMalformed(message) from error
            offset += 16 + length


def crc32c(content: bytes) -> int:
    """CRC-32C of the content.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    crc = _U32
    table = _TABLE
    for byte in content:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ _U32


def _masked_crc(content: bytes) -> bytes:
    crc = crc32c(content)
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & _U32)


def _make_table() -> tuple[int, ...]:
    table = []
    for index in range(256):
        crc = index
        for _ in range(8):
            crc = (crc >> 1) ^ (_CASTAGNOLI_REVERSED if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_TABLE: Final = _make_table()
