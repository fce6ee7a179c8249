import dataclasses
import html
import re
import string

import pytest

from gateway.errors import ScreeningPaused
from gateway.errors.stop import SENTENCES
from gateway.languages import CATALOGUES, ENGLISH
from gateway.languages.de import GERMAN
from gateway.problems import KINDS, Problem, all_codes, problem_classes
from gateway.stop.pause_change import PauseReason
from gateway.stop.stop_switch import StopSwitch
from serving.contract.errors import NoFace
from tests.support.gateway import multipart

OTHERS = [get() for tag, get in CATALOGUES.items() if tag != ENGLISH.tag]
ids = pytest.mark.parametrize("language", OTHERS, ids=lambda each: each.tag)
HTML = {"Accept": "text/html", "Accept-Language": "de"}


def sentences(value, place=""):
    """Every sentence of a catalogue by its place."""
    if isinstance(value, str):
        return {place: value}
    if isinstance(value, tuple):
        return {f"{place}[{number}]": text for number, text in enumerate(value)}
    return {key: text for name, each in value.items() for key, text in sentences(each, f"{place}.{name}").items()}


FACTS = ("tag", "thousands", "direction", "reviewed")
"""Fields that are no sentences."""
BY_ENGLISH = ("titles", "problems", "pauses", "occurrences", "limits")
"""Fields whose English stands elsewhere: other tests compare them with it."""


def translated(language):
    fields = {field.name: getattr(language, field.name) for field in dataclasses.fields(language)}
    return sentences({name: value for name, value in fields.items() if name not in (*FACTS, *BY_ENGLISH)})


def placeholders(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


@ids
def test_a_language_has_every_sentence_with_the_same_placeholders(language):
    ours, english = translated(language), translated(ENGLISH)
    assert set(ours) == set(english)
    assert {place: placeholders(text) for place, text in ours.items()} == {
        place: placeholders(text) for place, text in english.items()
    }
    assert all(text.strip() for text in ours.values())


@ids
def test_a_language_tells_every_problem(language):
    assert set(language.problems) == set(all_codes())
    assert set(language.titles) == {kind.title for kind in KINDS.values()}
    assert all(all(told) for told in language.problems.values())


@ids
@pytest.mark.parametrize("reason", PauseReason)
def test_a_language_says_why_screening_is_paused(language, reason):
    english, ours = (Problem.of(ScreeningPaused.because_of(reason), "id", each) for each in (ENGLISH, language))
    assert english.detail == SENTENCES[reason]
    assert ours.detail == language.pauses[reason] != english.detail


@ids
def test_a_language_knows_no_other_reason_for_a_pause(language):
    assert set(language.pauses) == set(SENTENCES)
    assert len(set(language.pauses.values())) == len(SENTENCES)


def test_the_page_says_in_german_who_stopped_it(gateway):
    StopSwitch(gateway.repository.directory).pause(by="ada", why="x")
    assert GERMAN.pauses["operator"] in gateway.client.get("/", headers=HTML).text
    assert gateway.screen(headers={"Accept-Language": "de"}).json["detail"] == GERMAN.pauses["operator"]


@ids
def test_nothing_was_left_in_english(language):
    same = {place for place, text in translated(language).items() if text == translated(ENGLISH)[place]}
    assert same <= {".page.title", ".page.version", ".figure_words.auroc"}
    for error in problem_classes():
        english, ours = (Problem.of(error(), "id", each) for each in (ENGLISH, language))
        assert (ours.code, ours.kind) == (english.code, english.kind)
        assert not {ours.title, ours.detail, ours.advice} & {english.title, english.detail, english.advice}


@pytest.mark.parametrize(
    ("accepted", "tag"),
    [
        ("de", "de"), ("de-AT", "de"), ("DE", "de"), ("fr, de;q=0.5, en;q=0.4", "de"), ("en, de;q=0.9", "en"), ("en-GB", "en"),
        ("fr", "en"), ("*", "en"), ("", "en"), (None, "en"), ("de;q=0", "en"), ("x" * 500, "en"), (";;,,=", "en"),
    ],
)  # fmt: skip
def test_the_best_language_that_there_is_is_spoken(gateway, accepted, tag):
    headers = {} if accepted is None else {"Accept-Language": accepted}
    for response in (gateway.screen(headers=headers), gateway.client.get("/nowhere", headers=headers)):
        assert response.headers["Content-Language"] == tag
        assert "Accept-Language" in response.headers["Vary"]


def test_notices_and_problems_are_translated_and_codes_are_not(gateway):
    answer = gateway.screen(headers={"Accept-Language": "de"}).json
    assert answer["notice"] == [GERMAN.demo_notice, GERMAN.notice]
    assert answer["band"] == "mild"
    gateway.crops.error = NoFace()
    problem = gateway.screen(headers={"Accept-Language": "de"}).json
    assert problem["code"] == "no_face"
    assert (problem["detail"], problem["advice"]) == GERMAN.problems["no_face"]
    assert problem["title"] == "Kein Punktwert für dieses Foto"


def test_the_page_speaks_german(gateway):
    body, content_type = multipart(("photo", "face.jpg", b"photo"))
    pages = [
        gateway.client.get("/", headers=HTML),
        gateway.client.post("/", data=body, content_type=content_type, headers=HTML),
    ]
    gateway.crops.error = NoFace()
    pages.append(gateway.client.post("/", data=body, content_type=content_type, headers=HTML))
    for response in pages:
        assert '<html lang="de" dir="ltr">' in response.text
        text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.text)).split())
        assert GERMAN.page["subtitle"] in text
        assert not [each for each in (ENGLISH.page["purpose"], ENGLISH.page["choose"], ENGLISH.notice) if each in text]
    assert GERMAN.problems["no_face"].advice in pages[-1].text


def test_what_integrators_read_is_english_for_everybody(gateway):
    for path in ("/reference", "/openapi.json", "/problems/v1/no_face"):
        assert "Content-Language" not in gateway.client.get(path, headers=HTML).headers
