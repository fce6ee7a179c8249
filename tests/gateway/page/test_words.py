"""What every state of the page must say, must not say, and how hard it may be to read."""

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

import gateway as package
from gateway.languages import CATALOGUES, ENGLISH
from gateway.problems import all_codes
from serving.contract.model import Evidence
from tests.support.access import beyond_loopback
from tests.support.gateway import FakeGateway
from tests.support.page_states import SCORES, gateway_of_states, pages_of_states
from tests.support.page_text import HTML_HEADERS, words_of
from tests.support.reading_grade import reading_grade, sentences_of
from tests.support.records import make_records
from training.reporting.model_card import limits_of

PACKAGE = Path(package.__file__).parent
GRADE_MAX = 8.0
FIRST_PAGE_MAX_BYTES = 60_000
DENIED = re.compile(
    r"(?i)\b(?:(?:not|never|no) (?:a )?|(?:keine|niemals eine) |neither (?:\w+ )*nor a )(?:diagnos\w*|confidence)"
)
SAID = re.compile(r"(?i)diagnos\w*|\bconfidence\b")


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    """Name -> HTML of every state in English, for each kind of evidence; one site keeps records and shows a notice."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "notice.txt").write_text("The person was told what the photo is for, and agreed.")
    keeping = {**make_records(folder), "notice_file": folder / "notice.txt", "notice_required": False}
    settings = {
        Evidence.DEMO: {},
        Evidence.RESEARCH: keeping,
        Evidence.SITE_VALIDATED: {"site_prevalence_percent": 12.0},
    }
    found = {}
    for evidence in Evidence:
        gateway = gateway_of_states(tmp_path_factory.mktemp("states"), evidence, **settings[evidence])
        found |= {(evidence, name): response.text for name, response in pages_of_states(gateway)}
    strangers = FakeGateway(folder, **beyond_loopback(folder))
    found[Evidence.DEMO, "not let in"] = strangers.client.get("/", headers=HTML_HEADERS).text
    return found


def of_scores(states):
    chosen = {key: page for key, page in states.items() if key[1] in SCORES}
    assert len(chosen) == len(Evidence) * len(SCORES)
    return chosen


def test_a_score_is_shown_in_these_states_and_in_no_other(states):
    assert {name for (_, name), page in states.items() if "data-band=" in page} == set(SCORES)
    for key, page in states.items():
        assert (ENGLISH.page["severity"].split("{")[0] in words_of(page)) is (key[1] in SCORES), key


def test_whoever_sees_a_score_sees_its_limits(states):
    for (evidence, name), page in of_scores(states).items():
        text = words_of(page)
        said = [ENGLISH.page["in_short"], ENGLISH.page["severity_meaning"], *limits_of(evidence, knows_nothing=False)]
        assert [each for each in said if each not in text] == [], name
        assert "depression_severity, version 3" in text
        assert ENGLISH.evidence_words[evidence] in text


def test_words_come_before_numbers_and_what_they_do_not_mean_before_both(states):
    for key, page in of_scores(states).items():
        text = words_of(page[page.index('id="outcome"') :])
        order = ["score band", "The paper calls this band", ENGLISH.page["in_short"], "Severity score:"]
        assert [text.index(each) for each in order] == sorted(text.index(each) for each in order), key


def test_a_demo_model_says_so_above_the_band_in_the_document(states):
    for (evidence, name), page in states.items():
        if 'id="outcome-heading"' not in page or name not in (*SCORES, "abstention"):
            continue
        above = words_of(page[: page.index('id="outcome-heading"')])
        assert (ENGLISH.demo_notice in above) is (evidence is Evidence.DEMO), name


def test_low_does_not_rule_out_depression_and_says_how_often_it_missed(states):
    for evidence in Evidence:
        text = words_of(states[evidence, "answer low"])
        assert "does not rule out depression" in text
        assert "about 12 of 100 depressed subjects in this band. They were about 12 of 100." in text


def test_an_abstention_gives_its_reason_and_advice_and_no_share_of_anybody(states):
    for evidence in Evidence:
        page = states[evidence, "abstention"]
        assert ENGLISH.page["what_to_do"] in page
        assert ENGLISH.page["meaning"] not in page
        assert " of 100" not in words_of(page)


def only_denied(text):
    """What speaks of a diagnosis or of confidence without denying it."""
    denied = [found.span() for found in DENIED.finditer(text)]
    return [
        text[max(0, found.start() - 60) : found.end() + 20]
        for found in SAID.finditer(text)
        if not any(start <= found.start() and found.end() <= end for start, end in denied)
    ]


def test_the_check_of_denials_sees_what_is_not_denied():
    assert only_denied("a diagnosis") == ["a diagnosis"]
    assert only_denied("It is not a diagnosis. Diagnostic aid.") == ["It is not a diagnosis. Diagnostic aid."]
    assert only_denied("Keine Diagnose. Niemals eine Diagnose; never a diagnosis, not a confidence") == []


def test_no_state_speaks_of_a_diagnosis_but_to_deny_it(states):
    for key, page in states.items():
        assert only_denied(words_of(page)) == [], key
        assert SAID.search(words_of(page)) or 'id="upload"' not in page, key


def strings(value):
    if isinstance(value, str):
        return [value]
    if dataclasses.is_dataclass(value):
        return [text for field in dataclasses.fields(value) for text in strings(getattr(value, field.name))]
    if isinstance(value, Mapping):
        return [text for key, each in value.items() for text in (*strings(key), *strings(each))]
    if isinstance(value, (list, tuple)):
        return [text for each in value for text in strings(each)]
    return []


@pytest.mark.parametrize("tag", CATALOGUES)
def test_no_catalogue_speaks_of_a_diagnosis_but_to_deny_it(tag):
    texts = strings(CATALOGUES[tag]())
    assert len(texts) > 100
    assert [found for text in texts for found in only_denied(text)] == []


def test_no_template_script_or_described_api_speaks_of_a_diagnosis_but_to_deny_it(tmp_path):
    files = [*(PACKAGE / "templates").glob("*.html"), *(PACKAGE / "static").iterdir()]
    assert [found for path in files for found in only_denied(path.read_text(encoding="utf-8"))] == []
    client = gateway_of_states(tmp_path).client
    pages = ["/openapi.json", "/reference", *(f"/problems/v1/{code}" for code in all_codes())]
    for address in pages:
        response = client.get(address)
        assert response.status_code == 200, address
        assert only_denied(response.text) == [], address


@pytest.mark.parametrize("evidence", Evidence)
def test_no_limit_that_our_training_writes_does_either(evidence):
    assert [found for limit in limits_of(evidence, knows_nothing=True) for found in only_denied(limit)] == []


def test_no_state_is_harder_to_read_than_eight_years_of_school(states):
    grades = {key: reading_grade(sentences_of(page)) for key, page in states.items()}
    assert {key: round(grade, 1) for key, grade in grades.items() if grade > GRADE_MAX} == {}


def test_the_first_page_is_small_and_asks_nobody_else(tmp_path):
    client = gateway_of_states(tmp_path).client
    waiting, fetched = ["/"], {}
    while waiting:
        address = waiting.pop()
        if address in fetched:
            continue
        with client.get(address, headers={"Accept": "text/html" if address == "/" else "*/*"}) as response:
            assert response.status_code == 200, address
            fetched[address] = len(response.data) + len(str(response.headers))
            text = response.text
        linked = re.findall(r'(?:src|href|action|poster)="([^"]+)"', text) if "<html" in text else []
        linked += re.findall(r"url\(([^)]+)\)", text) if address.endswith(".css") else []
        imported = re.findall(r'(?:from|import)\s*\(?"([^"]+)"', text) if address.endswith(".js") else []
        for each in (*linked, *imported):
            assert not re.match(r"(?:[a-z]+:)?//", each), (address, each)
        waiting += [each for each in linked if each.startswith("/static/")]
        waiting += ["/static/" + each.removeprefix("./") for each in imported]
    assert len(fetched) >= 4
    assert sum(fetched.values()) <= FIRST_PAGE_MAX_BYTES, fetched
