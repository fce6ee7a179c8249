"""Who asked, in receipts: the name of a key as the site chose it, and of a token no name of a person."""

import csv
import io

import pytest

from gateway.access.secret_keys import Purpose, SecretKeys
from tests.support.access import add_key
from tests.support.command_line import command
from tests.support.gateway import FakeGateway
from tests.support.identity_provider import AUDIENCE, IdentityProvider

SUBJECT = "zq-somebody@hospital.example"


@pytest.fixture
def asked(tmp_path, records):
    """Callers of the receipts that a token and a key left, as `affected` lists them."""
    with IdentityProvider() as provider:
        access = {"oidc_issuer": provider.address, "oidc_audience": AUDIENCE, "api_keys_file": tmp_path / "keys.json"}
        key = add_key(tmp_path / "keys.json", name="ward")
        gateway = FakeGateway(tmp_path, **records, **access)
        for credential in (provider.token(sub=SUBJECT), provider.token(sub=SUBJECT), key):
            assert gateway.screen(headers={"Authorization": f"Bearer {credential}"}).status_code == 200
    said = command("affected", "--from", "2000-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z", **records)
    return [row["caller"] for row in csv.DictReader(io.StringIO(said.out))]


def test_a_token_leaves_a_keyed_digest_of_its_subject_and_a_key_its_name(asked, records):
    (digest,) = SecretKeys.read(records["record_key_file"]).digests(Purpose.CALLER, SUBJECT)
    assert asked == [f"token:{digest}", f"token:{digest}", "key:ward"]


def test_the_subject_is_nowhere_in_the_database(asked, tmp_path):
    assert len(asked) == 3
    files = list(tmp_path.glob("receipts.db*"))
    assert files
    assert not [file for file in files if SUBJECT.encode() in file.read_bytes()]
