"""The drift controller's verdict on the operator page: the worst of what is watched, read from Prometheus."""

import html
import re

import pytest

from gateway.languages import ENGLISH
from gateway.operating.drift import NAMES, STATES, DriftSeen, read_drift, worst_of
from gateway.operating.prometheus import Line, Prometheus
from gateway.setting_values import service_address
from monitoring.controller.metrics import ALARM, LOUDEST, STATE
from monitoring.controller.watch import STATES as CONTROLLER_STATES
from monitoring.reference_metrics import SIGNALS
from tests.support.fake_prometheus import FakePrometheus

OPERATOR = ENGLISH.operator
AT = ((0.0, 1.0),)


@pytest.fixture
def prometheus():
    with FakePrometheus() as prometheus:
        yield prometheus


def line(**labels):
    return Line(labels, AT)


def test_names_and_states_are_those_of_the_controller_and_all_have_words():
    assert {STATE.name, ALARM.name, LOUDEST.name} == set(NAMES)
    assert set(STATES) == {*CONTROLLER_STATES, "alarm", "warning"}
    for each in (*(f"drift_{state}" for state in STATES), *(f"signal_{signal}" for signal in SIGNALS)):
        assert OPERATOR[each]


@pytest.mark.parametrize(
    ("lines", "seen"),
    [
        ([], None),
        ([line(band="mild")], None),
        ([line(state="watching", model_version="3")], DriftSeen("watching")),
        ([line(state="watching", model_version="3"), line(signal="luminance", model_version="3")], DriftSeen("watching")),
        (
            [
                line(state="watching", model_version="3"), line(tier="warning", model_version="3"),
                line(tier="alarm", model_version="3"), line(signal="luminance", model_version="3"),
                line(state="stale", model_version="2"), line(signal="severity", model_version="2"),
            ],
            DriftSeen("alarm", "luminance"),
        ),
        ([line(state="watching", site="a"), line(state="no_profile", site="b")], DriftSeen("no_profile")),
    ],
)  # fmt: skip
def test_the_worst_is_said_with_its_own_signal(lines, seen):
    assert worst_of(lines) == seen


def test_a_prometheus_that_does_not_answer_says_nothing(prometheus):
    prometheus.status = 500
    assert read_drift(Prometheus(prometheus.url)) is None


def test_the_page_says_the_alarm_and_what_moved(operated, prometheus):
    labels = {"model_version": "3", "site": ""}
    prometheus.series = [
        {"metric": labels | {"tier": "alarm"}, "values": [[1, "1"]]},
        {"metric": labels | {"signal": "sharpness"}, "values": [[1, "1"]]},
    ]
    response = operated(prometheus_url=service_address(prometheus.url)).look()
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.text)).split())
    assert OPERATOR["drift_alarm"].format(signal=OPERATOR["signal_sharpness"]) in text
    assert OPERATOR["drift_state"] not in text
