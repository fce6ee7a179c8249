"""What is told is held against what is expected: on time is kept; late, missing, spurious and not over each fail by name."""

import dataclasses

import pytest

from loadtests.scenarios.judging import MACHINE_SECONDS, Sending, Told, check_answered, judge
from tests.support.scenario_outcomes import FIRING, MOMENTS, RESOLVED, SCENARIO

ALLOWED, OVER_ALLOWED = 30.0 + MACHINE_SECONDS, 20.0 + MACHINE_SECONDS
GOOD = (FIRING, RESOLVED)


def results(told, scenario=SCENARIO, moments=MOMENTS):
    return [check.result for check in judge(scenario, moments, told)]


def at(told, second):
    return dataclasses.replace(told, second=second)


def test_told_and_over_in_time_and_nothing_else_is_kept():
    checks = judge(SCENARIO, MOMENTS, GOOD)
    assert [check.is_kept for check in checks] == [True, True, True]
    assert (checks[0].seconds, checks[0].allowed_seconds) == (31.0, ALLOWED)
    assert (checks[1].seconds, checks[1].allowed_seconds) == (15.0, OVER_ALLOWED)
    assert (
        checks[0].says
        == "told after 15.5 minutes of the site (31.0 s here); 25.0 minutes of the site (50.0 s here) are allowed"
    )


def test_late_is_late_from_the_moment_at_which_the_machine_has_no_excuse():
    assert results((at(FIRING, 4.0 + ALLOWED), at(RESOLVED, 56.0))) == ["kept", "kept", "kept"]
    assert results((at(FIRING, 4.1 + ALLOWED), at(RESOLVED, 56.0))) == ["late", "kept", "kept"]


@pytest.mark.parametrize(
    ("by_status", "result"),
    [({"200": 99, "503": 1}, "kept"), ({"200": 97, "503": 3}, "too few"), ({}, "too few"), ({"none": 5}, "too few")],
)
def test_where_patients_are_to_notice_nothing_their_answers_are_counted(by_status, result):
    scenario = dataclasses.replace(SCENARIO, answered_share_at_least=0.98)
    (check,) = check_answered(scenario, Sending(100, 0, by_status))
    assert check.result == result
    assert check_answered(SCENARIO, Sending(100, 0, by_status)) == ()


def test_what_was_never_told_is_missing():
    assert results(()) == ["missing", "kept"]


def test_what_went_to_somebody_else_is_missing_and_spurious():
    told = [dataclasses.replace(each, receiver="on-call") for each in GOOD]
    assert results(told) == ["missing", "spurious"]


def test_what_nobody_was_told_is_over_fails():
    assert results((FIRING,)) == ["kept", "not over", "kept"]


def test_over_too_late_fails():
    assert results((FIRING, at(RESOLVED, 40.1 + OVER_ALLOWED))) == ["kept", "over too late", "kept"]


def test_told_as_over_while_it_lasts_is_spurious():
    assert results((FIRING, at(RESOLVED, 39.0))) == ["kept", "spurious", "kept"]


def test_what_is_over_while_its_end_is_still_being_made_is_kept():
    moments = dataclasses.replace(MOMENTS, ended=60.0)
    checks = judge(SCENARIO, moments, GOOD)
    assert [check.result for check in checks] == ["kept", "kept", "kept"]
    assert checks[1].seconds == -5.0


@pytest.mark.parametrize(
    "more",
    [
        Told("on-call", "firing", "AvailabilityBurn", 50.0),
        Told("on-call", "resolved", "AvailabilityBurn", 50.0),
        at(FIRING, 2.0),
        at(FIRING, 36.0),
        at(FIRING, 60.0),
        at(RESOLVED, 70.0),
    ],
    ids=["another alert", "the end of another", "before the change", "twice", "again after its end", "over twice"],
)
def test_anything_else_is_spurious(more):
    told = sorted((*GOOD, more), key=lambda each: each.second)
    assert results(told) == ["kept", "kept", "spurious"]


def test_what_may_be_told_may_come_or_not():
    warning = Told("tickets", "firing", "DriftWarning", 20.0)
    assert results((*GOOD, warning, dataclasses.replace(warning, status="resolved"))) == ["kept", "kept", "kept"]
    assert results((*GOOD, dataclasses.replace(warning, receiver="on-call"))) == ["kept", "kept", "spurious"]


def test_where_nothing_is_expected_silence_is_kept_and_anything_is_spurious():
    silent = dataclasses.replace(SCENARIO, expect=())
    assert results((), silent) == ["kept"]
    assert results((FIRING,), silent) == ["spurious"]


def test_time_counts_from_the_last_change_and_nothing_before_the_first_is_of_it():
    moments = dataclasses.replace(MOMENTS, changed_fully=20.0)
    checks = judge(SCENARIO, moments, GOOD)
    assert checks[0].seconds == 15.0
    assert results((at(FIRING, 10.0), RESOLVED), moments=moments) == ["kept", "kept", "kept"]


@pytest.mark.parametrize(
    ("due", "late", "believable"), [(100, 5, True), (100, 6, False), (3, 1, True), (3, 2, False), (0, 0, False)]
)
def test_a_machine_that_sends_late_says_nothing(due, late, believable):
    assert Sending(due, late, {}).is_believable == believable
