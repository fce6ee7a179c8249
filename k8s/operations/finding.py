"""What a check found: one sentence that says what is wrong, and what to do about it."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TextIO


class Level(enum.StrEnum):
    """How bad it is."""

    PROBLEM = "problem"
    """The installation will not work, or does not do what it should."""
    NOTE = "note"
    """It works, and somebody should know."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found.

    Attributes:
        check: Name of the check, as its documentation lists it.
        says: What is wrong and what to do, in one sentence.
        level: How bad it is.
    """

    check: str
    says: str
    level: Level = Level.PROBLEM


def print_findings(findings: Iterable[Finding], out: TextIO, *, right: str) -> int:
    """One line per finding, problems first; returns the exit code: 0 without a problem, 1 otherwise.

    Args:
        findings: What was found.
        out: Where to.
        right: What is said where there is no problem.
    """
    ordered = sorted(findings, key=lambda finding: finding.level is Level.NOTE)
    out.writelines(f"{finding.level:<8} {finding.check}: {finding.says}\n" for finding in ordered)
    problems = sum(finding.level is Level.PROBLEM for finding in ordered)
    out.write(f"{right}\n" if not problems else f"{problems} {'problem' if problems == 1 else 'problems'}.\n")
    return 1 if problems else 0
