"""Request bodies to JSON values, as TensorFlow Serving's parser (RapidJSON) takes them.

What differs from `json.loads`: NaN and infinities are numbers, whatever follows the first value is ignored, the first of
several members of one name counts, and errors are RapidJSON's. Python's parser in C does the work: it bounds its own
depth, so no nesting can overflow a stack.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Any, Final, TypeAlias

from serving.server.errors import InvalidArgument
from serving.server.rest_api.json_syntax import INVALID_VALUE, NO_QUOTE, Reading, read_syntax

Value: TypeAlias = Any
"""None, bool, int, float, str, a list of values, or Members."""

MAX_DIAGNOSED_CHARACTERS: Final = 1024 * 1024
"""Longer texts are not read a second time for the exact fault: that takes seconds for each of these."""

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF32_BE, "utf-32-be", 4),
    (codecs.BOM_UTF32_LE, "utf-32-le", 4),
    (codecs.BOM_UTF16_BE, "utf-16-be", 2),
    (codecs.BOM_UTF16_LE, "utf-16-le", 2),
    (codecs.BOM_UTF8, "utf-8", 1),
)
# Which of the first four bytes are not zero tells the encoding where there is no mark (RFC 4627, section 3).
_ZERO_PATTERNS: Final = {
    (False, False, False, True): ("utf-32-be", 4),
    (False, True, False, True): ("utf-16-be", 2),
    (True, False, False, False): ("utf-32-le", 4),
    (True, False, True, False): ("utf-16-le", 2),
}


class Members:
    """An object: its members in order, the first of each name in `first`."""

    __slots__ = ("first", "pairs")

    def __init__(self, pairs: list[tuple[str, Value]]) -> None:
        self.pairs = pairs
        self.first: dict[str, Value] = dict(pairs)
        if len(self.first) < len(pairs):
            self.first = {}
            for name, value in pairs:
                self.first.setdefault(name, value)


class Document:
    """A parsed request body.

    Attributes:
        value: What it holds.

    Args:
        body: The bytes of the body.

    Raises:
        InvalidArgument: No JSON, in RapidJSON's words.
    """

    def __init__(self, body: bytes) -> None:
        if not body:
            message = "JSON Parse error: The document is empty"
            raise InvalidArgument(message)
        self._encoding, self._unit, mark = _encoding_of(body)
        self._mark_bytes = len(mark)
        self._body_bytes = len(body)
        try:
            self._text = body[self._mark_bytes :].decode(self._encoding)
        except UnicodeDecodeError:
            # Bytes behind the first value do not matter, so this alone is no fault yet.
            handler = "surrogateescape" if self._unit == 1 else "replace"
            self._text = body[self._mark_bytes :].decode(self._encoding, handler)
            self.refuse_faults()
        self.value = self._parse()

    def refuse_faults(self) -> Reading:
        """Look for what RapidJSON refuses and Python's parser takes: numbers beyond a double, half surrogate pairs.

        Raises:
            InvalidArgument: There is such a fault.
        """
        if len(self._text) > MAX_DIAGNOSED_CHARACTERS:
            return Reading(None, ())
        reading = read_syntax(self._text)
        if reading.fault is not None:
            raise self._refusal(reading.fault.words, reading.fault.at)
        return reading

    def _parse(self) -> Value:
        try:
            return _decode(self._text)
        except RecursionError as error:
            self.refuse_faults()
            message = "JSON Parse error: lists and objects are nested deeper than this server reads."
            raise InvalidArgument(message) from error
        except ValueError as error:
            reading = self.refuse_faults()
            if not reading.respelled:
                # Only texts too long for an exact answer come here.
                at = error.pos if isinstance(error, json.JSONDecodeError) else 0
                raise self._refusal(NO_QUOTE if "Unterminated" in str(error) else INVALID_VALUE, at) from error
        return _decode(_respell(self._text, reading))

    def _refusal(self, words: str, at: int) -> InvalidArgument:
        handler = "surrogateescape" if self._unit == 1 else "replace"
        before = self._mark_bytes + len(self._text[:at].encode(self._encoding, handler))
        # RapidJSON's stream has taken the faulty character already when it tells where it is.
        offset = min(before + self._unit, self._body_bytes)
        return InvalidArgument(f"JSON Parse error: {words} at offset: {offset}")


def _encoding_of(body: bytes) -> tuple[str, int, bytes]:
    """Encoding, bytes per code unit, and the byte order mark."""
    for mark, encoding, unit in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return encoding, unit, mark
    if len(body) < len(codecs.BOM_UTF32_LE):
        return "utf-8", 1, b""
    first, second, third, fourth = map(bool, body[:4])
    encoding, unit = _ZERO_PATTERNS.get((first, second, third, fourth), ("utf-8", 1))
    return encoding, unit, b""


def _decode(text: str) -> Value:
    match = _SPACE.match(text)
    value, _ = _DECODER.raw_decode(text, match.end() if match else 0)
    return value


def _respell(text: str, reading: Reading) -> str:
    parts, end = [], 0
    for start, stop, spelling in reading.respelled:
        parts += [text[end:start], spelling]
        end = stop
    return "".join([*parts, text[end:]])


_DECODER: Final = json.JSONDecoder(object_pairs_hook=Members)
