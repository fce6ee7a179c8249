"""Sections 1 and 8 of the contract: several models in a server, several servers at once, sockets without ports."""

import signal

import grpc
import numpy as np
import pytest
from tensorflow_serving.apis import predict_pb2

from tests.support.reloads import WAIT_SECONDS, answering, entry, predict_request, reload, states, wait_for_states
from tests.support.server_under_test import ServerUnderTest

pytestmark = pytest.mark.tensorflow
PREDICT = "/tensorflow.serving.PredictionService/Predict"


def test_models_of_one_server_have_versions_of_their_own(still_server):
    assert answering(still_server, "toys") == 2
    assert answering(still_server, "old") == 7
    assert states(still_server, "old") == [(7, "AVAILABLE")]


def test_two_models_may_share_a_base_path(changing_server, toy_models):
    reload(changing_server, entry("twin-a", toy_models / "old"), entry("twin-b", toy_models / "old"))
    assert answering(changing_server, "twin-a") == answering(changing_server, "twin-b") == 7
    reload(changing_server, entry("twin-b", toy_models / "old"))
    wait_for_states(changing_server, "twin-a", (7, "END"))
    assert answering(changing_server, "twin-b") == 7


def test_a_slow_model_does_not_hold_up_another(still_server):
    slow = predict_request("toys", signature="slow", seconds=np.float64([1.5]))
    call = still_server.predictions.Predict.future(slow, timeout=WAIT_SECONDS)
    assert answering(still_server, "old") == 7
    assert not call.done()
    assert call.result().model_spec.name == "toys"


@pytest.fixture
def on_socket(program, toy_models, tmp_path):
    """A server without any port, of version 1 or 2 of the toys, whose socket is its only door."""

    class OnSocket(ServerUnderTest):
        def __init__(self, name, version):
            self.socket_path = tmp_path / name
            base = tmp_path / f"models-{name}"
            base.mkdir(exist_ok=True)
            if not (base / str(version)).exists():
                (base / str(version)).symlink_to(toy_models / "toys" / str(version))
            # The last of a flag counts.
            flags = ["--port=0", "--rest_api_port=0", f"--grpc_socket_path={self.socket_path}"]
            super().__init__(*flags, "--model_name=toys", f"--model_base_path={base}", program=program)

        def open_channel(self):
            return grpc.insecure_channel(f"unix:{self.socket_path}")

    return OnSocket


def test_servers_on_sockets_of_their_own_stand_side_by_side(on_socket):
    with on_socket("a", 1) as first, on_socket("b", 2) as second:
        assert answering(first, "toys") == 1
        assert answering(second, "toys") == 2


def test_after_a_kill_a_new_server_takes_the_socket_that_was_left(on_socket):
    with on_socket("c", 1) as killed:
        killed.stop(signal.SIGKILL)
        assert killed.socket_path.exists()
        with on_socket("c", 1) as server:
            assert answering(server, "toys") == 1


def test_after_a_kill_a_new_server_takes_the_port_at_once(program, toy_models):
    flags = ["--model_name=old", f"--model_base_path={toy_models / 'old'}"]
    with ServerUnderTest(*flags, program=program) as killed:
        call = killed.channel.unary_unary(
            PREDICT, predict_pb2.PredictRequest.SerializeToString, predict_pb2.PredictResponse.FromString
        )
        assert call(predict_request("old"), timeout=WAIT_SECONDS).model_spec.version.value == 7
        killed.stop(signal.SIGKILL)
        with ServerUnderTest(*flags, program=program, ports=(killed.port, killed.rest_port)) as server:
            assert answering(server, "old") == 7
            # The channel of before finds its way back.
            assert call(predict_request("old"), timeout=WAIT_SECONDS, wait_for_ready=True).model_spec.version.value == 7
