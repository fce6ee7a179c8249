"""The form under an answer, without JavaScript: the answer with its own crop and its limits stays in view."""

import html
import re

import numpy as np
import pytest

from gateway.access.scopes import Scope
from gateway.languages import ENGLISH
from gateway.records.tables import REVIEWS
from serving.contract.policy import Abstention, Policy
from tests.support.gateway import LIMITS, FakeGateway, multipart, write_policy
from tests.support.records import make_records
from tests.support.reviews import HTML, NOWHERE, fields_of, outcome, rows, send_form, submit, words

REGIONS = ("eyes", "brows", "mouth", "jaw")


def send(gateway, page, verdict, **changes):
    return send_form(gateway, "/review", {**fields_of(page, "/review"), "verdict": verdict, **changes})


def crop_of(page):
    return re.search(r'<img src="(data:image/png;base64,[^"]+)"', page)[1]


def test_under_every_answer_is_a_form_that_needs_no_script(keeping):
    page = submit(keeping)
    text = words(page)
    assert ENGLISH.page["review_question"] in text
    assert all(limit in text for limit in LIMITS)
    form = re.search(r'<form action="/review[^>]*>', page)[0]
    assert 'method="post"' in form
    assert page.count('type="radio" name="verdict"') == 8
    assert len(re.findall(r'name="verdict"[^>]* required', page)) == 8
    assert not re.search(r"\son[a-z]+=|\sstyle=|<script(?![^>]*src=)", page)


@pytest.mark.parametrize("p", [0.9, 0.5, 0.1])
def test_after_a_review_the_same_answer_is_shown_with_its_crop_its_limits_and_thanks(keeping, p):
    keeping.predictor.p_no_depression = p
    before = submit(keeping)
    response = send(keeping, before, "disagree:score_too_high")
    assert response.status_code == 200
    after, text = response.text, words(response.text)
    assert crop_of(after) == crop_of(before)
    assert ENGLISH.page["review_thanks"] in text
    assert ENGLISH.page["review_score_too_high"] in text
    assert ENGLISH.page["severity_meaning"] in text
    assert text.index(ENGLISH.demo_notice) < text.index("score band")
    assert all(limit in text for limit in LIMITS)
    for mark in (
        r'data-band="(\w+)"',
        r"(\d+ of 100)",
        r"<dt>Receipt</dt><dd><code>([0-9a-f-]+)<",
        r"<textarea[^>]*>([^<]*)<",
    ):
        assert re.search(mark, after)[1] == re.search(mark, before)[1]
    (row,) = rows(keeping, REVIEWS)
    assert (row["verdict"], row["reason"]) == ("disagree", "score_too_high")


def test_a_review_is_corrected_with_the_form_that_comes_back(keeping):
    first = send(keeping, submit(keeping), "agree").text
    assert re.search(r'value="agree" required checked', first)
    second = send(keeping, first, "unsure").text
    assert re.search(r'value="unsure" required checked', second)
    assert "number 2" in words(second)
    assert [row["verdict"] for row in rows(keeping, REVIEWS)] == ["agree", "unsure"]


def test_a_double_click_is_one_review_and_going_back_corrects_it(keeping):
    page = submit(keeping)
    for verdict in ("agree", "agree", "unsure", "unsure"):
        assert send(keeping, page, verdict).status_code == 200
    assert [row["verdict"] for row in rows(keeping, REVIEWS)] == ["agree", "unsure"]


@pytest.mark.parametrize("verdict", ["", "disagree", "agree:other", "disagree:because", "zq<script>"])
def test_whoever_chose_nothing_is_asked_to_with_the_answer_in_view(keeping, verdict):
    page = submit(keeping)
    response = send(keeping, page, verdict)
    assert response.status_code == 400
    assert ENGLISH.page["review_choose"] in words(response.text)
    assert crop_of(response.text) == crop_of(page)
    assert "zq" not in response.text
    assert rows(keeping, REVIEWS) == []


def test_an_abstention_can_be_reviewed_but_not_as_too_high(abstaining):
    page = submit(abstaining)
    assert ENGLISH.page["abstained"] in words(page)
    assert "score_too_high" not in page
    assert send(abstaining, page, "disagree:score_too_high").status_code == 400
    after = send(abstaining, page, "disagree:other")
    assert after.status_code == 200
    assert ENGLISH.page["abstained"] in words(after.text)


@pytest.fixture
def abstaining(keeping):
    write_policy(keeping.repository, Policy(2, abstention=Abstention(0, 0.9, 0.9)))
    keeping.predictor.jittered_p = (0.2,) * 8
    return keeping


def test_a_crop_of_another_answer_and_a_crop_of_ones_own_are_not_shown(keeping):
    first, second = submit(keeping), submit(keeping)
    keeping.crops.crop = np.full((128, 128, 3), 90, np.uint8)
    mine, theirs = fields_of(first, "/review"), fields_of(submit(keeping), "/review")
    assert mine["crop"] != theirs["crop"]
    swapped = {"crop": theirs["crop"], "crop_seal": theirs["crop_seal"]}
    forged = {"crop": theirs["crop"], "crop_seal": mine["crop_seal"]}
    others = {"crop": mine["crop"], "crop_seal": fields_of(second, "/review")["crop_seal"]}
    hostile = {"crop": 'data:image/png;base64,x" onerror="alert(1)', "crop_seal": mine["crop_seal"]}
    elsewhere = {"crop": "https://evil.example/x.png", "crop_seal": "\udcff"}
    for changes in (swapped, forged, others, hostile, elsewhere, {"crop": ""}, {"crop_seal": ""}):
        response = send(keeping, first, "agree", **changes)
        assert response.status_code == 200
        assert '<figure class="crop">' not in response.text
        assert "onerror" not in response.text
        assert "evil" not in response.text


def test_a_map_that_was_shown_is_said_to_be_gone(tmp_path):
    gateway = FakeGateway(tmp_path, contract={"asymmetry_regions": REGIONS}, **make_records(tmp_path))
    body, content_type = multipart(("explain", None, b"true"), ("photo", "face.jpg", b"photo"))
    page = gateway.client.post("/", data=body, content_type=content_type, headers=HTML).text
    assert ENGLISH.page["explanation"] in words(page)
    after = send(gateway, page, "agree").text
    assert ENGLISH.page["review_map_gone"] in words(after)
    assert ENGLISH.page["review_map_gone"] in words(send(gateway, after, "unsure").text)


def test_an_answer_is_shown_again_when_another_version_is_in_service(keeping):
    page = submit(keeping)
    (keeping.repository.directory / "pin.json").unlink()
    after = send(keeping, page, "agree")
    assert after.status_code == 200
    assert "depression_severity, version 3" in words(after.text)
    assert all(limit in words(after.text) for limit in LIMITS)


def test_without_records_it_says_plainly_that_there_is_no_form(gateway):
    page = submit(gateway)
    assert ENGLISH.page["review_off"] in words(page)
    assert 'action="/review' not in page
    response = send_form(gateway, "/review", {"receipt": NOWHERE, "verdict": "agree"})
    assert response.status_code == 404
    assert "not kept here" in words(response.text)


def test_whoever_may_not_review_sees_no_form(keyed):
    body, content_type = multipart(("photo", "face.jpg", b"photo"))
    page = keyed.client.post(
        "/", data=body, content_type=content_type, headers={**HTML, **keyed.headers_of("screens", Scope.SCREEN)}
    ).text
    assert "score band" in page
    assert 'action="/review' not in page


def test_whoever_may_review_but_not_read_is_shown_no_answer(keyed):
    given = keyed.screen(headers=keyed.headers_of("all")).json["id"]
    headers = keyed.headers_of("reviews", Scope.REVIEW)
    response = send_form(keyed, "/review", {"receipt": given, "verdict": "agree"}, headers=headers)
    assert response.status_code == 403
    assert "score band" not in response.text
    assert rows(keyed, REVIEWS) == []


@pytest.mark.parametrize("receipt", ["", NOWHERE, "../../etc/passwd", "<script>alert(1)</script>", "x" * 5000])
def test_a_receipt_that_is_none_is_told_as_such(keeping, receipt):
    response = send_form(keeping, "/review", {"receipt": receipt, "verdict": "agree"})
    assert response.status_code == 404
    assert "no answer with this id" in words(response.text)
    assert "<script>alert" not in response.text


def test_a_form_that_is_too_large_or_no_form_is_refused(keeping):
    assert send_form(keeping, "/review", {"receipt": "x" * 200_000}).status_code == 413
    for content_type in ("application/json", "multipart/form-data; boundary=x", "text/plain", ""):
        response = keeping.client.post("/review", data=b"verdict=agree", content_type=content_type, headers=HTML)
        assert response.status_code == 415


def test_the_largest_crop_comes_back(keeping):
    noise = np.random.default_rng(1).integers(0, 256, (128, 128, 3), np.uint8)
    keeping.crops.crop = noise
    page = submit(keeping)
    assert crop_of(send(keeping, page, "agree").text) == crop_of(page)


def test_nothing_of_the_crop_is_in_the_database(keeping, tmp_path):
    page = submit(keeping)
    send(keeping, page, "agree")
    crop = crop_of(page).removeprefix("data:image/png;base64,").encode()
    assert not [path for path in tmp_path.glob("receipts.db*") if crop[:64] in path.read_bytes()]


def test_the_forms_speak_german(keeping):
    german = {**HTML, "Accept-Language": "de"}
    page = submit(keeping, german)
    assert "Stimmen Sie dieser Antwort zu?" in words(page)
    after = send_form(keeping, "/review", {**fields_of(page, "/review"), "verdict": "agree"}, headers=german)
    assert "Danke. Ihre Beurteilung ist aufbewahrt." in words(after.text)


def test_a_review_on_the_page_and_one_over_the_api_are_one(keeping):
    page = submit(keeping)
    send(keeping, page, "agree")
    receipt = html.unescape(fields_of(page, "/review")["receipt"])
    assert outcome(keeping, receipt, {"instrument": "phq9", "score": 3, "assessed_on": "2020-01-01"}).status_code == 400
    read = keeping.client.get(f"/v1/screenings/{receipt}/review").json["reviews"]
    assert [each["verdict"] for each in read] == ["agree"]
