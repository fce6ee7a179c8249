"""Runs of a load test against a queue that is only calculated: first come, first served, by so many at once, in no time at all."""

from __future__ import annotations

import heapq

import numpy as np

from loadtests.arrivals import poisson
from loadtests.histogram import Histogram
from loadtests.run.format import Answers, FinishedRun, GeneratorFigures, RunSummary, SeriesRow, TargetChange
from loadtests.run.recording import latency_figures


def simulate_run(
    rate: float, seconds: float, seed: int, *, at_once: int, service_seconds: float, most_waiting: int | None = None
) -> FinishedRun:
    """What a healthy generator would record; with `most_waiting`, who finds so many before him is turned away at once."""
    due = poisson(rate, seconds, seed).draw()
    free = [0.0] * at_once
    ends, ok = np.empty(due.size), np.ones(due.size, bool)
    for number, moment in enumerate(due):
        begins = max(moment, free[0])
        if most_waiting is not None and (begins - moment) * at_once / service_seconds > most_waiting:
            ends[number], ok[number] = moment + 0.001, False
            continue
        ends[number] = begins + service_seconds
        heapq.heapreplace(free, ends[number])
    histogram = Histogram()
    for latency in ends - due:
        histogram.record(latency)
    shed = int((~ok).sum())
    outcomes = {"answered": due.size - shed} | ({"shed": shed} if shed else {})
    summary = RunSummary(
        started="2026-11-28T09:00:00+00:00",
        seconds=seconds,
        target="http://127.0.0.1:8080",
        model_server=None,
        traffic_class="loadtest",
        arrivals={"kind": "poisson"},
        mix={"photo": 1.0},
        pack={"name": "small", "digest": "ab" * 32},
        wanted=due.size,
        started_count=due.size,
        wanted_rate=due.size / seconds,
        achieved_rate=due.size / seconds,
        completed_rate=float((ends[ok] < seconds).sum()) / seconds,
        valid=True,
        invalid_reasons=(),
        generator=GeneratorFigures(1, 0, 0.2, 0.001, 0.002, 3),
        outcomes={"photo": outcomes},
        statuses={"photo": {"200": due.size - shed}},
        answers=Answers(),
        latency={"photo": latency_figures(histogram)},
        model_version="1",
    )
    return FinishedRun(summary, {"photo": histogram}, _series(due, ends), TargetChange())


def _series(due: np.ndarray, ends: np.ndarray) -> tuple[SeriesRow, ...]:
    rows = []
    for second in range(int(ends.max()) + 1):
        ended = (ends >= second) & (ends < second + 1)
        started = int(((due >= second) & (due < second + 1)).sum())
        latency = np.sort((ends - due)[ended])
        p50, p99 = (
            (float(latency[int(share * (latency.size - 1))]) for share in (0.5, 0.99)) if latency.size else (0.0, 0.0)
        )
        waiting = int((due < second + 1).sum() - (ends < second + 1).sum())
        rows.append(SeriesRow(second, started, started, latency.size, latency.size, 0, p50, p99, waiting))
    return tuple(rows)
