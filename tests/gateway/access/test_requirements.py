"""What is refused at start beyond loopback, and what a secret must be."""

import hashlib
import secrets

import pytest

from gateway.access.intended_use import REFUSED_USES, IntendedUse
from gateway.access.requirements import missing_for_access
from gateway.access.secret_keys import Purpose, SecretKeys, SecretKeysInvalid, hkdf_sha256
from gateway.errors import AccessNotSetUp, SettingsInvalid
from gateway.settings import Settings
from gateway.start import require_startable
from serving.contract.model import Evidence
from serving.local.ports import find_free_port
from tests.support.access import beyond_loopback
from tests.support.gateway import make_repository

# As if drawn by chance, and the same for every worker: it is part of a test's name.
CHANCE = hashlib.sha256(b"a test").digest()[:31]
NEEDED = ("api_keys_file", "intended_use", "session_key_file")


@pytest.mark.parametrize("left_out", [NEEDED, *((name,) for name in NEEDED)], ids=" ".join)
def test_beyond_loopback_everything_that_is_missing_is_named_at_once(tmp_path, left_out):
    make_repository(tmp_path / "models", evidence=Evidence.RESEARCH)
    ports = {"port": find_free_port(), "metrics_port": find_free_port()}
    values = {name: value for name, value in beyond_loopback(tmp_path).items() if name not in left_out}
    with pytest.raises(AccessNotSetUp) as caught:
        require_startable(Settings(model_repository=tmp_path / "models", **values, **ports))
    first, *lines = str(caught.value).splitlines()
    assert "SYMMETRA_HOST is 0.0.0.0" in first
    assert [line.split(" is missing")[0] for line in lines] == [f"SYMMETRA_{name.upper()}" for name in left_out]


def test_on_loopback_nothing_is_needed(tmp_path):
    assert missing_for_access(Settings(model_repository=tmp_path)) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_files_that_cannot_be_used_are_named_everywhere(tmp_path, host):
    settings = beyond_loopback(tmp_path) | {"model_repository": tmp_path, "host": host}
    assert missing_for_access(Settings(**settings)) == []
    (tmp_path / "keys.json").write_text('{"schema": 1, "keys": []}')
    (tmp_path / "session.key").write_text("ab" * 32)
    keys, session = missing_for_access(Settings(**settings))
    assert "holds no key that is valid now" in keys
    assert "random" in session
    (tmp_path / "keys.json").unlink()
    (tmp_path / "session.key").unlink()
    assert all("No such file" in line for line in missing_for_access(Settings(**settings)))
    (tmp_path / "keys.json").write_text("zq")
    assert "is no file of API keys" in missing_for_access(Settings(**settings))[0]


@pytest.mark.parametrize("use", [*REFUSED_USES, "Employment"])
def test_some_uses_are_refused_by_name_with_the_reason(use):
    with pytest.raises(
        SettingsInvalid, match=rf"SYMMETRA_INTENDED_USE is '{use}': this use is refused: .*no diagnosis"
    ):
        Settings.from_environment({"SYMMETRA_MODEL_REPOSITORY": "m", "SYMMETRA_INTENDED_USE": use})


def test_other_uses_are_a_closed_list():
    for use in IntendedUse:
        environment = {"SYMMETRA_MODEL_REPOSITORY": "m", "SYMMETRA_INTENDED_USE": str(use)}
        assert Settings.from_environment(environment).intended_use is use
    with pytest.raises(SettingsInvalid, match="must be one of research, clinical"):
        Settings.from_environment({"SYMMETRA_MODEL_REPOSITORY": "m", "SYMMETRA_INTENDED_USE": "fun"})


def test_no_triage_rests_on_a_demonstration():
    environment = {"SYMMETRA_MODEL_REPOSITORY": "m", "SYMMETRA_ALLOW_DEMO_MODEL": "yes"}
    for use in IntendedUse:
        if use is not IntendedUse.CLINICAL_DECISION_SUPPORT_TRIAGE:
            Settings.from_environment(environment | {"SYMMETRA_INTENDED_USE": str(use)})
    environment["SYMMETRA_INTENDED_USE"] = "clinical_decision_support_triage"
    with pytest.raises(SettingsInvalid, match="says nothing about any person"):
        Settings.from_environment(environment)


def test_hkdf_gives_the_answers_of_its_standard():
    """RFC 5869, test cases 1 and 3, first block."""
    secret = bytes.fromhex("0b" * 22)
    salt, info = bytes(range(13)), bytes(range(0xF0, 0xFA))
    assert hkdf_sha256(secret, info, salt).hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
    assert hkdf_sha256(secret, b"").hex() == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"


def test_the_first_key_makes_and_the_second_is_still_found(tmp_path):
    path = tmp_path / "session.key"
    old, new = secrets.token_hex(32), secrets.token_hex(48)
    path.write_text(old)
    (made,) = SecretKeys.read(path).digests(Purpose.SUBJECT, "zq-17")
    path.write_text(f"{new}\n{old}\n")
    now, before = SecretKeys.read(path).digests(Purpose.SUBJECT, "zq-17")
    assert before == made
    assert now != before
    assert len(SecretKeys.read(path).derive(Purpose.SUBJECT)[0]) == 32


def test_a_file_for_what_lasts_may_hold_more_keys(tmp_path):
    path = tmp_path / "record.key"
    keys = [secrets.token_hex(32) for _ in range(5)]
    path.write_text("\n".join(keys))
    with pytest.raises(SecretKeysInvalid, match="1 to 2 keys"):
        SecretKeys.read(path)
    assert len(SecretKeys.read(path, most=5).digests(Purpose.SUBJECT, "zq-17")) == 5


def test_without_a_file_each_gateway_has_a_key_of_its_own_and_none_is_shown():
    first, second = SecretKeys.random(), SecretKeys.random()
    assert first.digests(Purpose.SUBJECT, "a") == first.digests(Purpose.SUBJECT, "a")
    assert first.digests(Purpose.SUBJECT, "a") != second.digests(Purpose.SUBJECT, "a")
    assert "b'" not in repr(first)


@pytest.mark.parametrize(
    "content",
    ["", "\n", "zq" * 32, CHANCE.hex(), "00" * 32, "abcd" * 16, "ü", f"{CHANCE.hex()}00\n" * 3],
)
def test_what_is_no_secret_is_refused_without_repeating_it(tmp_path, content):
    path = tmp_path / "session.key"
    path.write_text(content)
    with pytest.raises(SecretKeysInvalid) as caught:
        SecretKeys.read(path)
    assert not content.strip() or content.strip() not in str(caught.value)
