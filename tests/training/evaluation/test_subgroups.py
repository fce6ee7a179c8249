import dataclasses

import numpy as np
import pytest

from tests.support.training_answers import noisy_answers
from training.evaluation.band_rule import bands_of
from training.evaluation.ranking import auroc
from training.evaluation.subgroups import MEASURED, MINIMUM_PHOTOS, measure_subgroups

PHOTOS = 600


def grouped(**columns):
    return dataclasses.replace(noisy_answers(2.0, PHOTOS), groups=columns)


def measured(answers, column):
    found = measure_subgroups(answers, bands_of(answers.p))["columns"][column]
    return {row["group"]: row for row in found["groups"]}, found["sensitivity_gap"]


def unnamed(answers, column):
    return measure_subgroups(answers, bands_of(answers.p))["columns"][column]["unnamed"]


def test_figures_of_a_group_are_those_of_its_photos_alone():
    sex = tuple(("female", "male")[number // 4 % 2] for number in range(PHOTOS))
    answers = grouped(sex=sex)
    rows, gap = measured(answers, "sex")
    sensitivities = []
    for name, row in rows.items():
        own = np.array(sex) == name
        depressed, p = answers.depressed[own], answers.p[own]
        assert (row["verdict"], row["photos"], row["subjects"]) == (MEASURED, 300, 150)
        sensitivities.append((p[depressed] < 0.5).mean())
        assert row["figures"]["sensitivity"]["value"] == pytest.approx(sensitivities[-1])
        assert row["figures"]["auroc"]["value"] == pytest.approx(auroc(depressed, 1 - p))
        shares = [figure["value"] for figure in row["figures"]["bands"].values()]
        assert shares == pytest.approx([(bands_of(p) == band).mean() for band in range(3)])
        low, high = row["figures"]["sensitivity"]["interval_95"]
        assert low < sensitivities[-1] < high
    assert gap["value"] == pytest.approx(abs(sensitivities[0] - sensitivities[1]))
    assert gap["interval_95"][0] >= 0.0


def test_group_with_too_few_photos_or_subjects_of_a_label_gets_no_number():
    few_photos = ["large"] * PHOTOS
    few_photos[: MINIMUM_PHOTOS - 2] = ["small"] * (MINIMUM_PHOTOS - 2)
    answers = grouped(site=tuple(few_photos))
    rows, gap = measured(answers, "site")
    assert {name: row["verdict"] for name, row in rows.items()} == {"large": MEASURED}
    assert unnamed(answers, "site") == {"groups": 1, "photos": MINIMUM_PHOTOS - 2}
    assert gap is None  # one group measured: nothing to compare
    few_people = tuple("crowd" if number < 200 else "other" for number in range(PHOTOS))
    subjects = tuple(f"s{number // 12}" if number < 200 else name for number, name in enumerate(answers.subjects))
    crowded = dataclasses.replace(answers, subjects=subjects, groups={"device": few_people})
    assert set(measured(crowded, "device")[0]) == {"other"}
    assert unnamed(crowded, "device") == {"groups": 1, "photos": 200}


def test_group_of_one_label_is_insufficient():
    labels = tuple("depressed site" if truth else "other site" for truth in noisy_answers(2.0, PHOTOS).depressed)
    rows, _ = measured(grouped(site=labels), "site")
    assert rows == {}
    assert unnamed(grouped(site=labels), "site") == {"groups": 2, "photos": PHOTOS}


def test_folders_named_after_people_are_counted_and_nowhere_named():
    answers = grouped(source=tuple(f"Ann Example {subject}" for subject in noisy_answers(2.0, PHOTOS).subjects))
    assert "Ann Example" not in str(measure_subgroups(answers, bands_of(answers.p)))


def test_columns_without_a_word_are_left_out_and_photos_without_one_are_a_group_of_their_own():
    answers = grouped(sex=("",) * PHOTOS, site=tuple("A" if number < 300 else "" for number in range(PHOTOS)))
    found = measure_subgroups(answers, bands_of(answers.p))
    assert set(found["columns"]) == {"site"}
    assert {row["group"] for row in found["columns"]["site"]["groups"]} == {"A", "not stated"}


def test_a_group_that_the_model_fails_shows_in_the_gap():
    answers = grouped(site=tuple("failed" if number % 8 < 4 else "fine" for number in range(PHOTOS)))
    rng = np.random.default_rng(0)
    p = np.where(np.arange(PHOTOS) % 8 < 4, rng.random(PHOTOS), answers.p).astype(np.float32)
    failed = dataclasses.replace(answers, p=p)
    rows, gap = measured(failed, "site")
    assert rows["fine"]["figures"]["sensitivity"]["value"] - rows["failed"]["figures"]["sensitivity"]["value"] > 0.2
    assert gap["interval_95"][0] > 0.1
