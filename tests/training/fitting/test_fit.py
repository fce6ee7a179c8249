"""Training for real, on pictures that are learned at once, with a network of 40 weights."""

import csv
import json
from itertools import pairwise

import keras
import numpy as np
import pytest

from tests.support.keras_warnings import KERAS_COPIES
from training.errors import FitFailed
from training.evaluation.scoring import score
from training.fitting.callbacks import TimeBudget
from training.fitting.fit import fit
from training.fitting.pipeline import evaluation_batches, training_batches
from training.fitting.ranges import Augmentation
from training.fitting.recipe import Recipe, class_weights
from training.fitting.schedules import CosineSchedule
from training.runs import Run

pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings(KERAS_COPIES)]


@pytest.fixture(scope="module")
def fitted(easy_store, parts, tmp_path_factory):
    run = Run(tmp_path_factory.mktemp("run"))
    recipe = Recipe(architecture="small", epochs=4, batch_size=16, learning_rate=0.05, warm_up_epochs=0.0)
    return fit(recipe, easy_store, parts["train"], parts["validation"], run, quiet=True), run


def test_undepressed_photos_get_the_higher_probability(fitted, easy_store, parts):
    model = fitted[0].model
    p = score(model, easy_store.read([photo.path for photo in parts["test"]]))
    depressed = np.array([photo.label == 1 for photo in parts["test"]])
    assert p[~depressed].min() > p[depressed].max()


def test_saved_model_is_plain_keras_with_the_returned_weights(fitted):
    model, run = fitted[0].model, fitted[1]
    loaded = keras.saving.load_model(run.model)
    assert {type(layer).__module__.split(".")[0] for layer in loaded.layers} == {"keras"}
    for theirs, ours in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(theirs, ours)


def test_history_has_one_line_per_epoch_and_the_best_weights_are_kept(fitted):
    result, run = fitted
    with run.history.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert [float(row["learning_rate"]) for row in rows] == pytest.approx([0.05] * 4)
    assert run.best.exists()
    assert len(result.history["val_loss"]) == 4
    assert result.photos_per_second > 0


def test_same_seed_gives_the_same_weights(fitted, easy_store, parts, tmp_path):
    again = fit(
        Recipe(architecture="small", epochs=4, batch_size=16, learning_rate=0.05, warm_up_epochs=0.0),
        easy_store,
        parts["train"],
        parts["validation"],
        Run(tmp_path),
        quiet=True,
    )
    for one, other in zip(fitted[0].model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert again.history == fitted[0].history


def test_used_up_time_budget_stops_cleanly_with_a_model(easy_store, parts, tmp_path):
    recipe = Recipe(architecture="small", epochs=50, minutes=0.001, batch_size=16)
    result = fit(recipe, easy_store, parts["train"], parts["validation"], Run(tmp_path), quiet=True)
    assert result.budget_used_up
    assert len(result.history["loss"]) == 1
    assert Run(tmp_path).model.exists()


class CutInASpoiltSecondEpoch(TimeBudget):
    """Uses the budget up in the second epoch, whose weights are the worst."""

    def on_epoch_begin(self, epoch, logs=None):
        del logs
        self.used_up = epoch == 1

    def on_train_batch_end(self, batch, logs=None):
        del batch, logs
        if self.used_up:
            head = self.model.layers[-1]
            kernel, bias = head.get_weights()
            head.set_weights([0.0 * kernel, 0.0 * bias + 9.0])
            self.model.stop_training = True


def test_run_cut_by_its_budget_has_the_weights_of_the_lower_validation_loss(easy_store, parts, tmp_path, monkeypatch):
    monkeypatch.setattr("training.fitting.fit.TimeBudget", CutInASpoiltSecondEpoch)
    recipe = Recipe(architecture="small", epochs=50, minutes=1.0, batch_size=16)
    result = fit(recipe, easy_store, parts["train"], parts["validation"], Run(tmp_path), quiet=True)
    first, second = result.history["val_loss"]
    assert result.budget_used_up
    assert first < second
    for model in (result.model, keras.saving.load_model(Run(tmp_path).model)):
        p = score(model, easy_store.read([photo.path for photo in parts["validation"]])).astype(float)
        undepressed = np.array([photo.label == 0 for photo in parts["validation"]])
        assert -np.log(np.where(undepressed, p, 1.0 - p)).mean() == pytest.approx(first, rel=1e-3)


def test_failed_training_leaves_no_weights_of_an_earlier_one(easy_store, parts, tmp_path):
    Run(tmp_path).best.write_bytes(b"of an earlier training")
    recipe = Recipe(architecture="small", epochs=2, batch_size=16, learning_rate=float("nan"))
    with pytest.raises(FitFailed):
        fit(recipe, easy_store, parts["train"], parts["validation"], Run(tmp_path), quiet=True)
    assert not Run(tmp_path).best.exists()


def test_loss_that_is_not_finite_fails_with_advice(easy_store, parts, tmp_path):
    recipe = Recipe(architecture="small", epochs=2, batch_size=16, learning_rate=float("nan"))
    with pytest.raises(FitFailed, match="lower --learning-rate"):
        fit(recipe, easy_store, parts["train"], parts["validation"], Run(tmp_path), quiet=True)


class ExplodesInTheThirdBatch(TimeBudget):
    """Sets a learning rate that throws the weights out of all bounds."""

    def on_train_batch_begin(self, batch, logs=None):
        del logs
        if batch == 2:
            self.model.optimizer.learning_rate = 1e38


def test_loss_that_explodes_ends_the_training_within_batches_and_keeps_nothing_of_it(
    easy_store, parts, tmp_path, monkeypatch
):
    monkeypatch.setattr("training.fitting.fit.TimeBudget", ExplodesInTheThirdBatch)
    recipe = Recipe(architecture="small", epochs=3, batch_size=8, warm_up_epochs=0.0)
    with pytest.raises(FitFailed, match=r"the loss became (nan|inf) in epoch 1, by batch [3-6] of 8; lower --learning"):
        fit(recipe, easy_store, parts["train"], parts["validation"], Run(tmp_path), quiet=True)
    assert list(tmp_path.iterdir()) == []


def test_cosine_schedule_rises_then_falls_to_a_hundredth_over_the_planned_batches(easy_store, parts, tmp_path):
    recipe = Recipe(architecture="small", epochs=5, batch_size=16, learning_rate=0.01, schedule="cosine")
    history = fit(recipe, easy_store, parts["train"], parts["validation"], Run(tmp_path), quiet=True).history
    rates = history["learning_rate"]
    assert rates[0] == max(rates)
    assert all(after < before for before, after in pairwise(rates))
    assert rates[-1] < 0.1 * recipe.learning_rate


def test_cosine_schedule_follows_the_clock_where_the_budget_is_shorter_than_the_plan():
    budget = TimeBudget(minutes=1e-9)
    budget.on_train_begin()
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.5))
    schedule = CosineSchedule(0.5, 10, 100, budget)
    schedule.set_model(model)
    schedule.on_train_batch_begin(0)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.005)


def test_class_weights_make_both_classes_weigh_the_same():
    weights = class_weights([0.0] * 30 + [1.0] * 10)
    assert weights[0] * 30 == pytest.approx(weights[1] * 10) == pytest.approx(20)


def test_evaluation_batches_are_the_crops_in_order_with_inverted_labels(easy_store, easy_photos):
    crops, targets = zip(*evaluation_batches(easy_store, easy_photos, batch_size=40).as_numpy_iterator(), strict=True)
    np.testing.assert_array_equal(np.concatenate(crops), easy_store.read([photo.path for photo in easy_photos]))
    assert np.concatenate(targets)[:, 0].tolist() == [1.0 - photo.label for photo in easy_photos]


def test_training_batches_hold_every_photo_once_in_a_new_order_each_epoch(easy_store, easy_photos):
    no_change = Augmentation(rotation_degrees=0.0, zoom_fraction=0.0, flip=False, brightness_fraction=0.0)
    epochs = []
    for epoch in range(2):
        batches = training_batches(
            easy_store, easy_photos, no_change, batch_size=32, seed=4, epochs=range(epoch, epoch + 1)
        )
        epochs.append([crop.tobytes() for crops, _ in batches.as_numpy_iterator() for crop in crops])
    original = [crop.tobytes() for crop in easy_store.read([photo.path for photo in easy_photos])]
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(original)
    assert epochs[0] != epochs[1]


def test_recipe_is_the_papers():
    recipe = Recipe()
    assert (recipe.architecture, recipe.epochs, recipe.learning_rate) == ("paper", 20, 1e-3)
    assert recipe.plateau_patience_epochs >= 5
    assert json.dumps(recipe.learning_rate_floor) == "1e-05"
