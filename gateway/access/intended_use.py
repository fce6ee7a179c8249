"""What a site says it uses the gateway for: a closed list, and a shorter one of uses that are refused by name."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class IntendedUse(StrEnum):
    """A use that this software may be put to."""

    RESEARCH = "research"
    CLINICAL_DECISION_SUPPORT_TRIAGE = "clinical_decision_support_triage"
    DEMONSTRATION = "demonstration"


_POWER: Final = (
    "people there cannot freely say no, the score is no diagnosis, and reading the state of mind of workers or pupils from "
    "their faces is prohibited in the European Union (Regulation 2024/1689, article 5)"
)
_DECISION: Final = (
    "the score is no diagnosis and was tested on nobody for such a decision, which others would make about a person"
)
REFUSED_USES: Final = {
    "employment": _POWER,
    "education": _POWER,
    "insurance": _DECISION,
    "credit": _DECISION,
    "law_enforcement": _DECISION,
    "migration": _DECISION,
    "advertising": _DECISION,
}
"""The use, and why it is refused."""


def intended_use(value: str) -> IntendedUse:
    """The use of that name.

    Raises:
        ValueError: it is refused, with the reason, or unknown.
    """
    name = value.lower()
    if name in REFUSED_USES:
        message = f"this use is refused: {REFUSED_USES[name]}"
        raise ValueError(message)
    try:
        return IntendedUse(name)
    except ValueError:
        message = f"must be one of {', '.join(IntendedUse)}"
        raise ValueError(message) from None
