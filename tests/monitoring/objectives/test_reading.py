import json

import pytest

from monitoring.objectives import SLO_PATH, read_objectives
from monitoring.objectives.errors import (
    ObjectiveInvalid,
    ObjectivesIncomplete,
    ObjectivesUnreadable,
    OutcomeListedTwice,
)


@pytest.fixture
def content():
    return json.loads(SLO_PATH.read_text())


@pytest.fixture
def read(tmp_path, content):
    def read():
        (tmp_path / "slo.yaml").write_text(json.dumps(content))
        return read_objectives(tmp_path / "slo.yaml")

    return read


def test_committed_objectives_are_those_agreed():
    objectives = read_objectives()
    assert (objectives.availability.objective, objectives.period_days) == (0.995, 30)
    usual, slowest = objectives.latency.objectives.usual, objectives.latency.objectives.slowest
    assert (usual.objective, usual.within_seconds) == (0.95, 1.0)
    assert (slowest.objective, slowest.within_seconds) == (0.99, 5.0)
    assert (objectives.correctness.golden_mismatches, objectives.records.lost) == (0, 0)


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(ObjectivesUnreadable, match=r"nowhere\.yaml"):
        read_objectives(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("text", ["availability: 0.995\n", "[]", '{"schema": "symmetra.slo/2"}', "\xff"])
def test_what_is_no_file_of_objectives_is_refused(tmp_path, text):
    (tmp_path / "slo.yaml").write_bytes(text.encode("latin-1"))
    with pytest.raises(ObjectivesUnreadable):
        read_objectives(tmp_path / "slo.yaml")


def test_a_missing_and_an_unknown_member_are_named_with_their_place(content, read):
    content["availability"]["burn_rates"]["fast"]["min_failure"] = content["availability"]["burn_rates"]["fast"].pop(
        "min_failures"
    )
    with pytest.raises(
        ObjectivesIncomplete, match=r"availability\.burn_rates\.fast lacks min_failures and has min_failure,"
    ):
        read()


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("availability", "objective"), 1.0, "availability: objective is 1.0"),
        (("availability", "objective"), "0.995", "not of the type float"),
        (("availability", "burn_rates", "fast", "min_failures"), 1, "lets one failure page"),
        (("availability", "burn_rates", "fast", "min_failures"), True, "not of the type int"),
        (("availability", "burn_rates", "slow", "long_seconds"), 1800, "3 times short_seconds"),
        (("availability", "burn_rates", "slow", "burn_rate"), 0.5, "below 1"),
        (("availability", "burn_rates", "fast", "short_seconds"), 30, "4 scrapes"),
        (("availability", "from_outside", "looks_without_answer"), 1, "one look page"),
        (("intervals", "scrape_seconds"), 0, "whole number"),
        (("intervals", "long_rules_seconds"), 7000, "whole number"),
        (("latency", "objectives", "usual", "within_seconds"), 0, "within_seconds"),
        (("correctness", "golden_mismatches"), 1, "no wrong answer"),
        (("records", "lost"), 1, "no record"),
        (("availability", "outcomes", "paused"), "screening_paused", "list of names"),
    ],
)
def test_a_number_that_no_objective_can_have_is_named(content, read, path, value, says):
    section = content
    for name in path[:-1]:
        section = section[name]
    section[path[-1]] = value
    with pytest.raises(ObjectiveInvalid, match=says):
        read()


def test_an_outcome_in_two_lists_is_named(content, read):
    content["availability"]["outcomes"]["failed"].append("too_dark")
    with pytest.raises(OutcomeListedTwice, match="'too_dark'"):
        read()
