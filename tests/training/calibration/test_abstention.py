import dataclasses
import json

import numpy as np
import pytest

from serving.contract.policy import Abstention, QualityLimit
from serving.contract.severity import PAPER_THRESHOLDS as PAPER
from tests.support.training_answers import jittered_answers
from training.calibration.abstention import MILD_COVERAGE, choose_abstention, describe_abstention
from training.errors import CalibrationImpossible
from training.evaluation.answers import Answers
from training.evaluation.band_rule import bands_of
from training.evaluation.instability import abstains, band_changes, instability_ppm


def spread_answers(p, spread):
    """Photos whose two jittered copies lie `spread` apart, around p."""
    p, spread = np.asarray(p, np.float64), np.asarray(spread, np.float64)
    copies = np.stack([p - spread / 2, p + spread / 2], axis=1)
    subjects = tuple(str(number) for number in range(len(p)))
    return Answers(p < 0.5, subjects, p.astype(np.float32), p.astype(np.float32), p_jittered=copies)


def mild_share(answers, kept):
    return (bands_of(answers.p)[kept] == 1).mean()


def test_equal_p_and_different_unrest_are_told_apart():
    answers = spread_answers([0.5, 0.5, 0.9, 0.9], [0.02, 0.2, 0.02, 0.2])
    assert abstains(answers, Abstention(100_000, 0.9, 0.9)).tolist() == [False, True, False, True]


def test_equal_unrest_is_decided_alike_whatever_p_is():
    levels = np.linspace(0.06, 0.94, 45)
    for spread, declined in ((0.08, False), (0.12, True)):
        found = abstains(spread_answers(levels, np.full(45, spread)), Abstention(100_000, 0.9, 0.9))
        assert set(found.tolist()) == {declined}


def test_the_chosen_limit_does_not_know_which_photo_has_which_p():
    spread = np.random.default_rng(0).uniform(0.0, 0.1, 200)
    p = np.linspace(0.1, 0.9, 200)
    one, reversed_p = (choose_abstention(spread_answers(ps, spread), 0.9, 0.0) for ps in (p, p[::-1]))
    assert one.instability_max_ppm == pytest.approx(reversed_p.instability_max_ppm, abs=2)


@pytest.mark.parametrize("coverage", [0.6, 0.9, 0.95, 1.0])
def test_at_least_the_stated_share_keeps_its_band_and_hardly_more(coverage):
    answers = jittered_answers(2.0, photos=1000)
    chosen = choose_abstention(answers, coverage, mild_coverage=0.0)
    kept = 1.0 - abstains(answers, chosen).mean()
    assert chosen.measured_coverage == kept
    assert coverage <= kept <= coverage + 0.002
    assert chosen.stated_coverage == coverage


def test_the_mild_band_does_not_vanish():
    answers = jittered_answers(2.0, photos=2000)
    kept = ~abstains(answers, choose_abstention(answers, 0.9))
    before, after = mild_share(answers, slice(None)), mild_share(answers, kept)
    assert before > 0.2
    assert after > 0.8 * before
    # What the rule must not be: declining the tenth with the lowest max(p, 1 - p).
    confidence = np.maximum(answers.p, 1 - answers.p)
    assert mild_share(answers, confidence > np.quantile(confidence, 0.1)) < after - 0.03


def test_where_only_mild_photos_are_restless_the_limit_is_raised_until_most_of_them_keep_their_band():
    p = np.concatenate([np.linspace(0.41, 0.69, 100), np.full(900, 0.95)])
    spread = np.concatenate([np.linspace(0.05, 0.3, 100), np.zeros(900)])
    answers = spread_answers(p, spread)
    mild = slice(0, 100)
    unguarded = abstains(answers, choose_abstention(answers, 0.9, mild_coverage=0.0))
    assert unguarded[mild].mean() > 0.9
    guarded = choose_abstention(answers, 0.9)
    assert 1 - abstains(answers, guarded)[mild].mean() == pytest.approx(MILD_COVERAGE, abs=0.011)
    assert guarded.measured_coverage == pytest.approx(0.975, abs=0.0011)


def test_odd_quality_declines_and_more_sharpness_or_contrast_does_not():
    answers = jittered_answers(2.0, photos=800)
    quality = {name: np.array(values) for name, values in answers.quality.items()}
    quality["sharpness"][:3], quality["contrast"][3], quality["sharpness"][4] = 0.1, 0.1, 1e6
    quality["luminance"][5], quality["luminance"][6] = 0.1, 250.0
    answers = dataclasses.replace(answers, quality=quality, p_jittered=np.repeat(answers.p[:, None], 2, axis=1))
    chosen = choose_abstention(answers, 0.9)
    declined = abstains(answers, chosen)
    assert declined[[0, 1, 2, 3, 5, 6]].all()
    assert not declined[4]
    assert 0 < declined.mean() <= 0.1 * 0.25 + 1e-9
    assert chosen.quality["sharpness"].max is None


def test_few_photos_do_not_show_what_quality_is_odd():
    assert choose_abstention(jittered_answers(2.0, photos=100), 0.9).quality == {}
    assert set(choose_abstention(jittered_answers(2.0, photos=400), 0.9).quality) == {
        "luminance",
        "contrast",
        "sharpness",
    }


def test_new_photos_keep_their_band_as_often_as_was_stated_even_when_few_chose_the_limits():
    # Forty photos each choose, two thousand others judge; without the extra photo the mean would be 0.02 lower.
    others = jittered_answers(2.0, photos=2000, seed=99)
    kept = [
        1.0 - abstains(others, choose_abstention(jittered_answers(2.0, 40, seed), 0.9, 0.0)).mean()
        for seed in range(60)
    ]
    assert np.mean(kept) == pytest.approx(0.91, abs=0.015)


def test_jittered_copies_that_change_the_band_are_seen():
    answers = spread_answers([0.69, 0.5], [0.04, 0.04])
    assert instability_ppm(answers.p, answers.p_jittered).tolist() == pytest.approx([40_000, 40_000], abs=1)
    assert band_changes(answers.p, answers.p_jittered, thresholds=PAPER).tolist() == [True, False]


def test_description_is_json_with_the_policy_the_curve_and_the_share_of_mild_before_and_after():
    answers = jittered_answers(2.0, photos=600)
    chosen = choose_abstention(answers)
    found = describe_abstention(answers, chosen)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert Abstention.from_dict(found["policy"]) == chosen
    assert found["coverage"]["value"] == pytest.approx(chosen.measured_coverage)
    assert found["mild_share_before"]["value"] == pytest.approx(mild_share(answers, slice(None)))
    assert found["mild_share_after"]["value"] == pytest.approx(mild_share(answers, ~abstains(answers, chosen)))
    limits = [point["instability_max_ppm"] for point in found["curve"]]
    assert limits == sorted(limits, reverse=True)
    assert sum(row["photos"] for row in found["by_band"].values()) == 600
    assert sum(row["abstained"] for row in found["by_band"].values()) == found["abstained"]


def test_choice_without_jittered_copies_or_with_an_impossible_share_is_refused():
    answers = jittered_answers(2.0)
    with pytest.raises(CalibrationImpossible, match="jittered"):
        choose_abstention(dataclasses.replace(answers, p_jittered=None))
    with pytest.raises(CalibrationImpossible, match="jittered"):
        abstains(dataclasses.replace(answers, p_jittered=None), Abstention(1, 0.9, 0.9))
    with pytest.raises(CalibrationImpossible, match="not measured"):
        abstains(answers, Abstention(1, 0.9, 0.9, quality={"turn": QualityLimit(max=0.3)}))
    for coverage in (0.0, 1.1):
        with pytest.raises(CalibrationImpossible, match="share"):
            choose_abstention(answers, coverage)
