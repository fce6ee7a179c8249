"""A model that is known to work tells labels that are the wrong way round."""

import dataclasses

import keras
import numpy as np
import pytest

from tests.support.keras_warnings import KERAS_COPIES
from training.commands.inspect import check_reference
from training.data.inspection.findings import Weight
from training.errors import DataError

pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings(KERAS_COPIES)]


@pytest.fixture(scope="module")
def bright_is_well(tmp_path_factory):
    """Knows the easy store's rule: the depressed are dark."""
    crop = keras.Input((128, 128, 3), dtype="uint8")
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(crop))
    model = keras.Model(crop, keras.layers.Dense(1, activation="sigmoid")(x))
    model.layers[-1].set_weights([np.full((3, 1), 4.0), np.full(1, -5.0)])
    path = tmp_path_factory.mktemp("reference") / "model.keras"
    model.save(path)
    return path


def test_right_labels_agree_with_the_reference(bright_is_well, easy_store, easy_photos):
    assert check_reference(bright_is_well, easy_store, easy_photos).code == "reference_agrees"
    assert check_reference(bright_is_well.parent, easy_store, easy_photos).weight is Weight.NOTES


def test_swapped_labels_forbid_training(bright_is_well, easy_store, easy_photos):
    swapped = [dataclasses.replace(photo, label=1 - photo.label) for photo in easy_photos]
    found = check_reference(bright_is_well, easy_store, swapped)
    assert (found.code, found.weight) == ("labels_swapped_by_reference", Weight.FORBIDS)
    assert "AUROC 0.00" in found.sentence
    assert "class folders or labels look swapped" in found.sentence


def test_labels_without_a_pattern_leave_the_reference_undecided(bright_is_well, easy_store, easy_photos):
    mixed = [dataclasses.replace(photo, label=place // 4 // 2 % 2) for place, photo in enumerate(easy_photos)]
    assert check_reference(bright_is_well, easy_store, mixed).code == "reference_undecided"


def test_wrong_reference_is_a_sentence(bright_is_well, tmp_path, easy_store, easy_photos):
    with pytest.raises(DataError, match=r"there is no model\.keras"):
        check_reference(tmp_path, easy_store, easy_photos)
    (tmp_path / "model.keras").write_text("not a model")
    with pytest.raises(DataError, match="cannot be read as a Keras model"):
        check_reference(tmp_path, easy_store, easy_photos)
    with pytest.raises(DataError, match="photos of both labels"):
        check_reference(bright_is_well, easy_store, [photo for photo in easy_photos if photo.label])
