"""Types of command-line options: a value out of range is refused by the parser, with a sentence and status 2."""

from __future__ import annotations

import argparse
import math


def whole_number(text: str) -> int:
    """From 1 on.

    Raises:
        argparse.ArgumentTypeError: anything else.
    """
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        message = f"{text!r} is not a whole number from 1 on"
        raise argparse.ArgumentTypeError(message)
    return value


def positive_number(text: str) -> float:
    """Finite and above 0.

    Raises:
        argparse.ArgumentTypeError: anything else.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 < value < math.inf:
        message = f"{text!r} is not a number above 0"
        raise argparse.ArgumentTypeError(message)
    return value
