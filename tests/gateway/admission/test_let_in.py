"""What callers see of admission, through the application."""

from dataclasses import replace
from ipaddress import ip_network

import flask
import pytest

from tests.support.gateway import FakeGateway


def test_a_client_that_asks_too_often_is_told_when_to_come_back(tmp_path):
    gateway = FakeGateway(tmp_path, requests_per_second_per_client=0.1, burst_per_client=2)
    assert [gateway.screen().status_code for _ in range(2)] == [200, 200]
    refused = gateway.screen()
    assert (refused.status_code, refused.json["code"]) == (429, "client_rate_exceeded")
    assert 1 <= int(refused.headers["Retry-After"]) <= 10
    assert len(gateway.crops.photos) == 2
    assert gateway.metric("symmetra_shed_total", reason="client_rate") == 1
    assert gateway.client.get("/readyz").status_code == 200
    assert gateway.screen(environ_overrides={"REMOTE_ADDR": "192.0.2.1"}).status_code == 200


def test_clients_behind_a_trusted_proxy_are_told_apart(tmp_path):
    gateway = FakeGateway(tmp_path, requests_per_second_per_client=0.1, burst_per_client=1)
    headers = [{"X-Forwarded-For": f"192.0.2.{number}"} for number in range(2)]
    assert [gateway.screen(headers=each).status_code for each in headers] == [200, 429]
    trusting = FakeGateway(
        tmp_path / "trusting",
        requests_per_second_per_client=0.1,
        burst_per_client=1,
        trusted_proxies=(ip_network("127.0.0.0/8"),),
    )
    assert [trusting.screen(headers=each).status_code for each in headers * 2] == [200, 200, 429, 429]


@pytest.mark.parametrize(("traffic", "status"), [("patient", 503), ("sentinel", 200)])
def test_with_no_place_and_no_queue_only_who_watches_the_others_is_let_in(tmp_path, traffic, status):
    gateway = FakeGateway(tmp_path, cores=1, max_in_flight=1, max_queue=0)
    answers = []

    def ask_meanwhile(make):
        def make_and_ask(*args, **options):
            gateway.crops.make = make
            answers.append(gateway.screen(environ_overrides={"test.traffic": traffic}))
            return make(*args, **options)

        return make_and_ask

    @gateway.app.before_request
    def sign_in():
        flask.g.caller = replace(flask.g.caller, traffic=flask.request.environ.get("test.traffic", "patient"))

    gateway.crops.make = ask_meanwhile(gateway.crops.make)
    assert gateway.screen().status_code == 200
    assert [answer.status_code for answer in answers] == [status]
    assert gateway.metric("symmetra_in_flight") == 0
