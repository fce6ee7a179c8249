"""What is kept of an answer, and that it is kept before the answer is given."""

import dataclasses
import hmac
import re
import secrets

import pytest

from gateway.access.secret_keys import Purpose, SecretKeys
from gateway.commands.checks import State, check_records
from gateway.errors import StartRefused
from gateway.records.away.when_away import WhenAway
from gateway.records.receipt import DROPPED, IN_COLUMNS, KEPT, SAID_AGAIN, Receipt
from gateway.records.record_keys import photo_digests, record_keys_of
from gateway.start import require_startable
from serving.contract.policy import Abstention, Policy
from serving.local.ports import find_free_port
from tests.support.access import write_session_key
from tests.support.gateway import FakeGateway, multipart, write_policy
from tests.support.records import make_records, open_store

PHOTO = b"zq-bytes-of-a-photo"
END_OF_TIME = 2**62


def test_an_answer_is_found_again_as_it_was_given(keeping):
    given = keeping.screen(PHOTO).json
    response = keeping.client.get(f"/v1/screenings/{given['id']}")
    assert response.status_code == 200
    kept = response.json
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", kept.pop("answered_at"))
    assert given.pop("explanation") is None
    assert kept.pop("notice_version") is None
    assert kept == given


def test_every_member_of_an_answer_is_kept_or_not_by_decision(keeping):
    given = keeping.screen(PHOTO).json
    assert set(given) == {*KEPT, *SAID_AGAIN, *DROPPED, *IN_COLUMNS}


def test_sentences_come_in_the_readers_language(keeping):
    given = keeping.screen(PHOTO).json
    kept = keeping.client.get(f"/v1/screenings/{given['id']}", headers={"Accept-Language": "de"})
    assert kept.headers["Content-Language"] == "de"
    assert kept.json["notice"] != given["notice"]
    assert len(kept.json["notice"]) == len(given["notice"])


def test_an_abstention_is_kept_with_its_reasons(keeping, store):
    write_policy(keeping.repository, Policy(2, abstention=Abstention(0, 0.9, 0.9)))
    keeping.predictor.p_no_depression = 0.5
    keeping.predictor.jittered_p = (0.2,) * 8
    response = keeping.screen(PHOTO)
    assert response.status_code == 200, response.text
    given = response.json
    assert given["abstained"]
    kept = keeping.client.get(f"/v1/screenings/{given['id']}").json
    assert (kept["band"], kept["reasons"]) == (None, given["reasons"])
    (receipt,) = store.between(0, END_OF_TIME)
    assert receipt.band is None


def test_columns_hold_what_lists_are_made_of(keeping, store, records):
    keeping.predictor.p_no_depression = 0.35
    body, content_type = multipart(("photo", "zq-name-of-a-file.jpg", PHOTO))
    given = keeping.client.post(
        "/v1/screenings", data=body, content_type=content_type, headers={"X-Subject": "zq-pseudonym-7"}
    ).json
    (receipt,) = store.between(0, END_OF_TIME)
    keys = SecretKeys.read(records["record_key_file"])
    assert receipt == Receipt(
        id=given["id"],
        receipt_schema=2,
        answered_at_us=receipt.answered_at_us,
        model_name="depression_severity",
        model_version=3,
        model_digest=given["model"]["digest"],
        policy_number=1,
        policy_digest=given["policy"]["digest"],
        preprocessing_version=given["preprocessing_version"],
        severity_ppm=given["severity_ppm"],
        p_no_depression=given["p_no_depression"],
        band="high",
        traffic="patient",
        caller="anonymous",
        subject_digest=receipt.subject_digest,
        photo_digest=hmac.digest(keys.derive(Purpose.PHOTO)[0], PHOTO, "sha256").hex(),
        content=receipt.content,
    )


def test_nothing_of_the_photo_the_file_the_person_or_a_secret_is_in_the_database(keeping, records, tmp_path):
    body, content_type = multipart(("photo", "zq-name-of-a-file.jpg", PHOTO))
    headers = {
        "X-Subject": "zq-pseudonym-7",
        "Authorization": "Bearer zq-token",
        "User-Agent": "zq-agent",
        "X-Zq": "zq",
    }
    answer = keeping.client.post("/v1/screenings", data=body, content_type=content_type, headers=headers)
    assert answer.status_code == 200, answer.text
    secret = records["record_key_file"].read_bytes().strip()
    files = [path for path in tmp_path.iterdir() if path.name.startswith("receipts.db")]
    assert len(files) >= 1
    for path in files:
        content = path.read_bytes()
        assert b"zq" not in content
        assert secret not in content
        assert bytes.fromhex(secret.decode()) not in content


def test_a_refusal_leaves_no_receipt(keeping, store):
    keeping.crops.error = ValueError("zq")
    assert keeping.screen(PHOTO).status_code == 500
    assert list(store.between(0, END_OF_TIME)) == []


def test_a_repeated_request_leaves_one_receipt(keeping, store):
    headers = {"Idempotency-Key": "0123456789abcdef"}
    first, second = (keeping.screen(PHOTO, headers=headers).json["id"] for _ in range(2))
    assert first == second
    assert [receipt.id for receipt in store.between(0, END_OF_TIME)] == [first]


@pytest.mark.parametrize("when_away", [WhenAway.REFUSE, WhenAway.ANSWER])
def test_without_a_database_the_answer_is_refused_or_given_and_counted(tmp_path, when_away):
    records = make_records(tmp_path, tables=False)
    gateway = FakeGateway(tmp_path, **records, records_when_away=when_away)
    response = gateway.screen(PHOTO)
    if when_away is WhenAway.REFUSE:
        assert (response.status_code, response.json["code"]) == (503, "records_unavailable")
        assert response.headers["Retry-After"]
    else:
        assert response.status_code == 200
    assert gateway.metric("symmetra_receipts_total", result="failed") == 1
    assert gateway.metric("symmetra_receipts_total", result="written") == 0


def test_receipts_are_counted_and_timed(keeping):
    keeping.screen(PHOTO)
    assert keeping.metric("symmetra_receipts_total", result="written") == 1
    assert keeping.metric("symmetra_stage_seconds_count", stage="record", traffic="patient") == 1


@pytest.mark.parametrize("screening_id", ["00000000-0000-4000-8000-000000000000", "x", "..", "a%00b", "1' OR '1'='1"])
def test_an_unknown_id_is_told_as_such(keeping, screening_id):
    response = keeping.client.get(f"/v1/screenings/{screening_id}")
    assert response.status_code == 404
    assert response.json["code"] in {"screening_unknown", "route_unknown"}


def test_where_records_are_off_the_route_says_so(gateway):
    given = gateway.screen(PHOTO).json["id"]
    response = gateway.client.get(f"/v1/screenings/{given}")
    assert (response.status_code, response.json["code"]) == (404, "records_off")


def test_a_database_that_does_not_answer_is_no_unknown_id(tmp_path):
    gateway = FakeGateway(tmp_path, **make_records(tmp_path, tables=False))
    response = gateway.client.get("/v1/screenings/00000000-0000-4000-8000-000000000000")
    assert (response.status_code, response.json["code"]) == (503, "records_unavailable")


def start(settings, **changes):
    ports = {"port": find_free_port(), "metrics_port": find_free_port()}
    require_startable(dataclasses.replace(settings, **ports, **changes))


def test_a_gateway_starts_on_the_tables_of_its_own_release_only(tmp_path, keeping):
    start(keeping.settings)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    url = make_records(elsewhere, tables=False)["records_url"]
    with pytest.raises(
        StartRefused, match="has no tables for records yet; make them: python -m gateway records upgrade"
    ):
        start(keeping.settings, records_url=url)
    assert not (elsewhere / "receipts.db").exists(), "looking makes nothing"


def test_a_database_that_is_away_keeps_no_gateway_from_starting(keeping):
    start(keeping.settings, records_url="postgresql+pg8000://nobody:x@127.0.0.1:1/none")


def test_what_was_kept_under_an_earlier_key_is_made_again_from_the_line_behind_the_newest(keeping, store, records):
    keeping.screen(PHOTO)
    path = records["record_key_file"]
    path.write_text(secrets.token_hex(32) + "\n" + path.read_text())
    newest, before = photo_digests(record_keys_of(keeping.settings), PHOTO)
    (receipt,) = store.between(0, END_OF_TIME)
    assert receipt.photo_digest == before != newest


def test_rotating_the_session_key_changes_no_digest(tmp_path, records):
    digests = []
    for _ in range(2):
        write_session_key(tmp_path / "session.key")
        gateway = FakeGateway(tmp_path, **records, session_key_file=tmp_path / "session.key")
        gateway.screen(PHOTO, headers={"X-Subject": "zq-pseudonym-7"})
        store = open_store(records["records_url"])
        digests = [(each.photo_digest, each.subject_digest) for each in store.between(0, END_OF_TIME)]
        store.close()
    assert len(digests) == 2
    assert len(set(digests)) == 1


def test_a_gateway_does_not_start_with_a_secret_that_finds_nobody_in_its_records(keeping, records):
    keeping.screen(PHOTO)
    path = records["record_key_file"]
    old = path.read_text()
    path.write_text(secrets.token_hex(32) + "\n")
    with pytest.raises(StartRefused, match="were last written with a key that SYMMETRA_RECORD_KEY_FILE does not hold"):
        start(keeping.settings)
    assert check_records(keeping.settings).state is State.FAILED
    path.write_text(path.read_text() + old)
    start(keeping.settings)
    assert check_records(keeping.settings).state is State.OK
