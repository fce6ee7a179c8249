"""Words that exist nowhere else, one for every place where a client can put something about a person.

Standard library only: an operator sends them through an installation from any machine (`installation.py`).
"""

from __future__ import annotations

import ipaddress
import secrets
import string
from dataclasses import dataclass
from typing import Final

ALPHABET: Final = string.ascii_lowercase + string.digits
PHOTO_PLACES: Final = (
    "exif_description", "exif_artist", "exif_copyright", "exif_camera_owner", "exif_serial_number", "exif_user_comment",
    "exif_maker_note", "exif_gps_place", "exif_thumbnail_name", "xmp", "icc_description", "jpeg_comment", "png_text", "png_international_text",
    "png_compressed_text", "after_the_end",
)  # fmt: skip
"""Inside a photo's file."""
REQUEST_PLACES: Final = (
    "file_name", "field_name", "field_value", "subject", "subject_header", "query_name", "query_value", "unknown_path", "user_agent", "referer",
    "forwarded_for", "accept_language", "cookie", "baggage", "tracestate", "idempotency_key", "request_id", "own_header", "part_header",
    "content_type", "method",
)  # fmt: skip
"""In what carries the photo."""
CREDENTIAL_PLACES: Final = ("wrong_key", "wrong_token", "basic_password", "token_subject", "token_name", "token_email")
PLACES: Final = (*PHOTO_PLACES, *REQUEST_PLACES, *CREDENTIAL_PLACES)
FAMILY_CHARACTERS: Final = 12
OWN_CHARACTERS: Final = 10


@dataclass(frozen=True, slots=True)
class Markers:
    """One run's words: `family` begins every one of them, so that a word that was cut off is found too.

    Attributes:
        family: Beginning of all, new in every run.
        words: By place.
        address: An address that no network has, new in every run (RFC 3849), for `X-Forwarded-For`.
    """

    family: str
    words: dict[str, str]
    address: str

    @classmethod
    def fresh(cls, kind: str = "zq") -> Markers:
        """Words for one run, of letters and digits alone: every place takes them as they are.

        Args:
            kind: How all of them begin.
        """
        family = kind + _random_text(FAMILY_CHARACTERS - len(kind))
        words = {place: family + _random_text(OWN_CHARACTERS) for place in PLACES}
        address = ipaddress.IPv6Address((0x20010DB8 << 96) | secrets.randbits(96))
        return cls(family, words, str(address))

    def __getitem__(self, place: str) -> str:
        return self.words[place]

    def literals(self) -> dict[str, bytes]:
        """What to look for, by name: every word, the family, and the address in the three ways that it is written."""
        address = ipaddress.IPv6Address(self.address)
        return {
            **{place: word.encode() for place, word in self.words.items()},
            "any marker, cut off": self.family.encode(),
            "address": self.address.encode(),
            "address, written out": address.exploded.encode(),
            "address, as bytes": address.packed,
        }


def _random_text(count: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(count))
