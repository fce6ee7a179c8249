"""Records for tests: a database with its tables, a secret, and receipts that nobody was screened for."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from gateway.records.database import open_database
from gateway.records.receipt import RECEIPT_SCHEMA, Receipt
from gateway.records.schema import upgrade
from gateway.records.store import ReceiptStore


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
