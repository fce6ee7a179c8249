"""The table of receipts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and its index."""
    op.create_table(
        "receipts",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("receipt_schema", sa.Integer, nullable=False),
        sa.Column("answered_at_us", sa.BigInteger, nullable=False),
        sa.Column("model_name", sa.String(255), nullable=False),
        sa.Column("model_version", sa.BigInteger, nullable=False),
        sa.Column("model_digest", sa.String(64), nullable=False),
        sa.Column("policy_number", sa.Integer, nullable=False),
        sa.Column("policy_digest", sa.String(64), nullable=False),
        sa.Column("preprocessing_version", sa.String(64), nullable=False),
        sa.Column("severity_ppm", sa.Integer, nullable=False),
        sa.Column("p_no_depression", sa.Double, nullable=False),
        sa.Column("band", sa.String(8), nullable=True),
        sa.Column("traffic", sa.String(16), nullable=False),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("subject_digest", sa.String(64), nullable=True),
        sa.Column("photo_digest", sa.String(64), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_index("receipts_by_time", "receipts", ["answered_at_us", "id"])


def downgrade() -> None:
    """Forget every receipt."""
    op.drop_index("receipts_by_time", "receipts")
    op.drop_table("receipts")
