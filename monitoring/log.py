"""JSON lines on standard error: one object per event, of sums, versions and golden photos by the names of their files; nothing about anybody."""

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
    sys.stderr.write(json.dumps({"time": at, "event": event, **fields}) + "\n")
    sys.stderr.flush()
