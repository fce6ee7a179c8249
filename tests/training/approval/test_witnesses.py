"""Whether a version was exported from the run whose hold-out it is asked about."""

import numpy as np
import pytest

from serving.contract.model import Evidence, ModelContract
from training.approval.comparison import HoldOut
from training.approval.rules import Verdict
from training.approval.witnesses import check_counts, check_figures, judge_polarity
from training.errors import RunInvalid

DEPRESSED = np.array([True, True, False, False])
HOLD_OUT = HoldOut(DEPRESSED, ("a", "b", "c", "d"), {}, "digest")


def contract_of(**holdout):
    return ModelContract(3, "twin", Evidence.RESEARCH, "none", (), "0", "0", "2026-11-22T00:00:00Z", holdout=holdout)


def test_the_figures_of_its_own_run_pass():
    p = np.float32([0.1, 0.6, 0.8, 0.9])
    check_counts(contract_of(photos=4.0, subjects=4.0), HOLD_OUT)
    check_figures(contract_of(accuracy=0.75, auroc=1.0), HOLD_OUT, p)


@pytest.mark.parametrize(("name", "promised"), [("accuracy", 1.0), ("auroc", 0.75)])
def test_figures_of_another_run_are_a_sentence(name, promised):
    p = np.float32([0.1, 0.6, 0.8, 0.9])
    with pytest.raises(
        RunInvalid, match=rf"version 3 was not exported from this run: .* {name} {promised:g}, and with"
    ):
        check_figures(contract_of(**{name: promised}), HOLD_OUT, p)


def test_counts_of_another_run_are_a_sentence():
    with pytest.raises(RunInvalid, match="has subjects 5, and with this run's hold-out it is 4"):
        check_counts(contract_of(photos=4.0, subjects=5.0), HOLD_OUT)


def test_answers_that_are_all_alike_may_rank_and_fall_either_way():
    p = np.float32([0.5, 0.50001, 0.50002, 0.49999])
    for accuracy, area in ((0.0, 0.0), (1.0, 1.0), (0.5, 0.25)):
        check_figures(contract_of(accuracy=accuracy, auroc=area), HOLD_OUT, p)


def test_a_reversed_polarity_is_a_failed_finding_that_says_so():
    finding = judge_polarity(HOLD_OUT, np.float32([0.9, 0.8, 0.1, 0.2]), chance_allowed=False)
    assert finding.verdict is Verdict.FAILED
    assert "polarity is reversed" in finding.measured
    good = judge_polarity(HOLD_OUT, np.float32([0.1, 0.2, 0.9, 0.8]), chance_allowed=False)
    assert good.verdict is Verdict.PASSED
