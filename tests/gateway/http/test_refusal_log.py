"""Refusals by the hundred in the log: one line with ids, and one with how many there were like it."""

import json
import logging

import pytest

from gateway.logs import JsonLines
from gateway.refusal_log import SUMMED_SECONDS, RefusalLog


class Later:
    """What was put off, to be done when the test says so."""

    def __init__(self):
        self.calls = []

    def __call__(self, seconds, function, *arguments):
        assert seconds == SUMMED_SECONDS
        self.calls.append((function, arguments))

    def come(self):
        calls, self.calls = self.calls, []
        for function, arguments in calls:
            function(*arguments)


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, "symmetra")

    def read():
        read_lines = [json.loads(JsonLines().format(record)) for record in caplog.records]
        caplog.clear()
        return [{name: line[name] for name in line.keys() - {"time", "level", "logger"}} for line in read_lines]

    return read


def fields(number, code="gateway_overloaded", status=503):
    return {"request_id": str(number), "route": "/v1/screenings", "status": status, "code": code}


def test_the_first_of_a_second_is_named_and_the_others_are_counted(lines):
    later = Later()
    log = RefusalLog(later)
    for number in range(100):
        log.note(fields(number))
    log.note(fields("x", "client_rate_exceeded", 429))
    assert lines() == [
        {"event": "request"} | fields(0),
        {"event": "request"} | fields("x", "client_rate_exceeded", 429),
    ]
    later.come()
    assert lines() == [
        {
            "event": "further requests refused",
            "route": "/v1/screenings",
            "status": 503,
            "code": "gateway_overloaded",
            "count": 99,
        }
    ]
    log.note(fields("next"))
    assert lines() == [{"event": "request"} | fields("next")]


def test_a_refusal_alone_is_a_request_like_any_other(lines):
    later = Later()
    RefusalLog(later).note(fields(1))
    later.come()
    assert lines() == [{"event": "request"} | fields(1)]
    assert not later.calls
