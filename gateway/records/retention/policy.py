"""How long which records are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from gateway.caller import PATIENT_TRAFFIC
from gateway.settings import Settings

DAY_US: Final = 86_400_000_000
OTHER_TRAFFIC_DAYS: Final = 1
"""Receipts of load tests and sentinels are about nobody; a day is enough to look into what they showed."""


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """Days that records are kept; 0 is without end.

    Attributes:
        receipt_days: Receipts of patients, with their reviews and outcomes, from the answer on.
        audit_days: Audit events.
    """

    receipt_days: int
    audit_days: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings say."""
        return cls(settings.keep_receipts_days, settings.keep_audit_days)

    def receipts_before_us(self, traffic: str, now_us: int) -> int | None:
        """Receipts of this class of traffic from before this moment have had their time; None where they have no end."""
        days = self.receipt_days if traffic == PATIENT_TRAFFIC else OTHER_TRAFFIC_DAYS
        return now_us - days * DAY_US if days else None

    def audit_before_us(self, now_us: int) -> int | None:
        """The same of audit events."""
        return now_us - self.audit_days * DAY_US if self.audit_days else None
