"""What is kept and written of rounds, without running any; the systems themselves are measured on a quiet machine."""

import dataclasses
import json

import pytest

from tests.bench.__main__ import print_report
from tests.bench.closed_loop import LoadResult
from tests.bench.machine import envelope
from tests.bench.peers import ALIGNED, IN_PROCESS, NAIVE, TWIN, WHOLE, Round, System, say_round, summarise
from tests.bench.peers_report import draw_bars, write_page
from tests.bench.stage_costs import StageCosts

RATES = {ALIGNED: 30.0, WHOLE: 60.0, TWIN: 66.0, IN_PROCESS: 50.0, NAIVE: 4.0}
WORKLOAD = {
    "type": "closed loop",
    "clients": 32,
    "rounds": 5,
    "seconds": 12.0,
    "photo": "640x480",
    "photo_bytes": 80_000,
}


def report_of(rounds: int) -> dict:
    measured = [
        Round(name, LoadResult(32, 1000.0, int(rate) * (1000 + 10 * number), 0, 500.0, 900.0), 0.9)
        for number in range(rounds)
        for name, rate in RATES.items()
    ]
    return envelope("peers", WORKLOAD) | summarise(measured, list(RATES))


def test_ratios_stand_beside_their_bars_and_floors_and_every_round_is_kept() -> None:
    report = json.loads(json.dumps(report_of(5), allow_nan=False))
    assert report["ratios"]["crop whole / naive"]["median"] == 15.0
    assert len(report["systems"][NAIVE]["rounds"]) == 5
    page = write_page(report)
    assert "| crop whole / naive | 15.00 | 15.00 to 15.00 | 0% | 12: met |" in page
    assert "| crop whole / in one process | 1.20 | 1.20 to 1.20 | 0% | 1.5: NOT met |" in page
    assert f"commit {report['commit']}, {report['machine']['cores']} cores" in page
    assert draw_bars(report).count("<circle") == 25


def test_fewer_rounds_than_tell_a_floor_say_so() -> None:
    report = json.loads(json.dumps(report_of(2), allow_nan=False))
    assert "| not known |" in write_page(report)


def test_every_system_comes_first_in_one_of_five_rounds() -> None:
    systems = [System(name, 1, "/") for name in RATES]
    assert {say_round(number, systems)[0].name for number in range(5)} == set(RATES)


def test_make_bench_prints_costs_and_the_same_ratios(capsys: pytest.CaptureFixture[str]) -> None:
    costs = StageCosts(1.4, 12.0, 52.0, 14.5, 4.9, 3.5)
    footprint = {"import_ratio": 1.2, "resident_mebibytes": 94.0}
    report = report_of(5) | {"stage_milliseconds": dataclasses.asdict(costs), "footprint": footprint}
    print_report(report | {"one_client": {"p50_milliseconds": 40.0}})
    said = capsys.readouterr().out
    assert "12 megapixels: scaled / full decode = 0.23" in said
    assert "| crop whole / naive | 15.00 |" in said
