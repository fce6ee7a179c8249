"""A real gateway asks the pinned version and a shadow over mutual TLS, as its settings say."""

import grpc
import pytest

from tests.support.certificates import make_authority, make_certificate
from tests.support.drawn_faces import drawn_face
from tests.support.gateway import VERSION, make_contract, make_repository
from tests.support.gateway_process import GatewayProcess, wait_until
from tests.support.stub_model_server import StubModelServer

pytestmark = pytest.mark.needs_system("openssl")
SHADOW_VERSION = VERSION + 1
AGREED = 'symmetra_shadow_answers_total{band="mild",result="agree",traffic="patient"} 1.0'


@pytest.fixture
def folder(tmp_path):
    make_authority(tmp_path, "ours")
    for name in ("server", "client"):
        make_certificate(tmp_path, name, "ours")
    return tmp_path


@pytest.fixture
def repository(tmp_path):
    repository = make_repository(tmp_path / "models")
    path = repository.directory / str(SHADOW_VERSION) / "assets.extra" / "contract.json"
    path.parent.mkdir(parents=True)
    path.write_text(make_contract(version=SHADOW_VERSION).to_json())
    return repository


@pytest.fixture
def stub(folder):
    pair = ((folder / "server.key").read_bytes(), (folder / "server.pem").read_bytes())
    authority = (folder / "ours.pem").read_bytes()
    credentials = grpc.ssl_server_credentials([pair], authority, require_client_auth=True)
    with StubModelServer(VERSION, credentials=credentials) as stub:
        stub.second_version = SHADOW_VERSION
        yield stub


def test_a_photo_is_answered_and_compared_over_mutual_tls(folder, repository, stub):
    settings = {
        "model_server_ca_file": folder / "ours.pem",
        "model_server_client_cert_file": folder / "client.pem",
        "model_server_client_key_file": folder / "client.key",
        "shadow_version": SHADOW_VERSION,
    }
    with GatewayProcess(repository.directory.parent, stub.address, **settings) as gateway:
        status, answer = gateway.screen(drawn_face())
        assert (status, answer["model"]["version"]) == (200, VERSION)
        wait_until(lambda: AGREED in gateway.metrics())
        metrics = gateway.metrics()
    assert stub.asked_versions == [VERSION, SHADOW_VERSION]
    assert 'symmetra_model_circuit{state="closed"} 1.0' in metrics
    assert 'symmetra_model_calls_total{result="ok"} 1.0' in metrics  # what callers got, and nothing of the shadow
