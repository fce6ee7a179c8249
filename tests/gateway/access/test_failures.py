"""Wrong credentials are slowed down by address, and right ones never."""

import pytest

from gateway.access.set_up import FAILURE_BURST
from tests.support.access import add_key
from tests.support.gateway import FakeGateway


@pytest.fixture
def keyed(tmp_path):
    return FakeGateway(tmp_path, api_keys_file=tmp_path / "keys.json", access_failures_per_second_per_client=0.001)


def attempt(gateway, key, address="192.0.2.1", **headers):
    headers |= {"X-API-Key": key} if key else {}
    return gateway.client.get("/v1/models", headers=headers, environ_base={"REMOTE_ADDR": address})


def test_after_a_burst_wrong_keys_get_429_with_a_time_and_right_ones_still_pass(keyed):
    right = add_key(keyed.settings.api_keys_file)
    assert [attempt(keyed, "wrong").status_code for _ in range(FAILURE_BURST)] == [401] * FAILURE_BURST
    response = attempt(keyed, "wrong")
    assert (response.status_code, response.json["code"]) == (429, "client_rate_exceeded")
    assert int(response.headers["Retry-After"]) > 0
    assert attempt(keyed, right).status_code == 200, "nobody is locked out by a neighbour"
    assert attempt(keyed, "wrong", "192.0.2.2").status_code == 401, "each address has its own"
    assert keyed.metric("symmetra_access_refused_total", reason="invalid") == FAILURE_BURST + 2


def test_what_an_address_says_of_itself_does_not_give_it_a_new_rate(keyed):
    for number in range(FAILURE_BURST):
        attempt(keyed, "wrong", **{"X-Forwarded-For": f"198.51.100.{number}"})
    assert attempt(keyed, "wrong", **{"X-Forwarded-For": "203.0.113.9"}).status_code == 429


def test_a_request_without_credential_is_no_attempt(keyed):
    assert {attempt(keyed, None).status_code for _ in range(2 * FAILURE_BURST)} == {401}
