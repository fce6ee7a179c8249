"""What a person sees of a page, taken out of its HTML."""

from __future__ import annotations

import html
import re

from tests.support.gateway import multipart

HTML_HEADERS = {
    "Accept": (  # Chromium's own
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
        "application/signed-exchange;v=b3;q=0.7"
    )
}


def words_of(page: str) -> str:
    """All text in the order of the document, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def submit_photo(gateway, photo: bytes = b"photo", language: str = "en", **fields: str):
    """Send the page's form as a browser does, to a gateway of `tests.support.gateway`."""
    parts = [("photo", "face.jpg", photo), *((name, None, value.encode()) for name, value in fields.items())]
    body, content_type = multipart(*parts)
    headers = {**HTML_HEADERS, "Accept-Language": language}
    return gateway.client.post("/", data=body, content_type=content_type, headers=headers)
