"""Campaigns for a quiet machine: the stall in full length, fifty healthy generators and as many starved ones, 500 starts a second.

Each writes what it found into `loadtests/results/`, with the machine it ran on; a run on a busy machine shows nothing.
"""

import csv
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from loadtests.arrivals import poisson
from loadtests.run.format import FinishedRun
from loadtests.run.launch import make_run
from loadtests.run.request import RunRequest
from loadtests.validity import MAX_LATE_P99_SECONDS
from tests.bench.machine import commit_of_tree, machine_facts
from tests.support.locust_processes import PROJECT, start_locust
from tests.support.scripted_target import ScriptedTarget
from tests.support.small_packs import write_small_pack

pytestmark = pytest.mark.long
RESULTS = PROJECT / "loadtests" / "results"
STALL = {"service_seconds": 0.02, "stall_begin": 50.0, "stall_seconds": 10.0}
RATE, SECONDS, SEED = 60.0, 120.0, 4
RUNS = 50
HEALTHY_RATE, STARVED_RATE = 100.0, 6000.0


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_pack(tmp_path_factory.mktemp("pack"))


def keep(name: str, found: dict[str, object]) -> None:
    facts = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit_of_tree(),
        "machine": machine_facts(),
        "load_average_at_the_end": os.getloadavg(),
    }
    (RESULTS / name).write_text(json.dumps(facts | found, indent=2) + "\n")


def said(run: FinishedRun) -> dict[str, object]:
    generator = run.summary.generator
    return {
        "wanted_rate": run.summary.wanted_rate,
        "achieved_rate": run.summary.achieved_rate,
        "late_start_p99_seconds": generator.late_start_p99_seconds,
        "cpu_share_max": generator.cpu_share_max,
        "invalid_reasons": [reason.code for reason in run.summary.invalid_reasons],
    }


def test_a_stall_of_ten_seconds_in_two_minutes(tmp_path: Path, pack: Path) -> None:
    with ScriptedTarget(**STALL) as ours, ScriptedTarget(**STALL) as theirs:
        closed = start_locust(
            "--headless", "--host", theirs.address, "--users", 4, "--spawn-rate", 4, "--run-time", f"{SECONDS:.0f}s",
            "--csv", tmp_path / "closed",
            locustfile=PROJECT / "tests/support/closed_loop_locustfile.py", log=tmp_path / "closed.log",
        )  # fmt: skip
        try:
            run = make_run(RunRequest(ours.address, tmp_path / "run", RATE, SECONDS, seed=SEED, pack=pack))
            closed.wait(timeout=60)
        finally:
            closed.kill()
            closed.wait()
    with (tmp_path / "closed_stats.csv").open(newline="") as file:
        total = next(row for row in csv.DictReader(file) if row["Name"] == "Aggregated")
    due = poisson(RATE, SECONDS, SEED).draw()
    begin, end = due[0] + STALL["stall_begin"], due[0] + STALL["stall_begin"] + STALL["stall_seconds"]
    is_stalled = (due + STALL["service_seconds"] > begin) & (due < end)
    expected = np.where(is_stalled, end - due, STALL["service_seconds"])
    analytic = {name: float(np.percentile(expected, name, method="inverted_cdf")) for name in (50, 95, 99)}
    assert run.summary.valid, f"the machine is too busy to show anything: {said(run)}"
    figures = run.summary.latency["photo"]
    ours_p99, hidden_p99 = figures.p99, float(total["99%"]) / 1000
    keep(
        "generator_stall.json",
        {
            "script": STALL,
            "rate": RATE,
            "seconds": SECONDS,
            "analytic_seconds": analytic,
            "ours_seconds": {"50": figures.p50, "95": figures.p95, "99": ours_p99},
            "closed_loop_locust_seconds": {name: float(total[f"{name}%"]) / 1000 for name in (50, 95, 99)},
            "closed_loop_requests": int(total["Request Count"]),
            "run": said(run),
        },
    )
    assert ours_p99 == pytest.approx(analytic[99], rel=0.05)
    assert hidden_p99 < 0.05 * analytic[99]


def test_a_healthy_generator_is_never_invalid_and_a_starved_one_always_is(tmp_path: Path, pack: Path) -> None:
    healthy, starved = [], []
    with ScriptedTarget(service_seconds=0.02) as target:
        for number in range(RUNS):
            common = {"pack": pack, "seed": number, "metrics": (f"{target.address}/metrics",)}
            request = RunRequest(target.address, tmp_path / f"healthy{number}", HEALTHY_RATE, 6, **common)
            healthy.append(said(make_run(request)))
            request = RunRequest(target.address, tmp_path / f"starved{number}", STARVED_RATE, 1, **common)
            starved.append(said(make_run(request)))
    keep("generator_validity.json", {"healthy": healthy, "starved": starved})
    assert [each["invalid_reasons"] for each in healthy] == [[]] * RUNS
    assert all(each["invalid_reasons"] for each in starved)


def test_five_hundred_starts_a_second_are_due_at_exponential_gaps_and_not_late(tmp_path: Path, pack: Path) -> None:
    with ScriptedTarget(service_seconds=0.02) as target:
        run = make_run(RunRequest(target.address, tmp_path / "run", 500, 30, pack=pack, workers=2))
    keep("generator_500.json", {"run": said(run)})
    late = run.summary.generator.late_start_p99_seconds
    assert (late <= MAX_LATE_P99_SECONDS) != ("late_starts" in [reason.code for reason in run.summary.invalid_reasons])
    assert run.summary.achieved_rate == pytest.approx(500, rel=0.05)
