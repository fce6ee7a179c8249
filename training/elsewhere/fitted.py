"""What a training elsewhere leaves in a run directory: its weights, its history, and what it was a training of.

elsewhere/best.weights.h5    the weights of the lowest validation loss
elsewhere/fitted.json        recipe and photos, backend, device, seconds, history; written last, so it means "complete"
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from training.errors import RunInvalid
from training.runs import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training.runs import Run

SCHEMA = "symmetra.elsewhere/1"
MAKER = "python -m training fit-elsewhere"


@dataclass(frozen=True, slots=True)
class FittedElsewhere:
    """How a training elsewhere went; seconds, rates and budget as of `training.fitting.fit.Fitted`."""

    backend: str
    device: str
    keras: str
    seconds: float
    photos_per_second: float
    history: dict[str, list[float]]
    weights_sha256: str
    budget_used_up: bool = False


def write_fitted(run: Run, identity: Mapping[str, Any], fitted: FittedElsewhere) -> None:
    """Say that the weights are complete."""
    write_json(run.elsewhere_description, {"schema": SCHEMA, "identity": dict(identity), **asdict(fitted)})


def read_fitted(run: Run, identity: Mapping[str, Any]) -> FittedElsewhere | None:
    """What was trained elsewhere for this run; None where nothing was.

    Raises:
        RunInvalid: by another recipe or on other photos; or the weights are not those that it speaks of.
    """
    if not run.elsewhere_description.exists():
        return None
    content = read_json(run.elsewhere_description, MAKER)
    if content.get("schema") != SCHEMA or content.pop("identity", None) != json.loads(json.dumps(identity)):
        message = (
            f"{run.elsewhere_description} is of a training by another recipe, on other photos or by another release; give "
            f"the same options as to `{MAKER}`, or train into a new --out folder"
        )
        raise RunInvalid(message)
    del content["schema"]
    try:
        fitted = FittedElsewhere(**content)
    except TypeError as error:
        message = f"{run.elsewhere_description} lacks a member, or has one that is not known; `{MAKER}` writes it"
        raise RunInvalid(message) from error
    try:
        digest = digest_weights(run)
    except OSError as error:
        message = f"{run.elsewhere_weights} cannot be read ({error.strerror}); `{MAKER}` writes it"
        raise RunInvalid(message) from error
    if digest != fitted.weights_sha256:
        message = f"{run.elsewhere_weights} does not hold the weights that {run.elsewhere_description} speaks of; copy both again"
        raise RunInvalid(message)
    return fitted


def digest_weights(run: Run) -> str:
    """SHA-256 of the weights."""
    with run.elsewhere_weights.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
