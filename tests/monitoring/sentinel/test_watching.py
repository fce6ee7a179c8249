import json
import math

import pytest
from prometheus_client import CollectorRegistry

from monitoring.sentinel.errors import PauseFailed
from monitoring.sentinel.looking import Finding, LookResult
from monitoring.sentinel.metrics import SentinelMetrics
from monitoring.sentinel.watching import Watch


class Switch:
    def __init__(self):
        self.thrown = 0
        self.fails = False

    def __call__(self):
        self.thrown += 1
        if self.fails:
            raise PauseFailed("status 503")


@pytest.fixture
def switch():
    return Switch()


@pytest.fixture
def metrics(tmp_path):
    return SentinelMetrics(CollectorRegistry(), {"repository": tmp_path, "gone": tmp_path / "gone"})


@pytest.fixture
def take(metrics, switch):
    watch = Watch(metrics, switch, looks_in_a_row=2)
    return lambda *results: [watch.take(Finding(LookResult(result), "code")) for result in results]


def value(metrics, name, **labels):
    return metrics.registry.get_sample_value(name, labels)


def test_two_wrong_looks_in_a_row_pause_and_one_does_not(take, switch):
    take("wrong", "right", "wrong", "unanswered", "wrong")
    assert switch.thrown == 0
    take("wrong")
    assert switch.thrown == 1


def test_whoever_resumes_is_not_overruled_until_a_look_was_right(take, switch):
    take("wrong", "wrong", "wrong", "wrong", "unanswered", "wrong", "wrong")
    assert switch.thrown == 1
    take("right", "wrong", "wrong")
    assert switch.thrown == 2


def test_a_pause_that_failed_is_tried_again(take, switch, metrics):
    switch.fails = True
    take("wrong", "wrong", "wrong")
    switch.fails = False
    take("wrong", "wrong")
    assert switch.thrown == 3
    assert value(metrics, "symmetra_blackbox_pauses_total", result="failed") == 2
    assert value(metrics, "symmetra_blackbox_pauses_total", result="paused") == 1


def test_without_a_key_that_may_operate_nothing_is_paused(metrics):
    watch = Watch(metrics, None, looks_in_a_row=2)
    for _ in range(3):
        watch.take(Finding(LookResult.WRONG, "code"))
    assert value(metrics, "symmetra_blackbox_in_a_row", result="wrong") == 3


def test_every_series_is_there_from_the_start_with_zero(metrics):
    for result in LookResult:
        assert value(metrics, "symmetra_blackbox_looks_total", result=result) == 0
        assert value(metrics, "symmetra_blackbox_in_a_row", result=result) == 0
    assert value(metrics, "symmetra_blackbox_last_right_seconds") == 0
    assert value(metrics, "symmetra_blackbox_last_look_seconds") > 0


def test_in_a_row_counts_what_is_found_now_and_nothing_else(take, metrics):
    take("right", "right", "unanswered", "unanswered", "unanswered")
    rows = {result: value(metrics, "symmetra_blackbox_in_a_row", result=result) for result in LookResult}
    assert rows == {**dict.fromkeys(LookResult, 0), LookResult.UNANSWERED: 3}
    assert value(metrics, "symmetra_blackbox_last_right_seconds") > 0


def test_a_watched_disk_says_how_much_is_free_and_one_that_is_gone_nothing(metrics):
    assert 0 < value(metrics, "symmetra_disk_free_share", disk="repository") <= 1
    gone = value(metrics, "symmetra_disk_free_share", disk="gone")
    assert math.isnan(gone)


def test_log_lines_are_json_and_name_golden_files_only(take, capsys):
    take("right")
    line = json.loads(capsys.readouterr().err)
    assert {"time", "event", "result", "code", "photo", "in_a_row"} == set(line)
