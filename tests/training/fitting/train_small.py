"""A process that trains a network of 40 weights on stored crops, alone or as one of several; a script for the tests.

python train_small.py CROPS SHARDS RUN WEIGHTS.npz [--norm] [--mirrored] [--die-in-epoch N]
"""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from training.architectures import ARCHITECTURES
from training.data.manifest import Photo
from training.data.shards import CropStore
from training.errors import TrainingError
from training.fitting import fit as fit_module
from training.fitting.callbacks import TimeBudget
from training.fitting.devices import Devices
from training.fitting.recipe import Recipe
from training.runs import Run

PHOTOS = 41
"""Of 96; the batches of 16 leave 9 over, which two replicas divide as 4 and 5."""
RECIPE = Recipe(architecture="no-norm", epochs=3, batch_size=16, learning_rate=0.02, warm_up_epochs=1.5)


def build_without_norm(size, norm):
    del norm
    crop = keras.Input((size, size, 3), dtype="uint8")
    x = keras.layers.Conv2D(2, 3, strides=8, activation="tanh")(keras.layers.Rescaling(1 / 255)(crop))
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(crop, keras.layers.Dense(1, activation="sigmoid", dtype="float32")(x))


def build_with_norm(size, norm):
    crop = keras.Input((size, size, 3), dtype="uint8")
    x = norm(momentum=0.5)(keras.layers.Conv2D(2, 3, strides=8)(keras.layers.Rescaling(1 / 255)(crop)))
    x = keras.layers.GlobalMaxPooling2D()(keras.layers.Dropout(0.2)(x))
    return keras.Model(crop, keras.layers.Dense(1, activation="sigmoid", dtype="float32")(x))


def easy_parts(paths):
    """Photos to train and validate on: every other subject is depressed, as in `tests/training/conftest.py`."""
    photos = [Photo(path, f"s{int(path.split('-')[0]):02d}", int(path.split("-")[0]) % 2) for path in paths]
    return photos[:PHOTOS], photos[PHOTOS : PHOTOS + 21]


class DiesInEpoch(TimeBudget):
    """Ends the process at once, as a power cut would."""

    die_in = -1

    def on_epoch_begin(self, epoch, logs=None):
        del logs
        if epoch + 1 == self.die_in:
            os.kill(os.getpid(), signal.SIGKILL)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("crops", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--norm", action="store_true")
    parser.add_argument("--mirrored", action="store_true")
    parser.add_argument("--die-in-epoch", type=int)
    arguments = parser.parse_args()
    if arguments.mirrored:
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
        strategy = tf.distribute.MirroredStrategy(
            ["CPU:0", "CPU:1"], cross_device_ops=tf.distribute.ReductionToOneDevice()
        )
        fit_module.find_devices = lambda: Devices(strategy)
    if arguments.die_in_epoch:
        DiesInEpoch.die_in = arguments.die_in_epoch
        fit_module.TimeBudget = DiesInEpoch
    ARCHITECTURES["no-norm"] = build_with_norm if arguments.norm else build_without_norm
    paths = json.loads((arguments.crops / "shard-00000.json").read_text())["paths"]
    training, validation = easy_parts(paths)
    try:
        fitted = fit_module.fit(
            RECIPE, CropStore(arguments.crops, 1), training, validation, Run(arguments.run), quiet=True
        )
    except TrainingError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    np.savez(arguments.weights, *fitted.model.get_weights())
    arguments.weights.with_suffix(".json").write_text(json.dumps(fitted.history))
    return 0


if __name__ == "__main__":
    sys.exit(main())
