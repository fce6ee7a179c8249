"""What the pinned version promises for its golden photos, under the policy that was put in force.

Everything is read from the model repository anew for each look, so that a promotion or a new policy counts at once. The policy is held
against the repository's history: a `policy.json` that nobody set is what swapped thresholds look like.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from monitoring.sentinel.errors import GoldenPhotosUnreadable
from serving.contract.policy import Policy
from serving.contract.severity import PARTS_PER_MILLION
from serving.repository import ModelRepository, RepositoryError
from serving.repository.history import Action
from serving.wire.golden_check import golden_tolerance

FOLDER: Final = "assets.extra/golden_photos"
EXPECTED: Final = "expected.json"


@dataclass(frozen=True, slots=True)
class GoldenPhoto:
    """One photo with what must come of it.

    Attributes:
        name: Of its file, for the log.
        content: JPEG.
        severity_ppm: Of the exported model; None where the photo must be refused.
        refusal: The code of the refusal; None where there must be an answer.
    """

    name: str
    content: bytes
    severity_ppm: int | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class GoldenSet:
    """The golden photos of the version that must answer.

    Attributes:
        version: The pinned one.
        digest: Of its manifest.
        photos: All of them.
        tolerance_ppm: How far a severity may be from the expected one, by the version's contract.
        policy: In force, by the repository's history; None where the file is not what was recorded.
    """

    version: int
    digest: str
    photos: tuple[GoldenPhoto, ...]
    tolerance_ppm: int
    policy: Policy | None


def read_golden_set(repository: ModelRepository) -> GoldenSet:
    """Read what must be answered now.

    Raises:
        GoldenPhotosUnreadable: nothing is pinned, or the version's golden photos cannot be read.
    """
    try:
        pin = repository.pin()
        folder = repository.version_path(pin.version) / FOLDER
        expected = json.loads((folder / EXPECTED).read_text(encoding="utf-8"))
        scored = [
            GoldenPhoto(row["file"], (folder / row["file"]).read_bytes(), severity_ppm=int(row["severity_ppm"]))
            for row in expected["scored"]
        ]
        refused = [
            GoldenPhoto(row["file"], (folder / row["file"]).read_bytes(), refusal=str(row["code"]))
            for row in expected["refused"]
        ]
        policy = _recorded_policy(repository)
    except (RepositoryError, OSError, ValueError, KeyError, TypeError) as error:
        message = f"the golden photos of the pinned version of {repository.model_name} cannot be read: {error}"
        raise GoldenPhotosUnreadable(message) from error
    if not scored:
        message = f"version {pin.version} of {repository.model_name} has no golden photos with an answer"
        raise GoldenPhotosUnreadable(message)
    tolerance = round(golden_tolerance(pin.contract) * PARTS_PER_MILLION)
    return GoldenSet(pin.version, pin.digest, (*scored, *refused), tolerance, policy)


def _recorded_policy(repository: ModelRepository) -> Policy | None:
    policy = repository.policy()
    recorded = [record.digest for record in repository.history() if record.action is Action.POLICY]
    in_force = recorded[-1] if recorded else Policy().digest
    return policy if policy.digest == in_force else None
