"""A subject as records know them: by the digests that every accepted key makes of the site's pseudonym."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from gateway.access.secret_keys import Purpose, SecretKeys
from gateway.subjects import require_pseudonym


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject.

    Attributes:
        digests: That receipts may hold, the newest key's first.
        erasure_references: That receipts of erasures may hold: made with other keys, so that they match no deleted row in an old
            backup, and answer only somebody who has the pseudonym.
    """

    digests: tuple[str, ...]
    erasure_references: tuple[str, ...]

    @classmethod
    def of(cls, pseudonym: str, keys: SecretKeys) -> Self:
        """From the site's pseudonym.

        Raises:
            ParameterInvalid: it can be none; the message holds nothing of it.
        """
        require_pseudonym(pseudonym)
        return cls(keys.digests(Purpose.SUBJECT, pseudonym), keys.digests(Purpose.ERASURE, pseudonym))
