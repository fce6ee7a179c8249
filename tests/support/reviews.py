"""Reviews and outcomes for tests: sending them, and looking at the rows."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from gateway.records.database import open_database
from gateway.records.tables import AUDIT_EVENTS, OUTCOMES, REVIEWS

AGREE = {"verdict": "agree"}
DISAGREE = {"verdict": "disagree", "reason": "score_too_high"}
NOWHERE = "00000000-0000-4000-8000-000000000000"


def finding(score=12, instrument="phq9", day=None):
    day = day or dt.datetime.now(dt.UTC).date()
    return {"instrument": instrument, "score": score, "assessed_on": str(day)}


def put(gateway, screening_id, what, body, *, key=None, headers=None):
    headers = {**(headers or {}), **({"Idempotency-Key": key} if key else {})}
    return gateway.client.put(f"/v1/screenings/{screening_id}/{what}", json=body, headers=headers)


def review(gateway, screening_id, body, **options):
    return put(gateway, screening_id, "review", body, **options)


def outcome(gateway, screening_id, body, **options):
    return put(gateway, screening_id, "outcome", body, **options)


def rows(gateway, table):
    """Every row of a table."""
    order = {REVIEWS: REVIEWS.c.given_at_us, OUTCOMES: OUTCOMES.c.given_at_us, AUDIT_EVENTS: AUDIT_EVENTS.c.sequence}
    engine = open_database(gateway.settings.records_url)
    try:
        with engine.connect() as connection:
            return [row._asdict() for row in connection.execute(select(table).order_by(order[table]))]
    finally:
        engine.dispose()


def events(gateway, *kinds):
    """The audit events of these kinds, without what the chain adds."""
    kept = ("kind", "actor", "receipt_id", "details")
    return [{name: row[name] for name in kept} for row in rows(gateway, AUDIT_EVENTS) if row["kind"] in kinds]
