"""Whom to call in a crisis is said on every page, in every state, in the site's own words where it has some."""

import html
import re
from pathlib import Path

import pytest

import gateway as package
from gateway.errors import SettingsInvalid
from gateway.languages import ENGLISH
from gateway.languages.de import GERMAN
from gateway.settings import Settings
from tests.support.access import beyond_loopback
from tests.support.gateway import FakeGateway
from tests.support.page_states import gateway_of_states, pages_of_states
from tests.support.page_text import HTML_HEADERS, submit_photo, words_of

TEMPLATES = sorted((Path(package.__file__).parent / "templates").glob("*.html"))
OWN = "Ring the ward: 555 0100.\nDay and night.\n\nOr <b>112</b>.\n"


def crisis_of(page):
    (found,) = re.findall(r'<aside class="crisis".*?</aside>', page, re.DOTALL)
    return found


def test_every_template_of_a_whole_page_says_it():
    whole = [path for path in TEMPLATES if "<html" in path.read_text(encoding="utf-8")]
    assert len(whole) >= 2
    for part in ("crisis.html", "unreviewed.html"):
        assert [
            path.name for path in whole if f'{{% include "{part}" %}}' not in path.read_text(encoding="utf-8")
        ] == []


def every_page(gateway):
    """Those for integrators, and every state of the page for people."""
    for address in ("/reference", "/problems/v1/no_face"):
        yield address, gateway.client.get(address, headers=HTML_HEADERS)
    yield from pages_of_states(gateway)


def test_every_state_says_it(tmp_path):
    gateway = gateway_of_states(tmp_path)
    for name, response in every_page(gateway):
        assert response.content_type.startswith("text/html"), name
        assert ENGLISH.page["crisis"] in words_of(crisis_of(response.text)), name


def test_whoever_is_not_let_in_reads_it_too(tmp_path):
    gateway = FakeGateway(tmp_path, **beyond_loopback(tmp_path))
    response = gateway.client.get("/", headers=HTML_HEADERS)
    assert response.status_code == 401
    assert ENGLISH.page["crisis"] in words_of(crisis_of(response.text))


def test_a_site_says_it_in_its_own_words_without_markup(tmp_path):
    (tmp_path / "crisis.txt").write_text(OWN)
    gateway = gateway_of_states(tmp_path, crisis_text_file=tmp_path / "crisis.txt")
    for name, response in every_page(gateway):
        said = crisis_of(response.text)
        assert "<p>Ring the ward: 555 0100.<br>Day and night.</p><p>Or &lt;b&gt;112&lt;/b&gt;.</p>" in said, name
        assert ENGLISH.page["crisis"] not in html.unescape(said), name


def test_a_language_has_a_text_of_its_own_or_that_of_the_first(tmp_path):
    path = tmp_path / "crisis.txt"
    path.write_text("Call 555 0100.")

    def said(folder):
        gateway = FakeGateway(tmp_path / folder, languages=("en", "de"), crisis_text_file=path)
        return crisis_of(gateway.client.get("/", headers={"Accept-Language": "de"}).text)

    assert 'lang="en"' in said("without")
    assert "Call 555 0100." in said("without too")
    (tmp_path / "crisis.de.txt").write_text("555 0100 anrufen.")
    german = said("with")
    assert 'lang="de"' in german
    assert "555 0100 anrufen." in german
    assert GERMAN.page["crisis_heading"] in german


@pytest.mark.parametrize("content", [None, b"", b" \n\n", b"\xff\xfe", b"x" * 5000], ids=str)
def test_a_text_that_cannot_be_used_stops_the_start(tmp_path, content):
    path = tmp_path / "crisis.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsInvalid, match="SYMMETRA_CRISIS_TEXT_FILE"):
        FakeGateway(tmp_path, crisis_text_file=path)


def test_languages_are_a_list_of_those_that_there_are():
    def read(text):
        return Settings.from_environment({"SYMMETRA_MODEL_REPOSITORY": "/m", "SYMMETRA_LANGUAGES": text}).languages

    assert read("de, EN,de") == ("de", "en")
    for wrong in ("", "fr", "en,", "en;de"):
        with pytest.raises(SettingsInvalid, match="SYMMETRA_LANGUAGES"):
            read(wrong)


def test_another_language_is_off_until_a_site_wants_it_and_says_that_it_is_not_reviewed(tmp_path):
    german = {"Accept-Language": "de", "Accept": "text/html"}
    page = FakeGateway(tmp_path / "off").client.get("/", headers=german)
    assert page.headers["Content-Language"] == "en"
    gateway = FakeGateway(tmp_path / "on", languages=("en", "de"))
    assert GERMAN.page["unreviewed"] in words_of(gateway.client.get("/", headers=german).text)
    assert GERMAN.page["unreviewed"] in words_of(submit_photo(gateway, language="de").text)
    assert ENGLISH.page["unreviewed"] not in words_of(gateway.client.get("/", headers={"Accept": "text/html"}).text)
    assert "unreviewed translation" in GERMAN.page["unreviewed"]
