"""What the paper published (section IV, Fig. 4 and 5), for tables beside a run's own figures. Other data: not comparable."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from training.evaluation.published import PAPER_CONFUSION
from training.evaluation.rates import rates

PAPER_CLASS_REPORT: Final[dict[str, dict[str, float]]] = {
    "not_depressed": {"precision": 0.84, "recall": 0.90, "f1": 0.87, "support": 1031},
    "depressed": {"precision": 0.90, "recall": 0.83, "f1": 0.86, "support": 1080},
}
_RATES: Final = rates(**dataclasses.asdict(PAPER_CONFUSION))
PAPER_RATES: Final = {name: round(float(_RATES[name]), 4) for name in ("accuracy", "precision", "recall", "f1")}
PAPER_CAPTION: Final = (
    "The paper, other data: not comparable. Its photos, its split and its labels are not public, and its test accuracy "
    "above its validation accuracy is what a leak between splits looks like."
)


def paper_as_dict() -> dict[str, Any]:
    """The published figures, as JSON."""
    return {
        "caption": PAPER_CAPTION,
        "confusion": dataclasses.asdict(PAPER_CONFUSION),
        "class_report": PAPER_CLASS_REPORT,
        "rates": PAPER_RATES,
    }
