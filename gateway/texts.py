"""Every sentence that the gateway says to a person beside the errors' own, in one place, ready for a catalogue.

Words before numbers, the paper's names second. Nothing here says diagnosis except to deny it.
"""

from __future__ import annotations

from typing import Final

from serving.contract.model import Evidence
from serving.contract.severity import Band

NOTICE: Final = (
    "Decision support for research and triage, not a diagnosis. "
    "The severity is a score of this model: it is not a PHQ-9 score and not a confidence. "
    "Confirm with a validated instrument and a clinician."
)

DEMO_NOTICE: Final = "Demonstration model, trained on drawn faces: this result says nothing about this person."
DEMO_PAGE_NOTICE: Final = "Demonstration model, trained on drawn faces: its results say nothing about any person."
KNOWS_NOTHING_NOTICE: Final = (
    "On the faces that were held out to test it, this version did little better than guessing: it knows nothing."
)

BAND_WORDS: Final = {
    Band.NONE: "Low score band",
    Band.MILD: "Middle score band",
    Band.HIGH: "High score band",
}
PAPER_WORDS: Final = {Band.NONE: "none", Band.MILD: "mild", Band.HIGH: "high"}
BAND_MEANINGS: Final = {
    Band.NONE: "The model saw few of the signs it was trained on. That does not rule out depression.",
    Band.MILD: "The model saw some of the signs it was trained on. By itself that means neither illness nor health.",
    Band.HIGH: "The model saw many of the signs it was trained on. That does not mean that this person is depressed.",
}

EVIDENCE_WORDS: Final = {
    Evidence.DEMO: "demonstration: trained on drawn faces, never tested on people",
    Evidence.RESEARCH: "research: tested on data of its makers, not validated at this site",
    Evidence.SITE_VALIDATED: "validated at this site",
}

QUALITY_WORDS: Final = {
    "luminance": "Brightness of the face",
    "shadows": "Its shadows",
    "highlights": "Its highlights",
    "contrast": "Its contrast",
    "clipped_share": "Its overexposed share",
    "sharpness": "Its sharpness",
    "face_fraction": "Its share of the photo's width",
    "inter_eye_pixels": "Pixels between the eyes",
    "detector_score": "Belief of the face detector",
    "turn": "Turn of the head",
    "roll_degrees": "Tilt of the head, degrees",
    "outside_share": "Share of the face outside the photo",
}

PAGE: Final = {
    "language": "en",
    "title": "Symmetra",
    "subtitle": "Depression severity score from a face photo",
    "purpose": "Decision support for research and for triage that a clinician owns. Not a diagnosis.",
    "heading": "Send one photo",
    "choose": "Choose a photo",
    "drop": "or drop it here",
    "formats": "JPEG, PNG or WebP, at most {megabytes} MB. One face, looking at the camera, in even light.",
    "submit": "Get the score",
    "chosen": "Chosen photo",
    "working": "Looking at the photo …",
    "privacy": "The photo is looked at in memory and not kept.",
    "too_large": "This photo is larger than {megabytes} MB. Choose a smaller one.",
    "only_one": "Drop one photo at a time.",
    "offline": "No answer from the server. Check the connection and try again.",
    "result": "Result",
    "refusal": "No score for this photo",
    "unusable": "This photo cannot be used",
    "fault": "No answer",
    "paper_name": "The paper calls this band “{name}”.",
    "severity": "Severity score: {percent} of 100",
    "scale": "Severity score {percent} of 100. The low band ends at {low}, the middle band at {middle}.",
    "low": "low",
    "middle": "middle",
    "high": "high",
    "severity_meaning": (
        "This number is a score of the model. It is not a PHQ-9 score, not a confidence, and not a chance of being ill. "
        "Confirm with a validated instrument, such as the PHQ-9, and a clinician."
    ),
    "what_to_do": "What to do",
    "code": "Reason",
    "request": "Request",
    "model": "The model",
    "version": "Version",
    "model_line": "{name}, version {version}",
    "evidence": "Evidence",
    "limits": "Limits",
    "holdout": "Measured on its own hold-out",
    "details": "Details of this answer",
    "photo_quality": "Photo quality",
    "fingerprints": "Fingerprints",
    "digest": "Model digest",
    "policy": "Policy",
    "preprocessing": "Preprocessing",
    "p_no_depression": "Probability of no depression, as the model says it",
    "timings": "Time, milliseconds",
    "another": "Send another photo",
    "no_model": "No score can be given right now.",
}
