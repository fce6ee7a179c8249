import dataclasses
import html
import re

import pytest

from gateway.errors import PredictorUnavailable, QueueFull
from gateway.languages import ENGLISH
from serving.contract.errors import NoFace, PhotoUnreadable
from serving.contract.model import Evidence
from serving.contract.quality import Quality
from tests.support.gateway import LIMITS, FakeGateway, multipart

HTML = {
    "Accept": (  # Chromium's own
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
        "application/signed-exchange;v=b3;q=0.7"
    )
}


def submit(gateway, photo=b"photo"):
    body, content_type = multipart(("photo", "face.jpg", photo))
    return gateway.client.post("/", data=body, content_type=content_type, headers=HTML)


def words(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_page_asks_for_one_photo_and_works_without_a_script(gateway):
    page = gateway.client.get("/").text
    form = re.search(r"<form[^>]+>", page)[0]
    assert 'method="post"' in form
    assert 'enctype="multipart/form-data"' in form
    assert re.search(r'<label for="photo">', page)
    assert re.search(r'<input id="photo" type="file" name="photo"', page)


def test_nothing_in_the_page_is_inline_or_from_elsewhere(gateway):
    for page in (gateway.client.get("/").text, submit(gateway).text):
        assert not re.search(r"<script(?![^>]*src=)", page)
        assert not re.search(r"\son[a-z]+=|<style|\sstyle=|javascript:", page)
        assert not re.search(r'(?:src|href|action)="(?!/|data:image/png;base64,)', page)


@pytest.mark.parametrize(
    ("p", "band", "paper_name"),
    [(0.9, "Low score band", "none"), (0.5, "Middle score band", "mild"), (0.1, "High score band", "high")],
)
def test_an_answer_is_words_before_numbers_with_its_limits(gateway, p, band, paper_name):
    gateway.predictor.p_no_depression = p
    response = submit(gateway)
    assert response.status_code == 200
    text = words(response.text)
    assert text.index(band) < text.index(f"“{paper_name}”") < text.index(f"{round(100 - 100 * p)} of 100")
    assert ENGLISH.page["severity_meaning"] in text
    assert "depression_severity, version 3" in text
    assert all(limit in text for limit in LIMITS)
    assert "Not a diagnosis" in text


def test_a_demo_model_says_what_its_answer_is_worth_above_the_band(gateway):
    text = words(submit(gateway).text)
    assert text.index(ENGLISH.demo_notice) < text.index("score band")
    assert ENGLISH.demo_page_notice in words(gateway.client.get("/").text)


def test_a_version_that_knows_nothing_says_so_above_the_band(tmp_path):
    gateway = FakeGateway(tmp_path, contract={"evidence": Evidence.RESEARCH, "knows_nothing": True})
    text = words(submit(gateway).text)
    assert text.index(ENGLISH.knows_nothing_notice) < text.index("score band")
    assert "drawn faces:" not in text


def test_the_low_band_does_not_rule_anything_out(gateway):
    gateway.predictor.p_no_depression = 0.9
    assert "does not rule out depression" in words(submit(gateway).text)


def test_the_shown_percent_never_contradicts_the_band(gateway):
    for p, shown in ((0.7, "30 of 100"), (0.7 - 1e-6, "31 of 100"), (0.4, "60 of 100"), (0.4 - 1e-6, "61 of 100")):
        gateway.predictor.p_no_depression = p
        assert shown in words(submit(gateway).text)


def test_diagnosis_is_only_ever_denied(gateway):
    pages = [gateway.client.get("/").text, submit(gateway).text]
    gateway.crops.error = NoFace()
    pages.append(submit(gateway).text)
    for page in pages:
        assert re.findall(r"(?i)\b(?:\w+\W+){0,2}diagnos\w*", words(page))
        for found in re.findall(r"(?i)(\w+\W+\w+)\W+diagnos\w*", words(page)):
            assert found.lower() == "not a"


@pytest.mark.parametrize("error", [NoFace(), PhotoUnreadable()])
def test_a_refusal_is_polite_with_reason_and_advice_and_its_status(gateway, error):
    gateway.crops.error = error
    response = submit(gateway)
    assert response.status_code == 422
    assert response.content_type.startswith("text/html")
    assert 'role="alert"' in response.text
    text = words(response.text)
    assert str(error) in text
    assert error.advice in text
    assert f"Reason: {error.code}" in text
    assert "score band" not in text


@pytest.mark.parametrize(
    ("error", "status"), [(PredictorUnavailable(), 503), (QueueFull(), 503), (ValueError("x"), 500)]
)
def test_a_fault_of_ours_is_told_on_the_page_too(gateway, error, status):
    gateway.predictor.error = error
    response = submit(gateway)
    assert response.status_code == status
    assert ENGLISH.page["fault"] in words(response.text)


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json,text/html;q=0.5", None])
def test_a_program_that_uses_the_form_gets_problems_as_json(gateway, accept):
    gateway.crops.error = NoFace()
    headers = {"Accept": accept} if accept else {}
    assert gateway.client.post("/", data=b"x", content_type="image/png", headers=headers).json["code"] == "no_face"


def test_without_a_model_the_page_says_so_and_offers_no_upload(gateway):
    (gateway.repository.directory / "pin.json").unlink()
    response = gateway.client.get("/")
    assert response.status_code == 200
    assert ENGLISH.page["no_model"] in words(response.text)
    assert "<form" not in response.text


def test_an_address_that_does_not_exist_is_told_to_a_person_as_a_page(gateway):
    response = gateway.client.get("/nowhere", headers=HTML)
    assert response.status_code == 404
    assert "There is nothing at this address." in words(response.text)


def test_every_quality_measure_has_words():
    assert set(ENGLISH.quality_words) == {field.name for field in dataclasses.fields(Quality)}


def test_what_the_contract_says_is_shown_and_never_executed(tmp_path):
    gateway = FakeGateway(tmp_path, contract={"limits": ("<script>alert(1)</script>",)})
    for page in (gateway.client.get("/").text, submit(gateway).text):
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "The model is not available right now."), ("de", "Das Modell ist zurzeit nicht verfügbar.")],
)
def test_while_the_model_is_away_the_page_says_so_before_a_photo_is_chosen(tmp_path, language, said):
    gateway = FakeGateway(tmp_path, languages=("en", "de"))
    page = gateway.client.get("/", headers={"Accept-Language": language}).text
    assert said not in words(page)
    gateway.predictor.away = PredictorUnavailable()
    page = gateway.client.get("/", headers={"Accept-Language": language}).text
    assert said in words(page)
    assert "<form" in page
    assert 'class="banner"' in page
    gateway.predictor.away = None
    assert said not in words(gateway.client.get("/", headers={"Accept-Language": language}).text)
