"""Sections 1 and 8 of the contract: --ssl_config_file, for the server's certificate and for those of clients."""

import json

import grpc
import pytest
from tensorflow_serving.apis import predict_pb2

from serving.local.ports import find_free_port
from tests.support.certificates import make_authority, make_certificate
from tests.support.model_server_process import run_server_to_its_end
from tests.support.reloads import WAIT_SECONDS, predict_request
from tests.support.server_under_test import ServerUnderTest

pytestmark = [pytest.mark.tensorflow, pytest.mark.needs_system("openssl")]
PREDICT = "/tensorflow.serving.PredictionService/Predict"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Of a server, of a client, and of a stranger whom another authority knows."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = make_authority(folder, "ours")
    make_authority(folder, "theirs")
    return {
        "authority": authority,
        "server": make_certificate(folder, "server", "ours"),
        "client": make_certificate(folder, "client", "ours"),
        "stranger": make_certificate(folder, "stranger", "theirs"),
    }


@pytest.fixture(scope="module")
def start(program, certificates, toy_models, tmp_path_factory):
    def start_server(client_verify):
        path = tmp_path_factory.mktemp("ssl") / "ssl.config"
        path.write_text(ssl_config(certificates, client_verify))
        flags = [f"--ssl_config_file={path}", "--model_name=old", f"--model_base_path={toy_models / 'old'}"]

        class SecureServer(ServerUnderTest):
            def open_channel(self):
                return channel(self.port, certificates, "client")

        return SecureServer(*flags, program=program)

    return start_server


def ssl_config(certificates, client_verify):
    texts = {
        "server_key": certificates["server"].key,
        "server_cert": certificates["server"].certificate,
        "custom_ca": certificates["authority"].certificate,
    }
    lines = [f"{name}: {json.dumps(text)}" for name, text in texts.items()]
    return "\n".join([*lines, f"client_verify: {str(client_verify).lower()}"])


def channel(port, certificates, who):
    """A channel that trusts the server's authority and shows the certificate of `who`, or none."""
    shown = {"private_key": certificates[who].key.encode(), "certificate_chain": certificates[who].certificate.encode()}
    credentials = grpc.ssl_channel_credentials(
        certificates["authority"].certificate.encode(), **(shown if who != "authority" else {})
    )
    return grpc.secure_channel(f"localhost:{port}", credentials)


def outcome(opened):
    """Code of a Predict on a channel that is closed afterwards."""
    with opened:
        call = opened.unary_unary(
            PREDICT, predict_pb2.PredictRequest.SerializeToString, predict_pb2.PredictResponse.FromString
        )
        return call.future(predict_request("old"), timeout=WAIT_SECONDS).code()


def test_without_client_verify_everybody_who_speaks_tls_is_answered(start, certificates):
    with start(client_verify=False) as server:
        for who in ("authority", "client", "stranger"):
            assert outcome(channel(server.port, certificates, who)) is grpc.StatusCode.OK
        assert outcome(grpc.insecure_channel(f"localhost:{server.port}")) is grpc.StatusCode.UNAVAILABLE
        # REST stays plain HTTP.
        assert server.rest("GET", "/v1/models/old")[0] == 200


def test_with_client_verify_only_known_clients_are(start, certificates):
    with start(client_verify=True) as server:
        assert outcome(channel(server.port, certificates, "client")) is grpc.StatusCode.OK
        for who in ("authority", "stranger"):
            assert outcome(channel(server.port, certificates, who)) is grpc.StatusCode.UNAVAILABLE
        assert outcome(channel(server.port, certificates, "client")) is grpc.StatusCode.OK


@pytest.mark.parametrize("text", ["server_key: ", 'server_secret: "x"'])
def test_a_file_that_cannot_be_parsed_stops_the_start(program, toy_models, tmp_path, text):
    path = tmp_path / "ssl.config"
    path.write_text(text)
    flags = [f"--ssl_config_file={path}", f"--model_base_path={toy_models / 'old'}"]
    code, _, _ = run_server_to_its_end(f"--port={find_free_port()}", *flags, program=program)
    assert code != 0
