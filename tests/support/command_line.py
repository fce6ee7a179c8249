"""A command of the gateway, run in this process."""

from __future__ import annotations

import io
from dataclasses import dataclass

from gateway.commands.program import run


@dataclass(frozen=True)
class Said:
    """What a command did."""

    code: int
    out: str
    err: str


def command(*arguments: str, **settings: object) -> Said:
    """Run `python -m gateway` with arguments and settings by field name."""
    environment = {f"SYMMETRA_{name.upper()}": str(value) for name, value in settings.items()}
    out, err = io.StringIO(), io.StringIO()
    code = run(arguments, environment, out, err)
    return Said(code, out.getvalue(), err.getvalue())
