"""JSON lines on stderr: one object per event. Never crops or answers to people; golden figures only."""

from __future__ import annotations

import datetime as dt
import json
import sys


def log(event: str, **fields: object) -> None:
    """Write one event.

    Args:
        event: What happened, in a few fixed words.
        **fields: Facts about it, as JSON values.
    """
    at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    # One write: HTTP threads log too, and a line must not be torn.
    sys.stderr.write(json.dumps({"at": at, "event": event, **fields}) + "\n")
    sys.stderr.flush()
