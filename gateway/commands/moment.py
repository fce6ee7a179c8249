"""A moment on the command line: with its zone, so that nobody has to guess whose clock was meant."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import Final

HELP: Final = "ISO 8601 with its zone, such as 2026-11-24T12:00:00+01:00"


def moment(text: str) -> dt.datetime:
    """Read one.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        read = dt.datetime.fromisoformat(text)
    except ValueError:
        read = None
    if read is None or read.utcoffset() is None:
        message = f"{text!r} is no time in ISO 8601 with its zone, such as 2026-11-24T12:00:00+01:00 or ...Z"
        raise argparse.ArgumentTypeError(message)
    return read
