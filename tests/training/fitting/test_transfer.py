"""Training that starts from another model, with frozen layers, and in lower precision."""

import argparse
import dataclasses
import json

import keras
import numpy as np
import pytest

from tests.support.keras_warnings import KERAS_COPIES
from training.commands.fit import add_arguments
from training.commands.recipe_options import read_recipe
from training.errors import ExperimentInvalid, RunInvalid
from training.fitting.callbacks import TimeBudget
from training.fitting.fit import build_for_training, fit
from training.fitting.networks import build_plain
from training.fitting.recipe import PRECISIONS, Recipe
from training.runs import Run

pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings(KERAS_COPIES)]
SMALL = Recipe(architecture="small", epochs=2, batch_size=16, learning_rate=0.02, warm_up_epochs=0.0)


def read(*options):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return read_recipe(parser.parse_args(["--data", "d", "--out", "o", *map(str, options)]))


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A model file whose weights nobody would draw."""
    model = build_plain(SMALL, 128)
    model.set_weights([np.full_like(value, 0.125) for value in model.get_weights()])
    path = tmp_path_factory.mktemp("start") / "model.keras"
    model.save(path)
    return path


def test_training_starts_from_the_weights_of_the_given_model(start):
    recipe = dataclasses.replace(SMALL, initial_model=str(start))
    plain = build_plain(recipe, 128)
    for model in (plain, build_for_training(recipe, plain)):
        assert all((np.asarray(value) == 0.125).all() for value in model.get_weights() if value.dtype == np.float32)


def test_frozen_layer_keeps_its_weights_and_the_others_learn(start, easy_store, parts, tmp_path):
    recipe = dataclasses.replace(SMALL, initial_model=str(start), frozen_layers=("conv",))
    model = fit(recipe, easy_store, parts["train"], parts["validation"], Run(tmp_path), quiet=True).model
    kernel, bias = model.get_layer("conv").get_weights()
    assert (kernel == 0.125).all()
    assert (bias == 0.125).all()
    assert (model.layers[-1].get_weights()[0] != 0.125).all()


def test_frozen_layer_that_does_not_exist_names_those_that_do():
    recipe = dataclasses.replace(SMALL, frozen_layers=("trunc",))
    with pytest.raises(ExperimentInvalid, match=r"names 'trunc', which small does not have; it has .*conv"):
        build_for_training(recipe, build_plain(recipe, 128))


def test_model_of_another_network_is_not_started_from(tmp_path):
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(tmp_path / "model.keras")
    with pytest.raises(ExperimentInvalid, match="is no small network for crops of 128 pixels"):
        build_plain(dataclasses.replace(SMALL, initial_model=str(tmp_path / "model.keras")), 128)


def test_file_that_is_no_model_is_named(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"nothing")
    with pytest.raises(ExperimentInvalid, match=r"the model to start from, .*model\.keras, cannot be read"):
        build_plain(dataclasses.replace(SMALL, initial_model=str(tmp_path / "model.keras")), 128)


def test_checkpoint_is_not_gone_on_from_with_other_crops_or_another_start(easy_store, parts, start, tmp_path):
    file = tmp_path / "start.keras"
    file.write_bytes(start.read_bytes())
    recipe = dataclasses.replace(SMALL, initial_model=str(file))

    def go(**options):
        fit(recipe, easy_store, parts["train"], parts["validation"], Run(tmp_path), quiet=True, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.fitting.fit.TimeBudget", KilledInTheSecondEpoch)
        with pytest.raises(Killed):
            go()
    with pytest.raises(RunInvalid, match="holds an unfinished training"):
        go(crop="whole")
    other = build_plain(SMALL, 128)
    other.save(file)
    with pytest.raises(RunInvalid, match="holds an unfinished training"):
        go()


def test_start_from_takes_a_run_a_model_version_or_a_file(start, tmp_path):
    version = tmp_path / "1"
    (version / "assets.extra").mkdir(parents=True)
    (version / "assets.extra" / "model.keras").write_bytes(start.read_bytes())
    assert read("--start-from", start).initial_model == str(start)
    assert read("--start-from", start.parent).initial_model == str(start)
    assert read("--start-from", version).initial_model == str(version / "assets.extra" / "model.keras")
    with pytest.raises(ExperimentInvalid, match=r"there is no model\.keras"):
        read("--start-from", tmp_path / "nowhere")


@pytest.mark.parametrize("precision", PRECISIONS)
def test_precision_of_the_command_line_is_that_of_the_layers_and_never_of_the_answer(precision):
    recipe = dataclasses.replace(SMALL, precision=read("--precision", precision).precision)
    model = build_for_training(recipe, build_plain(recipe, 128))
    assert model.get_layer("conv").compute_dtype == precision
    assert model.layers[-1].compute_dtype == "float32"
    assert {str(variable.dtype) for variable in model.trainable_variables} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"


class Killed(Exception):
    """Stands for the end of the process."""


class KilledInTheSecondEpoch(TimeBudget):
    """Stops after the first epoch, as a kill would."""

    def on_epoch_begin(self, epoch, logs=None):
        del logs
        if epoch == 1:
            raise Killed


def test_float16_training_goes_on_with_the_loss_scale_it_had(easy_store, parts, tmp_path):
    recipe = dataclasses.replace(SMALL, precision="float16", epochs=3)
    whole = fit(recipe, easy_store, parts["train"], parts["validation"], Run(tmp_path / "whole"), quiet=True)
    run = Run(tmp_path / "killed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.fitting.fit.TimeBudget", KilledInTheSecondEpoch)
        with pytest.raises(Killed):
            fit(recipe, easy_store, parts["train"], parts["validation"], run, quiet=True)
    with np.load(run.checkpoint / "epoch-0001" / "arrays.npz") as arrays:
        assert any(arrays[name].shape == () and arrays[name] >= 2.0**10 for name in arrays.files)  # the loss scale
    resumed = fit(recipe, easy_store, parts["train"], parts["validation"], run, quiet=True)
    for one, other in zip(whole.model.get_weights(), resumed.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_photos_per_second_counts_what_earlier_processes_trained(easy_store, parts, tmp_path):
    run = Run(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.fitting.fit.TimeBudget", KilledInTheSecondEpoch)
        with pytest.raises(Killed):
            fit(SMALL, easy_store, parts["train"], parts["validation"], run, quiet=True)
    path = run.checkpoint / "epoch-0001" / "state.json"
    state = json.loads(path.read_text())
    state["memory"]["Progress"] = {"photos_seen": 10_000_000, "training_seconds": 1000.0}
    path.write_text(json.dumps(state))
    resumed = fit(SMALL, easy_store, parts["train"], parts["validation"], run, quiet=True)
    assert resumed.photos_per_second == pytest.approx(10_000, rel=0.05)
