"""Log lines as JSON with an allow-list of fields: what is not named here cannot be logged, whoever tries.

Our own events are constant strings with fields. Other libraries' messages may carry client content, so of their records
only the template (never the filled-in message), the error's class and the places in the code are kept.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

OUR_LOGGER: Final = "symmetra"
FIELDS: Final = (
    "request_id", "trace_id", "route", "method", "status", "code", "duration_seconds", "model", "model_version", "digest", "evidence",
    "host", "port", "metrics_port", "model_server", "cores", "intended_use",
    "reason", "result", "count",
    "checkpoint",
)  # fmt: skip
"""Fields of our own events. No severity, no band, no photo, no name: logs are kept longer and read wider than records."""

FRAMES_KEPT: Final = 12


class JsonLines(logging.Formatter):
    """One JSON object per record."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            # `record.msg`, never `getMessage()`: arguments hold request lines, addresses and header names.
            "event": str(record.msg) if record.name.startswith((OUR_LOGGER, "gunicorn")) else "library message",
        }
        line.update({name: getattr(record, name) for name in FIELDS if hasattr(record, name)})
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = _chain(record.exc_info[1])
            line["where"] = _places(record.exc_info[2])
        return json.dumps(line, default=str)


def set_up_logging(level: str) -> None:
    """Send every record of this process to standard error as JSON lines."""
    # A record that cannot be written would otherwise be printed with its arguments and its error's words.
    logging.raiseExceptions = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(OUR_LOGGER).setLevel(level.upper())


def log_event(
    event: str, fields: Mapping[str, Any], *, level: int = logging.INFO, error: Exception | None = None
) -> None:
    """Write one event of ours; fields that `FIELDS` does not name are dropped."""
    allowed = {name: value for name, value in fields.items() if name in FIELDS}
    logging.getLogger(OUR_LOGGER).log(level, event, extra=allowed, exc_info=error)


def _chain(error: BaseException | None) -> list[str]:
    """Class names of the error and its causes; their messages may repeat the request."""
    names = []
    while error is not None:
        names.append(type(error).__name__)
        error = error.__cause__ or error.__context__
    return names


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-FRAMES_KEPT:]
    return [f"{'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno} {frame.name}" for frame in frames]
