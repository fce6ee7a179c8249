"""Latency histograms that add up: counts of microseconds, exact to three significant digits, in the format that HDR tools read.

The layout is that of HdrHistogram with 3 significant digits from 1 microsecond to an hour: values up to 2,047 have a bucket
each; above, every power of two is split into 1,024 buckets, so that the values of one bucket differ by less than 1 part in
1,024 (0.1 %). Histograms of several workers are merged by adding counts, and percentiles of the merged one are those of all
requests together, which no average of percentiles is.

A percentile is the smallest bucket that holds the observation of rank `ceil(share x count)`: the very one that a sort
would find, reported as the largest value of its bucket (never smaller than the observation, at most 0.1 % larger).

The file is a "histogram log" of HdrHistogram (version 1.3): one line per histogram with its tag, base64 of the compressed
V2 encoding. The library on PyPI is not used: it brings a compiled extension and, to run, a package builder, and drops values
beyond its largest one silently; a test holds this module against a word that it wrote.
"""

from __future__ import annotations

import base64
import binascii
import math
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Self

from loadtests.errors import HistogramUnreadable

SIGNIFICANT_DIGITS: Final = 3
SUB_BUCKET_BITS: Final = 11
HALF_BITS: Final = SUB_BUCKET_BITS - 1
SUB_BUCKETS: Final = 1 << SUB_BUCKET_BITS
"""Values below have a bucket each: the smallest power of two that is at least 2 x 10^3."""
LARGEST_MICROSECONDS: Final = 3_600_000_000
"""An hour; whatever took longer counts as that long."""
PRECISION: Final = 1 / (1 << HALF_BITS)
"""By which a reported percentile may be larger than the observation, relatively."""
MICROSECONDS: Final = 1_000_000

_V2_COOKIE: Final = 0x1C849303 | 0x10
_V2_COMPRESSED_COOKIE: Final = 0x1C849304 | 0x10
_HEADER: Final = struct.Struct(">iiiiqqd")
"""Cookie, length of the counts, normalising offset, significant digits, lowest and highest value, ratio of a double to a count."""
_ENVELOPE: Final = struct.Struct(">ii")
_MAX_COUNT_BYTES: Final = 9
_LOG_HEAD: Final = "#[Histogram log format version 1.3]\n#[Values are microseconds]\n"
_LOG_COLUMNS: Final = '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n'
_TAG: Final = "Tag="


def bucket_of(microseconds: int) -> int:
    """Index of the bucket of a value; negative ones count as 0, those beyond the largest as the largest."""
    value = min(max(microseconds, 0), LARGEST_MICROSECONDS)
    shift = max(value.bit_length() - SUB_BUCKET_BITS, 0)
    return (shift << HALF_BITS) + (value >> shift)


def largest_in(bucket: int) -> int:
    """The largest value in a bucket, in microseconds."""
    shift = max((bucket >> HALF_BITS) - 1, 0)
    return ((bucket - (shift << HALF_BITS) + 1) << shift) - 1


class Histogram:
    """Counts of durations.

    Args:
        counts: Of each bucket that has any, by index; not copied.
    """

    __slots__ = ("_counts", "_max", "_sum", "count")

    def __init__(self, counts: dict[int, int] | None = None) -> None:
        self._counts: dict[int, int] = {} if counts is None else counts
        self.count = sum(self._counts.values())
        self._max = max(map(largest_in, self._counts), default=0)
        self._sum = sum(_middle_of(bucket) * count for bucket, count in self._counts.items())

    def __eq__(self, other: object) -> bool:
        """Whether every bucket has the same count."""
        return isinstance(other, Histogram) and self._counts == other._counts

    __hash__ = None  # type: ignore[assignment]  # it changes

    def record(self, seconds: float) -> None:
        """Count one duration."""
        bucket = bucket_of(round(seconds * MICROSECONDS))
        self._counts[bucket] = self._counts.get(bucket, 0) + 1
        self.count += 1
        self._max = max(self._max, largest_in(bucket))
        self._sum += _middle_of(bucket)

    def add(self, other: Histogram) -> None:
        """Count everything that another counted."""
        for bucket, count in other._counts.items():
            self._counts[bucket] = self._counts.get(bucket, 0) + count
        self.count += other.count
        self._max = max(self._max, other._max)
        self._sum += other._sum

    def percentile(self, percent: float) -> float:
        """The duration in seconds that so many percent (0 to 100) do not exceed; 0.0 where nothing was counted."""
        # Without the subtraction, 99.9 % of 1,000 would be rank 1,000 by the last bit of a float.
        rank = max(math.ceil(percent / 100 * self.count - 1e-9), 1)
        seen = 0
        for bucket in sorted(self._counts):
            seen += self._counts[bucket]
            if seen >= rank:
                return largest_in(bucket) / MICROSECONDS
        return 0.0

    def count_at_most(self, seconds: float) -> int:
        """How many durations are in buckets up to that of this one."""
        last = bucket_of(round(seconds * MICROSECONDS))
        return sum(count for bucket, count in self._counts.items() if bucket <= last)

    @property
    def mean(self) -> float:
        """In seconds, to the precision of the buckets; 0.0 where nothing was counted."""
        return self._sum / self.count / MICROSECONDS if self.count else 0.0

    @property
    def max(self) -> float:
        """In seconds."""
        return self._max / MICROSECONDS

    def items(self) -> Iterator[tuple[float, int]]:
        """Largest duration in seconds and count of each bucket that has any, the shortest first."""
        for bucket in sorted(self._counts):
            yield largest_in(bucket) / MICROSECONDS, self._counts[bucket]

    def encode(self) -> str:
        """As one word: base64 of HdrHistogram's compressed V2 encoding."""
        counts = _encode_counts(self._counts)
        header = _HEADER.pack(_V2_COOKIE, len(counts), 0, SIGNIFICANT_DIGITS, 1, LARGEST_MICROSECONDS, 1.0)
        packed = zlib.compress(header + counts)
        return base64.b64encode(_ENVELOPE.pack(_V2_COMPRESSED_COOKIE, len(packed)) + packed).decode("ascii")

    @classmethod
    def decode(cls, word: str) -> Self:
        """What `encode` made.

        Raises:
            HistogramUnreadable: It is no histogram, or one of another layout.
        """
        try:
            content = base64.b64decode(word, validate=True)
            cookie, length = _ENVELOPE.unpack_from(content)
            packed = content[_ENVELOPE.size : _ENVELOPE.size + length]
            plain = zlib.decompress(packed)
            inner, size, offset, digits, lowest, highest, _ = _HEADER.unpack_from(plain)
        except (binascii.Error, struct.error, zlib.error, ValueError) as error:
            message = f"this is no encoded histogram: {error}"
            raise HistogramUnreadable(message) from error
        layout = (cookie, inner, offset, digits, lowest, highest)
        if layout != (_V2_COMPRESSED_COOKIE, _V2_COOKIE, 0, SIGNIFICANT_DIGITS, 1, LARGEST_MICROSECONDS):
            message = f"a histogram with {digits} significant digits from {lowest} to {highest} is none of ours"
            raise HistogramUnreadable(message)
        return cls(_decode_counts(plain[_HEADER.size : _HEADER.size + size]))


def write_histograms(path: Path, histograms: Mapping[str, Histogram]) -> None:
    """Write several, each under its tag."""
    lines = [
        f"{_TAG}{tag},0.000,0.000,{histogram.max:.6f},{histogram.encode()}\n" for tag, histogram in histograms.items()
    ]
    path.write_text("".join((_LOG_HEAD, _LOG_COLUMNS, *lines)))


def read_histograms(path: Path) -> dict[str, Histogram]:
    """What `write_histograms` wrote.

    Raises:
        HistogramUnreadable: A line is none of its lines.
    """
    histograms: dict[str, Histogram] = {}
    for line in path.read_text().splitlines():
        if line.startswith(("#", '"')) or not line:
            continue
        fields = line.split(",")
        if len(fields) != 5 or not fields[0].startswith(_TAG):
            message = f"{path} has a line that is no tagged histogram: {line[:60]}"
            raise HistogramUnreadable(message)
        histograms[fields[0].removeprefix(_TAG)] = Histogram.decode(fields[-1])
    return histograms


def _middle_of(bucket: int) -> int:
    shift = max((bucket >> HALF_BITS) - 1, 0)
    return largest_in(bucket) - (1 << shift >> 1)


def _encode_counts(counts: Mapping[int, int]) -> bytes:
    """Counts in the order of their buckets as zigzag LEB128, a run of zeros as its negative length."""
    out = bytearray()
    following = 0
    for bucket in sorted(counts):
        if bucket > following:
            _put(out, following - bucket)
        _put(out, counts[bucket])
        following = bucket + 1
    return bytes(out)


def _decode_counts(content: bytes) -> dict[int, int]:
    counts: dict[int, int] = {}
    bucket = position = 0
    while position < len(content):
        number, position = _take(content, position)
        if number < 0:
            bucket -= number
        else:
            if number:
                counts[bucket] = number
            bucket += 1
    if counts and max(counts) > bucket_of(LARGEST_MICROSECONDS):
        message = "this histogram has counts beyond its largest value"
        raise HistogramUnreadable(message)
    return counts


def _put(out: bytearray, number: int) -> None:
    """HdrHistogram's variant of LEB128: nine bytes at most, the ninth with all its bits."""
    zigzag = number << 1 if number >= 0 else (-number << 1) - 1
    for _ in range(_MAX_COUNT_BYTES - 1):
        if zigzag < 0x80:
            out.append(zigzag)
            return
        out.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    out.append(zigzag)


def _take(content: bytes, position: int) -> tuple[int, int]:
    zigzag = 0
    for place in range(_MAX_COUNT_BYTES):
        if position >= len(content):
            message = "this histogram ends within a count"
            raise HistogramUnreadable(message)
        byte = content[position]
        position += 1
        last = place == _MAX_COUNT_BYTES - 1
        zigzag |= (byte if last else byte & 0x7F) << 7 * place
        if last or not byte & 0x80:
            break
    return zigzag >> 1 ^ -(zigzag & 1), position
