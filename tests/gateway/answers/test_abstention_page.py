import html
import re

from gateway.languages import ENGLISH
from gateway.languages.de import GERMAN
from serving.contract.abstention import Doubt
from serving.contract.jitter import JITTER_COPIES
from serving.contract.policy import Abstention, Policy
from tests.support.gateway import FakeGateway, multipart, write_policy


def submit(gateway, language="en"):
    write_policy(gateway.repository, Policy(abstention=Abstention(50_000, 0.9, 0.9)))
    gateway.predictor.p_no_depression = 0.37
    gateway.predictor.jittered_p = (0.9,) * JITTER_COPIES
    body, content_type = multipart(("photo", "face.jpg", b"photo"))
    headers = {"Accept": "text/html", "Accept-Language": language}
    response = gateway.client.post("/", data=body, content_type=content_type, headers=headers)
    assert response.status_code == 200
    return response.text


def words(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_page_says_that_there_is_no_band_why_and_what_to_do(gateway):
    text = words(submit(gateway))
    told = ENGLISH.doubts[Doubt.UNSTABLE_ANSWER]
    assert text.index(ENGLISH.page["abstained"]) < text.index(told.detail) < text.index(told.advice)
    assert "unstable_answer" in text
    assert ENGLISH.demo_notice in text


def test_no_number_and_no_band_stand_in_for_the_one_that_is_withheld(gateway):
    page = submit(gateway)
    assert "data-band" not in page
    assert 'class="scale"' not in page
    text = words(page)
    assert "score band" not in text
    assert "of 100" not in text
    assert not re.search(r"\b63\b|0\.63|0\.37", text)


def test_an_abstention_is_told_in_german_too(tmp_path):
    gateway = FakeGateway(tmp_path, languages=("en", "de"))
    text = words(submit(gateway, "de-CH,de;q=0.9"))
    assert GERMAN.doubts[Doubt.UNSTABLE_ANSWER].advice in text
    assert GERMAN.page["abstained"] in text
