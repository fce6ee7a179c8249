"""Which settings of the records do not go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.records.address import sqlite_path
from gateway.records.away.when_away import WhenAway

if TYPE_CHECKING:  # it asks here whether it holds together
    from gateway.settings import Settings


def record_contradictions(settings: Settings) -> list[str]:
    """One sentence per contradiction."""
    mistakes = []
    if settings.records_url is not None and settings.record_key_file is None:
        mistakes.append(
            "SYMMETRA_RECORD_KEY_FILE is missing: SYMMETRA_RECORDS_URL is set, and records hold digests that are worth nothing "
            "without a secret; `openssl rand -hex 32` makes one"
        )
    if settings.record_key_file is not None and settings.record_key_file == settings.session_key_file:
        mistakes.append(
            "SYMMETRA_RECORD_KEY_FILE and SYMMETRA_SESSION_KEY_FILE are the same file: whoever rotates sessions would make "
            "records unfindable"
        )
    if settings.replicas > 1 and settings.records_url is not None and sqlite_path(settings.records_url) is not None:
        mistakes.append(
            f"SYMMETRA_RECORDS_URL is an SQLite file and SYMMETRA_REPLICAS is {settings.replicas}: SQLite is for one gateway; "
            "several need PostgreSQL"
        )
    if settings.records_when_away is WhenAway.SPOOL and settings.records_journal_file is None:
        mistakes.append(
            "SYMMETRA_RECORDS_JOURNAL_FILE is missing: SYMMETRA_RECORDS_WHEN_AWAY is spool; name a file on a disk that outlives a "
            "restart, one per gateway"
        )
    if settings.view_before_score and (
        settings.records_url is None or settings.records_when_away is not WhenAway.REFUSE
    ):
        mistakes.append(
            "SYMMETRA_VIEW_BEFORE_SCORE needs SYMMETRA_RECORDS_URL and SYMMETRA_RECORDS_WHEN_AWAY=refuse: a view is kept with the "
            "receipt of its answer, before the score is shown"
        )
    if settings.keep_audit_days and not 0 < settings.keep_receipts_days <= settings.keep_audit_days:
        mistakes.append(
            f"SYMMETRA_KEEP_AUDIT_DAYS is {settings.keep_audit_days} and SYMMETRA_KEEP_RECEIPTS_DAYS is "
            f"{settings.keep_receipts_days}: the audit trail would forget what happened to receipts that are still there"
        )
    return mistakes
