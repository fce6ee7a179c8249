"""Finished runs that were never made: folders whose every figure a test chose."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loadtests.histogram import Histogram
from loadtests.run.format import (
    Answers,
    FinishedRun,
    GeneratorFigures,
    InvalidReason,
    RunSummary,
    SeriesRow,
    StageChange,
    TargetChange,
)
from loadtests.run.recording import latency_figures

STAGES = {"queue": 0.005, "decode": 0.02, "face": 0.03, "predict": 0.04, "total": 0.1}
"""Mean seconds of each stage."""


def made_up_run(
    *,
    latencies: Sequence[float] = tuple(np.linspace(0.08, 0.24, 400)),
    outcomes: dict[str, int] | None = None,
    answers: Answers | None = None,
    invalid: str | None = None,
    stages: dict[str, float] | None = STAGES,
    seconds: float = 20.0,
) -> FinishedRun:
    """A run of photos; healthy unless told otherwise."""
    histogram = Histogram()
    for latency in latencies:
        histogram.record(latency)
    count = histogram.count
    outcomes = {"answered": count} if outcomes is None else outcomes
    same = {"bins": {"0.1": 300, "0.6": 100}, "bands": {"none": 300, "mild": 100}}
    if answers is None:
        answers = Answers(**same, expected_bins=same["bins"], expected_bands=same["bands"], model_versions={"3": count})
    a_second = int(count / seconds)
    summary = RunSummary(
        started="2026-11-28T09:00:00+00:00",
        seconds=seconds,
        target="http://127.0.0.1:8080",
        model_server=None,
        traffic_class="loadtest",
        arrivals={"kind": "poisson", "rate": count / seconds},
        mix={"photo": 1.0},
        pack={"name": "small", "digest": "ab" * 32},
        wanted=count,
        started_count=count,
        wanted_rate=count / seconds,
        achieved_rate=count / seconds,
        completed_rate=sum(outcomes.get(name, 0) for name in ("answered", "abstained", "refused_photo")) / seconds,
        valid=invalid is None,
        invalid_reasons=() if invalid is None else (InvalidReason(invalid, "It was <not> as it should be."),),
        generator=GeneratorFigures(1, 0, 0.2, 0.001, 0.002, 3),
        outcomes={"photo": outcomes},
        statuses={"photo": {"200": count}},
        answers=answers,
        latency={"photo": latency_figures(histogram)},
        model_version="3",
        machine={"cpu": "one", "cores": "2", "features": ""},
    )
    series = tuple(
        SeriesRow(second, a_second, a_second, a_second, a_second, 0, 0.15, 0.24, 2) for second in range(int(seconds))
    )
    changes = (
        {}
        if stages is None
        else {name: StageChange(count, mean * count, {"+Inf": count}) for name, mean in stages.items()}
    )
    target = TargetChange(("http://127.0.0.1:9108/metrics",), "loadtest", changes, cpu_seconds=1.5 * seconds)
    return FinishedRun(summary, {"photo": histogram}, series, target)
