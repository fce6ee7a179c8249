"""A row's label: given as 0 or 1, or a PHQ score at or above a stated cut-off; and whether the two agree.

PHQ-8 runs from 0 to 24, PHQ-9 from 0 to 27. At 10 both are usually called positive, but a study chooses, so the cut-off
must be said; nothing here assumes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LARGEST_SCORE: Final = {"phq8": 24, "phq9": 27}
USUAL_CUTOFF: Final = 10
LABELS: Final = ("0", "1")


@dataclass(frozen=True, slots=True)
class Judged:
    """What a row says of depression.

    Attributes:
        label: 1 depressed, 0 not; None where the row cannot be used.
        score: PHQ score, where one is given.
        fault: What is wrong, as the end of a sentence about the row; empty where nothing is.
        contradiction: Where label and score disagree: how.
    """

    label: int | None
    score: int | None = None
    fault: str = ""
    contradiction: str = ""


def judge_label(row: Mapping[str, str], scale: str | None, cutoff: int | None) -> Judged:
    """The label of a row.

    Args:
        row: With `label` where the manifest has it, and the score under `scale`.
        scale: "phq8", "phq9", or None where the manifest has neither.
        cutoff: Depressed from this score on; needed where a row has a score and no label.
    """
    label, text = row.get("label"), row[scale] if scale else ""
    if label and label not in LABELS:
        return Judged(None, fault=f"label is {label!r}; it must be 0 (not depressed) or 1 (depressed)")
    fault = _find_score_fault(scale, text)
    if fault:
        return Judged(None, fault=fault)
    score = int(text) if text else None
    if not label:
        return _judge_score(score, scale, cutoff)
    threshold = USUAL_CUTOFF if cutoff is None else cutoff
    if score is not None and (score >= threshold) != (label == "1"):
        return Judged(int(label), score, contradiction=f"label is {label} but {scale} is {score} (cut-off {threshold})")
    return Judged(int(label), score)


def _judge_score(score: int | None, scale: str | None, cutoff: int | None) -> Judged:
    if score is None:
        wanted = f"label is '' and {scale} is ''; one of them" if scale else "label is ''; it"
        return Judged(None, fault=f"{wanted} must be given: label 0 (not depressed) or 1 (depressed)")
    if cutoff is None:
        fault = f"only a score is given; say from which on it means depressed: --cutoff {USUAL_CUTOFF}"
        return Judged(None, score, fault)
    return Judged(int(score >= cutoff), score)


def _find_score_fault(scale: str | None, text: str) -> str:
    if scale is None or not text:
        return ""
    largest = LARGEST_SCORE[scale]
    inside = text.isdecimal() and int(text) <= largest
    return "" if inside else f"{scale} is {text!r}; it must be a whole number from 0 to {largest}"
