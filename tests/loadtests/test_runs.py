"""Whole runs against a script whose latency is known: Locust in processes of its own, as `python -m loadtests run` starts it."""

import csv
from pathlib import Path

import numpy as np
import psutil
import pytest

from loadtests.arrivals import poisson
from loadtests.errors import RunFailed, TargetRefused
from loadtests.histogram import PRECISION, Histogram
from loadtests.run.format import FinishedRun, read_run
from loadtests.run.launch import make_run
from loadtests.run.request import RunRequest
from loadtests.run.summary import describe
from tests.support.gateway_process import wait_until
from tests.support.locust_processes import LONGEST_SECONDS, PROJECT, distributed_locust, start_locust
from tests.support.scripted_target import ScriptedTarget
from tests.support.small_packs import write_small_pack
from tests.support.stub_model_server import StubModelServer

SHARED_MACHINE = {"late_starts", "generator_cpu"}
"""Reasons that a machine with other work to do may give any run."""
STALL = {"service_seconds": 0.02, "stall_begin": 6.0, "stall_seconds": 1.5}
STALLED_RATE, STALLED_SECONDS, SEED = 60.0, 15.0, 4


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_pack(tmp_path_factory.mktemp("pack"))


def reasons(run: FinishedRun) -> set[str]:
    return {reason.code for reason in run.summary.invalid_reasons} - SHARED_MACHINE


def stalled_latencies(
    rate: float, seconds: float, seed: int, *, service_seconds: float, stall_begin: float, stall_seconds: float
):
    """What each request of the schedule takes, by the script: the stall counts from the first request."""
    due = poisson(rate, seconds, seed).draw()
    begin, end = due[0] + stall_begin, due[0] + stall_begin + stall_seconds
    is_stalled = (due + service_seconds > begin) & (due < end)
    return np.where(is_stalled, end - due, service_seconds)


def exact_percentile(seconds: np.ndarray, percent: float) -> float:
    return float(np.percentile(seconds, percent, method="inverted_cdf"))


def test_a_stall_shows_in_our_latency_as_it_was_and_hides_in_that_of_a_closed_loop(tmp_path: Path, pack: Path) -> None:
    with ScriptedTarget(**STALL) as ours, ScriptedTarget(**STALL) as theirs:
        closed = start_locust(
            "--headless", "--host", theirs.address, "--users", 4, "--spawn-rate", 4, "--run-time", f"{STALLED_SECONDS:.0f}s",
            "--csv", tmp_path / "closed",
            locustfile=PROJECT / "tests/support/closed_loop_locustfile.py", log=tmp_path / "closed.log",
        )  # fmt: skip
        try:
            run = make_run(
                RunRequest(ours.address, tmp_path / "run", STALLED_RATE, STALLED_SECONDS, seed=SEED, pack=pack)
            )
            closed.wait(timeout=LONGEST_SECONDS)
        finally:
            closed.kill()
            closed.wait()
    with (tmp_path / "closed_stats.csv").open(newline="") as file:
        total = next(row for row in csv.DictReader(file) if row["Name"] == "Aggregated")
    hidden, honest = float(total["99%"]) / 1000, run.latency["photo"].percentile(99)
    analytic = exact_percentile(stalled_latencies(STALLED_RATE, STALLED_SECONDS, SEED, **STALL), 99)
    assert analytic > 1.2
    assert honest > 0.95 * analytic
    # A machine with other work to do adds to it, and then the run says so of itself.
    assert honest == pytest.approx(analytic, rel=0.05) or not run.summary.valid
    assert float(total["Max Response Time"]) / 1000 > 1.2
    assert hidden < 0.5 * analytic
    assert reasons(run) == set()


def test_a_run_accounts_for_every_request_and_for_what_the_target_says_of_itself(tmp_path: Path, pack: Path) -> None:
    with ScriptedTarget(service_seconds=0.01) as target:
        page = f"{target.address}/metrics"
        request = RunRequest(
            target.address, tmp_path / "run", 80, 5, mix="photo=0.8,page=0.2", pack=pack, metrics=(page,)
        )
        run = make_run(request)
    due = poisson(80, 5, 1).draw()
    summary = run.summary
    photos = sum(summary.outcomes["photo"].values())
    assert reasons(run) == set()
    assert summary.wanted == due.size == sum(run.latency[name].count for name in ("photo", "page"))
    assert summary.outcomes["page"] == {"answered": due.size - photos}
    assert summary.outcomes["photo"].keys() == {"answered", "refused_photo"}
    assert summary.answers.bands == summary.answers.expected_bands == {"none": summary.outcomes["photo"]["answered"]}
    assert summary.answers.problems == {"photo_unreadable": summary.outcomes["photo"]["refused_photo"]}
    assert summary.model_version == "1"
    assert run.target.stages["total"].count == photos
    assert run.target.screenings == {"patient": {"answered": photos}}
    assert sum(row.ended for row in run.series) == due.size
    assert run == read_run(tmp_path / "run")


def test_what_changes_beneath_a_run_makes_it_invalid(tmp_path: Path, pack: Path) -> None:
    with ScriptedTarget(throttle_every=20, second_version_after=60, foreign_screenings=9) as target:
        metrics = (f"{target.address}/metrics",)
        run = make_run(RunRequest(target.address, tmp_path / "run", 50, 3, pack=pack, metrics=metrics))
    assert reasons(run) == {"throttled", "version_changed", "foreign_traffic"}
    assert not run.summary.valid


def test_wrong_answers_are_errors_though_their_status_is_200(tmp_path: Path) -> None:
    pack = write_small_pack(tmp_path / "pack", bad=False)
    with ScriptedTarget(severity_ppm=120_000) as target:
        run = make_run(RunRequest(target.address, tmp_path / "run", 50, 2, pack=pack))
    assert run.summary.outcomes["photo"] == {"wrong": run.summary.wanted}
    assert run.summary.statuses["photo"] == {"200": run.summary.wanted}


def test_direct_calls_reach_the_model_server_and_do_not_wait_for_each_other(tmp_path: Path, pack: Path) -> None:
    with StubModelServer(1, np.float32(0.5)) as model_server, ScriptedTarget() as target:
        model_server.delay_seconds = 0.3
        request = RunRequest(
            target.address, tmp_path / "run", 30, 4, mix="direct=0.5,photo=0.5", pack=pack, model_server=model_server.address,
            metrics=(f"{target.address}/metrics",),
        )  # fmt: skip
        run = make_run(request)
        calls = model_server.calls
    direct = run.summary.outcomes["direct"]
    assert direct == {"answered": calls}
    assert run.summary.statuses["direct"] == {"OK": calls}
    assert run.latency["direct"].percentile(1) >= 0.3
    # A call that waits without gevent would keep every photo waiting with it.
    assert run.latency["photo"].percentile(50) < 0.15


def test_a_generator_that_is_asked_for_more_than_it_can_makes_no_valid_run(tmp_path: Path, pack: Path) -> None:
    with ScriptedTarget() as target:
        run = make_run(RunRequest(target.address, tmp_path / "run", 4000, 1, pack=pack, patience_seconds=10))
    assert not run.summary.valid
    assert {reason.code for reason in run.summary.invalid_reasons} >= {"late_starts"}
    assert "INVALID" in describe(run.summary)


def test_workers_together_are_one_generator(tmp_path: Path, pack: Path) -> None:
    (tmp_path / "raw").mkdir()
    with ScriptedTarget(service_seconds=0.02) as target:
        words = [
            "--host",
            target.address,
            "--rate",
            60,
            "--seconds",
            6,
            "--pack",
            pack,
            "--run-folder",
            tmp_path / "run",
        ]
        with distributed_locust(
            4, *words, locustfile=PROJECT / "tests/support/raw_locustfile.py", log=tmp_path / "log",
            SYMMETRA_TEST_RAW_FOLDER=str(tmp_path / "raw"),
        ) as processes:  # fmt: skip
            processes[0].wait(timeout=LONGEST_SECONDS)
    run = read_run(tmp_path / "run")
    files = list((tmp_path / "raw").iterdir())
    raw = np.array([float(line) for file in files for line in file.read_text().split()])
    union = Histogram()
    for seconds in raw:
        union.record(seconds)
    assert len(files) == run.summary.generator.workers == 4
    assert min(file.stat().st_size for file in files) > 0
    assert run.summary.wanted == poisson(60, 6, 1).draw().size == raw.size
    assert reasons(run) == set()
    assert run.latency["photo"] == union
    for percent in (50, 90, 95, 99, 100):
        assert run.latency["photo"].percentile(percent) == pytest.approx(
            exact_percentile(raw, percent), rel=PRECISION, abs=1e-6
        )


def test_a_worker_that_is_killed_is_told_of_and_makes_the_run_invalid(tmp_path: Path, pack: Path) -> None:
    with ScriptedTarget(service_seconds=0.02) as target:
        words = [
            "--host",
            target.address,
            "--rate",
            40,
            "--seconds",
            8,
            "--pack",
            pack,
            "--run-folder",
            tmp_path / "run",
        ]
        with distributed_locust(4, *words, log=tmp_path / "log") as processes:
            wait_until(lambda: target.requests() > 60, LONGEST_SECONDS)
            psutil.Process(processes[1].pid).kill()
            assert processes[0].wait(timeout=LONGEST_SECONDS) == 3
    run = read_run(tmp_path / "run")
    assert "worker_lost" in reasons(run)
    assert (run.summary.generator.workers, run.summary.generator.workers_lost) == (4, 1)
    # The other three finish their shares, and what the killed one had told by then is kept.
    done = sum(run.summary.outcomes["photo"].values())
    assert 0.75 * run.summary.wanted < done < run.summary.wanted
    assert "worker_lost: 1 of 4 workers fell silent" in describe(run.summary)


def test_a_run_that_is_ended_before_its_time_is_invalid(tmp_path: Path, pack: Path) -> None:
    with ScriptedTarget() as target:
        words = [
            "--host",
            target.address,
            "--rate",
            40,
            "--seconds",
            600,
            "--pack",
            pack,
            "--run-folder",
            tmp_path / "run",
        ]
        process = start_locust("--headless", *words, log=tmp_path / "log")
        try:
            wait_until(lambda: target.requests() > 40, LONGEST_SECONDS)
            process.terminate()
            process.wait(timeout=LONGEST_SECONDS)
        finally:
            process.kill()
            process.wait()
    assert "stopped_early" in reasons(read_run(tmp_path / "run"))


def test_what_cannot_be_done_is_said_in_a_sentence(tmp_path: Path, pack: Path) -> None:
    with pytest.raises(TargetRefused, match="--i-own-this-target"):
        make_run(RunRequest("http://192.0.2.1:8080", tmp_path / "run", pack=pack))
    with pytest.raises(RunFailed, match="no pack of photos"):
        make_run(RunRequest("http://127.0.0.1:1", tmp_path / "run", pack=tmp_path / "nothing"))
    assert not (tmp_path / "run").exists()


def test_a_target_that_is_away_gives_errors_and_no_numbers_without_them(tmp_path: Path, pack: Path) -> None:
    run = make_run(RunRequest("http://127.0.0.1:9", tmp_path / "run", 20, 2, pack=pack))
    assert run.summary.outcomes["photo"] == {"no_answer": run.summary.wanted}
    assert run.summary.completed_rate == 0
