import hashlib
import hmac
import logging

import pytest

from gateway.access.guard import Guard
from gateway.access.scopes import Scope
from gateway.access.secret_keys import Purpose, SecretKeys
from gateway.caller import Caller
from gateway.errors import ParameterInvalid
from gateway.subjects import MAX_SUBJECT_LENGTH, SubjectDigests
from tests.support.gateway import FakeGateway, multipart

REGIONS = ("eyes", "brows", "mouth", "jaw")
SUBJECT = "zq-subject-17"


@pytest.fixture
def explaining(tmp_path):
    return FakeGateway(tmp_path, contract={"asymmetry_regions": REGIONS})


def form(**fields):
    parts = [(name, None, value.encode()) for name, value in fields.items()]
    return multipart(*parts, ("photo", "face.jpg", b"photo"))


def test_an_explanation_is_given_on_request_only(explaining):
    assert explaining.screen().json["explanation"] is None
    explanation = explaining.client.post("/v1/screenings?explain=true", data=b"x", content_type="image/png").json[
        "explanation"
    ]
    assert explanation["attribution"] == [[0.25] * 32] * 32
    assert explanation["asymmetry"] == dict.fromkeys(REGIONS, 0.125)
    assert "prove nothing" in explanation["caption"]
    assert explaining.screen(*form(explain="true")).json["explanation"] == explanation
    assert explaining.screen(*form(explain="false")).json["explanation"] is None


def test_the_time_of_an_explanation_is_a_stage_of_its_own(explaining):
    explaining.screen(*form(explain="true"))
    explaining.screen()
    assert explaining.metric("symmetra_stage_seconds_count", stage="explain", traffic="patient") == 1


def test_the_page_shows_an_explanation_with_its_limits(explaining):
    body, content_type = form(explain="true")
    page = explaining.client.post("/", data=body, content_type=content_type, headers={"Accept": "text/html"}).text
    assert page.count('<rect class="up"') == 32 * 32
    assert "prove nothing" in page
    assert 'name="explain"' in page


def test_a_version_that_cannot_explain_is_told_before_the_photo_is_looked_at(gateway):
    response = gateway.screen(*form(explain="true"))
    assert (response.status_code, response.json["code"]) == (409, "explanation_not_available")
    assert gateway.crops.photos == []
    assert 'name="explain"' not in gateway.client.get("/").text


def test_an_explanation_needs_a_scope_of_its_own(explaining, monkeypatch):
    reader = Caller("key:reader", frozenset({Scope.SCREEN, Scope.READ_MODELS}))
    monkeypatch.setattr(Guard, "caller_of", lambda *_: reader)
    assert explaining.screen().status_code == 200
    response = explaining.screen(*form(explain="true"))
    assert (response.status_code, response.json["code"]) == (403, "scope_missing")


@pytest.mark.parametrize("value", ["", "yes", "1", "TRUE", "true\n", "true,false"])
def test_anything_but_true_and_false_is_refused(explaining, value):
    response = explaining.client.post(
        "/v1/screenings", query_string={"explain": value}, data=b"x", content_type="image/png"
    )
    assert (response.status_code, response.json["code"]) == (400, "parameter_invalid")
    assert explaining.screen(*form(explain=value)).json["code"] == "parameter_invalid"
    assert explaining.crops.photos == []


def test_two_values_are_one_too_many(explaining):
    address = "/v1/screenings?explain=true&explain=false"
    assert explaining.client.post(address, data=b"x", content_type="image/png").json["code"] == "parameter_invalid"


def test_other_fields_count_for_nothing(gateway):
    assert gateway.screen(*form(note="x", band="none")).status_code == 200


@pytest.fixture
def answers(gateway, monkeypatch):
    """Every answer that was given, with what callers do not see."""
    seen = []
    count = gateway.app.view_functions["api.screen"].__closure__
    screener = next(cell.cell_contents for cell in count if hasattr(cell.cell_contents, "screen"))
    monkeypatch.setattr(screener, "_count", lambda answer, _traffic: seen.append(answer))
    return seen


def test_a_subject_becomes_a_digest_the_same_from_a_form_and_from_a_header(gateway, answers):
    gateway.screen(*form(subject=SUBJECT))
    gateway.screen(headers={"X-Subject": SUBJECT})
    gateway.screen(*form(subject=SUBJECT), headers={"X-Subject": SUBJECT})
    gateway.screen(*form(subject=SUBJECT + "8"))
    gateway.screen(*form(subject=""))
    first, second, third, other, none = [answer.subject_digest for answer in answers]
    assert first == second == third
    assert len({first, other}) == 2
    assert none is None


def test_a_digest_is_keyed():
    keys = SecretKeys.random()
    digest = SubjectDigests(keys).of(SUBJECT)
    assert digest == hmac.new(keys.derive(Purpose.SUBJECT)[0], SUBJECT.encode(), hashlib.sha256).hexdigest()
    assert digest != SubjectDigests(SecretKeys.random()).of(SUBJECT)


@pytest.mark.parametrize(
    "subject", ["Erika Mustermann", "erika@example.org", "ä", "a\n", "a/b", "x" * (MAX_SUBJECT_LENGTH + 1)]
)
def test_what_looks_like_a_name_or_an_address_is_refused_without_repeating_it(gateway, subject):
    with pytest.raises(ParameterInvalid) as refused:
        SubjectDigests(SecretKeys.random()).of(subject)
    assert subject not in str(refused.value)
    response = gateway.screen(*form(subject=subject))
    assert (response.status_code, response.json["code"]) == (400, "parameter_invalid")


def test_two_different_subjects_are_refused(gateway):
    response = gateway.screen(*form(subject="a"), headers={"X-Subject": "b"})
    assert response.json["code"] == "parameter_invalid"


def test_a_subject_is_neither_logged_nor_echoed_nor_measured(gateway, caplog):
    with caplog.at_level(logging.DEBUG):
        answers = [
            gateway.screen(*form(subject=SUBJECT)),
            gateway.screen(headers={"X-Subject": SUBJECT}),
            gateway.screen(*form(subject=SUBJECT + " ")),
        ]
    seen = "".join(response.text + str(response.headers) for response in answers)
    assert SUBJECT not in seen + gateway.exposition() + caplog.text + str([vars(each) for each in caplog.records])
