"""Section 3 of the contract: version labels, and when a config may assign one."""

import grpc
import pytest

from tests.support.reloads import (
    WAIT_SECONDS,
    answering,
    entry,
    label,
    predict_request,
    reload,
    specific,
    wait_for_states,
    wait_until,
)
from tests.support.server_under_test import status_of

pytestmark = pytest.mark.tensorflow
BOTH = specific(1, 2)


def serve_both(server, toy_models, name, *labels, numbers=BOTH):
    return reload(server, entry(name, toy_models / "toys", " ".join([numbers, *labels])))


def ask(server, model, name):
    request = predict_request(model, label=name)
    return status_of(lambda: server.predictions.Predict(request, timeout=WAIT_SECONDS))


@pytest.fixture
def model(changing_server, toy_models, request):
    """Versions 1 and 2 of the toys, answering, under a name of the test's own."""
    name = request.node.originalname.replace("test_", "labels-")
    serve_both(changing_server, toy_models, name)
    wait_for_states(changing_server, name, (2, "AVAILABLE"), (1, "AVAILABLE"))
    return name


def test_labels_lead_to_their_versions_and_move(changing_server, toy_models, model):
    serve_both(changing_server, toy_models, model, label("stable", 1), label("canary", 2), label("same", 1))
    assert [answering(changing_server, model, label=name) for name in ("stable", "canary", "same")] == [1, 2, 1]
    serve_both(changing_server, toy_models, model, label("stable", 2))
    assert answering(changing_server, model, label="stable") == 2


def test_labels_are_replaced_as_a_whole(changing_server, toy_models, model):
    serve_both(changing_server, toy_models, model, label("stable", 1))
    serve_both(changing_server, toy_models, model, label("canary", 2))
    assert ask(changing_server, model, "stable") == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "Unrecognized servable version label: stable",
    )


def test_a_refused_label_leaves_the_old_ones_in_force(changing_server, toy_models, model):
    serve_both(changing_server, toy_models, model, label("stable", 1))
    refusal = status_of(lambda: serve_both(changing_server, toy_models, model, label("stable", 3)))
    assert refusal == (
        grpc.StatusCode.FAILED_PRECONDITION,
        f"Request to assign label to version 3 of model {model}, which is not currently available for inference",
    )
    assert answering(changing_server, model, label="stable") == 1


def test_what_fails_later_has_already_taken_the_old_labels(changing_server, toy_models, model):
    serve_both(changing_server, toy_models, model, label("stable", 1))
    broken = entry("labels-broken", toy_models / "old", platform='model_platform: "boom"')
    refusal = status_of(lambda: reload(changing_server, entry(model, toy_models / "toys", BOTH), broken))
    assert refusal == (grpc.StatusCode.INVALID_ARGUMENT, "Model labels-broken requests unsupported platform boom")
    assert ask(changing_server, model, "stable")[0] is grpc.StatusCode.INVALID_ARGUMENT
    assert answering(changing_server, model) == 2
    reload(changing_server)


def test_a_label_may_outlive_its_version(changing_server, toy_models, model):
    serve_both(changing_server, toy_models, model, label("stable", 1), numbers=specific(2))
    wait_for_states(changing_server, model, (2, "AVAILABLE"), (1, "END"))
    assert ask(changing_server, model, "stable") == (
        grpc.StatusCode.NOT_FOUND,
        f"Servable not found for request: Specific({model}, 1)",
    )


def test_a_version_is_labelled_in_a_second_step(changing_server, toy_models, model):
    serve_both(changing_server, toy_models, model, numbers=specific(1, 2, 3))
    wait_until(lambda: answering(changing_server, model) == 3)
    serve_both(changing_server, toy_models, model, label("stable", 3), numbers=specific(1, 2, 3))
    assert answering(changing_server, model, label="stable") == 3
