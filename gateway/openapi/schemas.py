"""JSON Schemas of every body: what answers, versions, probes and problems hold. Sentences here are for integrators, in English."""

from __future__ import annotations

import dataclasses
from typing import Final

from gateway.answer_json import SIGNIFICANT_DIGITS
from gateway.openapi.parts import COUNT, PPM, SHA256, SHARE, TEXT, Schema, or_null, record, refer, says
from gateway.openapi.review_schemas import REVIEW_SCHEMAS
from gateway.problems import TYPE_PREFIX, all_codes
from monitoring.metrics import PAUSE_REASONS, STAGES
from serving.contract.abstention import Doubt
from serving.contract.model import ATTRIBUTION_CELLS, Calibration, Evidence
from serving.contract.policy import QUALITY_MEASURES
from serving.contract.severity import Band


def _kept(answer: Schema) -> Schema:
    """The answer as records keep it."""
    kept = {name: schema for name, schema in answer["properties"].items() if name != "explanation"}
    notice = {
        "type": ["string", "null"],
        "description": "Version of the site's notice that was confirmed for the photo; null where none was.",
    }
    when = {"type": "string", "format": "date-time", "description": "When it was given, UTC."}
    return record(
        "An answer that was given before, without the explanation, which is not kept.",
        {"answered_at": when, **kept, "notice_version": notice},
    )


_BY_BAND: Final = {band.value: {"type": "number", "minimum": 0} for band in Band}
_MODEL: Final = {
    "name": TEXT,
    "version": says(COUNT, "The number that the answer was asked of; versions never change under their number."),
    "digest": says(SHA256, "sha256 of the version's manifest."),
    "evidence": {
        "enum": [each.value for each in Evidence],
        "description": "What stands behind the version. `demo` learned from drawn faces and says nothing about any person.",
    },
    "knows_nothing": {"type": "boolean", "description": "True where the held-out AUROC is under 0.80."},
    "holdout": {
        "type": "object",
        "additionalProperties": {"type": "number"},
        "description": "Figures measured on the version's own hold-out, by name.",
    },
    "limits": {
        "type": "array",
        "items": TEXT,
        "description": "What the version was not made for, in its makers' words; what our own training wrote is translated.",
    },
}
_FINGERPRINTS: Final = record(
    "Equal fingerprints mean equal steps before and after the network.",
    {
        "calibration": says(SHA256, "Of the calibration's fields."),
        "preprocessing": says(SHA256, "Of the crop's fields, its `preprocessing_version` among them."),
    },
)

SCHEMAS: Final[dict[str, Schema]] = {
    "Answer": record(
        "One answered screening. Decision support, never a diagnosis.",
        {
            "id": {
                "type": "string",
                "format": "uuid",
                "description": "Of this answer; a repeated request gets the first one's.",
            },
            "band": {
                "enum": [*(band.value for band in Band), None],
                "description": "Score band of the severity under the policy, in the paper's words; a cut-point of a score, no "
                "clinical grade. null where the system abstains.",
            },
            "abstained": {
                "type": "boolean",
                "description": "Whether the system declines to give a band. Never because of how large p is.",
            },
            "reasons": {"type": "array", "items": refer("Reason"), "description": "Why it abstained; empty otherwise."},
            "severity_percent": {
                "anyOf": [{"type": "integer", "minimum": 0, "maximum": 100}, {"type": "null"}],
                "description": "The severity as a whole number that never contradicts the band: what to show beside it. null "
                "where there is no band.",
            },
            "severity_ppm": says(
                PPM,
                "round((1 - p_no_depression) * 1,000,000). A score of this model: no PHQ-9 score, no confidence, no chance of "
                "being ill. Where the system abstained it is the raw output: do not make a band of it.",
            ),
            "p_no_depression": says(SHARE, "The model's probability of NOT being depressed, as it came."),
            "severity_spread_ppm": {
                "anyOf": [PPM, {"type": "null"}],
                "description": "Largest minus smallest severity over the crop and its jittered copies; null under a policy "
                "that does not abstain.",
            },
            "quality": record(
                "Measures of the face in the photo (`serving.contract.quality.Quality`).",
                {name: {"type": "number"} for name in QUALITY_MEASURES},
            ),
            "model": refer("Model"),
            "policy": refer("Policy"),
            "preprocessing_version": says(
                TEXT, "Name of how crops are made; only versions made for the same are asked."
            ),
            "fingerprints": _FINGERPRINTS,
            "timings_seconds": {
                "type": "object",
                "required": ["upload", "queue", "decode", "face", "predict", "total"],
                "properties": {stage: {"type": "number", "minimum": 0} for stage in STAGES},
                "description": "Wall-clock seconds by stage; `total` starts when the photo is complete.",
            },
            "explanation": or_null(refer("Explanation")),
            "notice": {
                "type": "array",
                "items": TEXT,
                "minItems": 1,
                "description": "What must be read beside the answer, in the language asked for; that it is no diagnosis among it.",
            },
        },
    ),
    "Reason": record(
        "Why no band is given.",
        {
            "code": {"enum": [each.value for each in Doubt], "description": "Stable, never translated."},
            "detail": says(TEXT, "The same in words, in the language asked for."),
            "advice": says(TEXT, "What the person can do."),
        },
    ),
    "Explanation": record(
        "What the network reacts to in this photo: an aid for checking the model, neither evidence nor a finding.",
        {
            "attribution": {
                "type": "array",
                "minItems": ATTRIBUTION_CELLS,
                "maxItems": ATTRIBUTION_CELLS,
                "items": {
                    "type": "array",
                    "minItems": ATTRIBUTION_CELLS,
                    "maxItems": ATTRIBUTION_CELLS,
                    "items": {"type": "number"},
                },
                "description": f"{ATTRIBUTION_CELLS} rows of {ATTRIBUTION_CELLS} numbers over the aligned crop, top left first: "
                "positive where what the network saw pushed the severity up, negative where down; in units of the logit, to "
                f"first order, {SIGNIFICANT_DIGITS} digits. The range has no fixed ends: scale by the largest magnitude.",
            },
            "asymmetry": {
                "type": "object",
                "additionalProperties": SHARE,
                "description": "How much the two halves of a region differ to the network: 0 where they mirror each other.",
            },
            "caption": says(TEXT, "To be shown with the map, in the language asked for."),
        },
    ),
    "Model": record("The model version that answered.", _MODEL),
    "BandCounts": record(
        "Subjects of the version's own hold-out by band, each once: one with photos in two bands by the share of the photos. "
        "None in a version of an earlier release. They hold under these thresholds only.",
        {
            "depressed": record("How many depressed subjects were in each band.", _BY_BAND),
            "not_depressed": record("Likewise of the others.", _BY_BAND),
            "depressed_subjects": {"type": "integer", "minimum": 0},
            "not_depressed_subjects": {"type": "integer", "minimum": 0},
            "thresholds": record(
                "Upper ends of the bands none and mild, parts per million.",
                {"none_max_ppm": {"type": "integer"}, "mild_max_ppm": {"type": "integer"}},
            ),
        },
    ),
    "ModelDetails": record(
        "The version in service.",
        {
            **_MODEL,
            "architecture": TEXT,
            "training_data": TEXT,
            "created": TEXT,
            "precision": {"enum": ["float32", "bfloat16"]},
            "explains": {"type": "boolean", "description": "Whether `explain` can be asked for."},
            "band_counts": or_null(refer("BandCounts")),
            "preprocessing_version": TEXT,
            "crop": {"type": "object", "description": "How the photo's crop is cut."},
            "calibration": record(
                "Applied inside the model.",
                {
                    field.name: {"type": "number" if field.name == "temperature" else "string"}
                    for field in dataclasses.fields(Calibration)
                },
            ),
            "fingerprints": _FINGERPRINTS,
            "policy": refer("Policy"),
        },
    ),
    "Policy": record(
        "What turns severities into bands.",
        {
            "number": COUNT,
            "digest": SHA256,
            "thresholds": record(
                "Upper ends of the bands none and mild, inclusive.", {"none_max_ppm": PPM, "mild_max_ppm": PPM}
            ),
            "abstention": record(
                "When no band is given; absent where this policy always gives one.",
                {
                    "instability_max_ppm": says(PPM, "Largest allowed `severity_spread_ppm`."),
                    "stated_coverage": says(SHARE, "Share of photos that were meant to keep their band."),
                    "measured_coverage": says(SHARE, "Share of the validation photos that did."),
                    "jitter": says(TEXT, "Name of how the copies are made."),
                    "quality": {
                        "type": "object",
                        "propertyNames": {"enum": list(QUALITY_MEASURES)},
                        "additionalProperties": {
                            "type": "object",
                            "properties": {"min": {"type": ["number", "null"]}, "max": {"type": ["number", "null"]}},
                        },
                        "description": "Limits of measures of the photo.",
                    },
                },
            ),
        },
        optional=("abstention",),
    ),
    "Models": record(
        "Every version that answers: one.",
        {
            "models": {"type": "array", "items": refer("ModelDetails"), "minItems": 1, "maxItems": 1},
            "paused": or_null(
                record(
                    "The stop switch.", {"reason": {"enum": list(PAUSE_REASONS)}, "since": {"type": ["string", "null"]}}
                )
            ),
        },
    ),
    "Alive": record("The process runs.", {"status": {"const": "alive"}}),
    "Ready": record(
        "This gateway can answer something honest; also while the model is away or screening is paused.",
        {
            "status": {"const": "ready"},
            "model": says(TEXT, "Which version is pinned, or the code of why none can be asked."),
            "paused": {"enum": [*PAUSE_REASONS, None]},
        },
    ),
    "ModelReady": record(
        "The pinned version can be asked.",
        {"status": {"const": "ready"}, "model": refer("Model"), "sentinel": {"type": "object"}},
    ),
    "Problem": record(
        "RFC 9457. Nothing of the request is repeated in it.",
        {
            "type": {
                "type": "string",
                "format": "uri",
                "pattern": f"^{TYPE_PREFIX}[a-z_]+$",
                "description": "Stable and versioned; /problems/v1/{code} says what it means, what causes it and what to do.",
            },
            "title": TEXT,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": says(TEXT, "What went wrong, in the language asked for."),
            "instance": says({"type": "string", "format": "uri"}, "The request's id, which the logs hold too."),
            "code": {"enum": list(all_codes()), "description": "The end of `type`; never translated."},
            "advice": says(TEXT, "What the person can do."),
        },
    ),
}
SCHEMAS["RecordedAnswer"] = _kept(SCHEMAS["Answer"])
SCHEMAS.update(REVIEW_SCHEMAS)
