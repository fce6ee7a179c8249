"""Weights that another Keras backend trained for this run (`training.elsewhere`) become its model, as if `fit` had trained them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.elsewhere.fitted import MAKER, read_fitted
from training.errors import RunInvalid
from training.fitting.callbacks import write_history
from training.fitting.fit import Fitted
from training.fitting.identity import identify
from training.fitting.networks import UNREADABLE, build_plain, save_model
from training.fitting.recipe import class_weights
from training.polarity import targets_from_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.data.dataset import CropKind
    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.fitting.recipe import Recipe
    from training.runs import Run


def take_over(
    recipe: Recipe,
    store: CropStore,
    training: Sequence[Photo],
    validation: Sequence[Photo],
    run: Run,
    *,
    crop: CropKind,
) -> Fitted | None:
    """What was trained elsewhere by this recipe on these photos, as a finished fit; None where nothing was.

    Raises:
        RunInvalid: it was trained by another recipe or on other photos, or the files are damaged.
    """
    elsewhere = read_fitted(run, identify(recipe, store, training, validation, crop))
    if elsewhere is None:
        return None
    model = build_plain(recipe, store.crop_size)
    try:
        model.load_weights(run.elsewhere_weights)
    except UNREADABLE as error:
        message = (
            f"{run.elsewhere_weights} does not fit the network {recipe.architecture}; `{MAKER}` writes it: {error}"
        )
        raise RunInvalid(message) from error
    columns = elsewhere.history
    write_history(run.history, [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)])
    save_model(model, run.model)
    return Fitted(
        model=model,
        history=elsewhere.history,
        seconds=elsewhere.seconds,
        photos_per_second=elsewhere.photos_per_second,
        budget_used_up=elsewhere.budget_used_up,
        weights=class_weights(targets_from_labels([photo.label for photo in training]).tolist()),
        elsewhere=elsewhere,
    )
