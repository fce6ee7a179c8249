"""The gateway's share of a latency, where photos and direct calls were made in the same run."""

import dataclasses

import pytest

from loadtests.histogram import Histogram
from loadtests.verdict.gateway_share import say_share, share_of_gateway
from tests.support.finished_runs import made_up_run


def histogram_of(*seconds: float) -> Histogram:
    histogram = Histogram()
    for each in seconds:
        histogram.record(each)
    return histogram


def test_it_is_what_the_direct_way_does_not_take() -> None:
    run = made_up_run(latencies=[0.1, 0.2, 0.3])
    run = dataclasses.replace(run, latency=run.latency | {"direct": histogram_of(0.02, 0.05, 0.08)})
    rows = {row.measure: row for row in share_of_gateway(run)}
    assert rows["mean"].gateway_seconds == pytest.approx(0.15, rel=0.002)
    assert rows["p50"].share == pytest.approx(0.75, rel=0.002)
    assert "150.0 ms of a photo's mean 200.0 ms (75%)" in say_share(share_of_gateway(run))


def test_without_direct_calls_or_photos_nothing_is_said() -> None:
    run = made_up_run()
    assert share_of_gateway(run) == ()
    assert share_of_gateway(dataclasses.replace(run, latency={"direct": histogram_of(0.1)})) == ()
    assert say_share(()) == ""
