"""The reference distribution of a version, written and read."""

import dataclasses
import json

import pytest

from serving.contract.errors import ContractInvalid
from serving.contract.profile import Histogram, Profile, Reliability, count_values

PROFILE = Profile(
    model_version=3,
    created="2026-01-01T00:00:00+00:00",
    split="test",
    n_images=4,
    n_subjects=2,
    temperature=1.5,
    thresholds_ppm=(300_000, 600_000),
    preprocessing_version="crop-1",
    score=count_values(
        [0, 300_000, 300_001, 999_999], tuple(float(edge) for edge in range(100_000, 1_000_000, 100_000))
    ),
    bands={"none": 2, "mild": 1, "high": 1},
    image_stats={"luminance": Histogram((100.0, 120.0), (1, 2, 1))},
    reliability=Reliability((0.2, 0.8), (0.0, 1.0), (2, 2)),
    brier=0.1,
    ece=0.05,
    prevalence=0.5,
    limits=("Drawn faces.",),
)


def test_profile_survives_being_written_and_read():
    assert Profile.from_json(PROFILE.to_json()) == PROFILE


def test_band_edges_are_bin_edges_and_belong_to_the_milder_bin():
    assert PROFILE.score.counts == (1, 0, 1, 1, 0, 0, 0, 0, 0, 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bands": {"none": 2}}, "counts of bands do not add up to 4"),
        ({"n_images": 5}, "do not add up to 5 photos"),
        ({"score": {"edges": [2.0, 1.0], "counts": [1, 1, 2]}}, "edges of score must rise"),
        ({"score": {"edges": [1.0], "counts": [1, 1, 2]}}, "edges of score must rise"),
        ({"brier": "low"}, "brier is 'low'"),
        ({"image_stats": {"luminance": {"edges": [1.0], "bins": [4]}}}, "cannot be read"),
        ({"surprise": 1}, "cannot be read"),
        ({"schema": "symmetra.profile/9"}, "not of schema"),
    ],
)
def test_profile_that_cannot_be_trusted_is_refused(change, said):
    with pytest.raises(ContractInvalid, match=said):
        Profile.from_json(json.dumps(dataclasses.asdict(PROFILE) | change))
