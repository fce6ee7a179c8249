"""Reviews, outcomes, the audit chain and the receipts of deletions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the indexes by which receipts are looked for."""
    op.create_index("receipts_by_subject", "receipts", ["subject_digest", "answered_at_us"])
    op.create_index("receipts_by_caller", "receipts", ["caller", "answered_at_us"])
    op.create_index("receipts_by_traffic", "receipts", ["traffic", "answered_at_us"])
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("receipt_id", sa.String(36), sa.ForeignKey("receipts.id"), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("verdict", sa.String(16), nullable=True),
        sa.Column("reason", sa.String(32), nullable=True),
        sa.Column("committed_band", sa.String(8), nullable=True),
        sa.Column("reviewer", sa.Text, nullable=False),
        sa.Column("given_at_us", sa.BigInteger, nullable=False),
        sa.Column("idempotency_digest", sa.String(64), nullable=True),
        sa.UniqueConstraint("receipt_id", "reviewer", "revision", name="reviews_revision"),
        sa.UniqueConstraint("reviewer", "idempotency_digest", name="reviews_once"),
    )
    op.create_table(
        "outcomes",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("receipt_id", sa.String(36), sa.ForeignKey("receipts.id"), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("instrument", sa.String(8), nullable=False),
        sa.Column("score", sa.Integer, nullable=True),
        sa.Column("assessed_on", sa.String(10), nullable=False),
        sa.Column("reporter", sa.Text, nullable=False),
        sa.Column("given_at_us", sa.BigInteger, nullable=False),
        sa.Column("idempotency_digest", sa.String(64), nullable=True),
        sa.UniqueConstraint("receipt_id", "instrument", "revision", name="outcomes_revision"),
        sa.UniqueConstraint("reporter", "idempotency_digest", name="outcomes_once"),
    )
    op.create_table(
        "audit_events",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("receipt_id", sa.String(36), nullable=True),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
    )
    op.create_index("audit_events_by_receipt", "audit_events", ["receipt_id", "sequence"])
    op.create_index("audit_events_by_time", "audit_events", ["at_us", "sequence"])
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
    )
    op.create_table(
        "deletions",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("reference", sa.String(64), nullable=True),
        sa.Column("content", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Forget everything but the receipts."""
    for table in ("deletions", "audit_checkpoints", "audit_head"):
        op.drop_table(table)
    op.drop_index("audit_events_by_time", "audit_events")
    op.drop_index("audit_events_by_receipt", "audit_events")
    for table in ("audit_events", "outcomes", "reviews"):
        op.drop_table(table)
    for index in ("receipts_by_traffic", "receipts_by_caller", "receipts_by_subject"):
        op.drop_index(index, "receipts")
