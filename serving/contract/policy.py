"""What becomes of an answer: thresholds of the bands, and when none is given. `policy.json`, beside the versions.

A policy is numbered, digested, separate from the model, and named by every receipt. Two schemas are read: a policy without
abstention is `symmetra.policy/1` and keeps the bytes, and so the digest, that it always had; one with abstention is
`symmetra.policy/2`, which a reader that knows only the first refuses, because it could not apply it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Final, Self

from serving.contract.errors import ContractInvalid
from serving.contract.severity import PAPER_THRESHOLDS, PARTS_PER_MILLION, Thresholds
from serving.contract.typed_json import read_object, require_types

JITTER_VERSION: Final = "jitter-1"
"""Name of the behaviour of `serving.contract.jitter`. Raise it when any copy changes by a single level. It stands here, and the
names below do, because a policy is read where NumPy is not wanted."""
QUALITY_MEASURES: Final = (
    "luminance",
    "shadows",
    "highlights",
    "contrast",
    "clipped_share",
    "sharpness",
    "face_fraction",
    "inter_eye_pixels",
    "detector_score",
    "turn",
    "roll_degrees",
    "outside_share",
)
"""The fields of `serving.contract.quality.Quality`."""
POLICY_SCHEMA: Final = "symmetra.policy/1"
POLICY_SCHEMA_WITH_ABSTENTION: Final = "symmetra.policy/2"


@dataclass(frozen=True, slots=True)
class QualityLimit:
    """The values of a quality measure for which a band is given, ends included; None is no limit on that side.

    Raises:
        ContractInvalid: no side is limited, or the ends are reversed.
    """

    min: float | None = None
    max: float | None = None

    def __post_init__(self) -> None:
        """Refuse limits that limit nothing or everything."""
        if self.min is None and self.max is None:
            message = "a quality limit needs min, max or both"
            raise ContractInvalid(message)
        if self.min is not None and self.max is not None and self.min > self.max:
            message = f"a quality limit from {self.min} to {self.max} allows nothing"
            raise ContractInvalid(message)

    def allows(self, value: float) -> bool:
        """Whether a measure lies inside; NaN does not."""
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)


@dataclass(frozen=True, slots=True)
class Abstention:
    """When the system declines to give a band: the answer moves too much under jitter, or the crop is of odd quality.

    Never because of p: max(p, 1 - p) is lowest in the paper's mild band, which would vanish (issue 3).

    Attributes:
        instability_max_ppm: Largest allowed spread of the severity, largest minus smallest, over the crop and its jittered
            copies, in parts per million.
        stated_coverage: Share of photos that were meant to keep their band when the limits were chosen, in (0, 1].
        measured_coverage: Share of the validation photos that did.
        jitter: `JITTER_VERSION` under which the limit was chosen.
        quality: Limits by name of a `serving.contract.quality.Quality` measure.

    Raises:
        ContractInvalid: a number outside its range, or a quality measure that does not exist.
    """

    instability_max_ppm: int
    stated_coverage: float
    measured_coverage: float
    jitter: str = JITTER_VERSION
    quality: dict[str, QualityLimit] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse limits that no answer, or every answer, would meet."""
        if not 0 <= self.instability_max_ppm <= PARTS_PER_MILLION:
            message = f"instability_max_ppm is {self.instability_max_ppm}, which is not from 0 to {PARTS_PER_MILLION}"
            raise ContractInvalid(message)
        if not 0 < self.stated_coverage <= 1 or not 0 <= self.measured_coverage <= 1:
            message = f"coverage is a share of photos: {self.stated_coverage} stated, {self.measured_coverage} measured"
            raise ContractInvalid(message)
        unknown = sorted(set(self.quality) - set(QUALITY_MEASURES))
        if unknown:
            message = f"there is no quality measure {', '.join(unknown)}"
            raise ContractInvalid(message)

    def as_dict(self) -> dict[str, Any]:
        """The fields as JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Read and check what `as_dict` gave.

        Raises:
            ContractInvalid: a missing or unknown field, a value of another type or outside its range.
        """
        try:
            limits = {name: QualityLimit(**ends) for name, ends in fields["quality"].items()}
            abstention = cls(**{**fields, "quality": limits})
            require_types(abstention)
        except (AttributeError, KeyError, TypeError) as error:
            message = f"the abstention of a policy cannot be read: {error}"
            raise ContractInvalid(message) from error
        return abstention


@dataclass(frozen=True, slots=True)
class Policy:
    """The content of `policy.json`."""

    number: int = 1
    thresholds: Thresholds = PAPER_THRESHOLDS
    abstention: Abstention | None = None

    @property
    def schema(self) -> str:
        """Which of the two schemas this policy is written in."""
        return POLICY_SCHEMA if self.abstention is None else POLICY_SCHEMA_WITH_ABSTENTION

    def to_json(self) -> str:
        """Canonical JSON; `digest` is taken over these bytes."""
        content = {**dataclasses.asdict(self), "schema": self.schema}
        if self.abstention is None:
            del content["abstention"]
        return json.dumps(content, sort_keys=True, indent=2) + "\n"

    @property
    def digest(self) -> str:
        """sha256 of the canonical JSON, in hexadecimal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read and check a policy.

        Raises:
            ContractInvalid: not JSON, another schema, a missing or unknown field, a value of another type, impossible
                thresholds or limits, or a schema that does not fit the content.
        """
        fields = read_object(text, "policy", POLICY_SCHEMA, POLICY_SCHEMA_WITH_ABSTENTION)
        schema = fields.pop("schema")
        try:
            if ("abstention" in fields) is not (schema == POLICY_SCHEMA_WITH_ABSTENTION):
                message = f"{POLICY_SCHEMA} has no abstention and {POLICY_SCHEMA_WITH_ABSTENTION} always has one"
                raise ContractInvalid(message)
            fields["thresholds"] = Thresholds(**fields["thresholds"])
            if "abstention" in fields:
                fields["abstention"] = Abstention.from_dict(fields["abstention"])
            policy = cls(**fields)
            require_types(policy)
        except (KeyError, TypeError) as error:
            message = f"policy.json cannot be read: {error}"
            raise ContractInvalid(message) from error
        return policy
