"""English, the language that the others are compared with.

Words before numbers, the paper's names second. Nothing here says diagnosis except to deny it.
"""

from __future__ import annotations

from typing import Final

from gateway.languages.catalogue import Catalogue, Told
from gateway.languages.en_answer import ANSWER_WORDS
from gateway.languages.en_capture import CAPTURE
from gateway.languages.en_operator import OPERATOR
from gateway.languages.en_review import REVIEW_WORDS
from gateway.languages.en_sign_in import SIGN_IN
from serving.contract.abstention import Doubt
from serving.contract.model import Evidence
from serving.contract.severity import Band

ENGLISH: Final = Catalogue(
    tag="en",
    reviewed=True,
    notice=(
        "Decision support for research and triage, not a diagnosis. "
        "The severity is a score of this model: it is not a PHQ-9 score and not a confidence. "
        "Confirm with a validated instrument and a clinician."
    ),
    demo_notice="Demonstration model, trained on drawn faces: this result says nothing about this person.",
    demo_page_notice="Demonstration model, trained on drawn faces: its results say nothing about any person.",
    knows_nothing_notice=(
        "On the faces that were held out to test it, this version did little better than guessing: it knows nothing."
    ),
    explanation_caption=(
        "The map and the numbers show what the network reacts to in this photo, not what is true of the person. They help to "
        "check the model and prove nothing."
    ),
    band_words={
        Band.NONE: "Low score band",
        Band.MILD: "Middle score band",
        Band.HIGH: "High score band",
    },
    band_meanings={
        Band.NONE: "The model saw few of the signs it was trained on. That does not rule out depression.",
        Band.MILD: "The model saw some of the signs it was trained on. By itself that means neither illness nor health.",
        Band.HIGH: "The model saw many of the signs it was trained on. That does not mean that this person is depressed.",
    },
    evidence_words={
        Evidence.DEMO: "demonstration: trained on drawn faces, never tested on people",
        Evidence.RESEARCH: "research: tested on data of its makers, not validated at this site",
        Evidence.SITE_VALIDATED: "validated at this site",
    },
    quality_words={
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
    },
    region_words={"eyes": "eyes", "brows": "brows", "mouth": "mouth", "jaw": "jaw", "photo": "whole photo"},
    doubts={
        Doubt.UNSTABLE_ANSWER: Told(
            "The model's answer changes too much when the photo changes a little, so no band is given.",
            "Take another photo with the face straight towards the camera, in even light. If this happens again, do without "
            "this score.",
        ),
        Doubt.UNUSUAL_PHOTO_QUALITY: Told(
            "The light or the focus of this photo is unlike nearly all photos that the model was checked with, so no band is given.",
            "Take another photo in even light, with the camera held still and the face in focus.",
        ),
    },
    figure_words={
        "photos": "Photos",
        "subjects": "Subjects",
        "accuracy": "Accuracy",
        "auroc": "AUROC",
        "bayes_accuracy": "Best accuracy possible on these data",
        "share_of_bayes": "Share of what is possible beyond guessing",
        "band_flips_mirrored": "Share of photos with another band when mirrored",
    },
    stage_words={
        "upload": "upload",
        "queue": "waiting",
        "decode": "decoding",
        "face": "finding the face",
        "jitter": "varied copies",
        "predict": "model",
        "explain": "explanation",
        "record": "record",
        "total": "altogether",
    },
    operator=OPERATOR,
    page={
        **ANSWER_WORDS,
        **CAPTURE,
        **REVIEW_WORDS,
        **SIGN_IN,
        "title": "Symmetra",
        "subtitle": "Depression severity score from a face photo",
        "purpose": "Decision support for research and for triage that a clinician owns. Not a diagnosis.",
        "heading": "Send one photo",
        "choose": "Choose a photo",
        "formats": "JPEG, PNG or WebP, at most {megabytes} MB. One face, looking at the camera, in even light.",
        "explain": "Also show what the model reacts to in this photo",
        "submit": "Get the score",
        "chosen": "Chosen photo",
        "working": "Looking at the photo …",
        "privacy": "The photo is looked at in memory and not kept.",
        "too_large": "This photo is larger than {megabytes} MB. Choose a smaller one.",
        "only_one": "Drop one photo at a time.",
        "offline": "No answer from the server. Check the connection and try again.",
        "result": "Result",
        "abstained": "No band for this photo",
        "abstained_meaning": "The photo was looked at, and the model's answer is not reliable enough to be shown as a score.",
        "refusal": "No score for this photo",
        "unusable": "This photo cannot be used",
        "fault": "No answer",
        "not_allowed": "Not allowed",
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
        "interval": "{figure} (95 % {low} to {high})",
        "details": "Details of this answer",
        "photo_quality": "Photo quality",
        "digest": "Model digest",
        "policy": "Policy",
        "preprocessing": "Preprocessing",
        "p_no_depression": "Probability of no depression, as the model says it",
        "timings": "Time, milliseconds",
        "explanation": "What the model reacts to",
        "attribution": "Map of the face: where what the network saw pushed the score up, and where down.",
        "pushes_up": "pushes the score up",
        "pushes_down": "pushes it down",
        "asymmetry": "Difference of the two halves, from 0 to 1",
        "another": "Send another photo",
        "no_model": "No score can be given right now.",
    },
)
