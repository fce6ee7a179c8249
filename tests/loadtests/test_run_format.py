"""The folder of a run: what is written is read again, and what is no run is refused with a sentence."""

import json
from pathlib import Path

import pytest

from loadtests.errors import RunUnreadable
from loadtests.histogram import Histogram
from loadtests.run.format import (
    Answers,
    FinishedRun,
    GeneratorFigures,
    InvalidReason,
    LatencyFigures,
    RunSummary,
    SeriesRow,
    StageChange,
    TargetChange,
    read_run,
    write_run,
)


def a_run() -> FinishedRun:
    histogram = Histogram()
    histogram.record(0.25)
    summary = RunSummary(
        started="2026-11-28T09:00:00+00:00",
        seconds=10.0,
        target="http://127.0.0.1:8080",
        model_server=None,
        traffic_class="loadtest",
        arrivals={"kind": "poisson", "rate": 5.0},
        mix={"photo": 1.0},
        pack={"name": "small", "digest": "ab"},
        wanted=50,
        started_count=50,
        wanted_rate=5.0,
        achieved_rate=5.0,
        completed_rate=4.9,
        valid=False,
        invalid_reasons=(InvalidReason("late_starts", "Requests started late."),),
        generator=GeneratorFigures(1, 0, 0.2, 0.001, 0.002, 3),
        outcomes={"photo": {"answered": 40, "shed": 10}},
        statuses={"photo": {"200": 40, "503": 10}},
        answers=Answers(bins={"0.1": 40}, bands={"none": 40}, unchecked=2),
        latency={"photo": LatencyFigures(50, 0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.4)},
        model_version="3",
        machine={"cpu": "one", "cores": "2"},
    )
    change = TargetChange(("http://127.0.0.1:9108/metrics",), "loadtest", {"face": StageChange(3, 0.5, {"+Inf": 3})})
    return FinishedRun(summary, {"photo": histogram}, (SeriesRow(0, 5, 5, 4, 4, 0, 0.1, 0.2, 1),), change)


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_run(tmp_path / "run", a_run())
    assert read_run(tmp_path / "run") == a_run()
    assert a_run().summary.count("answered", "shed") == 50


@pytest.mark.parametrize("missing", ["run.json", "series.csv", "latency.hgrm", "stages.json"])
def test_a_folder_that_lacks_a_file_is_no_run(tmp_path: Path, missing: str) -> None:
    write_run(tmp_path, a_run())
    (tmp_path / missing).unlink()
    with pytest.raises(RunUnreadable, match=missing):
        read_run(tmp_path)


def test_a_run_of_another_schema_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path, a_run())
    content = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps({**content, "schema": "symmetra.loadtest/2"}))
    with pytest.raises(RunUnreadable, match="schema"):
        read_run(tmp_path)


def test_a_damaged_run_is_refused_with_a_sentence(tmp_path: Path) -> None:
    write_run(tmp_path, a_run())
    (tmp_path / "stages.json").write_text("{")
    with pytest.raises(RunUnreadable, match="no run that can be read"):
        read_run(tmp_path)
