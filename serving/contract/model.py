"""What a model version promises: `contract.json` inside the version.

The contract holds no digests (a version's digest is the sha256 of its `manifest.json`, which covers the contract).
Of the crop, `preprocessing_version` must equal `PREPROCESSING_VERSION` of the running code: a version made for another
gets no traffic. The other fields of `CropSpec` are not compared: the gateway makes whatever crop the contract states.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, Self

from serving.contract.band_counts import BandCounts
from serving.contract.errors import ContractInvalid
from serving.contract.severity import ROUNDING_RULE
from serving.contract.typed_json import read_object, require_types

CONTRACT_SCHEMA = "symmetra.contract/1"
PREPROCESSING_VERSION = "crop-1"
"""Name of the behaviour of `serving.contract.crop`. Raise it when any crop changes by more than the golden tolerance."""

MODEL_NAME = "depression_severity"
SERVING_SIGNATURE = "serving_default"
METADATA_SIGNATURE = "metadata"
EXPLAIN_SIGNATURE = "explain"
INPUT_TENSOR = "crop"
PROBABILITY_TENSOR = "p_no_depression"
LOGIT_TENSOR = "logit"
ATTRIBUTION_TENSOR = "attribution"
ASYMMETRY_TENSOR = "asymmetry"
ATTRIBUTION_CELLS = 32
"""Height and width of the attribution map, which covers the whole crop."""


class Evidence(enum.StrEnum):
    """What stands behind a version. `demo` learned from drawn faces and says nothing about any person."""

    DEMO = "demo"
    RESEARCH = "research"
    SITE_VALIDATED = "site_validated"


@lru_cache
def _fingerprint_of(spec: CropSpec | Calibration) -> str:
    """sha256 of the fields as JSON; remembered, because every answer states it."""
    return hashlib.sha256(json.dumps(dataclasses.asdict(spec), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class CropSpec:
    """The crop that a version expects: uint8 RGB, shape (size, size, 3).

    `aligned` finds the face and places the eyes: the eye line is horizontal at `eye_line_fraction` of the height, the
    midpoint of the eyes at half the width, and the eyes `inter_eye_fraction` of the width apart. `whole` resizes the
    photo, as the paper did.
    """

    kind: Literal["aligned", "whole"] = "aligned"
    size: int = 128
    inter_eye_fraction: float = 0.34
    eye_line_fraction: float = 0.36
    preprocessing_version: str = PREPROCESSING_VERSION

    def __post_init__(self) -> None:
        """Refuse a crop that cannot be made."""
        if self.kind not in ("aligned", "whole"):
            message = f"crop kind {self.kind!r} is not known; use 'aligned' or 'whole'"
            raise ContractInvalid(message)
        if (
            not isinstance(self.size, int)
            or self.size < 1
            or not 0 < self.inter_eye_fraction < 1
            or not 0 < self.eye_line_fraction < 1
        ):
            message = f"crop cannot be made: {self}"
            raise ContractInvalid(message)

    @property
    def fingerprint(self) -> str:
        """sha256 of the fields, so that two answers can be told to rest on the same preprocessing."""
        return _fingerprint_of(self)


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How far an answer may be from the golden one, in probability; crops in levels of 255 (DESIGN, "Agreements")."""

    float32_same_machine: float = 1e-5
    float32_across_machines: float = 1e-3
    bfloat16: float = 5e-3
    crop_mean_levels: float = 0.5
    crop_largest_levels: float = 8.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """Temperature inside the graph: `logit` is after it and p = sigmoid(logit). 1.0 means not calibrated."""

    method: Literal["none", "temperature"] = "none"
    temperature: float = 1.0

    @property
    def fingerprint(self) -> str:
        """sha256 of the fields, so that two answers can be told to rest on the same calibration."""
        return _fingerprint_of(self)


_TUPLES = {"limits", "devices", "plain_layers", "asymmetry_regions"}
"""Fields of the contract that JSON knows as lists."""


@dataclass(frozen=True, slots=True)
class ModelContract:
    """The content of `assets.extra/contract.json`."""

    version: int
    architecture: str
    evidence: Evidence
    training_data: str
    limits: tuple[str, ...]
    tensorflow_version: str
    keras_version: str
    created: str
    model_name: str = MODEL_NAME
    crop: CropSpec = field(default_factory=CropSpec)
    calibration: Calibration = field(default_factory=Calibration)
    tolerances: Tolerances = field(default_factory=Tolerances)
    signature: str = SERVING_SIGNATURE
    input_tensor: str = INPUT_TENSOR
    probability_tensor: str = PROBABILITY_TENSOR
    logit_tensor: str = LOGIT_TENSOR
    positive_class: Literal["no_depression"] = "no_depression"
    severity_rounding: str = ROUNDING_RULE
    holdout: dict[str, float] = field(default_factory=dict)
    """Figures measured on this version's own hold-out, by name (auroc, accuracy, n_photos, n_subjects, ...)."""
    knows_nothing: bool = False
    """True where the held-out AUROC is under 0.80: the page and the API say so (issue 2)."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of the served graph. Its tolerance is `tolerances.bfloat16` where it is bfloat16."""
    devices: tuple[str, ...] = ()
    """The devices that a bfloat16 graph was checked on; empty for float32, which is device-neutral."""
    plain_layers: tuple[str, ...] = ()
    """Layers that the export could not rewrite and left as Keras has them; empty is usual."""
    asymmetry_regions: tuple[str, ...] = ()
    """Names of the columns of the `explain` signature's asymmetry; empty where the version has no such signature."""
    band_counts: BandCounts | None = None
    """Subjects of this version's own hold-out by band and truth; None in a version of an earlier release."""
    schema: str = CONTRACT_SCHEMA

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, so that equal contracts have equal bytes."""
        fields = dataclasses.asdict(self)
        if self.band_counts is None:
            del fields["band_counts"]  # a gateway of an earlier release reads the contract too
        return json.dumps(fields, sort_keys=True, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read and check a contract.

        Raises:
            ContractInvalid: not JSON, another schema, a missing or unknown field, a value of another type, or another
                polarity or rounding.
        """
        fields = read_object(text, "contract", CONTRACT_SCHEMA)
        try:
            fields["crop"] = CropSpec(**fields["crop"])
            fields["calibration"] = Calibration(**fields["calibration"])
            fields["tolerances"] = Tolerances(**fields["tolerances"])
            fields["evidence"] = Evidence(fields["evidence"])
            if fields.get("band_counts") is not None:
                fields["band_counts"] = BandCounts.from_fields(fields["band_counts"])
            for name in _TUPLES & fields.keys():
                if isinstance(fields[name], list):
                    fields[name] = tuple(fields[name])
            contract = cls(**fields)
            require_types(contract)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            message = f"contract.json cannot be read: {error}"
            raise ContractInvalid(message) from error
        if contract.version < 1:
            message = f"contract.json names version {contract.version!r}, which is not a whole number from 1 on"
            raise ContractInvalid(message)
        if (contract.precision == "bfloat16") != bool(contract.devices):
            message = "contract.json must name the devices of a bfloat16 graph, and none for a float32 graph"
            raise ContractInvalid(message)
        if contract.positive_class != "no_depression" or contract.severity_rounding != ROUNDING_RULE:
            message = "contract.json states another polarity or rounding rule than this code applies"
            raise ContractInvalid(message)
        return contract
