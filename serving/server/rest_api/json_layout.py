"""JSON text as RapidJSON's PrettyWriter lays it out: strings, numbers, and values shown in error messages.

Text is built of characters that each stand for one byte (latin-1), because strings of a model are bytes of any encoding
and go out as they are.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from serving.server.rest_api.json_text import Members, Value

INDENT: Final = "    "
MAX_SHOWN_BYTES: Final = 256
"""How much of a caller's value an error message repeats."""

_ESCAPES: Final = {code: f"\\u{code:04X}" for code in range(0x20)} | {
    ord(character): "\\" + letter
    for character, letter in {'"': '"', "\\": "\\", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}.items()
}
_INT64_MIN: Final = -(2**63)
_UINT64_MAX: Final = 2**64 - 1
_FLOAT32_MAX: Final = 3.4028234e38
# RapidJSON writes a double without an exponent as long as its point falls within these.
_MAX_POINT: Final = 21
_MIN_POINT: Final = -6


def text_bytes(text: str) -> bytes:
    """UTF-8, with half surrogates as three bytes, as RapidJSON writes them."""
    return text.encode("utf-8", "surrogatepass")


def quoted(content: bytes) -> str:
    """A JSON string that holds these bytes."""
    return '"' + content.decode("latin-1").translate(_ESCAPES) + '"'


def decimal_text(value: float, *, is_double: bool) -> str:
    """A number with a point or an exponent: six digits where they say it exactly, else all that are needed."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    text = f"{value:g}"
    if is_double:
        if float(text) != value:
            text = f"{value:.17g}"
    elif np.float32(text) != np.float32(value):
        text = f"{value:.9g}"
    return text if "." in text or "e" in text else text + ".0"


def shown(value: Value) -> str:
    """A value for an error message: laid out as RapidJSON does, and cut after `MAX_SHOWN_BYTES`."""
    if isinstance(value, float | int) and is_decimal(value):
        number = as_double(value)
        fits = -_FLOAT32_MAX <= number <= _FLOAT32_MAX
        return decimal_text(float(np.float32(number)) if fits else number, is_double=not fits)
    parts: list[str] = []
    _Shower(parts).show(value)
    text = "".join(parts).encode("latin-1")[:MAX_SHOWN_BYTES]
    return text.decode("utf-8", "surrogateescape")


def is_decimal(value: float) -> bool:
    """Whether RapidJSON keeps a number as a double: with point or exponent, or too long for 64 bits."""
    return type(value) is float or not _INT64_MIN <= value <= _UINT64_MAX


def as_double(value: float) -> float:
    """A number as a double; infinite where it is too big."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


class _Shower:
    """Writes a value until enough has been written, so that a large one costs no more than a small one."""

    def __init__(self, parts: list[str]) -> None:
        self._parts = parts
        self._left = MAX_SHOWN_BYTES

    def show(self, value: Value) -> None:
        # Each level adds its indentation to the text, so depth is bounded by what is left to write.
        self._show(value, 0)

    def _put(self, text: str) -> None:
        self._parts.append(text)
        self._left -= len(text)

    def _show(self, value: Value, depth: int) -> bool:
        """Whether to go on: not after enough text, nor after a number that RapidJSON refuses to write."""
        if isinstance(value, list | Members):
            return self._show_group(value, depth)
        if isinstance(value, str):
            self._put(quoted(text_bytes(value[: self._left])))
        elif value is None or isinstance(value, bool):
            self._put({None: "null", True: "true", False: "false"}[value])
        elif is_decimal(value):
            number = as_double(value)
            if not math.isfinite(number):
                return False
            self._put(_shortest(number))
        else:
            self._put(str(value))
        return self._left > 0

    def _show_group(self, value: list[Value] | Members, depth: int) -> bool:
        is_list = isinstance(value, list)
        items = ((None, item) for item in value) if isinstance(value, list) else iter(value.pairs)
        self._put("[" if is_list else "{")
        separator = "\n"
        for name, item in items:
            self._put(separator + INDENT * (depth + 1))
            if name is not None:
                self._put(quoted(text_bytes(name[: max(0, self._left)])) + ": ")
            if self._left <= 0 or not self._show(item, depth + 1):
                return False
            separator = ",\n"
        closing = "]" if is_list else "}"
        self._put(closing if separator == "\n" else "\n" + INDENT * depth + closing)
        return self._left > 0


def _shortest(value: float) -> str:
    """The shortest decimal that reads back as the same double, in RapidJSON's spelling."""
    if value == 0:
        return "-0.0" if math.copysign(1, value) < 0 else "0.0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if len(digits) <= point <= _MAX_POINT:
        return f"{sign}{digits}{'0' * (point - len(digits))}.0"
    if 0 < point <= _MAX_POINT:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if _MIN_POINT < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if digits[1:] else ""
    return f"{sign}{digits[0]}{tail}e{point - 1}"
