"""A notice that the site wants confirmed for every photo: on the page, for programs, and in the receipt."""

import dataclasses
import json

import pytest

from gateway.access.scopes import Scope
from gateway.errors import SettingsInvalid
from gateway.languages import ENGLISH
from gateway.languages.de import GERMAN
from gateway.notice import Notices, version_of
from gateway.records.answer_again import answer_again
from gateway.records.receipt import RECEIPT_SCHEMA, members_of
from gateway.records.receipt_json import receipt_json
from tests.support.access import add_key
from tests.support.gateway import FakeGateway, multipart
from tests.support.records import make_records, open_store

WORDS = "The person in the photo <agreed>\nto this screening.\n\nThey may say no at any time."
VERSION = version_of((("The person in the photo <agreed>", "to this screening."), ("They may say no at any time.",)))
HTML = {"Accept": "text/html"}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "notice.txt"
    path.write_text(WORDS + "\n", encoding="utf-8")
    return path


@pytest.fixture
def gateway(tmp_path, file):
    return FakeGateway(tmp_path, notice_file=file)


def send(gateway, *fields, **headers):
    parts = [(name, None, value.encode()) for name, value in fields]
    body, content_type = multipart(("photo", "x.jpg", b"photo"), *parts)
    return gateway.client.post("/", data=body, content_type=content_type, headers=HTML | headers)


def test_the_page_shows_the_notice_above_a_box_that_is_not_ticked(gateway):
    page = gateway.client.get("/", headers=HTML).text
    assert "The person in the photo &lt;agreed&gt;<br>to this screening.</p><p>They may say no" in page
    box = f'<input type="checkbox" name="notice_version" value="{VERSION}" required>'
    assert box in page
    assert page.index("may say no") < page.index(box) < page.index("Get the score")


def test_a_photo_with_the_confirmation_is_answered_and_one_without_is_not_looked_at(gateway):
    assert "score band" in send(gateway, ("notice_version", VERSION)).text
    assert len(gateway.crops.photos) == 1
    response = send(gateway)
    assert response.status_code == 400
    assert "<code>notice_not_confirmed</code>" in response.text
    assert len(gateway.crops.photos) == 1


def test_programs_name_the_version_and_are_told_which_is_in_force(gateway):
    response = gateway.screen()
    assert (response.status_code, response.json["code"]) == (400, "notice_not_confirmed")
    assert VERSION in response.json["detail"]
    assert gateway.screen(headers={"X-Notice-Version": VERSION}).status_code == 200


@pytest.mark.parametrize("version", ["", "x", "true", VERSION[:-1], VERSION.upper() + "0"])
def test_another_version_confirms_nothing(gateway, version):
    assert gateway.screen(headers={"X-Notice-Version": version}).json["code"] == "notice_not_confirmed"


def test_two_versions_are_not_chosen_from(gateway):
    assert send(gateway, ("notice_version", VERSION), ("notice_version", VERSION)).status_code == 400


def test_a_changed_word_is_another_version_and_blanks_are_not(file):
    def version():
        return Notices.read(file, ("en",), required=True).of(ENGLISH).version

    before = version()
    file.write_bytes(b"\xef\xbb\xbf\n" + WORDS.replace("\n", "\r\n").encode() + b"  \n\n\n")
    assert version() == before == VERSION
    file.write_text(WORDS.replace("may say no", "may not say no"))
    assert version() != before


def test_each_language_has_its_own_words_and_version(tmp_path, file):
    file.with_name("notice.de.txt").write_text("Die Person war einverstanden.", encoding="utf-8")
    gateway = FakeGateway(tmp_path, notice_file=file, languages=("en", "de"))
    german = version_of((("Die Person war einverstanden.",),))
    page = gateway.client.get("/", headers=HTML | {"Accept-Language": "de"}).text
    assert f'value="{german}"' in page
    assert GERMAN.page["notice_confirm"] in page
    assert gateway.screen(headers={"X-Notice-Version": german}).status_code == 200
    assert gateway.screen(headers={"X-Notice-Version": VERSION}).status_code == 200
    detail = gateway.screen(headers={"Accept-Language": "de"}).json["detail"]
    assert f"in Kraft ist Version {VERSION}" in detail


def test_where_it_is_not_required_it_may_be_left_out_and_not_be_wrong(tmp_path, file):
    gateway = FakeGateway(tmp_path, notice_file=file, notice_required=False)
    assert " required>" not in gateway.client.get("/", headers=HTML).text.split("notice_version")[1][:60]
    assert gateway.screen().status_code == 200
    assert gateway.screen(headers={"X-Notice-Version": "another"}).status_code == 400


def test_where_a_site_has_none_nothing_is_shown_asked_or_taken(tmp_path):
    gateway = FakeGateway(tmp_path)
    assert "notice_version" not in gateway.client.get("/", headers=HTML).text
    assert gateway.screen().status_code == 200
    assert gateway.screen(headers={"X-Notice-Version": VERSION}).json["code"] == "notice_not_confirmed"


def test_photos_of_nobody_need_no_confirmation(tmp_path, file):
    keys = tmp_path / "keys.json"
    gateway = FakeGateway(tmp_path, notice_file=file, api_keys_file=keys)
    for traffic, status in (("sentinel", 200), ("loadtest", 200), ("patient", 400)):
        key = add_key(keys, Scope.SCREEN, name=traffic, traffic=(traffic,))
        assert gateway.screen(headers={"X-API-Key": key}).status_code == status


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "cannot be read"), (b"", "is empty"), (b"\xff", "is not UTF-8"), (b"x" * 5000, "is longer")],
)
def test_a_file_that_cannot_be_used_keeps_the_gateway_from_starting(tmp_path, content, says):
    path = tmp_path / "notice.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsInvalid, match=rf"SYMMETRA_NOTICE_FILE.*{says}"):
        FakeGateway(tmp_path, notice_file=path)


def test_the_version_is_in_the_receipt_and_a_receipt_from_before_there_were_notices_is_read(tmp_path, file):
    records = make_records(tmp_path)
    gateway = FakeGateway(tmp_path, notice_file=file, **records)
    given = gateway.screen(headers={"X-Notice-Version": VERSION}).json
    assert gateway.client.get(f"/v1/screenings/{given['id']}").json["notice_version"] == VERSION
    receipt = open_store(records["records_url"]).find(given["id"])
    assert (receipt.receipt_schema, RECEIPT_SCHEMA) == (2, 2)
    assert answer_again(receipt).notice_version == VERSION
    content = members_of(receipt)
    del content["notice_version"]
    older = dataclasses.replace(receipt, receipt_schema=1, content=json.dumps(content))
    assert receipt_json(older, ENGLISH)["notice_version"] is None
    assert answer_again(older).notice_version is None
