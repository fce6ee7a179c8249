"""English: what stands beside an answer, for people who work with it."""

from __future__ import annotations

from typing import Final

ANSWER_WORDS: Final = {
    "unreviewed": "This translation has not been reviewed. The English text counts.",
    "in_short": "This is not a diagnosis. A score cannot show that a person is ill, or that a person is well.",
    "crop": "What the model saw",
    "crop_shown": "The face that this answer is about, as the model saw it",
    "notes": "Text for the notes",
    "notes_hint": "Copy it into the notes. It does not name the person.",
    "copy": "Copy the text",
    "copied": "Copied.",
    "notes_title": "Symmetra, face photo score. Not a diagnosis.",
    "notes_result": "Result: {words} ({name} in the paper), score {percent} of 100",
    "notes_abstained": "Result: no band",
    "notes_limits": "Limits:",
    "notes_model": "Model: {line} ({evidence})",
    "notes_digest": "Model digest: {digest}",
    "notes_policy": "Policy: {number}",
    "notes_receipt": "Receipt: {id}",
    "notes_time": "Time: {time} UTC",
    "receipt": "Receipt",
    "answered_at": "Time",
    "utc": "{time} UTC",
    "crisis_heading": "If a person may be in danger",
    "crisis": "Call your local emergency number now. Do not wait for a score, and do not leave the person alone.",
}
