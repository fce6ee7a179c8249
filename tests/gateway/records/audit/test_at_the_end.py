"""A gateway that is stopped writes what it had counted, and signs its trail to the last event."""

import pytest

from gateway.access.scopes import Scope
from gateway.access.secret_keys import SecretKeys
from gateway.records.audit.checkpoint import CheckpointKeys, checkpoints_in
from gateway.records.audit.macs import AuditKeys
from gateway.records.audit.verification import verify_trail
from gateway.records.database import open_database
from tests.support.access import add_key
from tests.support.drawn_faces import drawn_face
from tests.support.gateway import VERSION, make_repository
from tests.support.gateway_process import GatewayProcess
from tests.support.records import make_records
from tests.support.stub_model_server import StubModelServer


@pytest.fixture
def stopped(tmp_path):
    """Settings of a gateway that answered a photo, refused a reading and was stopped; and its log."""
    settings = make_records(tmp_path) | {
        "api_keys_file": tmp_path / "keys.json",
        "audit_checkpoint_file": tmp_path / "checkpoints",
    }
    key = {"Authorization": f"Bearer {add_key(settings['api_keys_file'], Scope.SCREEN)}"}
    root = make_repository(tmp_path / "models").directory.parent
    with StubModelServer(VERSION) as stub, GatewayProcess(root, stub.address, **settings) as gateway:
        status, _, _ = gateway.request("POST", "/v1/screenings", drawn_face(), key | {"Content-Type": "image/jpeg"})
        assert status == 200
        assert gateway.request("GET", "/v1/screenings/00000000-0000-4000-8000-000000000001", headers=key)[0] == 403
        assert gateway.stop() == 0
        return settings, gateway.log()


def test_an_orderly_end_leaves_nothing_unsigned(stopped):
    settings, log = stopped
    keys = SecretKeys.read(settings["record_key_file"])
    outside = list(checkpoints_in(settings["audit_checkpoint_file"].read_text().splitlines()))
    assert outside == list(checkpoints_in(log.splitlines()))
    engine = open_database(settings["records_url"])
    result = verify_trail(engine, AuditKeys(keys), CheckpointKeys(keys), outside, with_receipts=True)
    with engine.connect() as connection:
        kinds = connection.exec_driver_sql("SELECT kind FROM audit_events ORDER BY sequence").scalars().all()
    engine.dispose()
    assert result.findings.kept == []
    assert result.outside_reaches == result.last == len(kinds)
    assert [kind for kind in kinds if kind != "checkpoint"] == ["screening", "refused"]
