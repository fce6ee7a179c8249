"""Sections 2.6 and 8 of the contract: HandleReloadConfigRequest."""

import threading

import grpc
import pytest
from tensorflow_serving.apis import model_management_pb2

from tests.support.reloads import (
    WAIT_SECONDS,
    answering,
    entry,
    label,
    predict_request,
    reload,
    states,
    wait_for_states,
    wait_until,
)
from tests.support.server_under_test import status_of

pytestmark = pytest.mark.tensorflow
BOOM = 'model_platform: "boom"'


def refusal(server, *entries):
    return status_of(lambda: reload(server, *entries))


def test_new_models_answer_when_the_call_returns(changing_server, toy_models):
    answer = reload(changing_server, entry("reload-a", toy_models / "toys"), entry("reload-b", toy_models / "old"))
    assert (answer.status.error_code, answer.status.error_message) == (0, "")
    assert answer.HasField("status")
    assert answering(changing_server, "reload-a") == 3
    assert answering(changing_server, "reload-b") == 7


def test_the_whole_config_is_replaced_and_an_empty_one_unloads_everything(changing_server, toy_models):
    reload(changing_server, entry("reload-c", toy_models / "old"), entry("reload-d", toy_models / "old"))
    reload(changing_server, entry("reload-d", toy_models / "old"))
    wait_for_states(changing_server, "reload-c", (7, "END"))
    assert answering(changing_server, "reload-d") == 7
    reload(changing_server)
    wait_for_states(changing_server, "reload-d", (7, "END"))
    call = changing_server.predictions.Predict
    assert status_of(lambda: call(predict_request("reload-d"), timeout=WAIT_SECONDS)) == (
        grpc.StatusCode.NOT_FOUND,
        "Servable not found for request: Latest(reload-d)",
    )
    reload(changing_server, entry("reload-d", toy_models / "old"))
    assert answering(changing_server, "reload-d") == 7


@pytest.mark.parametrize(
    "request_message",
    [
        model_management_pb2.ReloadConfigRequest(),
        model_management_pb2.ReloadConfigRequest(config={"custom_model_config": {}}),
    ],
)
def test_only_a_list_is_taken(changing_server, request_message):
    call = changing_server.models.HandleReloadConfigRequest
    assert status_of(lambda: call(request_message, timeout=WAIT_SECONDS)) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported",
    )


def test_a_list_that_is_wrong_in_itself_changes_nothing(changing_server, toy_models):
    good = entry("reload-e", toy_models / "old")
    reload(changing_server, good)
    assert refusal(changing_server, good, good) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "Illegal to list model reload-e multiple times in config list",
    )
    assert refusal(changing_server, entry("reload-f", "models/f")) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "Expected model reload-f to have an absolute path or URI; got base_path()=models/f",
    )
    assert refusal(changing_server, entry("reload-e", toy_models / "old", platform=BOOM)) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        (
            "Illegal to change a model's platform. For model reload-e platform was tensorflow and new platform requested "
            "is boom"
        ),
    )
    assert answering(changing_server, "reload-e") == 7


def test_a_platform_other_than_tensorflow_is_refused_and_remembered(changing_server, toy_models):
    assert refusal(changing_server, entry("reload-g", toy_models / "old", platform=BOOM)) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "Model reload-g requests unsupported platform boom",
    )
    # The config that failed is the one that the next is compared with.
    assert refusal(changing_server, entry("reload-g", toy_models / "old")) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        (
            "Illegal to change a model's platform. For model reload-g platform was boom and new platform requested is "
            "tensorflow"
        ),
    )
    reload(changing_server)
    reload(changing_server, entry("reload-g", toy_models / "old"))
    assert answering(changing_server, "reload-g") == 7


def test_the_deprecated_type_is_a_platform_too(changing_server, toy_models):
    reload(changing_server, entry("reload-h", toy_models / "old", platform="model_type: TENSORFLOW"))
    assert answering(changing_server, "reload-h") == 7


def test_a_label_of_a_version_that_does_not_answer_changes_nothing(changing_server, toy_models):
    reload(changing_server, entry("reload-i", toy_models / "old"))
    wanted = [entry("reload-i", toy_models / "old", label("next", 8)), entry("reload-j", toy_models / "old")]
    assert refusal(changing_server, *wanted) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "Request to assign label to version 8 of model reload-i, which is not currently available for inference",
    )
    assert states(changing_server, "reload-j") == []


def test_a_new_model_that_cannot_be_loaded_is_unknown_and_the_others_are_taken(changing_server, toy_models, tmp_path):
    (tmp_path / "4").mkdir()
    code, words = refusal(changing_server, entry("reload-k", tmp_path), entry("reload-l", toy_models / "old"))
    assert code is grpc.StatusCode.UNKNOWN
    assert words == (
        "1 model(s) did not become available: {{{name: reload-k version: 4} due to error: NOT_FOUND: Specified file "
        "path does not appear to contain a SavedModel bundle (should have a file called `saved_model.pb`)\n"
        f"Specified file path: {tmp_path}/4}}, }}"
    )
    assert answering(changing_server, "reload-l") == 7


def test_request_logging_is_refused_after_the_models_were_taken(changing_server, toy_models):
    asked = entry("reload-m", toy_models / "old", 'logging_config { log_collector_config { type: "file" } }')
    assert refusal(changing_server, asked) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "No request-logger-creator provided.",
    )
    assert answering(changing_server, "reload-m") == 7


def test_the_call_waits_until_a_new_model_has_a_version(changing_server, toy_models, tmp_path):
    # Removed at the end of the test also where it fails: a call that waits holds up every other.
    answers = []
    calling = threading.Thread(
        target=lambda: answers.append(reload(changing_server, entry("reload-n", tmp_path / "models")))
    )
    (tmp_path / "models").mkdir()
    calling.start()
    try:
        calling.join(1.5)
        assert calling.is_alive()
    finally:
        (tmp_path / "models" / "7").symlink_to(toy_models / "old" / "7")
        calling.join(WAIT_SECONDS)
    assert len(answers) == 1
    assert answering(changing_server, "reload-n") == 7


def test_a_counter_that_the_call_names_says_how_far_it_rose(changing_server, toy_models):
    reload(changing_server)
    request = model_management_pb2.ReloadConfigRequest(metric_names=["/no/such/counter"])
    request.config.model_config_list.config.add(
        name="reload-o", base_path=str(toy_models / "old"), model_platform="tensorflow"
    )
    answer = changing_server.models.HandleReloadConfigRequest(request, timeout=WAIT_SECONDS)
    assert [(metric.name, metric.int64_value_increase) for metric in answer.metric] == [("/no/such/counter", 0)]


def test_another_base_path_serves_its_versions_under_the_same_name(changing_server, toy_models):
    reload(changing_server, entry("reload-p", toy_models / "old"))
    reload(changing_server, entry("reload-p", toy_models / "toys"))
    wait_until(lambda: answering(changing_server, "reload-p") == 3)
    wait_for_states(changing_server, "reload-p", (7, "END"), (3, "AVAILABLE"))
