"""API keys: their text, their file, and what becomes of a request when the file changes."""

import json
import re
import stat
import threading
from datetime import UTC, datetime, timedelta

import pytest

from gateway.access.key_file import KeyFileInvalid, KeyRecord, changing_keys, read_keys
from gateway.access.key_text import KeyText
from gateway.access.keys import KeyRing
from gateway.access.scopes import Scope
from gateway.errors import ApiKeysUnreadable, CredentialExpired, CredentialInvalid
from tests.support.access import add_key

NOW = datetime.now(UTC)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys.json"


def test_a_key_has_the_shape_that_scanners_look_for_and_never_repeats():
    keys = [KeyText.random() for _ in range(200)]
    assert all(re.fullmatch(r"sym_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}", key.text) for key in keys)
    assert len({key.id for key in keys}) == len({key.secret for key in keys}) == len(keys)
    assert all(KeyText.parse(key.text) == key for key in keys)


def test_a_mistyped_key_is_no_key():
    text = KeyText.random().text
    for place in range(len(text)):
        for other in "0Az_":
            if text[place] != other:
                assert KeyText.parse(text[:place] + other + text[place + 1 :]) is None
    for wrong in ("", text[:-1], text + "0", text + "\n", " " + text, text.upper(), text.replace("sym", "sim")):
        assert KeyText.parse(wrong) is None


def test_the_file_and_the_repr_of_a_key_do_not_give_it_away(path):
    text = add_key(path)
    secret = KeyText.parse(text).secret
    assert secret not in path.read_text() + repr(KeyText.parse(text)) + repr(read_keys(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_grants_what_its_record_says(path):
    text = add_key(path, Scope.SCREEN, Scope.EXPLAIN, name="er-1", traffic=("sentinel",))
    grant = KeyRing(path).grant_of(text)
    assert (grant.name, grant.scopes, grant.traffic) == ("key:er-1", {Scope.SCREEN, Scope.EXPLAIN}, ("sentinel",))


def test_two_keys_of_one_name_are_both_taken_until_the_old_one_ends(path):
    old = add_key(path, expires=NOW + timedelta(hours=1))
    new = add_key(path)
    ring = KeyRing(path)
    assert ring.grant_of(old) == ring.grant_of(new)
    with changing_keys(path) as records:
        records[0] = KeyRecord.from_json(records[0].as_json() | {"expires": "2020-01-01T00:00:00Z"})
    with pytest.raises(CredentialExpired):
        ring.grant_of(old)
    assert ring.grant_of(new).name == "key:ward"


def test_changes_of_the_file_count_at_once(path):
    first = add_key(path)
    ring = KeyRing(path)
    ring.grant_of(first)
    second = add_key(path, name="second")
    assert ring.grant_of(second).name == "key:second"
    with changing_keys(path) as records:
        del records[0]
    with pytest.raises(CredentialInvalid):
        ring.grant_of(first)


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"schema": 1}', '{"schema": 2, "keys": []}', '{"schema": 1, "keys": [{}]}']
)
def test_a_damaged_file_lets_nobody_in_and_a_mended_one_does(path, damage):
    key = add_key(path)
    ring = KeyRing(path)
    good = path.read_text()
    ring.grant_of(key)
    path.write_text(damage)
    for _ in range(2):
        with pytest.raises(ApiKeysUnreadable):
            ring.grant_of(key)
    path.unlink()
    with pytest.raises(ApiKeysUnreadable):
        ring.grant_of(key)
    path.write_text(good)
    assert ring.grant_of(key)


@pytest.mark.parametrize(
    "change",
    [
        {"scopes": ["screen", "everything"]},
        {"scopes": None},
        {"traffic": []},
        {"traffic": ["vip"]},
        {"sha256": "00"},
        {"name": "two words"},
        {"name": ""},
        {"created": "yesterday"},
        {"expires": 5},
    ],
)
def test_an_entry_that_says_anything_unknown_is_not_believed(path, change):
    add_key(path)
    content = json.loads(path.read_text())
    content["keys"][0] |= change
    path.write_text(json.dumps(content))
    with pytest.raises(KeyFileInvalid):
        read_keys(path)


def test_an_id_that_stands_there_twice_is_not_believed(path):
    add_key(path)
    content = json.loads(path.read_text())
    content["keys"] *= 2
    path.write_text(json.dumps(content))
    with pytest.raises(KeyFileInvalid, match="twice"):
        read_keys(path)


def test_administrators_who_change_keys_at_the_same_time_lose_none(path):
    threads = [threading.Thread(target=add_key, args=(path,), kwargs={"name": f"n{number}"}) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {record.name for record in read_keys(path)} == {f"n{number}" for number in range(20)}
    assert not list(path.parent.glob("tmp-*"))


def test_a_change_that_fails_leaves_the_file_as_it_was(path):
    add_key(path)
    before = path.read_bytes()
    with pytest.raises(RuntimeError), changing_keys(path) as records:
        records.clear()
        raise RuntimeError
    assert path.read_bytes() == before
