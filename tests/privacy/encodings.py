"""The forms in which a word, or a piece of a photo, turns up in logs, databases and memory."""

from __future__ import annotations

import base64
from typing import Final

TEXT_FORMS: Final = (
    "as it is", "upper case", "percent-encoded", "base64, 3 alignments", "base64 for URLs, 3 alignments", "base64 in a form, 3 alignments",
    "hexadecimal, both cases",
    "UTF-16, both orders", "JSON escapes", "backslash-x escapes", "octal escapes", "HTML references", "decimal lists",
)  # fmt: skip
BINARY_FORMS: Final = (
    "as it is", "base64, 3 alignments", "base64 for URLs, 3 alignments", "base64 in a form, 3 alignments", "hexadecimal, both cases",
    "backslash-x escapes", "decimal lists",
)  # fmt: skip


def forms_of_text(word: bytes) -> dict[str, set[bytes]]:
    """Form -> the byte strings that show it. `word` is ASCII."""
    text = word.decode("ascii")
    forms = forms_of_bytes(word)
    forms["upper case"] = {text.upper().encode()}
    forms["percent-encoded"] = {"".join(f"%{byte:02{case}}" for byte in word).encode() for case in "xX"}
    forms["UTF-16, both orders"] = {text.encode("utf-16-le"), text.encode("utf-16-be")}
    forms["JSON escapes"] = {"".join(f"\\u{byte:04{case}}" for byte in word).encode() for case in "xX"}
    forms["octal escapes"] = {"".join(f"\\{byte:03o}" for byte in word).encode()}
    forms["HTML references"] = {
        "".join(f"&#{byte:d};" for byte in word).encode(), "".join(f"&#x{byte:x};" for byte in word).encode(),
    }  # fmt: skip
    return forms


def forms_of_bytes(content: bytes) -> dict[str, set[bytes]]:
    """Form -> the byte strings that show it."""
    return {
        "as it is": {content},
        "base64, 3 alignments": {_base64_at(content, at) for at in range(3)},
        "base64 for URLs, 3 alignments": {_base64_at(content, at).translate(_FOR_URLS) for at in range(3)},
        "base64 in a form, 3 alignments": {_in_a_form(_base64_at(content, at)) for at in range(3)},
        "hexadecimal, both cases": {content.hex().encode(), content.hex().upper().encode()},
        "backslash-x escapes": {"".join(f"\\x{byte:02{case}}" for byte in content).encode() for case in "xX"},
        "decimal lists": {separator.join(map(str, content)).encode() for separator in (",", ", ", " ")},
    }


_FOR_URLS: Final = bytes.maketrans(b"+/", b"-_")


def _in_a_form(encoded: bytes) -> bytes:
    """As a browser sends it in the field of a form."""
    return encoded.replace(b"+", b"%2B").replace(b"/", b"%2F")


def _base64_at(content: bytes, at: int) -> bytes:
    """The characters that these bytes alone decide, where `at` bytes of something else stand before them."""
    encoded = base64.b64encode(bytes(at) + content)
    first = -(-8 * at // 6)
    return encoded[first : 8 * (at + len(content)) // 6]
