"""The forecast: which of the limits counts, and what it assumes."""

import pytest

from loadtests.capacity.forecast import CORES, GATEWAYS, MODEL_SERVER, MeasuredParts, forecast


@pytest.mark.parametrize(
    ("parts", "gateways", "rate", "limited_by"),
    [
        (MeasuredParts(1, 40.0), 2, 80.0, GATEWAYS),
        (MeasuredParts(2, 40.0), 3, 60.0, GATEWAYS),
        (MeasuredParts(1, 40.0, model_server_rate=55.0, model_server_is_limit=True), 2, 55.0, MODEL_SERVER),
        (MeasuredParts(1, 40.0, model_server_rate=95.0, model_server_is_limit=True), 2, 80.0, GATEWAYS),
        (MeasuredParts(1, 40.0, model_server_rate=55.0), 2, 80.0, GATEWAYS),
        (MeasuredParts(1, 40.0, machine_cores_busy=1.6, machine_cores=2), 2, 50.0, CORES),
        (MeasuredParts(1, 40.0, machine_cores_busy=1.6, machine_cores=16), 2, 80.0, GATEWAYS),
    ],
)
def test_the_smallest_limit_counts(parts: MeasuredParts, gateways: int, rate: float, limited_by: str) -> None:
    expected = forecast(parts, gateways)
    assert (expected.rate, expected.limited_by) == (pytest.approx(rate), limited_by)


def test_a_machine_that_lacks_the_cores_is_said_to() -> None:
    short = forecast(MeasuredParts(1, 40.0, machine_cores_busy=1.6, machine_cores=2), 2)
    assert (short.has_the_cores, short.cores_needed) == (False, pytest.approx(3.2))
    assert "3.2 cores would be busy; this machine has only 2" in short.says
    wide = forecast(MeasuredParts(1, 40.0, machine_cores_busy=1.6, machine_cores=8), 2)
    assert wide.has_the_cores is True
    unknown = forecast(MeasuredParts(1, 40.0), 2)
    assert (unknown.has_the_cores, unknown.cores_needed) == (None, None)


def test_what_a_gateway_used_is_what_each_will() -> None:
    assert "keeps 0.75 cores busy" in " ".join(forecast(MeasuredParts(2, 40.0, gateway_cores_busy=1.5), 3).assumptions)


def test_what_was_not_measured_is_an_assumption() -> None:
    assert "its own limit was not measured" in " ".join(forecast(MeasuredParts(1, 40.0), 2).assumptions)
    seen = forecast(MeasuredParts(1, 40.0, model_server_rate=85.0), 2)
    assert "model server" not in " ".join(seen.assumptions).replace("and the model server get", "")
    higher = forecast(MeasuredParts(1, 40.0, model_server_rate=55.0), 2)
    assert "55.00 were measured, and no limit was found" in " ".join(higher.assumptions)
