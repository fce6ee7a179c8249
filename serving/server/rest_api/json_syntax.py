"""What is wrong with a text that is no JSON, in RapidJSON's words, and where.

Python's parser reads the requests; it only says that something is wrong, in its own words. This one reads the same text
again, builds nothing, needs no stack of calls, and names the first fault as `rapidjson/error/en.h` 1.1.0 does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_PLAIN: Final = re.compile(r'[^"\\\x00-\x1f\udc80-\udcff]*')
_DIGITS: Final = re.compile(r"[0-9]*")
_HEX4: Final = re.compile(r"[0-9a-fA-F]{4}")
_WORDS: Final = {"n": "null", "t": "true", "f": "false"}
_ESCAPES: Final = frozenset('"\\/bfnrt')
_END: Final = ("", "\0")
_LARGEST: Final = 1.7976931348623157e308

EMPTY: Final = "The document is empty."
INVALID_VALUE: Final = "Invalid value."
NO_NAME: Final = "Missing a name for object member."
NO_COLON: Final = "Missing a colon after a name of object member."
NO_COMMA_IN_OBJECT: Final = "Missing a comma or '}' after an object member."
NO_COMMA_IN_ARRAY: Final = "Missing a comma or ']' after an array element."
BAD_HEX: Final = "Incorrect hex digit after \\u escape in string."
BAD_SURROGATE: Final = "The surrogate pair in string is invalid."
BAD_ESCAPE: Final = "Invalid escape character in string."
NO_QUOTE: Final = "Missing a closing quotation mark in string."
BAD_ENCODING: Final = "Invalid encoding in string."
TOO_BIG: Final = "Number too big to be stored in double."
NO_FRACTION: Final = "Miss fraction part in number."
NO_EXPONENT: Final = "Miss exponent in number."


@dataclass(frozen=True, slots=True)
class Fault:
    """The first fault of a text.

    Attributes:
        words: RapidJSON's sentence.
        at: Index of the character that it is about; the text's length where the text ends too early.
    """

    words: str
    at: int


class _Broken(Exception):
    def __init__(self, words: str, at: int) -> None:
        super().__init__(words)
        self.fault = Fault(words, at)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text holds.

    Attributes:
        fault: Its first fault, or None.
        respelled: Where RapidJSON takes a number that Python does not (`Inf`, `-NaN`): start, end and Python's spelling.
    """

    fault: Fault | None
    respelled: tuple[tuple[int, int, str], ...]


def read_syntax(text: str) -> Reading:
    """Check the first value of a text; what follows it is not looked at.

    Args:
        text: Decoded with `surrogateescape`, so that bytes of a wrong encoding are found again.
    """
    scanner = _Scanner(text)
    try:
        scanner.document()
    except _Broken as broken:
        return Reading(broken.fault, ())
    return Reading(None, tuple(scanner.respelled))


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.respelled: list[tuple[int, int, str]] = []

    def document(self) -> None:
        self._skip_space()
        if self._peek() in _END:
            raise _Broken(EMPTY, self._at)
        # What is open: "[" or "{", innermost last.
        opened: list[str] = []
        while True:
            character = self._peek()
            if character in ("[", "{"):
                self._at += 1
                self._skip_space()
                if self._peek() != ("]" if character == "[" else "}"):
                    opened.append(character)
                    if character == "{":
                        self._member_name()
                    continue
                self._at += 1
            else:
                self._scalar(character)
            if not self._close(opened):
                return

    def _close(self, opened: list[str]) -> bool:
        """Go past what may follow a value; whether another value comes."""
        while opened:
            self._skip_space()
            character = self._peek()
            in_array = opened[-1] == "["
            if character == ",":
                self._at += 1
                self._skip_space()
                if not in_array:
                    self._member_name()
                return True
            if character != ("]" if in_array else "}"):
                raise _Broken(NO_COMMA_IN_ARRAY if in_array else NO_COMMA_IN_OBJECT, self._at)
            self._at += 1
            opened.pop()
        return False

    def _member_name(self) -> None:
        if self._peek() != '"':
            raise _Broken(NO_NAME, self._at)
        self._string()
        self._skip_space()
        if self._peek() != ":":
            raise _Broken(NO_COLON, self._at)
        self._at += 1
        self._skip_space()

    def _scalar(self, character: str) -> None:
        if character == '"':
            self._string()
        elif character in _WORDS:
            self._letters(_WORDS[character])
        else:
            self._number()

    def _letters(self, word: str) -> None:
        for letter in word:
            if self._peek() != letter:
                raise _Broken(INVALID_VALUE, self._at)
            self._at += 1

    def _string(self) -> None:
        self._at += 1
        while True:
            self._skip(_PLAIN)
            character = self._peek()
            if character == '"':
                self._at += 1
                return
            if character == "\\":
                self._escape()
            elif character in _END:
                raise _Broken(NO_QUOTE, self._at)
            else:
                raise _Broken(BAD_ESCAPE if character < " " else BAD_ENCODING, self._at)

    def _escape(self) -> None:
        start = self._at
        self._at += 1
        character = self._peek()
        if character and character in _ESCAPES:
            self._at += 1
        elif character == "u":
            code = self._code_unit(start)
            if 0xD800 <= code <= 0xDBFF:
                if not self._text.startswith("\\u", self._at):
                    raise _Broken(BAD_SURROGATE, start)
                self._at += 1
                if not 0xDC00 <= self._code_unit(start) <= 0xDFFF:
                    raise _Broken(BAD_SURROGATE, start)
        else:
            raise _Broken(BAD_ESCAPE, start)

    def _code_unit(self, start: int) -> int:
        """Four hex digits after the `u` that the scanner stands on; `start` is where the escape began."""
        match = _HEX4.match(self._text, self._at + 1)
        if match is None:
            raise _Broken(BAD_HEX, start)
        self._at = match.end()
        return int(match[0], 16)

    def _number(self) -> None:
        start = self._at
        if self._peek() == "-":
            self._at += 1
        character = self._peek()
        if character and character in "NI":
            self._not_finite(start)
            return
        if character == "0":
            self._at += 1
        elif "1" <= character <= "9":
            self._skip(_DIGITS)
        else:
            raise _Broken(INVALID_VALUE, self._at)
        if self._peek() == ".":
            self._at += 1
            self._some_digits(NO_FRACTION)
        if self._peek() in ("e", "E"):
            self._at += 1
            if self._peek() in ("+", "-"):
                self._at += 1
            self._some_digits(NO_EXPONENT)
        if abs(float(self._text[start : self._at])) > _LARGEST:
            raise _Broken(TOO_BIG, start)

    def _some_digits(self, words: str) -> None:
        first = self._at
        self._skip(_DIGITS)
        if self._at == first:
            raise _Broken(words, first)

    def _not_finite(self, start: int) -> None:
        word = "NaN" if self._peek() == "N" else "Inf"
        self._letters(word)
        if word == "Inf" and self._peek() == "i":
            self._letters("inity")
        spelling = {"-NaN": "NaN", "Inf": "Infinity", "-Inf": "-Infinity"}.get(self._text[start : self._at])
        if spelling is not None:
            self.respelled.append((start, self._at, spelling))

    def _peek(self) -> str:
        """The next character; the empty text at the end, where RapidJSON reads a zero."""
        return self._text[self._at : self._at + 1]

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        if match is not None:
            self._at = match.end()

    def _skip_space(self) -> None:
        self._skip(_SPACE)
