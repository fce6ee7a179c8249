import math

import numpy as np
import pytest

from training.evaluation.bootstrap import RESAMPLES, bootstrap, resample_subjects
from training.evaluation.rates import rate_statistic


def mean_of(values):
    values = np.asarray(values, float)
    return lambda weights: {"mean": weights @ values / weights.sum(axis=1)}


def interval(subjects, statistic, **options):
    found = bootstrap(subjects, {"one": statistic}, **options)["one"]["mean"]
    return float(found.low), float(found.high)


def names(count):
    return [str(number) for number in range(count)]


def test_every_resample_counts_whole_subjects_and_as_many_of_them_as_there_are():
    subjects = ["a", "a", "b", "c", "c", "c"]
    weights = np.concatenate(list(resample_subjects(subjects, 50)))
    assert weights.shape == (50, 6)
    np.testing.assert_array_equal(weights[:, 0], weights[:, 1])
    np.testing.assert_array_equal(weights[:, [0, 2, 3]].sum(axis=1), 3)
    assert len({tuple(row) for row in weights[:, [0, 2, 3]].tolist()}) > 5


def test_resamples_do_not_depend_on_how_many_fit_into_memory_at_a_time(monkeypatch):
    subjects = names(40)
    whole = np.concatenate(list(resample_subjects(subjects, 30)))
    monkeypatch.setattr("training.evaluation.bootstrap.CHUNK_NUMBERS", 100)
    pieces = list(resample_subjects(subjects, 30))
    assert len(pieces) > 10
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


def test_copies_of_a_photo_do_not_narrow_the_interval():
    rng = np.random.default_rng(1)
    depressed = rng.random(80) < 0.5
    p = np.where(rng.random(80) < 0.8, 1.0 - depressed, depressed).astype(float)

    def accuracy(subjects, copies):
        statistic = rate_statistic(np.repeat(depressed, copies), np.repeat(p, copies))
        found = bootstrap(subjects, {"": statistic})[""]["accuracy"]
        return float(found.low), float(found.high)

    once = accuracy(names(80), 1)
    assert accuracy(np.repeat(names(80), 5), 5) == pytest.approx(once)
    low, high = accuracy(names(400), 5)
    assert high - low < 0.6 * (once[1] - once[0])


def test_interval_of_a_share_is_near_the_normal_one_for_independent_photos():
    values = np.arange(1000) % 10 != 0
    half = 1.96 * math.sqrt(0.9 * 0.1 / 1000)
    assert interval(names(1000), mean_of(values)) == pytest.approx((0.9 - half, 0.9 + half), abs=0.004)


def test_interval_holds_the_truth_about_as_often_as_it_says():
    # 200 studies of 60 people with 3 equal photos each: intervals of subjects cover, those of photos would not.
    rng = np.random.default_rng(5)
    subjects, copied = np.repeat(names(60), 3), names(180)
    covered = {"subjects": 0, "photos": 0}
    for study in range(200):
        values = np.repeat(rng.normal(size=60), 3)
        for kind, owners in (("subjects", subjects), ("photos", copied)):
            low, high = interval(owners, mean_of(values), resamples=200, seed=study)
            covered[kind] += low <= 0.0 <= high
    assert 180 <= covered["subjects"] <= 199
    assert covered["photos"] < 165


def test_standard_error_of_a_mean_is_the_textbooks():
    values = np.random.default_rng(2).normal(size=400)
    found = bootstrap(names(400), {"": mean_of(values)})[""]["mean"]
    assert float(found.standard_error) == pytest.approx(values.std() / 20, rel=0.08)
    assert float(found.mean) == pytest.approx(values.mean(), abs=0.01)


def test_equal_seeds_give_equal_intervals_and_others_do_not():
    values = np.random.default_rng(3).normal(size=50)
    one, same, other = (interval(names(50), mean_of(values), seed=seed) for seed in (0, 0, 1))
    assert one == same != other


def test_figure_that_is_undefined_in_some_resamples_has_the_interval_of_the_others():
    # The precision is undefined where the only photo called depressed is not drawn.
    found = bootstrap(names(3), {"": rate_statistic([1, 0, 0], [0.1, 0.9, 0.9])})[""]["precision"]
    assert found.figure() == {"value": 1.0, "interval_95": [1.0, 1.0]}
    never = bootstrap(names(2), {"": rate_statistic([1, 0], [0.9, 0.9])})[""]["precision"]
    assert never.figure() == {"value": None, "interval_95": [None, None]}


def test_figures_may_be_arrays_and_all_statistics_share_their_resamples():
    values = np.arange(12.0)
    both = bootstrap(
        names(12), {"one": mean_of(values), "many": lambda w: {"all": np.stack([w @ values, w @ values], axis=1)}}
    )
    assert both["many"]["all"].value.shape == (2,)
    assert both["many"]["all"].interval(0) == both["many"]["all"].interval(1)
    assert both["many"]["all"].low[0] / 12 == pytest.approx(float(both["one"]["mean"].low))
    assert RESAMPLES == 2_000
