"""Trained on a Keras backend, taken over by `fit`. Here the backend is TensorFlow; `tests/training/other_backend.py` has others."""

import ast
import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.support.keras_warnings import KERAS_COPIES
from training.elsewhere.fit import fit_elsewhere
from training.errors import ExperimentInvalid, RunInvalid
from training.evaluation.scoring import score
from training.fitting.recipe import Recipe
from training.fitting.take_over import take_over
from training.runs import Run

pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings(KERAS_COPIES)]
ROOT = Path(__file__).resolve().parents[3]
RECIPE = Recipe(architecture="small", epochs=6, batch_size=16, learning_rate=0.05, warm_up_epochs=0.0)


def train(store, parts, folder, recipe=RECIPE):
    run = Run(folder)
    return fit_elsewhere(recipe, store, parts["train"], parts["validation"], run, quiet=True), run


def take(store, parts, run, recipe=RECIPE):
    return take_over(recipe, store, parts["train"], parts["validation"], run, crop="aligned")


@pytest.fixture(scope="module")
def trained(easy_store, parts, tmp_path_factory):
    return train(easy_store, parts, tmp_path_factory.mktemp("run"))


def test_undepressed_photos_get_the_higher_probability(trained, easy_store, parts):
    fitted = take(easy_store, parts, trained[1])
    p = score(fitted.model, easy_store.read([photo.path for photo in parts["test"]]))
    depressed = np.array([photo.label == 1 for photo in parts["test"]])
    assert p[~depressed].min() > p[depressed].max()
    assert trained[1].model.exists()
    assert fitted.history == trained[0].history
    assert len(fitted.history["val_loss"]) == RECIPE.epochs
    lines = trained[1].history.read_text().splitlines()
    assert lines[0].split(",") == ["epoch", *fitted.history]
    assert [line.split(",")[0] for line in lines[1:]] == ["1", "2", "3", "4", "5", "6"]


def test_nothing_but_the_weights_and_their_description_stays(trained):
    assert sorted(path.name for path in trained[1].elsewhere.iterdir()) == ["best.weights.h5", "fitted.json"]


def test_the_same_seed_gives_the_same_training(trained, easy_store, parts, tmp_path):
    again, _ = train(easy_store, parts, tmp_path)
    assert again.history == trained[0].history


def test_a_run_without_it_is_trained_here(easy_store, parts, tmp_path):
    assert take(easy_store, parts, Run(tmp_path)) is None


@pytest.mark.parametrize("change", [{"seed": 2}, {"epochs": 7}, {"precision": "bfloat16"}])
def test_another_recipe_is_not_taken_over(trained, easy_store, parts, change):
    with pytest.raises(RunInvalid, match="another recipe"):
        take(easy_store, parts, trained[1], dataclasses.replace(RECIPE, **change))


def test_other_photos_are_not_taken_over(trained, easy_store, parts):
    fewer = parts | {"train": parts["train"][:-1]}
    with pytest.raises(RunInvalid, match="other photos"):
        take(easy_store, fewer, trained[1])


def test_weights_that_were_changed_are_named(trained, easy_store, parts, tmp_path):
    run = Run(tmp_path)
    run.elsewhere.mkdir()
    run.elsewhere_description.write_bytes(trained[1].elsewhere_description.read_bytes())
    run.elsewhere_weights.write_bytes(trained[1].elsewhere_weights.read_bytes()[:-1])
    with pytest.raises(RunInvalid, match="copy both again"):
        take(easy_store, parts, run)
    run.elsewhere_weights.unlink()
    with pytest.raises(RunInvalid, match="cannot be read"):
        take(easy_store, parts, run)


def test_frozen_layers_are_refused(easy_store, parts, tmp_path):
    with pytest.raises(ExperimentInvalid, match="frozen_layers"):
        train(easy_store, parts, tmp_path, dataclasses.replace(RECIPE, frozen_layers=("conv",)))


def test_the_command_imports_no_tensorflow():
    """Read, not run: Keras itself imports TensorFlow where that is its backend, as it is here."""
    seen, left = set(), ["training.commands.fit_elsewhere"]
    while left:
        name = left.pop()
        module = ROOT / name.replace(".", "/")
        path = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
        if name in seen or not path.exists():
            continue
        seen.add(name)
        for node in ast.parse(path.read_text()).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            assert not {found.split(".")[0] for found in names} & {"tensorflow", "matplotlib", "sklearn"}, name
            left += names
    assert {"training.fitting.networks", "training.data.shards", "serving.contract.photo"} <= seen
