"""A network of 40 weights: tracing the training of a real one takes longer than all of these tests together."""

import keras
import pytest

from training.architectures import ARCHITECTURES
from training.data.split import draw_split


def build_small(size, norm):
    crop = keras.Input((size, size, 3), dtype="uint8")
    x = keras.layers.Rescaling(1 / 255)(crop)
    x = norm(momentum=0.5)(keras.layers.Conv2D(2, 3, strides=8, name="conv")(x))
    x = keras.layers.Dropout(0.3)(keras.layers.GlobalMaxPooling2D()(x))
    return keras.Model(crop, keras.layers.Dense(1, activation="sigmoid", dtype="float32")(x))


@pytest.fixture(scope="module", autouse=True)
def small_architecture():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ARCHITECTURES, "small", build_small)
        yield


@pytest.fixture(scope="module")
def parts(easy_photos):
    split = draw_split(easy_photos, 1)
    return {name: split.photos(easy_photos, name) for name in split.subjects}
