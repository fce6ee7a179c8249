"""An old answer calculated again: by the version that gave it, from the photo that it was given for, and by nothing else."""

import dataclasses
import json
import secrets

import numpy as np
import pytest

from gateway.access.secret_keys import SecretKeys
from gateway.records.record_keys import photo_digests
from gateway.records.tables import AUDIT_EVENTS
from serving.contract.model import PREPROCESSING_VERSION
from serving.repository import ModelRepository
from tests.support.command_line import command
from tests.support.drawn_faces import drawn_face
from tests.support.gateway import make_contract
from tests.support.records import make_receipt, make_records, open_store, rows_of
from tests.support.stub_model_server import StubModelServer


def publish(root):
    """A version with a contract and no graph; its number and its digest."""
    repository = ModelRepository(root)
    with repository.staging() as staging:
        (staging.path / "variables").mkdir()
        (staging.path / "assets.extra").mkdir()
        (staging.path / "saved_model.pb").write_bytes(b"graph")
        contract = make_contract(version=staging.version).to_json()
        (staging.path / "assets.extra" / "contract.json").write_text(contract)
        repository.publish(staging)
    return staging.version, repository.digest(staging.version)


@dataclasses.dataclass
class Old:
    """An answer of p = 0.5, its photo, and a server that serves the version that gave it."""

    settings: dict
    server: StubModelServer
    store: object
    receipt: object
    photo: object

    def replay(self, *arguments):
        return command("replay", self.receipt.id, str(self.photo), *arguments, **self.settings)

    def keep(self, **changes):
        self.receipt = dataclasses.replace(self.receipt, id=make_receipt(2).id, **changes)
        self.store.write([self.receipt])


@pytest.fixture
def old(tmp_path):
    records = make_records(tmp_path)
    version, digest = publish(tmp_path / "models")
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(drawn_face())
    keys = SecretKeys.read(records["record_key_file"])
    store = open_store(records["records_url"])
    receipt = make_receipt(
        1,
        model_version=version,
        model_digest=digest,
        preprocessing_version=PREPROCESSING_VERSION,
        photo_digest=photo_digests(keys, photo.read_bytes())[0],
    )
    store.write([receipt])
    with StubModelServer(version) as server:
        settings = {"model_repository": tmp_path / "models", "model_server": server.address, **records}
        yield Old(settings, server, store, receipt, photo)
    store.close()


def test_the_same_answer_is_told_as_such(old):
    said = old.replay()
    assert said.code == 0, said.err
    assert "p_no_depression 0.500000, severity 500000 ppm" in said.out
    assert "the same: 0.00e+00 apart" in said.out
    assert old.server.asked_versions == [old.receipt.model_version]
    event = rows_of(old.store._engine, AUDIT_EVENTS)[-1]
    assert (event["kind"], event["receipt_id"]) == ("replay", old.receipt.id)
    assert json.loads(event["details"]) == {"same": 1, "model_version": old.receipt.model_version}


def test_another_answer_is_told_with_how_far_it_is_off(old):
    old.server.p_no_depression = np.float32(0.25)
    said = old.replay()
    assert said.code == 1
    assert "severity 750000 ppm" in said.out
    assert "DIFFERENT: 2.50e-01 apart" in said.out


def test_what_two_machines_may_differ_by_is_no_difference(old):
    old.server.p_no_depression = np.float32(0.5005)
    assert old.replay().code == 0


def test_another_photo_is_refused(old):
    old.photo.write_bytes(old.photo.read_bytes() + b"\0")
    said = old.replay()
    assert said.code == 1
    assert "this is not the photo of that answer" in said.err
    assert old.server.calls == 0


def test_a_photo_is_found_under_a_key_of_before(old):
    path = old.settings["record_key_file"]
    path.write_text(secrets.token_hex(32) + "\n" + path.read_text())
    assert old.replay().code == 0


def test_a_version_that_was_replaced_under_its_number_is_not_asked(old):
    old.keep(model_digest="0" * 64)
    said = old.replay()
    assert said.code == 1
    assert "is not the one that answered: its digest is another" in said.err
    assert old.server.calls == 0


def test_a_version_that_is_gone_is_named(old):
    old.keep(model_version=77)
    said = old.replay()
    assert said.code == 1
    assert "version 77 cannot be read" in said.err


def test_crops_of_another_release_are_not_compared(old):
    old.keep(preprocessing_version="crop-0")
    said = old.replay()
    assert said.code == 1
    assert "use the release of that time" in said.err


def test_a_version_that_is_not_served_any_more_is_told_with_what_serves_it(old):
    old.server.version = old.receipt.model_version + 1
    said = old.replay()
    assert said.code == 1
    assert f"versions: {old.receipt.model_version}" in said.err
    assert "python -m serving.server --port=8510 --model_config_file=" in said.err
    with StubModelServer(old.receipt.model_version) as beside:
        assert old.replay("--server", beside.address).code == 0


def test_a_model_server_that_is_away_is_told(old):
    said = old.replay("--server", "127.0.0.1:1")
    assert said.code == 1
    assert "gave no answer" in said.err


def test_an_unknown_id_and_a_photo_that_is_not_there_are_told(old):
    assert "no answer with this id" in command("replay", make_receipt(9).id, str(old.photo), **old.settings).err
    old.photo.unlink()
    assert "cannot be read" in old.replay().err


@pytest.mark.parametrize("arguments", [("x", "photo.jpg"), (), (make_receipt(1).id,)])
def test_bad_usage_ends_with_2(old, arguments):
    with pytest.raises(SystemExit) as ended:
        command("replay", *arguments, **old.settings)
    assert ended.value.code == 2
