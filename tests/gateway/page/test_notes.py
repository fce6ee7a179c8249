"""The text for the notes: result, limits, version, receipt, time; in the page, and readable without a script."""

import html
import re

import pytest

from gateway.languages import CATALOGUES, ENGLISH
from serving.contract.abstention import Doubt
from serving.contract.policy import Abstention, Policy
from tests.support.gateway import DIGEST, LIMITS, FakeGateway, write_policy
from tests.support.page_text import submit_photo
from tests.support.records import make_records


def notes_of(page):
    (field,) = re.findall(r"<textarea ([^>]*)>(.*?)</textarea>", page, re.DOTALL)
    assert "readonly" in field[0]
    assert "name=" not in field[0]
    return html.unescape(field[1])


def receipt_of(page):
    return re.search(r"<dt>(?:Receipt|Beleg)</dt><dd><code>([^<]+)</code>", page)[1]


@pytest.mark.parametrize("tag", CATALOGUES)
@pytest.mark.parametrize("p", [0.9, 0.5, 0.1])
def test_the_notes_hold_result_limits_version_receipt_and_time(tmp_path, tag, p):
    gateway, language = FakeGateway(tmp_path, languages=tuple(CATALOGUES)), CATALOGUES[tag]()
    gateway.predictor.p_no_depression = p
    page = submit_photo(gateway, language=tag).text
    notes = notes_of(page)
    band = {0.9: "none", 0.5: "mild", 0.1: "high"}[p]
    for each in (
        language.notice, language.demo_notice, *LIMITS, "depression_severity", DIGEST, receipt_of(page), band,
        f"{round(100 - 100 * p)} ", language.page["model_line"].format(name="depression_severity", version=3),
    ):  # fmt: skip
        assert each in notes
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$", notes)
    assert notes.index(language.demo_notice) < notes.index(band)


def test_the_notes_of_an_abstention_give_the_reason_and_no_score(gateway):
    write_policy(gateway.repository, Policy(abstention=Abstention(50_000, 0.9, 0.9)))
    gateway.predictor.jittered_p = (0.9,) * 8
    notes = notes_of(submit_photo(gateway).text)
    assert ENGLISH.page["notes_abstained"] in notes
    assert ENGLISH.doubts[Doubt.UNSTABLE_ANSWER].detail in notes
    assert " of 100" not in notes


def test_the_receipt_of_the_page_is_the_answers_id_and_not_one_that_a_caller_chose(gateway):
    page = submit_photo(gateway)
    assert receipt_of(page.text) == page.headers["X-Request-Id"]


def test_the_time_in_the_notes_is_the_receipts(tmp_path):
    gateway = FakeGateway(tmp_path, **make_records(tmp_path))
    page = submit_photo(gateway).text
    kept = gateway.client.get(f"/v1/screenings/{receipt_of(page)}").json
    assert f"Time: {kept['answered_at'][:19].replace('T', ' ')} UTC" in notes_of(page)
