"""What a training is of: by it a checkpoint, and weights fitted elsewhere, are known to belong to a run."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.errors import ExperimentInvalid
from training.fitting.checkpoint import digest_photos

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.data.dataset import CropKind
    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.fitting.recipe import Recipe


def identify(
    recipe: Recipe, store: CropStore, training: Sequence[Photo], validation: Sequence[Photo], crop: CropKind
) -> dict[str, Any]:
    """What a checkpoint is of. The last two only where they are not the usual ones: checkpoints of before lack them."""
    identity = {
        "recipe": recipe.as_dict(),
        "training": digest_photos(training),
        "validation": digest_photos(validation),
        "crop_size": store.crop_size,
    }
    if crop != "aligned":
        identity["crop"] = crop
    if recipe.initial_model is not None:
        identity["initial_model_sha256"] = digest_model(recipe.initial_model)
    return identity


def digest_model(path: str | Path) -> str:
    """SHA-256 of a model to start from.

    Raises:
        ExperimentInvalid: it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        message = f"the model to start from, {path}, cannot be read: {error.strerror}"
        raise ExperimentInvalid(message) from error
