"""What can be wrong with what drift is measured against, by name."""

from __future__ import annotations


class DriftError(Exception):
    """Root of this package's errors; the message is for a person."""


class ReferenceUnusable(DriftError):
    """A reference cannot be compared with."""


class CountsUnusable(DriftError):
    """Counts that no photos can have given."""


class BudgetUnusable(DriftError):
    """An alarm budget that no traffic can keep."""
