"""Experiment files: what they may say, and what is said of a mistake in them."""

import dataclasses

import pytest

from training.architectures import ARCHITECTURES
from training.errors import ExperimentInvalid
from training.fitting.experiment import experiment_names, load_experiment
from training.fitting.ranges import Augmentation
from training.fitting.recipe import Recipe


def test_each_real_architecture_has_its_experiment():
    assert set(experiment_names()) == {"paper", "twin"} == set(ARCHITECTURES) - {"small"}


def test_papers_experiment_is_the_papers_recipe():
    recipe = load_experiment("paper")
    assert (recipe.architecture, recipe.epochs, recipe.learning_rate, recipe.schedule) == ("paper", 20, 1e-3, "plateau")
    assert recipe.augmentation.flip
    assert 0 < recipe.augmentation.rotation_degrees <= 10
    assert recipe.precision == "float32"


def test_twin_differs_from_the_papers_network_in_its_learning_rates_only():
    same_rates = dataclasses.replace(load_experiment("twin"), architecture="paper", schedule="plateau")
    assert same_rates == load_experiment("paper")


def test_file_of_ones_own_overrides_what_it_names_and_keeps_the_rest(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'architecture = "twin"\nlearning_rate = 1\nfrozen_layers = ["trunk"]\n[augmentation]\nflip = false\n'
    )
    assert load_experiment(str(path)) == Recipe(
        architecture="twin", learning_rate=1, frozen_layers=("trunk",), augmentation=Augmentation(flip=False)
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('architecture = "twin"\nlearning_rte = 1.0', "'learning_rte' is no setting"),
        ('architecture = "twin"\nepochs = true', "epochs = True is not of type int"),
        ('architecture = "twin"\nepochs = 2.5', "epochs = 2.5 is not of type int"),
        ('architecture = "twin"\nprecision = "int8"', "precision = 'int8'"),
        ('architecture = "twin"\nfrozen_layers = "trunk"', "frozen_layers = 'trunk'"),
        ('architecture = "twin"\naugmentation = 3', "[augmentation] must be a table"),
        ('architecture = "twin"\n[augmentation]\nshear = 1', "'shear' is no setting"),
        ("epochs = 3", "names no architecture"),
        ("architecture", "is not TOML"),
    ],
)
def test_mistake_in_a_file_is_named(text, said, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ExperimentInvalid) as refused:
        load_experiment(str(path))
    assert said in str(refused.value)
    assert "mine.toml" in str(refused.value)


def test_unknown_experiment_names_the_known_ones():
    with pytest.raises(ExperimentInvalid, match="paper, twin"):
        load_experiment("papr")
