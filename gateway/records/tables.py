"""The tables as SQLAlchemy sees them. What the database really has is made by `migrations`; a test compares the two."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

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
    Index("receipts_by_subject", "subject_digest", "answered_at_us"),
    Index("receipts_by_caller", "caller", "answered_at_us"),
    Index("receipts_by_traffic", "traffic", "answered_at_us"),
)
"""In the order of `gateway.records.receipt.Receipt`."""

REVIEWS: Final = Table(
    "reviews",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("receipt_id", String(36), ForeignKey("receipts.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("verdict", String(16), nullable=True),
    Column("reason", String(32), nullable=True),
    Column("committed_band", String(8), nullable=True),
    Column("reviewer", Text, nullable=False),
    Column("given_at_us", BigInteger, nullable=False),
    Column("idempotency_digest", String(64), nullable=True),
    UniqueConstraint("receipt_id", "reviewer", "revision", name="reviews_revision"),
    UniqueConstraint("reviewer", "idempotency_digest", name="reviews_once"),
)
"""What clinicians thought of answers. Rows are only added: a correction is the next revision, the highest one counts. A verdict
that is NULL was not given yet: the reviewer has only committed to a band."""
OUTCOMES: Final = Table(
    "outcomes",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("receipt_id", String(36), ForeignKey("receipts.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("instrument", String(8), nullable=False),
    Column("score", Integer, nullable=True),
    Column("assessed_on", String(10), nullable=False),
    Column("reporter", Text, nullable=False),
    Column("given_at_us", BigInteger, nullable=False),
    Column("idempotency_digest", String(64), nullable=True),
    UniqueConstraint("receipt_id", "instrument", "revision", name="outcomes_revision"),
    UniqueConstraint("reporter", "idempotency_digest", name="outcomes_once"),
)
"""What a validated instrument said later. Rows are only added, as with reviews; a score that is NULL takes the outcome back."""
AUDIT_EVENTS: Final = Table(
    "audit_events",
    METADATA,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at_us", BigInteger, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("actor", Text, nullable=False),
    Column("receipt_id", String(36), nullable=True),
    Column("details", Text, nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("mac", String(64), nullable=False),
    Index("audit_events_by_receipt", "receipt_id", "sequence"),
    Index("audit_events_by_time", "at_us", "sequence"),
)
"""Who did and saw what, one chain over all replicas; no foreign key, because it outlives what it speaks of."""
AUDIT_HEAD: Final = Table(
    "audit_head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("mac", String(64), nullable=False),
)
"""One row, the end of the chain; whoever adds to the chain locks it first."""
AUDIT_CHECKPOINTS: Final = Table(
    "audit_checkpoints",
    METADATA,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at_us", BigInteger, nullable=False),
    Column("mac", String(64), nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("signature", Text, nullable=False),
)
"""Signed statements of how long the chain was; copies kept elsewhere show that its end was cut off."""
DELETIONS: Final = Table(
    "deletions",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("actor", Text, nullable=False),
    Column("reference", String(64), nullable=True),
    Column("content", Text, nullable=False),
)
"""Receipts of deletions: when, by which rule or request, how many rows; nothing of what was deleted."""
