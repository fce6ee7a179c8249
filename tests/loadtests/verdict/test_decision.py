"""The verdict: which runs meet the objectives, which miss which one, and which decide nothing."""

import numpy as np
import pytest

from loadtests.run.format import Answers
from loadtests.verdict.checks import MISSED, NOT_ASKED, share_moved
from loadtests.verdict.decision import INVALID, MET, MISSED_OBJECTIVE, decide
from loadtests.verdict.objectives import read_objectives, with_latency
from tests.support.finished_runs import made_up_run

OBJECTIVES = with_latency(read_objectives(), ["p95=250ms"])
BINS, BANDS = {"0.1": 300, "0.6": 100}, {"none": 300, "mild": 100}


def names(verdict, status: str) -> set[str]:
    return {check.name for check in verdict.checks if check.status == status}


def test_a_healthy_run_meets_everything_that_is_asked() -> None:
    verdict = decide(made_up_run(), OBJECTIVES)
    assert (verdict.code, verdict.word, names(verdict, "passed")) == (
        MET,
        "MET",
        {check.name for check in verdict.checks},
    )
    assert len(verdict.checks) == 5


def test_latency_is_missed_when_one_photo_too_many_is_too_slow() -> None:
    fast, slow = [0.1] * 380, [0.4] * 20
    assert decide(made_up_run(latencies=fast + slow), OBJECTIVES).code == MET
    verdict = decide(made_up_run(latencies=fast[1:] + slow + [0.4]), OBJECTIVES)
    assert (verdict.code, names(verdict, MISSED)) == (MISSED_OBJECTIVE, {"latency: p95 <= 250 ms"})


@pytest.mark.parametrize("outcome", ["shed", "failed", "timeout", "no_answer", "throttled"])
def test_every_kind_of_error_counts_against_availability(outcome: str) -> None:
    assert decide(made_up_run(outcomes={"answered": 398, outcome: 2}), OBJECTIVES).code == MET
    verdict = decide(made_up_run(outcomes={"answered": 397, outcome: 3}), OBJECTIVES)
    assert (verdict.code, names(verdict, MISSED)) == (MISSED_OBJECTIVE, {"errors: photo"})


def test_bad_photos_that_are_refused_and_abstentions_are_no_errors() -> None:
    outcomes = {"answered": 300, "abstained": 60, "refused_photo": 40}
    assert decide(made_up_run(outcomes=outcomes), OBJECTIVES).code == MET


def test_a_single_wrong_answer_is_missed_at_any_rate() -> None:
    verdict = decide(made_up_run(outcomes={"answered": 399, "wrong": 1}), OBJECTIVES)
    assert names(verdict, MISSED) == {"answers: none wrong"}


def test_answers_distributed_otherwise_than_the_photos_are_missed() -> None:
    moved = Answers({"0.1": 270, "0.6": 130}, {"none": 290, "mild": 110}, {}, BINS, BANDS)
    verdict = decide(made_up_run(answers=moved), OBJECTIVES)
    assert names(verdict, MISSED) == {"answers: severity bins", "answers: bands"}


def test_what_the_pack_does_not_know_is_said_and_not_passed() -> None:
    unknown = Answers(BINS, BANDS, unchecked=400)
    verdict = decide(made_up_run(answers=unknown), OBJECTIVES)
    assert names(verdict, NOT_ASKED) == {"answers: none wrong", "answers: severity bins", "answers: bands"}


def test_an_invalid_run_decides_nothing_however_it_went() -> None:
    for latency in (0.1, 9.0):
        verdict = decide(made_up_run(latencies=[latency] * 100, invalid="late_starts"), OBJECTIVES)
        assert (verdict.code, verdict.word) == (INVALID, "INVALID")


@pytest.mark.parametrize(
    ("seen", "expected", "moved"),
    [
        ({"a": 1}, {"a": 50}, 0),
        ({"a": 1}, {"b": 1}, 1),
        ({"a": 3, "b": 1}, {"a": 1, "b": 1}, 0.25),
        ({}, {}, 0),
        ({}, {"a": 1}, 1),
    ],
)
def test_the_share_moved_is_what_has_to_move(seen: dict[str, int], expected: dict[str, int], moved: float) -> None:
    assert share_moved(seen, expected) == pytest.approx(moved)


def test_percentiles_come_with_an_interval_that_holds_the_truth_nineteen_times_in_twenty() -> None:
    rng, held = np.random.default_rng(5), 0
    truth = float(-np.log(0.05))
    for _ in range(200):
        figures = decide(made_up_run(latencies=rng.exponential(size=400)), OBJECTIVES).checks[0].figures
        held += figures["low_seconds"] <= truth <= figures["high_seconds"]
    assert 180 <= held <= 200
