"""What a clinician thinks of an answer: kept once, correctable with history, with its audit event."""

import pytest

from gateway.access.scopes import Scope
from gateway.records.tables import REVIEWS
from serving.contract.policy import Abstention, Policy
from tests.support.gateway import write_policy
from tests.support.reviews import AGREE, DISAGREE, NOWHERE, events, review, rows

KEY = "0123456789abcdef"


def counted(gateway, verdict, band="mild", kind="first"):
    return gateway.metric("symmetra_reviews_total", verdict=verdict, band=band, kind=kind, traffic="patient")


def test_a_review_is_kept_with_its_event_and_counted(on_both):
    given = on_both.screen().json["id"]
    response = review(on_both, given, DISAGREE)
    assert response.status_code == 200
    kept = response.json
    assert (kept["screening_id"], kept["revision"], kept["reviewer"]) == (given, 1, "anonymous")
    assert (kept["verdict"], kept["reason"], kept["committed_band"]) == ("disagree", "score_too_high", None)
    assert on_both.client.get(f"/v1/screenings/{given}/review").json == {"reviews": [kept]}
    assert events(on_both, "review") == [
        {"kind": "review", "actor": "anonymous", "receipt_id": given, "details": '{"revision":1}'}
    ]
    assert counted(on_both, "disagree") == 1


def test_a_correction_is_a_further_revision_and_both_are_read(on_both):
    given = on_both.screen().json["id"]
    first, second = review(on_both, given, DISAGREE).json, review(on_both, given, AGREE).json
    assert (second["revision"], second["verdict"], second["reason"]) == (2, "agree", None)
    assert on_both.client.get(f"/v1/screenings/{given}/review").json["reviews"] == [first, second]
    assert (counted(on_both, "disagree"), counted(on_both, "agree"), counted(on_both, "agree", kind="correction")) == (
        1,
        0,
        1,
    )


def test_what_was_said_already_adds_nothing(on_both):
    given = on_both.screen().json["id"]
    first, again = review(on_both, given, AGREE), review(on_both, given, AGREE)
    assert first.json == again.json
    assert len(rows(on_both, REVIEWS)) == len(events(on_both, "review")) == counted(on_both, "agree") == 1


def test_a_repeated_key_gets_the_first_answer_also_after_a_correction(on_both):
    given = on_both.screen().json["id"]
    first = review(on_both, given, DISAGREE, key=KEY)
    assert "Idempotency-Replayed" not in first.headers
    review(on_both, given, AGREE, key=KEY + "2")
    again = review(on_both, given, DISAGREE, key=KEY)
    assert (again.json, again.headers["Idempotency-Replayed"]) == (first.json, "true")
    assert [row["revision"] for row in rows(on_both, REVIEWS)] == [1, 2]


def test_one_key_for_two_reviews_is_refused_and_changes_nothing(on_both):
    given, other = on_both.screen().json["id"], on_both.screen().json["id"]
    review(on_both, given, AGREE, key=KEY)
    for screening_id, body in ((given, DISAGREE), (other, AGREE)):
        response = review(on_both, screening_id, body, key=KEY)
        assert (response.status_code, response.json["code"]) == (409, "idempotency_key_reused")
    assert len(rows(on_both, REVIEWS)) == len(events(on_both, "review")) == 1


def test_the_key_itself_is_nowhere_in_the_database(keeping, tmp_path):
    review(keeping, keeping.screen().json["id"], AGREE, key="zq-key-of-a-client")
    (row,) = rows(keeping, REVIEWS)
    assert len(row["idempotency_digest"]) == 64
    assert not [path for path in tmp_path.glob("receipts.db*") if b"zq-key" in path.read_bytes()]


def test_two_reviewers_have_a_review_each_and_one_key_of_theirs_is_not_the_others(keyed):
    first, second = keyed.headers_of("ward"), keyed.headers_of("research")
    given = keyed.screen(headers=first).json["id"]
    review(keyed, given, AGREE, headers=first, key=KEY)
    assert review(keyed, given, DISAGREE, headers=second, key=KEY).json["revision"] == 1
    read = keyed.client.get(f"/v1/screenings/{given}/review", headers=first).json["reviews"]
    assert [(each["reviewer"], each["verdict"]) for each in read] == [
        ("key:ward", "agree"),
        ("key:research", "disagree"),
    ]


def test_reviewing_and_reading_need_their_own_scopes(keyed):
    given = keyed.screen(headers=keyed.headers_of("all")).json["id"]
    reads, reviews = keyed.headers_of("reads", Scope.READ_RECORDS), keyed.headers_of("reviews", Scope.REVIEW)
    assert review(keyed, given, AGREE, headers=reads).status_code == 403
    assert review(keyed, given, AGREE, headers=reviews).status_code == 200
    assert keyed.client.get(f"/v1/screenings/{given}/review", headers=reviews).status_code == 403
    assert keyed.client.get(f"/v1/screenings/{given}/review", headers=reads).status_code == 200


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({}, "verdict"),
        ({"verdict": None}, "verdict"),
        ({"verdict": "Agree"}, "verdict"),
        ({"verdict": ["agree"]}, "verdict"),
        ({"verdict": True}, "verdict"),
        ({"verdict": "disagree"}, "reason"),
        ({"verdict": "agree", "reason": "other"}, "reason"),
        ({"verdict": "disagree", "reason": "she is not depressed"}, "reason"),
        ({"verdict": "agree", "committed_band": "medium"}, "committed_band"),
        ({"verdict": "\ud800"}, "verdict"),
    ],
)
def test_what_may_not_be_said_is_refused_by_its_name_and_never_repeated(shared, body, name):
    given = shared.screen().json["id"]
    response = review(shared, given, body)
    assert (response.status_code, response.json["code"]) == (400, "parameter_invalid")
    assert f"'{name}'" in response.json["detail"]
    assert "she is not" not in response.text
    assert given not in {row["receipt_id"] for row in rows(shared, REVIEWS)}


def test_a_member_that_is_not_used_here_is_refused_without_its_name(keeping):
    response = review(keeping, keeping.screen().json["id"], {**AGREE, "comment": "zq"})
    assert (response.status_code, response.json["code"]) == (400, "parameter_invalid")
    assert "comment" not in response.text


def test_an_answer_without_a_band_was_not_too_high(keeping):
    write_policy(keeping.repository, Policy(2, abstention=Abstention(0, 0.9, 0.9)))
    keeping.predictor.jittered_p = (0.2,) * 8
    given = keeping.screen().json
    assert given["abstained"]
    for body in (DISAGREE, {"committed_band": "mild"}):
        assert review(keeping, given["id"], body).json["code"] == "parameter_invalid"
    assert review(keeping, given["id"], {"verdict": "disagree", "reason": "other"}).status_code == 200
    assert counted(keeping, "disagree", "abstained") == 1


def test_a_view_comes_first_or_not_at_all(on_both):
    given, other = on_both.screen().json["id"], on_both.screen().json["id"]
    assert review(on_both, given, {"committed_band": "high"}).json["verdict"] is None
    assert sum(counted(on_both, verdict) for verdict in ("agree", "disagree", "unsure")) == 0
    judged = review(on_both, given, DISAGREE).json
    assert (judged["revision"], judged["committed_band"]) == (2, "high")
    assert review(on_both, given, {"committed_band": "high"}).json == judged, "said already"
    assert counted(on_both, "disagree") == 1
    review(on_both, other, AGREE)
    for screening_id in (given, other):
        response = review(on_both, screening_id, {"committed_band": "mild"})
        assert (response.status_code, response.json["code"]) == (409, "view_given_already")
    assert review(on_both, given, AGREE).json["committed_band"] == "high"


@pytest.mark.parametrize("screening_id", [NOWHERE, "x", "1' OR '1'='1", "a%00b", "%ff", "9" * 4000])
def test_an_answer_that_is_not_there_cannot_be_reviewed(shared, screening_id):
    for response in (
        review(shared, screening_id, AGREE),
        shared.client.get(f"/v1/screenings/{screening_id}/review"),
    ):
        assert (response.status_code, response.json["code"]) == (404, "screening_unknown")


def test_where_records_are_off_it_says_so(gateway):
    given = gateway.screen().json["id"]
    for response in (review(gateway, given, AGREE), gateway.client.get(f"/v1/screenings/{given}/review")):
        assert (response.status_code, response.json["code"]) == (404, "records_off")
