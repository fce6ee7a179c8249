"""English: what stands beside an answer, for people who work with it."""

from __future__ import annotations

from typing import Final

ANSWER_WORDS: Final = {
    "unreviewed": "This translation has not been reviewed. The English text counts.",
    "in_short": "This is not a diagnosis. A score cannot show that a person is ill, or that a person is well.",
    "meaning": "How often this band is wrong",
    "meaning_demo": "The counts below come from drawn faces. They say nothing about people, and nothing about your site.",
    "meaning_missed": (
        "A low band can be wrong. In its own test the model put about {about} of 100 depressed subjects in this band. "
        "They were about {count} of {total}. By chance it could also be {low} to {high} of 100."
    ),
    "meaning_at_site": (
        "You say that {prevalence} of 100 are depressed at your site. Then about {share} of 100 with this band are depressed there."
    ),
    "meaning_table": "How many with this band are depressed? It depends on how many are depressed where you work.",
    "meaning_among_all": "Of 100 where you work, depressed",
    "meaning_in_band": "Of 100 with this band, depressed",
    "meaning_range": "{low} to {high}",
    "meaning_assumes": "This holds only if your photos and people are like those of the test.",
    "meaning_not_measured": "Nobody has counted how often this band is wrong, for this version and these limits of the bands.",
    "meaning_counted": "Subjects of the test in this band",
    "meaning_method": (
        "{depressed} of {depressed_total} depressed, {others} of {others_total} not depressed. Each subject counts once, in parts where its photos "
        "fell into two bands. "
        "The ends are Wilson intervals by subject: 95 % for the share of the depressed, 97.5 % for both shares that the share in the band is "
        "reckoned from, whose worst ends are put together."
    ),
    "meaning_without_abstention": "Photos that would get no band were counted too.",
    "crop": "What the model saw",
    "crop_not_kept": "This answer was given before. The face that it is about was not kept.",
    "crop_shown": "The face that this answer is about, as the model saw it",
    "notes": "Text for the notes",
    "notes_hint": "Copy it into the notes. It names nobody, unless your case label does.",
    "copy_notes": "Copy the text",
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
