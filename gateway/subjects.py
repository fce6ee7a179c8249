"""The site's pseudonym of the person in a photo -> a keyed digest, at once: nothing else of it is kept, logged or repeated."""

from __future__ import annotations

import re
from typing import Final

from gateway.access.secret_keys import Purpose, SecretKeys
from gateway.errors import ParameterInvalid

MAX_SUBJECT_LENGTH: Final = 64
SUBJECT_PATTERN: Final = rf"^[A-Za-z0-9._:-]{{1,{MAX_SUBJECT_LENGTH}}}$"
"""No spaces, no @ and nothing beyond ASCII: an identifier fits, most names and addresses do not."""
_SUBJECT: Final = re.compile(SUBJECT_PATTERN)


class SubjectDigests:
    """Makes digests of pseudonyms: equal for equal pseudonyms under one key, and worthless without it.

    Args:
        keys: Of the records, the same for all gateways; a random one where a site keeps none, so that digests can be
            compared until this gateway ends.
    """

    def __init__(self, keys: SecretKeys) -> None:
        self._keys = keys

    def of(self, subject: str) -> str:
        """HMAC-SHA-256 of a pseudonym, hexadecimal.

        Raises:
            ParameterInvalid: not of `SUBJECT_PATTERN`; the message holds nothing of it.
        """
        require_pseudonym(subject)
        return self._keys.digests(Purpose.SUBJECT, subject)[0]


def require_pseudonym(subject: str) -> None:
    """Check a text that is to be a pseudonym.

    Raises:
        ParameterInvalid: not of `SUBJECT_PATTERN`; the message holds nothing of it.
    """
    if not _SUBJECT.fullmatch(subject):
        message = "'{name}' must be an opaque pseudonym: 1 to {most} letters, digits or one of . _ : -"
        raise ParameterInvalid(message, figures={"name": "subject", "most": MAX_SUBJECT_LENGTH})
