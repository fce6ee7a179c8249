import dataclasses
import itertools

import numpy as np
import pytest

from training.synthetic import label_model
from training.synthetic.label_model import Cues, SubjectLatent, cue_values, sample_cues, sample_latent


def test_the_best_possible_accuracy_lies_in_the_agreed_range():
    assert 0.85 <= label_model.bayes_accuracy(photos=5000) <= 0.92


def test_the_posterior_is_calibrated_on_labels_it_has_not_seen():
    rng = np.random.default_rng(4)
    latents = [sample_latent(rng) for _ in range(6000)]
    posterior = label_model.label_posterior(np.array([cue_values(sample_cues(latent, rng)) for latent in latents]))
    labels = np.array([latent.label for latent in latents])
    for low, high in ((0.0, 0.1), (0.1, 0.4), (0.4, 0.6), (0.6, 0.9), (0.9, 1.0)):
        inside = (posterior >= low) & (posterior < high)
        standard_error = np.sqrt(0.25 / inside.sum())
        assert abs(labels[inside].mean() - posterior[inside].mean()) < 4 * standard_error
    # The accuracy reached on real draws is the one that is promised.
    reached = ((posterior > 0.5) == labels).mean()
    assert abs(reached - label_model.bayes_accuracy(photos=5000)) < 0.02


def test_the_posterior_does_not_depend_on_which_side_is_weaker():
    rng = np.random.default_rng(8)
    cues = np.array([cue_values(sample_cues(sample_latent(rng), rng)) for _ in range(50)])
    swapped = cues.reshape(-1, 4, 2)[:, :, ::-1].reshape(-1, 8)
    assert label_model.label_posterior(cues) == pytest.approx(label_model.label_posterior(swapped), abs=1e-9)


def test_no_droop_exceeds_the_limit_even_at_the_highest_severity():
    rng = np.random.default_rng(1)
    worst = SubjectLatent(severity=1.0, label=1, weaker_side=1, habits=(3.0, 3.0, 3.0, 3.0))
    droops = np.array([cue_values(sample_cues(worst, rng))[:6] for _ in range(2000)])
    assert droops.max() <= label_model.LARGEST_DROOP == 0.06
    assert droops.max() > 0.055
    assert droops.min() >= 0.0


def test_about_as_many_are_depressed_as_in_the_papers_test_split():
    assert label_model.prevalence() == pytest.approx(1080 / 2111, abs=0.005)
    rng = np.random.default_rng(2)
    share = np.mean([sample_latent(rng).label for _ in range(4000)])
    assert share == pytest.approx(label_model.prevalence(), abs=0.03)


def test_severity_lowers_every_feature_on_average_and_more_on_the_weaker_side():
    rng = np.random.default_rng(3)

    def mean_of(severity: float) -> np.ndarray:
        latent = SubjectLatent(severity, 0, 1, (0.0, 0.0, 0.0, 0.0))
        return np.mean([cue_values(sample_cues(latent, rng)) for _ in range(200)], axis=0)

    means = [mean_of(severity) for severity in (0.0, 0.5, 1.0)]
    for lower, higher in itertools.pairwise(means):
        both_sides = (higher - lower).reshape(4, 2).mean(axis=1)
        assert (both_sides > 0).all()
    left, right = means[-1].reshape(4, 2).T
    assert (right > left).all()


def test_the_cues_are_the_fields_of_the_record_in_order():
    values = [0.01 * index for index in range(8)]
    assert cue_values(Cues(*values)) == values == list(dataclasses.astuple(Cues(*values)))
