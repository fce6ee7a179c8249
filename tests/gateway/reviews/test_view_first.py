"""Where a site wants a view before the score: nothing of the score is there before the view is, by any way."""

import re

import pytest

from gateway.access.scopes import Scope
from gateway.errors import SettingsInvalid
from gateway.languages import ENGLISH
from gateway.records.tables import REVIEWS
from gateway.settings import Settings
from serving.contract.policy import Abstention, Policy
from tests.support.access import add_key
from tests.support.gateway import FakeGateway, multipart, write_policy
from tests.support.records import make_records
from tests.support.reviews import AGREE, HTML, fields_of, review, rows, send_form, submit, words

KEY = "0123456789abcdef"


@pytest.fixture
def first(tmp_path):
    return FakeGateway(
        tmp_path, view_before_score=True, contract={"asymmetry_regions": ("eyes",)}, **make_records(tmp_path)
    )


def commit(gateway, page, band, **options):
    return send_form(gateway, "/commit", {**fields_of(page, "/commit"), "committed_band": band}, **options)


@pytest.mark.parametrize(("p", "percent", "ppm"), [(0.8765, "12", "123500"), (0.123456, "88", "876544")])
def test_the_first_page_holds_the_crop_and_the_question_and_nothing_of_the_score(first, p, percent, ppm):
    first.predictor.p_no_depression = p
    page = submit(first)
    text = words(page)
    assert ENGLISH.page["commit_question"] in text
    assert '<figure class="crop">' in page
    without_picture = re.sub(r"data:image/png;base64,[^\"]+|[0-9a-f]{64}|[0-9a-f-]{36}", "", page)
    assert not re.search(rf"{percent} of 100|{ppm}|{p}|data-band|marker|severity:|The paper calls", without_picture)
    assert ENGLISH.page["severity_meaning"] not in text
    assert [text.count(ENGLISH.band_words[band]) for band in ENGLISH.band_words] == [1, 1, 1]
    assert 'class="card result"' not in page


def test_every_score_gives_the_same_first_page(first):
    pages = set()
    for p in (0.9, 0.5, 0.1):
        first.predictor.p_no_depression = p
        pages.add(re.sub(r"data:image/png;base64,[^\"]+|[0-9a-f]{64}|[0-9a-f-]{36}", "", submit(first)))
    assert len(pages) == 1


def test_with_the_view_comes_the_score_and_the_view_stays(first):
    page = submit(first)
    response = commit(first, page, "high")
    assert response.status_code == 200
    text = words(response.text)
    assert "Middle score band" in text
    assert f"{ENGLISH.page['review_committed']}: High score band" in text
    assert ENGLISH.page["severity_meaning"] in text
    after = send_form(first, "/review", {**fields_of(response.text, "/review"), "verdict": "unsure"})
    assert f"{ENGLISH.page['review_committed']}: High score band" in words(after.text)
    assert [(row["committed_band"], row["verdict"]) for row in rows(first, REVIEWS)] == [
        ("high", None),
        ("high", "unsure"),
    ]


def test_before_the_view_no_way_leads_to_the_score(first):
    page = submit(first)
    receipt = fields_of(page, "/commit")["receipt"]
    for path in (f"/v1/screenings/{receipt}", f"/v1/screenings/{receipt}/review"):
        response = first.client.get(path)
        assert (response.status_code, response.json["code"]) == (409, "view_not_given")
        assert "mild" not in response.text
    for body in (AGREE, {"verdict": "agree", "committed_band": "mild"}):
        assert review(first, receipt, body).json["code"] == "view_not_given"
    response = send_form(first, "/review", {"receipt": receipt, "verdict": "agree"})
    assert response.status_code == 409
    assert "score band" not in words(response.text)
    response = send_form(first, "/review", {"receipt": receipt, "verdict": "nothing"})
    assert response.status_code == 409
    assert "score band" not in words(response.text)
    assert rows(first, REVIEWS) == []
    commit(first, page, "none")
    assert first.client.get(f"/v1/screenings/{receipt}").json["band"] == "mild"


def test_a_view_that_is_none_shows_no_score(first):
    page = submit(first)
    for band in ("", "medium", "none:mild"):
        response = commit(first, page, band)
        assert response.status_code == 400
        assert "of 100" not in response.text
    assert rows(first, REVIEWS) == []


def test_a_view_cannot_be_changed_by_going_back(first):
    page = submit(first)
    commit(first, page, "high")
    again = commit(first, page, "mild")
    assert again.status_code == 200
    assert f"{ENGLISH.page['review_committed']}: High score band" in words(again.text)
    assert commit(first, page, "high").status_code == 200
    assert [row["committed_band"] for row in rows(first, REVIEWS)] == ["high"]


def test_a_repeated_photo_under_one_key_shows_no_score_either(first):
    body, content_type = multipart(("photo", "face.jpg", b"photo"))
    headers = {**HTML, "Idempotency-Key": KEY}
    pages = [first.client.post("/", data=body, content_type=content_type, headers=headers).text for _ in range(2)]
    assert all(ENGLISH.page["commit_question"] in words(page) for page in pages)
    response = first.screen(b"photo", headers={"Idempotency-Key": KEY})
    assert (response.status_code, response.json["code"]) == (409, "idempotency_key_reused")


def test_programs_are_answered_at_once(first):
    given = first.screen().json
    assert given["band"] == "mild"
    assert first.client.get(f"/v1/screenings/{given['id']}").json["band"] == "mild"
    assert review(first, given["id"], AGREE).status_code == 200


def test_a_view_over_the_api_opens_the_answer_too(first):
    receipt = fields_of(submit(first), "/commit")["receipt"]
    assert review(first, receipt, {"committed_band": "none"}).status_code == 200
    assert first.client.get(f"/v1/screenings/{receipt}").status_code == 200


def test_an_abstention_is_told_at_once(first):
    write_policy(first.repository, Policy(2, abstention=Abstention(0, 0.9, 0.9)))
    first.predictor.jittered_p = (0.2,) * 8
    page = submit(first)
    assert ENGLISH.page["abstained"] in words(page)
    receipt = fields_of(page, "/review")["receipt"]
    assert first.client.get(f"/v1/screenings/{receipt}").status_code == 200


def test_nothing_is_explained_before_or_after(first):
    assert 'name="explain"' not in first.client.get("/").text
    body, content_type = multipart(("explain", None, b"true"), ("photo", "face.jpg", b"photo"))
    page = first.client.post("/", data=body, content_type=content_type, headers=HTML).text
    assert ENGLISH.page["explanation"] not in words(page)


def test_a_colleague_may_read_and_whoever_may_not_review_is_answered_at_once(tmp_path):
    keys = tmp_path / "keys.json"
    gateway = FakeGateway(tmp_path, api_keys_file=keys, view_before_score=True, **make_records(tmp_path))
    ward = {"Authorization": f"Bearer {add_key(keys, name='ward')}"}
    colleague = {"Authorization": f"Bearer {add_key(keys, name='colleague')}"}
    screens = {"Authorization": f"Bearer {add_key(keys, Scope.SCREEN, name='screens')}"}
    page = submit(gateway, {**HTML, **ward})
    receipt = fields_of(page, "/commit")["receipt"]
    assert gateway.client.get(f"/v1/screenings/{receipt}", headers=ward).status_code == 409
    assert gateway.client.get(f"/v1/screenings/{receipt}", headers=colleague).status_code == 200
    review(gateway, receipt, AGREE, headers=colleague)
    assert gateway.client.get(f"/v1/screenings/{receipt}", headers=ward).status_code == 409, "it was not their view"
    assert "score band" in words(submit(gateway, {**HTML, **screens}))


@pytest.mark.parametrize("changes", [{"records_url": None}, {"records_when_away": "answer"}])
def test_it_needs_records_that_every_answer_is_in(tmp_path, changes):
    values = {"view_before_score": "yes", "model_repository": tmp_path, **make_records(tmp_path), **changes}
    environment = {f"SYMMETRA_{name.upper()}": str(value) for name, value in values.items() if value is not None}
    with pytest.raises(SettingsInvalid, match="SYMMETRA_VIEW_BEFORE_SCORE needs"):
        Settings.from_environment(environment)
