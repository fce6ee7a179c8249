"""The gateway with errors injected where the header X-Crash says, their words and their variables full of the photo.

python -m tests.privacy.crashing_gateway

Only here, in the proof: the product has no such switch.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Final

import flask

from gateway import screening, uploads
from gateway.records import recorder
from tests.privacy import leaks
from tests.support import watched_gateway

HEADER: Final = "X-Crash"
WORDS: Final = "while reading {photo!r} of {subject}"


def crash_where(stage: str, function: Any, *, photo_at: int | None = None) -> Any:
    """The function, which fails where the request says so."""

    def crashing(*arguments: Any, **others: Any) -> Any:
        if flask.request.headers.get(HEADER) == stage:
            photo = b"" if photo_at is None else arguments[photo_at]
            subject = flask.request.headers.get("X-Subject")
            message = WORDS.format(photo=photo, subject=subject)
            raise RuntimeError(message) from KeyError(flask.request.headers)
        return function(*arguments, **others)

    return crashing


def main() -> int:
    """Serve with what is injected."""
    reader, screener = uploads.UploadReader, screening.Screener
    reader.upload_of = crash_where("upload", reader.upload_of)  # type: ignore[method-assign]
    screener.screen = crash_where("screen", screener.screen)  # type: ignore[method-assign]
    screener._answer = crash_where("answer", screener._answer, photo_at=2)  # type: ignore[method-assign]
    recorder.ReceiptRecorder.record = crash_where("record", recorder.ReceiptRecorder.record, photo_at=2)  # type: ignore[method-assign]
    leaks.plant(os.environ.get(leaks.VARIABLE, ""))
    return watched_gateway.run()


if __name__ == "__main__":
    sys.exit(main())
