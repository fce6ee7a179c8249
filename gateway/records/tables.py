"""The tables as SQLAlchemy sees them. What the database really has is made by `migrations`; a test compares the two."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Double, Index, Integer, MetaData, String, Table, Text

METADATA: Final = MetaData()
RECEIPTS: Final = Table(
    "receipts",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("receipt_schema", Integer, nullable=False),
    Column("answered_at_us", BigInteger, nullable=False),
    Column("model_name", String(255), nullable=False),
    Column("model_version", BigInteger, nullable=False),
    Column("model_digest", String(64), nullable=False),
    Column("policy_number", Integer, nullable=False),
    Column("policy_digest", String(64), nullable=False),
    Column("preprocessing_version", String(64), nullable=False),
    Column("severity_ppm", Integer, nullable=False),
    Column("p_no_depression", Double, nullable=False),
    Column("band", String(8), nullable=True),
    Column("traffic", String(16), nullable=False),
    Column("caller", Text, nullable=False),
    Column("subject_digest", String(64), nullable=True),
    Column("photo_digest", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Index("receipts_by_time", "answered_at_us", "id"),
)
"""In the order of `gateway.records.receipt.Receipt`."""
