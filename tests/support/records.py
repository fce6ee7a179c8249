"""Records for tests: a database with its tables, a secret, and receipts that nobody was screened for."""

from __future__ import annotations

import json
import secrets
import uuid
from pathlib import Path

from sqlalchemy import Engine, Table, insert, select

from gateway.access.secret_keys import SecretKeys
from gateway.records.audit.chain import AuditChain
from gateway.records.database import open_database
from gateway.records.receipt import RECEIPT_SCHEMA, Receipt
from gateway.records.schema import upgrade
from gateway.records.store import ReceiptStore
from gateway.records.tables import OUTCOMES, REVIEWS


def make_records(folder: Path, *, url: str | None = None, tables: bool = True) -> dict[str, object]:
    """The settings of a gateway that keeps records in this database; where none is given, in one in this folder."""
    key = folder / "record.key"
    key.write_text(secrets.token_hex(32) + "\n")
    return {"records_url": url or make_sqlite(folder, tables=tables), "record_key_file": key}


def make_sqlite(folder: Path, *, tables: bool = True) -> str:
    """The address of an SQLite database in a folder."""
    url = f"sqlite:///{folder / 'receipts.db'}"
    if tables:
        engine = open_database(url)
        upgrade(engine)
        engine.dispose()
    return url


def open_store(url: object) -> ReceiptStore:
    return ReceiptStore(open_database(str(url)))


def make_receipt(number: int, **changes) -> Receipt:
    """A receipt whose id is its number."""
    fields = {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "receipt_schema": RECEIPT_SCHEMA,
        "answered_at_us": 1_000_000 * number,
        "model_name": "depression_severity",
        "model_version": 3,
        "model_digest": "ab" * 32,
        "policy_number": 1,
        "policy_digest": "cd" * 32,
        "preprocessing_version": "crop-1",
        "severity_ppm": 500_000,
        "p_no_depression": 0.5,
        "band": "mild",
        "traffic": "patient",
        "caller": "key:ward",
        "subject_digest": None,
        "photo_digest": "ef" * 32,
        "content": json.dumps({"doubts": []}),
    }
    return Receipt(**(fields | changes))


def chain_of(settings: dict[str, object]) -> AuditChain:
    """Appends to the audit trail with the secret of these settings."""
    return AuditChain(SecretKeys.read(settings["record_key_file"]))


def add_review(engine: Engine, receipt: Receipt, revision: int = 1) -> None:
    """A review and an outcome of a receipt."""
    beside = {"receipt_id": receipt.id, "revision": revision, "given_at_us": receipt.answered_at_us + revision}
    with engine.begin() as connection:
        review = {"id": str(uuid.uuid4()), "verdict": "agree", "reviewer": "token:ab", **beside}
        connection.execute(insert(REVIEWS).values(review))
        outcome = {
            "id": str(uuid.uuid4()),
            "instrument": "phq9",
            "score": 7,
            "assessed_on": "2026-11-20",
            "reporter": "key:ward",
        }
        connection.execute(insert(OUTCOMES).values({**outcome, **beside}))


def rows_of(engine: Engine, table: Table) -> list[dict]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]
