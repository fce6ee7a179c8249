"""How often a version gets through that is worse than is allowed: no oftener for many rules than for one (Berger, 1982)."""

import dataclasses

import numpy as np

from serving.contract.model import Evidence, ModelContract
from training.approval.change_policy import read_change_policy
from training.approval.comparison import Comparison, Group
from training.approval.figures import CANDIDATE, CHAMPION, FIGURES, GAIN
from training.approval.rules import Sides, failed, judge
from training.evaluation.bootstrap import Estimate

POLICY = read_change_policy()
CONTRACT = ModelContract(
    version=1,
    architecture="twin",
    evidence=Evidence.RESEARCH,
    training_data="none",
    limits=(),
    tensorflow_version="0",
    keras_version="0",
    created="2026-11-22T00:00:00Z",
)
SIDES = Sides(dataclasses.replace(CONTRACT, version=2), CONTRACT, thresholds_changed=False, baseline_gains={})
OF_ALL, OF_GROUP = 0.005, 0.02
"""Standard errors: what figures near 0.9 of 6,000 photos, and of the 500 of a group, roughly have."""
TRIES = 1_500
WRONG_MOST = 0.025 + 3 * np.sqrt(0.025 * 0.975 / TRIES)
"""One tail of a 95 % interval, and three standard errors of counting so many tries."""
GROUPS = [f"group{number}" for number in range(12)]


def estimate(value, error):
    ends = (value - 1.96 * error, value + 1.96 * error)
    return Estimate(*(np.asarray(one) for one in (value, *ends, value, error)))


def measured(rng, error, true_gains):
    good = dict.fromkeys(FIGURES, 0.95) | {"brier": 0.05, "ece": 0.01}
    gains = {name: estimate(rng.normal(true_gains.get(name, 0.0), error), error) for name in FIGURES}
    sides = {side: {name: estimate(value, error) for name, value in good.items()} for side in (CANDIDATE, CHAMPION)}
    return {**sides, GAIN: gains}


def share_approved(worse_by, seed=1):
    """Of candidates as good as the champion, but worse by so much in the accuracy of one group."""
    rng, passed = np.random.default_rng(seed), 0
    for _ in range(TRIES):
        groups = [
            Group("site", name, 500, 250, measured(rng, OF_GROUP, {"accuracy": -worse_by} if name == GROUPS[0] else {}))
            for name in GROUPS
        ]
        comparison = Comparison(
            photos=6_000,
            subjects=3_000,
            depressed_share=0.5,
            figures=measured(rng, OF_ALL, {}),
            groups=tuple(groups),
            share_changed=0.0,
            share_over_two=0.0,
            gain_over_prevalence=estimate(0.4, OF_ALL),
            calibrated_ece=0.01,
        )
        passed += not failed(judge(comparison, SIDES, POLICY))
    return passed / TRIES


def test_a_version_at_the_edge_of_what_is_allowed_in_one_of_many_groups_hardly_ever_passes():
    assert share_approved(POLICY.allowed_loss_in_subgroup["accuracy"]) < WRONG_MOST


def test_one_that_is_as_good_everywhere_passes_where_the_photos_suffice():
    assert share_approved(0.0) > 0.95
