"""The profile of a version holds what its held-out answers were, and how they would have to be bent to be calibrated."""

import numpy as np
import pytest

from serving.contract.model import Evidence, ModelContract
from serving.contract.profile import Profile
from training.export.profile import make_profile

CONTRACT = ModelContract(1, "twin", Evidence.DEMO, "none", (), "0", "0", "2026-11-22T00:00:00Z")
COUNT = 20_000


@pytest.fixture(scope="module")
def logits():
    return np.random.default_rng(4).normal(0.0, 2.0, COUNT)


def profile_of(logits, stated):
    """Labels drawn by `logits`, answers of the logits `stated`."""
    depressed = np.random.default_rng(5).random(COUNT) > 1 / (1 + np.exp(-logits))
    p = (1 / (1 + np.exp(-stated))).astype(np.float32)
    return make_profile(CONTRACT, [str(n) for n in range(COUNT)], depressed.astype(int), p, {})


def test_calibrated_answers_need_no_bending(logits):
    profile = profile_of(logits, logits)
    assert profile.slope == pytest.approx(1.0, abs=0.05)
    assert profile.intercept == pytest.approx(0.0, abs=0.05)
    assert profile.ece < 0.02
    assert Profile.from_json(profile.to_json()) == profile


def test_answers_that_are_too_sure_and_shifted_say_by_how_much(logits):
    profile = profile_of(logits, 2.0 * logits + 1.0)
    assert profile.slope == pytest.approx(0.5, abs=0.05)
    assert profile.intercept == pytest.approx(-0.5, abs=0.05)


def test_one_label_alone_has_no_line():
    p = np.linspace(0.6, 0.9, 50, dtype=np.float32)
    profile = make_profile(CONTRACT, ["a"] * 50, np.zeros(50, int), p, {})
    assert profile.slope is None
    assert profile.intercept is None
