"""What a scenario showed, for a person, a program and continuous integration; an INVALID run blames nobody."""

import dataclasses
import json
import xml.etree.ElementTree as ET

import pytest

from loadtests.scenarios.judging import Sending
from loadtests.scenarios.report import AS_EXPECTED, INVALID, NOT_AS_EXPECTED, as_json, as_junit, code_of, describe
from loadtests.scenarios.timeline import draw_timeline
from tests.support.scenario_outcomes import BURST, FIRING, RESOLVED, SPURIOUS, make_outcome

GOOD = make_outcome(FIRING, RESOLVED)
BROKEN = make_outcome(FIRING, RESOLVED, SPURIOUS)
TOO_BUSY = make_outcome(SPURIOUS, late=100)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([GOOD], AS_EXPECTED),
        ([GOOD, BROKEN], NOT_AS_EXPECTED),
        ([GOOD, TOO_BUSY], INVALID),
        ([TOO_BUSY, BROKEN], NOT_AS_EXPECTED),
    ],
)
def test_the_exit_code_is_of_all_together(outcomes, code):
    assert code_of(outcomes) == code


@pytest.mark.parametrize(
    ("told", "scrape_seconds", "is_valid"),
    [
        ((FIRING, RESOLVED), None, False),
        ((FIRING, RESOLVED), 1.5, True),
        ((FIRING, RESOLVED, SPURIOUS), None, False),
        ((FIRING, RESOLVED, SPURIOUS), 1.5, False),
        ((FIRING, RESOLVED, SPURIOUS), 0.5, True),
    ],
)
def test_a_machine_without_time_excuses_wrong_alarms_and_what_was_not_scraped_shows_nothing(
    told, scrape_seconds, is_valid
):
    outcome = make_outcome(*told, scrape_seconds=scrape_seconds)
    assert outcome.is_valid == is_valid
    assert ("this machine had no time" in describe(outcome)) == (not is_valid)


@pytest.mark.parametrize(
    ("changed", "is_valid"),
    [
        ({}, True),
        ({"scrape_seconds": 1.5}, False),
        ({"heartbeat_age": None}, False),
        ({"heartbeat_age": 90.0}, False),
        ({"bad": Sending(100, 50, {"422": 100})}, False),
        ({"bad": Sending(0, 0, {})}, False),
    ],
)
def test_silence_says_something_only_where_somebody_could_have_been_told(changed, is_valid):
    outcome = make_outcome(**{"scenario": BURST, "bad": Sending(100, 0, {"422": 100})} | changed)
    assert outcome.is_kept
    assert outcome.is_valid == is_valid
    assert ("heartbeat came" in describe(outcome)) == (not is_valid)


def test_the_text_begins_with_the_word_and_names_what_came():
    assert describe(GOOD).startswith("AS EXPECTED: some_scenario: Something <happens>.\n")
    assert "kept: ReplicaDown to tickets: told within 15 minutes: told after 15.5 minutes" in describe(GOOD)
    assert "180 x 200, 20 x 422" in describe(GOOD)
    text = describe(BROKEN)
    assert text.startswith("NOT AS EXPECTED")
    assert "spurious: nobody is told anything else: LatencyBurn to on-call (firing) at minute 30.0" in text
    assert "this machine had no time: 100 of 200 photos" in describe(TOO_BUSY)


def test_the_json_is_whole():
    content = json.loads(json.dumps(as_json(BROKEN)))
    assert (content["verdict"], content["times_faster"]) == ("NOT AS EXPECTED", 30.0)
    assert [check["result"] for check in content["checks"]] == ["kept", "kept", "spurious"]
    assert content["told"][2] == {
        "receiver": "on-call", "status": "firing", "alert": "LatencyBurn", "second": 60.0, "minute": 30.0,
    }  # fmt: skip


def test_junit_counts_failures_and_takes_none_from_a_machine_without_time():
    good, broken, busy = ET.fromstring(as_junit([GOOD, BROKEN, TOO_BUSY]))  # noqa: S314 - our own text
    assert (good.get("failures"), good.get("errors")) == ("0", "0")
    assert (broken.get("failures"), broken.get("tests")) == ("1", "4")
    assert [case.get("message") for case in broken.iter("failure")] == ["spurious"]
    assert (busy.get("failures"), busy.get("errors"), busy.get("skipped")) == ("0", "1", "2")


def test_the_picture_shows_rows_windows_and_what_was_told():
    root = ET.fromstring(draw_timeline(BROKEN))  # noqa: S314 - our own text
    text = " | ".join(root.itertext())
    assert "some scenario: spurious" in text
    assert "ReplicaDown → tickets" in text
    assert "LatencyBurn → on-call" in text
    assert "Saturated (told nobody)" in text
    assert "Something <happens>." in text
    windows = [rect for rect in root.iter(f"{SVG}rect") if rect.get("stroke-dasharray")]
    assert len(windows) == 2 + 2  # until told, until over, and the legend's
    assert len(list(root.iter(f"{SVG}path"))) == 3 + 2
    bars = [float(rect.get("x")) for rect in root.iter(f"{SVG}rect") if rect.get("fill") == "#b3261e"][:-1]
    firing = [rect for rect in root.iter(f"{SVG}path") if rect.get("fill") == "#111"]
    assert bars[0] < float(firing[0].get("d").split()[1]) + 6  # nobody is told before it fires


def test_a_picture_of_silence_says_so():
    silent = make_outcome()
    assert "told nobody" in draw_timeline(silent)
    assert "missing" in draw_timeline(silent)


def test_a_picture_of_a_week_has_an_axis_too():
    week = dataclasses.replace(GOOD, moments=dataclasses.replace(GOOD.moments, finished=GOOD.scenario.seconds(10_080)))
    assert "| 10000 |" in " | ".join(ET.fromstring(draw_timeline(week)).itertext())  # noqa: S314 - our own text
