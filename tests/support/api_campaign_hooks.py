"""Loaded by schemathesis: photos of drawn faces where a photo is due."""

import io
import os
from pathlib import Path

import schemathesis
from hypothesis import strategies as st
from PIL import Image

PHOTOS = [path.read_bytes() for path in sorted(Path(os.environ["API_CAMPAIGN_PHOTOS"]).iterdir())]


def encoded(photo: bytes, format_name: str) -> bytes:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(photo)).save(buffer, format_name)
    return buffer.getvalue()


for media_type, format_name in (("image/jpeg", "JPEG"), ("image/png", "PNG"), ("image/webp", "WEBP")):
    schemathesis.openapi.media_type(media_type, st.sampled_from([encoded(photo, format_name) for photo in PHOTOS]))
schemathesis.openapi.media_type("application/octet-stream", st.sampled_from(PHOTOS))


@schemathesis.hook
def filter_case(_context, case) -> bool:
    """Leave out what no schema can rule out: two different subjects, or a notice confirmed where the site has none."""
    fields, headers = case.body if isinstance(case.body, dict) else {}, case.headers or {}
    two_subjects = "X-Subject" in headers and "subject" in fields
    return not (two_subjects or "X-Notice-Version" in headers or "notice_version" in fields)
