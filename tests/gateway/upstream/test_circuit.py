import contextlib

import pytest

from gateway.errors import (
    GatewayError,
    ModelVersionMissing,
    PredictorBusy,
    PredictorRejected,
    PredictorTimeout,
    PredictorUnavailable,
)
from gateway.upstream.circuit import FAILURES_TO_OPEN, FAIR_SECONDS, OPEN_SECONDS, Circuit, State
from tests.support.clock import Clock

AWAY = [PredictorUnavailable, PredictorTimeout]
THERE = [PredictorBusy, PredictorRejected, ModelVersionMissing]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def states():
    return []


@pytest.fixture
def circuit(clock, states):
    return Circuit(states.append, clock=clock)


def call(circuit, error=None, allowed_seconds=10.0):
    """One call; whether it went through to the server."""
    went_through = False
    with contextlib.suppress(GatewayError), circuit.call(allowed_seconds):
        went_through = True
        if error is not None:
            raise error
    return went_through


def open_it(circuit):
    for _ in range(FAILURES_TO_OPEN):
        assert call(circuit, PredictorUnavailable())


@pytest.mark.parametrize("error_class", AWAY)
def test_failures_in_a_row_open_it_and_then_nobody_gets_through(circuit, states, error_class):
    for _ in range(FAILURES_TO_OPEN - 1):
        call(circuit, error_class())
    assert states == [State.CLOSED]
    call(circuit, error_class())
    assert states == [State.CLOSED, State.OPEN]
    assert not call(circuit)
    with pytest.raises(PredictorUnavailable) as caught:
        circuit.require_passable()
    assert caught.value.retry_after_seconds == OPEN_SECONDS


def test_an_answer_in_between_begins_the_count_anew(circuit, states):
    for _ in range(3):
        for _ in range(FAILURES_TO_OPEN - 1):
            call(circuit, PredictorUnavailable())
        call(circuit)
    assert states == [State.CLOSED]


@pytest.mark.parametrize("error_class", THERE)
def test_a_server_that_refuses_is_there(circuit, states, error_class):
    for _ in range(3 * FAILURES_TO_OPEN):
        assert call(circuit, error_class())
    assert states == [State.CLOSED]


def test_a_call_that_had_hardly_any_time_says_nothing(circuit, states):
    for _ in range(3 * FAILURES_TO_OPEN):
        call(circuit, PredictorTimeout(), allowed_seconds=FAIR_SECONDS / 2)
    assert states == [State.CLOSED]


def test_after_a_rest_one_call_goes_through_and_the_others_wait_for_what_it_finds(circuit, clock, states):
    open_it(circuit)
    clock.seconds += OPEN_SECONDS
    circuit.require_passable()
    with circuit.call(10.0):
        assert states[-1] is State.HALF_OPEN
        assert not call(circuit)
        with pytest.raises(PredictorUnavailable):
            circuit.require_passable()
    assert states[-1] is State.CLOSED
    circuit.require_passable()


@pytest.mark.parametrize("error_class", AWAY)
def test_a_trial_that_fails_opens_it_for_another_rest(circuit, clock, states, error_class):
    open_it(circuit)
    for _ in range(3):
        clock.seconds += OPEN_SECONDS
        assert call(circuit, error_class())
        assert states[-1] is State.OPEN
        assert not call(circuit)


@pytest.mark.parametrize("error_class", THERE)
def test_a_trial_that_is_refused_by_the_server_found_it(circuit, clock, states, error_class):
    open_it(circuit)
    clock.seconds += OPEN_SECONDS
    call(circuit, error_class())
    assert states[-1] is State.CLOSED


@pytest.mark.parametrize("ending", [GeneratorExit(), KeyboardInterrupt()])
def test_a_trial_that_is_given_up_leaves_its_place_to_another(circuit, clock, states, ending):
    open_it(circuit)
    clock.seconds += OPEN_SECONDS
    with pytest.raises(type(ending)), circuit.call(10.0):
        raise ending
    assert call(circuit)
    assert states[-1] is State.CLOSED


def test_a_call_sent_before_it_opened_cannot_lengthen_the_rest(circuit, clock):
    with pytest.raises(PredictorUnavailable), circuit.call(10.0):
        open_it(circuit)
        clock.seconds += OPEN_SECONDS / 2
        raise PredictorUnavailable
    clock.seconds += OPEN_SECONDS / 2
    circuit.require_passable()


def test_an_answer_to_a_call_sent_before_it_opened_closes_it(circuit, states):
    with circuit.call(10.0):
        open_it(circuit)
        assert states[-1] is State.OPEN
    assert states[-1] is State.CLOSED
