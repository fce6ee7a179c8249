"""Who asked, as a label: a closed set of three classes."""

from __future__ import annotations

from typing import Final

PATIENT: Final = "patient"
TRAFFIC_CLASSES: Final = (PATIENT, "sentinel", "loadtest")
"""Only `patient` counts for drift and objectives; nothing but a key's scope may grant the others."""
