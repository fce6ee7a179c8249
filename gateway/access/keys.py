"""API keys of requests, checked against the file; it is read again as soon as it changed."""

from __future__ import annotations

import hmac
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gateway.access.grant import Grant
from gateway.access.key_file import KeyFileInvalid, KeyRecord, read_keys
from gateway.access.key_text import KeyText
from gateway.errors import ApiKeysUnreadable, CredentialExpired, CredentialInvalid
from gateway.logs import log_event

_NO_HASH: Final = "0" * 64
"""Compared where no key has the id, so that the answer takes the same steps."""


class KeyRing:
    """The keys of one file.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fingerprint: tuple[int, int, int] | None = None
        self._records: dict[str, KeyRecord] | None = None
        self._is_told = False

    def grant_of(self, credential: str) -> Grant:
        """What a key grants.

        Raises:
            CredentialInvalid: no key of ours, or a revoked one.
            CredentialExpired: the right key, too late.
            ApiKeysUnreadable: the file cannot be trusted, so no key can be.
        """
        records = self._current()
        key = KeyText.parse(credential)
        if key is None:
            raise CredentialInvalid
        record = records.get(key.id)
        is_right = hmac.compare_digest(key.sha256, record.sha256 if record is not None else _NO_HASH)
        if record is None or not is_right or record.revoked is not None:
            raise CredentialInvalid
        if record.is_expired(datetime.now(UTC)):
            raise CredentialExpired
        return Grant(f"key:{record.name}", record.scopes, record.traffic)

    def _current(self) -> dict[str, KeyRecord]:
        # One stat call per request: a revoked key counts at once, an unchanged file costs microseconds.
        fingerprint = _fingerprint(self._path)
        if fingerprint is None or fingerprint != self._fingerprint:
            self._update(fingerprint)
        if self._records is None:
            raise ApiKeysUnreadable
        return self._records

    def _update(self, fingerprint: tuple[int, int, int] | None) -> None:
        try:
            self._records = {record.id: record for record in read_keys(self._path)}
            self._fingerprint = fingerprint
            self._is_told = False
            log_event("api keys read", {})
        except (OSError, KeyFileInvalid) as error:
            # The keys from before are not used on: a file that was meant to revoke one of them would do nothing.
            self._records = None
            self._fingerprint = fingerprint if isinstance(error, KeyFileInvalid) else None
            if not self._is_told:
                log_event("api keys unreadable", {"code": ApiKeysUnreadable.code}, level=logging.ERROR, error=error)
            self._is_told = True


def _fingerprint(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
