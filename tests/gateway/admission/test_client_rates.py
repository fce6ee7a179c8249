import pytest

from gateway.admission.client_rates import MAX_CLIENTS, ClientRates
from gateway.errors import ClientRateExceeded
from tests.support.clock import Clock


@pytest.fixture
def clock():
    return Clock()


def take_until_refused(rates, client):
    taken = 0
    while True:
        try:
            rates.take(client)
        except ClientRateExceeded as refused:
            return taken, refused.retry_after_seconds
        taken += 1


def test_a_burst_then_a_steady_rate_and_when_to_come_back(clock):
    rates = ClientRates(0.5, 3, clock)
    assert take_until_refused(rates, "a") == (3, 2)
    clock.seconds += 2.0
    assert take_until_refused(rates, "a") == (1, 2)
    clock.seconds += 3600.0
    assert take_until_refused(rates, "a")[0] == 3


def test_asking_in_vain_does_not_lock_a_client_out(clock):
    rates = ClientRates(1.0, 1, clock)
    rates.take("a")
    for _ in range(9):
        clock.seconds += 0.1
        with pytest.raises(ClientRateExceeded):
            rates.take("a")
    clock.seconds += 0.11
    rates.take("a")


def test_one_client_does_not_spend_anothers_rate(clock):
    rates = ClientRates(1.0, 2, clock)
    assert take_until_refused(rates, "a")[0] == 2
    assert take_until_refused(rates, "b")[0] == 2


def test_no_rate_is_no_limit_and_keeps_nothing(clock):
    rates = ClientRates(0.0, 1, clock)
    for number in range(1000):
        rates.take(str(number))
    assert not rates._buckets


def test_strangers_cannot_make_the_table_grow(clock):
    rates = ClientRates(1.0, 1, clock)
    for number in range(10_000):
        rates.take(f"stranger {number}")
    assert len(rates._buckets) == MAX_CLIENTS


def test_the_client_that_was_silent_longest_makes_room(clock):
    rates = ClientRates(1.0, 1, clock)
    rates.take("busy")
    rates.take("silent")
    for number in range(MAX_CLIENTS - 1):
        with pytest.raises(ClientRateExceeded):
            rates.take("busy")
        rates.take(f"stranger {number}")
    assert "busy" in rates._buckets
    assert "silent" not in rates._buckets
