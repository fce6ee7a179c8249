"""What a validated instrument said later: one per answer and instrument, correctable with history."""

import datetime as dt

import pytest

from gateway.records.tables import OUTCOMES
from tests.support.reviews import NOWHERE, events, finding, outcome, rows

TODAY = dt.datetime.now(dt.UTC).date()
KEY = "0123456789abcdef"


def counted(gateway, kind, instrument="phq9"):
    return gateway.metric("symmetra_outcomes_total", instrument=instrument, kind=kind, traffic="patient")


def test_an_outcome_is_kept_with_its_event_and_counted(on_both):
    given = on_both.screen().json["id"]
    response = outcome(on_both, given, finding(27))
    assert response.status_code == 200
    kept = response.json
    assert (kept["screening_id"], kept["revision"], kept["instrument"], kept["score"]) == (given, 1, "phq9", 27)
    assert kept["assessed_on"] == str(TODAY)
    assert on_both.client.get(f"/v1/screenings/{given}/outcome").json == {"outcomes": [kept]}
    assert events(on_both, "outcome") == [
        {"kind": "outcome", "actor": "anonymous", "receipt_id": given, "details": '{"instrument":"phq9","revision":1}'}
    ]
    assert counted(on_both, "first") == 1


def test_it_is_corrected_and_taken_back_with_its_history(on_both):
    given = on_both.screen().json["id"]
    said = [
        outcome(on_both, given, each).json for each in (finding(12), finding(21), {"instrument": "phq9", "score": None})
    ]
    assert [(each["revision"], each["score"], each["assessed_on"]) for each in said] == [
        (1, 12, str(TODAY)),
        (2, 21, str(TODAY)),
        (3, None, str(TODAY)),
    ]
    assert on_both.client.get(f"/v1/screenings/{given}/outcome").json["outcomes"] == said
    assert [counted(on_both, kind) for kind in ("first", "correction", "taken_back")] == [1, 1, 1]
    again = outcome(on_both, given, {"instrument": "phq9", "score": None})
    assert again.json == said[-1], "taken back already"
    assert outcome(on_both, given, finding(3)).json["revision"] == 4


def test_who_read_outcomes_and_reviews_is_in_the_trail_and_no_score_is(keeping):
    given = keeping.screen().json["id"]
    outcome(keeping, given, finding(12))
    for what in ("outcome", "review"):
        assert keeping.client.get(f"/v1/screenings/{given}/{what}").status_code == 200
    read = [(each["actor"], each["receipt_id"], each["details"]) for each in events(keeping, "records_read")]
    assert read == [
        ("anonymous", given, '{"rows":1,"what":"outcomes"}'),
        ("anonymous", given, '{"rows":0,"what":"reviews"}'),
    ]


def test_two_instruments_stand_beside_each_other(on_both):
    given = on_both.screen().json["id"]
    outcome(on_both, given, finding(12))
    assert outcome(on_both, given, finding(11, "phq8")).json["revision"] == 1
    read = on_both.client.get(f"/v1/screenings/{given}/outcome").json["outcomes"]
    assert [(each["instrument"], each["score"]) for each in read] == [("phq8", 11), ("phq9", 12)]


def test_another_reporter_corrects_the_same_outcome(keyed):
    first, second = keyed.headers_of("ward"), keyed.headers_of("study")
    given = keyed.screen(headers=first).json["id"]
    outcome(keyed, given, finding(12), headers=first)
    assert outcome(keyed, given, finding(13), headers=second).json["revision"] == 2
    assert [row["reporter"] for row in rows(keyed, OUTCOMES)] == ["key:ward", "key:study"]


def test_repetitions_add_nothing_and_one_key_for_two_outcomes_is_refused(on_both):
    given, other = on_both.screen().json["id"], on_both.screen().json["id"]
    first = outcome(on_both, given, finding(12), key=KEY)
    outcome(on_both, given, finding(13))
    again = outcome(on_both, given, finding(12), key=KEY)
    assert (again.json, again.headers["Idempotency-Replayed"]) == (first.json, "true")
    assert outcome(on_both, given, finding(13)).json["revision"] == 2
    for screening_id, body in ((given, finding(14)), (other, finding(12)), (given, finding(12, "phq8"))):
        response = outcome(on_both, screening_id, body, key=KEY)
        assert (response.status_code, response.json["code"]) == (409, "idempotency_key_reused")
    assert len(rows(on_both, OUTCOMES)) == len(events(on_both, "outcome")) == 2


def test_what_is_not_there_cannot_be_taken_back(keeping):
    given = keeping.screen().json["id"]
    response = outcome(keeping, given, {"instrument": "phq9", "score": None})
    assert (response.status_code, response.json["code"]) == (404, "outcome_unknown")
    assert rows(keeping, OUTCOMES) == []


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({}, "instrument"),
        ({"instrument": "phq9"}, "score"),
        (finding(12, "gad7"), "instrument"),
        (finding(28), "score"),
        (finding(25, "phq8"), "score"),
        (finding(-1), "score"),
        (finding(True), "score"),
        (finding(12.5), "score"),
        (finding("12"), "score"),
        (finding(10**300), "score"),
        ({"instrument": "phq9", "score": 12}, "assessed_on"),
        ({**finding(None)}, "assessed_on"),
        (finding(12, day="2026-02-30"), "assessed_on"),
        (finding(12, day="20260130"), "assessed_on"),
        (finding(12, day="2026-W05-1"), "assessed_on"),
        (finding(12, day=TODAY + dt.timedelta(days=2)), "assessed_on"),
        (finding(12, day=TODAY - dt.timedelta(days=368)), "assessed_on"),
        (finding(12, day="0001-01-01"), "assessed_on"),
        (finding(12, day="9999-12-31"), "assessed_on"),
        ({"instrument": "phq9", "score": 12, "assessed_on": 20260130}, "assessed_on"),
    ],
)
def test_what_no_instrument_says_is_refused_by_its_name(shared, body, name):
    given = shared.screen().json["id"]
    response = outcome(shared, given, body)
    assert (response.status_code, response.json["code"]) == (400, "parameter_invalid")
    assert f"'{name}'" in response.json["detail"]
    assert given not in {row["receipt_id"] for row in rows(shared, OUTCOMES)}


@pytest.mark.parametrize("day", [TODAY, TODAY - dt.timedelta(days=365)])
@pytest.mark.parametrize("score", [0, 24, 12.0])
def test_what_instruments_say_is_taken(shared, day, score):
    assert outcome(shared, shared.screen().json["id"], finding(score, "phq8", day)).json["score"] == int(score)


def test_an_answer_that_is_not_there_has_no_outcome(keeping):
    for response in (outcome(keeping, NOWHERE, finding()), keeping.client.get(f"/v1/screenings/{NOWHERE}/outcome")):
        assert (response.status_code, response.json["code"]) == (404, "screening_unknown")
