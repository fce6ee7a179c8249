"""A training that stops in the middle of an epoch goes on as if nothing had happened."""

import csv
import dataclasses
import shutil

import keras
import numpy as np
import pytest

from tests.support.keras_warnings import KERAS_COPIES
from training.errors import RunInvalid
from training.fitting.callbacks import TimeBudget
from training.fitting.fit import fit, forget_checkpoint
from training.fitting.recipe import Recipe
from training.runs import Run

pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings(KERAS_COPIES)]

# Patience and plateau so short that their memory decides how the last epochs go.
RECIPE = Recipe(
    architecture="small",
    epochs=7,
    batch_size=16,
    learning_rate=0.05,
    warm_up_epochs=1.5,
    plateau_patience_epochs=1,
    stop_start_epoch=2,
    stop_patience_epochs=6,
)


class Killed(Exception):
    """Stands for the end of the process."""


class KilledInTheFourthEpoch(TimeBudget):
    """Stops in the middle of an epoch, as a kill would."""

    def __init__(self, minutes):
        super().__init__(minutes)
        self._epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        del logs
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        if (self._epoch, batch) == (3, 2):
            raise Killed


@pytest.fixture(scope="module")
def whole(easy_store, parts, tmp_path_factory):
    run = Run(tmp_path_factory.mktemp("whole"))
    return fit(RECIPE, easy_store, parts["train"], parts["validation"], run, quiet=True), run


@pytest.fixture
def killed(easy_store, parts, tmp_path):
    run = Run(tmp_path / "killed")
    run.folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.fitting.fit.TimeBudget", KilledInTheFourthEpoch)
        with pytest.raises(Killed):
            fit(RECIPE, easy_store, parts["train"], parts["validation"], run, quiet=True)
    return run


def test_resumed_training_ends_with_the_weights_of_one_that_was_never_stopped(whole, killed, easy_store, parts):
    resumed = fit(RECIPE, easy_store, parts["train"], parts["validation"], killed, quiet=True)
    for one, other in zip(whole[0].model.get_weights(), resumed.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert resumed.history == whole[0].history
    assert killed.history.read_text() == whole[1].history.read_text()


def test_only_the_epoch_that_was_cut_is_trained_again(killed, easy_store, parts, monkeypatch):
    assert [path.name for path in killed.checkpoint.iterdir()] == ["epoch-0003"]
    with killed.history.open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2", "3"]
    starts = []
    plain_fit = keras.Model.fit
    monkeypatch.setattr(
        keras.Model, "fit", lambda *a, **options: starts.append(options["initial_epoch"]) or plain_fit(*a, **options)
    )
    fit(RECIPE, easy_store, parts["train"], parts["validation"], killed, quiet=True)
    assert starts == [3]


def test_kill_after_the_last_epoch_trains_nothing_again(whole, easy_store, parts, tmp_path, monkeypatch):
    run = Run(tmp_path / "copy")
    shutil.copytree(whole[1].folder, run.folder)
    run.model.unlink()
    monkeypatch.setattr(keras.Model, "fit", None)
    again = fit(RECIPE, easy_store, parts["train"], parts["validation"], run, quiet=True)
    for one, other in zip(whole[0].model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert again.history == whole[0].history
    assert run.model.exists()


def test_checkpoint_that_was_being_written_is_passed_over(killed, easy_store, parts):
    (killed.checkpoint / "tmp-epoch-0004").mkdir()
    (killed.checkpoint / "tmp-epoch-0004" / "arrays.npz").write_bytes(b"half")
    resumed = fit(RECIPE, easy_store, parts["train"], parts["validation"], killed, quiet=True)
    assert len(resumed.history["loss"]) == RECIPE.epochs
    assert [path.name for path in killed.checkpoint.iterdir()] == ["epoch-0007"]


@pytest.mark.parametrize("change", [{"seed": 2}, {"learning_rate": 0.01}, {"precision": "bfloat16"}])
def test_training_by_another_recipe_is_not_gone_on_with(change, killed, easy_store, parts):
    other = dataclasses.replace(RECIPE, **change)
    with pytest.raises(RunInvalid, match="another recipe"):
        fit(other, easy_store, parts["train"], parts["validation"], killed, quiet=True)


def test_training_on_other_photos_is_not_gone_on_with(killed, easy_store, parts):
    with pytest.raises(RunInvalid, match="other photos"):
        fit(RECIPE, easy_store, parts["train"][:-1], parts["validation"], killed, quiet=True)


def test_complete_run_keeps_no_checkpoint(whole, tmp_path):
    run = Run(tmp_path / "copy")
    shutil.copytree(whole[1].folder, run.folder)
    forget_checkpoint(run)
    assert not run.checkpoint.exists()
    assert run.model.exists()
