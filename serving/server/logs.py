"""JSON lines on stderr: one object per event. Never tensors, file contents or anything a caller sent but names."""

from __future__ import annotations

import datetime as dt
import json
import sys
import threading
from typing import TextIO

_lock = threading.Lock()


def log(event: str, *, stream: TextIO | None = None, **fields: object) -> None:
    """Write one event.

    Args:
        event: What happened, in a few fixed words.
        stream: Where to; stderr when None.
        **fields: Facts about it, as JSON values.
    """
    at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"at": at, "event": event, **fields}, default=str)
    target = sys.stderr if stream is None else stream
    with _lock:
        target.write(line + "\n")
        target.flush()
