"""Charts of the operator page: what Prometheus says, drawn, said in words, and left out where it says nothing."""

import html
import re
import socket
import threading

import pytest

from gateway.languages import ENGLISH
from gateway.operating.charts import CHARTS, HEIGHT, WIDTH, draw
from gateway.operating.drift import QUERY
from gateway.operating.prometheus import Line, Prometheus, PrometheusAway
from gateway.setting_values import service_address
from tests.support.fake_prometheus import FakePrometheus

OPERATOR = ENGLISH.operator


@pytest.fixture
def prometheus():
    with FakePrometheus() as prometheus:
        yield prometheus


def ask(prometheus):
    return Prometheus(prometheus.url).lines("up", begin_seconds=0, end_seconds=3600, step_seconds=60)


def test_lines_come_with_their_labels_and_without_moments_that_have_no_value(prometheus):
    prometheus.series = [{"metric": {"band": "mild"}, "values": [[10, "1.5"], [70, "NaN"], [130, "2"]]}]
    assert ask(prometheus) == [Line({"band": "mild"}, ((10.0, 1.5), (130.0, 2.0)))]
    assert prometheus.queries == [{"query": ["up"], "start": ["0"], "end": ["3600"], "step": ["60"]}]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": 500},
        {"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}},
        {"body": b"<html>"},
        {"body": b"[]"},
        {"body": b'{"data": {"result": [{"metric": {}, "values": [["x", "y"]]}]}}'},
        {"body": b'{"data": null}'},
    ],
)
def test_whatever_is_no_answer_is_said_to_be_none(prometheus, changes):
    for name, value in changes.items():
        setattr(prometheus, name, value)
    with pytest.raises(PrometheusAway):
        ask(prometheus)


def test_what_is_not_http_is_no_answer_either():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"220 this is another service\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(PrometheusAway):
            Prometheus(f"http://127.0.0.1:{listener.getsockname()[1]}").lines(
                "up", begin_seconds=0, end_seconds=60, step_seconds=60
            )
        thread.join()


def test_nobody_listening_is_no_answer_either(prometheus):
    prometheus.url = "http://127.0.0.1:9"
    with pytest.raises(PrometheusAway):
        ask(prometheus)


def test_a_chart_begins_at_zero_and_ends_at_a_round_figure():
    chart = draw(CHARTS[0], [Line({}, ((0.0, 0.0), (1800.0, 12.0), (3600.0, 6.0)))], 0.0)
    (stroke,) = chart.strokes
    assert chart.top == 20.0
    assert stroke.points == f"0.0,{HEIGHT}.0 {WIDTH / 2},{HEIGHT * 0.4:.1f} {WIDTH}.0,{HEIGHT * 0.7:.1f}"
    assert (stroke.latest, stroke.least, stroke.most) == (6.0, 0.0, 12.0)


def test_bands_are_drawn_in_their_own_order_and_to_a_hundred():
    bands = next(kind for kind in CHARTS if kind.name == "bands")
    lines = [Line({"band": band}, ((0.0, share),)) for band, share in (("high", 0.2), ("none", 0.5), ("mild", 0.3))]
    chart = draw(bands, [*lines, Line({"band": "other"}, ())], 0.0)
    assert (chart.top, [stroke.name for stroke in chart.strokes]) == (1.0, ["none", "mild", "high"])


def test_the_page_draws_each_chart_and_says_it_in_words(operated, prometheus):
    prometheus.series = [{"metric": {"band": "none"}, "values": [[10, "0.25"], [70, "0.5"]]}]
    response = operated(prometheus_url=prometheus.url).look()
    assert len(re.findall(r"<polyline", response.text)) == len(CHARTS)
    assert len(
        re.findall(r'<svg role="img" aria-labelledby="chart-\w+" aria-describedby="figures-\w+"', response.text)
    ) == len(CHARTS)
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.text)).split())
    for kind in CHARTS:
        assert OPERATOR[f"chart_{kind.name}"] in text
    assert "low band: now 50, between 25 and 50" in text
    assert sorted(query["query"][0] for query in prometheus.queries) == sorted(
        [QUERY, *(kind.query for kind in CHARTS)]
    )


def test_a_chart_without_a_measurement_says_so(operated, prometheus):
    text = operated(prometheus_url=prometheus.url).look().text
    assert text.count(OPERATOR["chart_empty"]) == len(CHARTS)


def test_a_prometheus_that_is_away_costs_the_page_its_charts_only(operated, prometheus):
    prometheus.status = 503
    response = operated(prometheus_url=prometheus.url).look()
    assert response.status_code == 200
    assert OPERATOR["prometheus_away"] in response.text
    assert f'href="{prometheus.url}"' in response.text


@pytest.mark.parametrize("address", ["http://127.0.0.1:9090", "https://prometheus.example/path"])
def test_an_address_of_a_service_is_over_http(address):
    assert service_address(address + "/") == address


@pytest.mark.parametrize(
    "address", ["", "prometheus:9090", "ftp://a", "http://", "http://u@a", "http://a?b=c", "http://a#b"]
)
def test_any_other_address_is_refused(address):
    with pytest.raises(ValueError, match="must"):
        service_address(address)
