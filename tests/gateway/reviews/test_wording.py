"""What the forms say: easy to read, no promise, and never a score without its limits."""

import datetime as dt
import re

import pytest

from gateway.languages import ENGLISH
from gateway.languages.en_review import REVIEW_WORDS
from tests.support.gateway import LIMITS, FakeGateway
from tests.support.reading_grade import reading_grade
from tests.support.records import make_records
from tests.support.reviews import HTML, NOWHERE, fields_of, send_form, submit, words

GRADE_MAX = 8.0
SENTENCES = [text for text in REVIEW_WORDS.values() if text.endswith((".", "?"))]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Every state by name, those with a score and those without."""
    folder = tmp_path_factory.mktemp("site")
    gateway = FakeGateway(folder, view_before_score=True, **make_records(folder))
    with_score, without = {}, {}
    for p in (0.9, 0.5, 0.1):
        gateway.predictor.p_no_depression = p
        without[f"commit {p}"] = first = submit(gateway)
        view = {**fields_of(first, "/commit"), "committed_band": "none"}
        with_score[f"committed {p}"] = shown = send_form(gateway, "/commit", view).text
        review = fields_of(shown, "/review")
        with_score[f"reviewed {p}"] = send_form(gateway, "/review", {**review, "verdict": "unsure"}).text
        with_score[f"nothing chosen {p}"] = send_form(gateway, "/review", review).text
    without["outcome"] = gateway.client.get("/outcome", headers=HTML).text
    today = str(dt.datetime.now(dt.UTC).date())
    typed = {"receipt": review["receipt"], "instrument": "phq9", "score": "9", "assessed_on": today}
    without["outcome kept"] = send_form(gateway, "/outcome", typed).text
    without["outcome unknown"] = send_form(gateway, "/outcome", {**typed, "receipt": NOWHERE}).text
    return with_score, without


def test_the_limits_are_in_view_wherever_a_score_is(pages):
    with_score, without = pages
    for name, page in with_score.items():
        text = words(page)
        assert "of 100" in text, name
        assert all(limit in text for limit in LIMITS), name
        assert ENGLISH.page["severity_meaning"] in text, name
        assert text.index(ENGLISH.demo_notice) < text.index("score band"), name
    for name, page in without.items():
        assert "of 100" not in words(page), name


def test_nothing_speaks_of_a_diagnosis_but_to_deny_it(pages):
    for page in (*pages[0].values(), *pages[1].values()):
        for found in re.findall(r"(?i)(\w+\W+\w+)\W+diagnos\w*", words(page)):
            assert found.lower() == "not a"


def test_the_words_are_easy_to_read():
    assert len(SENTENCES) > 15
    assert reading_grade(SENTENCES) <= GRADE_MAX


def test_every_field_has_a_label_and_every_group_a_legend(pages):
    for page in (*pages[0].values(), *pages[1].values()):
        forms = re.findall(r'<form action="/(?:review|commit|outcome)[#"].*?</form>', page, re.DOTALL)
        for form in forms:
            assert "<legend>" in form
            for field in re.findall(r"<input[^>]*>", form):
                kind, name = re.search(r'type="(\w+)"', field)[1], re.search(r'id="(\w+)"', field)
                labelled = name and f'<label for="{name[1]}">' in form
                assert kind == "hidden" or labelled or f"<label>{field}" in form, field
