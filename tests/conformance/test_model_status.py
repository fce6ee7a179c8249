"""Section 2.6 of the contract: GetModelStatus."""

import grpc
import pytest
from tensorflow_serving.apis import get_model_status_pb2

from tests.support.reloads import WAIT_SECONDS, entry, reload, states, status_request, wait_for_states
from tests.support.server_under_test import status_of

pytestmark = pytest.mark.tensorflow


def test_every_version_is_listed_the_highest_first(still_server):
    answer = still_server.models.GetModelStatus(status_request("toys"), timeout=WAIT_SECONDS)
    assert [status.version for status in answer.model_version_status] == [2, 1]
    assert {status.state for status in answer.model_version_status} == {
        get_model_status_pb2.ModelVersionStatus.AVAILABLE
    }
    assert {(status.status.error_code, status.status.error_message) for status in answer.model_version_status} == {
        (0, "")
    }


def test_one_version_may_be_asked_for(still_server):
    answer = still_server.models.GetModelStatus(status_request("toys", 1), timeout=WAIT_SECONDS)
    assert [status.version for status in answer.model_version_status] == [1]


def test_a_label_is_ignored(still_server):
    request = status_request("toys")
    request.model_spec.version_label = "nobody"
    answer = still_server.models.GetModelStatus(request, timeout=WAIT_SECONDS)
    assert [status.version for status in answer.model_version_status] == [2, 1]


@pytest.mark.parametrize(
    ("request_message", "code", "words"),
    [
        (get_model_status_pb2.GetModelStatusRequest(), "INVALID_ARGUMENT", "Missing ModelSpec"),
        (status_request("nobody"), "NOT_FOUND", "Could not find any versions of model nobody"),
        (status_request(""), "NOT_FOUND", "Could not find any versions of model "),
        (status_request("nobody", 3), "NOT_FOUND", "Could not find version 3 of model nobody"),
        (status_request("toys", 3), "NOT_FOUND", "Could not find version 3 of model toys"),
    ],
)
def test_what_was_never_seen_is_not_found(still_server, request_message, code, words):
    call = still_server.models.GetModelStatus
    assert status_of(lambda: call(request_message, timeout=WAIT_SECONDS)) == (grpc.StatusCode[code], words)


def test_what_was_unloaded_stays_as_ended_without_error(changing_server, toy_models):
    reload(changing_server, entry("status-ended", toy_models / "old"))
    reload(changing_server)
    wait_for_states(changing_server, "status-ended", (7, "END"))
    answer = changing_server.models.GetModelStatus(status_request("status-ended"), timeout=WAIT_SECONDS)
    assert (answer.model_version_status[0].status.error_code, answer.model_version_status[0].status.error_message) == (
        0,
        "",
    )


def test_what_failed_stays_as_ended_with_its_error(changing_server, tmp_path):
    (tmp_path / "5").mkdir()
    with pytest.raises(grpc.RpcError):
        reload(changing_server, entry("status-failed", tmp_path))
    assert states(changing_server, "status-failed") == [(5, "END")]
    answer = changing_server.models.GetModelStatus(status_request("status-failed", 5), timeout=WAIT_SECONDS)
    status = answer.model_version_status[0].status
    assert status.error_code == grpc.StatusCode.NOT_FOUND.value[0]
    assert status.error_message.startswith("Specified file path does not appear to contain a SavedModel bundle")
