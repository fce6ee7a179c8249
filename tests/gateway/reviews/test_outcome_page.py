"""The page for the score of a questionnaire, weeks later, by the number of the receipt."""

import datetime as dt

import pytest

from gateway.languages import ENGLISH
from gateway.records.tables import OUTCOMES
from tests.support.reviews import HTML, NOWHERE, rows, send_form, words

TODAY = str(dt.datetime.now(dt.UTC).date())


@pytest.fixture
def typed(shared):
    return {"receipt": shared.screen().json["id"], "instrument": "phq9", "score": "12", "assessed_on": TODAY}


def kept(gateway, receipt):
    return [row for row in rows(gateway, OUTCOMES) if row["receipt_id"] == receipt.strip().lower()]


def test_the_form_asks_for_a_receipt_a_questionnaire_a_score_and_a_day(shared):
    page = shared.client.get("/outcome", headers=HTML).text
    for name in ("receipt", "instrument", "score", "assessed_on", "take_back"):
        assert f'name="{name}"' in page
    assert "<script" not in page
    assert ENGLISH.page["crisis_heading"] in words(page)


def test_what_was_sent_is_kept_and_said_with_how_to_change_it(shared, typed):
    typed["receipt"] = f"  {typed['receipt'].upper()} "
    response = send_form(shared, "/outcome", typed)
    assert response.status_code == 200
    text = words(response.text)
    assert f"Kept: PHQ-9, from 0 to 27; score 12; day {TODAY}; number 1" in text
    assert ENGLISH.page["outcome_correct"] in text
    (row,) = kept(shared, typed["receipt"])
    assert (row["instrument"], row["score"], row["assessed_on"]) == ("phq9", 12, TODAY)


def test_sending_it_twice_keeps_it_once_and_it_is_corrected_and_taken_back(shared, typed):
    for _ in range(2):
        send_form(shared, "/outcome", typed)
    assert "number 2" in words(send_form(shared, "/outcome", {**typed, "score": "13"}).text)
    taken = {"receipt": typed["receipt"], "instrument": "phq9", "score": "", "assessed_on": "", "take_back": "yes"}
    assert "Taken back: PHQ-9" in words(send_form(shared, "/outcome", taken).text)
    assert [row["score"] for row in kept(shared, typed["receipt"])] == [12, 13, None]


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"receipt": ""}, 404, "no answer with this id"),
        ({"receipt": NOWHERE}, 404, "no answer with this id"),
        ({"receipt": '"><script>alert(1)</script>'}, 404, "no answer with this id"),
        ({"instrument": ""}, 400, "'Questionnaire'"),
        ({"score": ""}, 400, "'Score' is missing"),
        ({"score": "28"}, 400, "'Score' must be a whole number from 0 to 27"),
        ({"score": "25", "instrument": "phq8"}, 400, "from 0 to 24"),
        ({"score": "1.5"}, 400, "'Score' must be a whole number"),
        ({"score": "٣"}, 400, "'Score' must be a whole number"),
        ({"score": "9" * 5000}, 400, "'Score' must be a whole number"),
        ({"assessed_on": ""}, 400, "'Day it was filled in'"),
        ({"assessed_on": "9999-12-31"}, 400, "'Day it was filled in' lies in the future"),
        ({"assessed_on": "1999-12-31"}, 400, "lies more than 366 days before the answer"),
        ({"score": "", "assessed_on": "", "take_back": "yes"}, 404, "no score of this questionnaire to take back"),
    ],
)
def test_a_mistake_is_told_beside_what_was_typed(shared, typed, changes, status, said):
    response = send_form(shared, "/outcome", typed | changes)
    assert response.status_code == status
    assert said in words(response.text)
    assert 'role="alert"' in response.text
    assert "<script" not in response.text
    if "receipt" not in changes:
        assert typed["receipt"] in response.text
    assert kept(shared, typed["receipt"]) == []


def test_mistakes_are_told_in_german(shared, typed):
    german = {**HTML, "Accept-Language": "de"}
    text = words(send_form(shared, "/outcome", {**typed, "score": "99"}, headers=german).text)
    assert "„Wert“ muss eine ganze Zahl von 0 bis 27 sein." in text


def test_without_records_it_says_so(gateway):
    response = gateway.client.get("/outcome", headers=HTML)
    assert response.status_code == 404
    assert "not kept here" in words(response.text)


def test_the_score_of_the_model_is_not_on_it(shared, typed):
    text = words(send_form(shared, "/outcome", typed).text)
    assert "score band" not in text
    assert "of 100" not in text
