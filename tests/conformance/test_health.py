"""Section 9 of the contract: grpc.health.v1.Health, on and off."""

import grpc
import pytest

from tests.support.reloads import WAIT_SECONDS
from tests.support.server_under_test import status_of

pytestmark = pytest.mark.tensorflow
SERVING = b"\x08\x01"
SERVICE_UNKNOWN = b"\x08\x03"


def named(service):
    """grpc.health.v1.HealthCheckRequest, which no package here brings along: field 1 is the name."""
    return b"\x0a" + bytes([len(service)]) + service.encode() if service else b""


def check(server, service):
    return server.channel.unary_unary("/grpc.health.v1.Health/Check")(named(service), timeout=WAIT_SECONDS)


@pytest.mark.parametrize("service", ["", "ModelService", "PredictionService"])
def test_their_literal_names_are_serving(still_server, service):
    assert check(still_server, service) == SERVING


@pytest.mark.parametrize("service", ["tensorflow.serving.PredictionService", "tensorflow.serving.ModelService", "toys"])
def test_other_names_are_not_found(still_server, service):
    assert status_of(lambda: check(still_server, service))[0] is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(("service", "answer"), [("ModelService", SERVING), ("nobody", SERVICE_UNKNOWN)])
def test_a_watch_begins_with_the_status_and_stays(still_server, service, answer):
    watch = still_server.channel.unary_stream("/grpc.health.v1.Health/Watch")(named(service), timeout=WAIT_SECONDS)
    try:
        assert next(watch) == answer
        assert watch.is_active()
    finally:
        watch.cancel()


def test_without_its_flag_there_is_no_such_service(changing_server):
    assert status_of(lambda: check(changing_server, "")) == (grpc.StatusCode.UNIMPLEMENTED, "")
