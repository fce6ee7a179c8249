"""Reviews and outcomes for tests: sending them, and looking at the rows."""

from __future__ import annotations

import datetime as dt
import html
import re
from urllib.parse import urlencode

from sqlalchemy import select

from gateway.records.database import open_database
from gateway.records.tables import AUDIT_EVENTS, OUTCOMES, REVIEWS
from tests.support.gateway import multipart

HTML = {"Accept": "text/html"}
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


def submit(gateway, headers=None):
    """The page that answers a photo."""
    body, content_type = multipart(("photo", "face.jpg", b"photo"))
    response = gateway.client.post("/", data=body, content_type=content_type, headers=headers or HTML)
    assert response.status_code == 200, response.text
    return response.text


def fields_of(page, action):
    """The hidden fields of the form with this action, as a browser would send them."""
    form = re.search(rf'<form action="{action}[#"].*?</form>', page, re.DOTALL)[0]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found}


def send_form(gateway, path, fields, headers=None):
    """Send a form as a browser does."""
    body = urlencode(fields, errors="surrogateescape")
    content_type = "application/x-www-form-urlencoded"
    return gateway.client.post(path, data=body, content_type=content_type, headers={**HTML, **(headers or {})})


def words(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
